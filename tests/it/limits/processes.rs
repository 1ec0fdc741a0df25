//! Limits hold for all processes of a ledger, and those that are killed keep nobody waiting.
//!
//! ```text
//! test ── starts itself with ROLE, four times ─▶ 50 calls each, a clock in a file ─▶ "= TIME" for each permit on stdout
//! ```

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use cardhost::clock::Clock;
use cardhost::limits::{Change, Changed, LimitLedger, Turn, open_limit_ledger};
use cardhost::transport::{BoxFuture, MemoryTransport, Reply};
use cardhost::{Host, Policy};
use http::HeaderMap;
use serde_json::json;

use super::{cards, code, fullest, of};
use crate::postgres::postgres;
use crate::schemes::block_on;
use crate::support::{Answer, RawServer, command};

/// What the test binary does when it is started as a host: `LOCATION CLOCK`.
const ROLE: &str = "CARDHOST_TEST_LIMITS";

/// A time that the processes share, and that passes where one of them waits: eight bytes in a file.
struct SharedClock(File);

impl SharedClock {
    fn open(path: &str) -> SharedClock {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        SharedClock(options.open(path).unwrap())
    }

    fn alone<T>(&self, work: impl FnOnce(i64) -> (i64, T)) -> T {
        // A lock of its own: those of one process are held by the file as it was opened.
        static HERE: std::sync::Mutex<()> = std::sync::Mutex::new(());
        let _here = HERE.lock().unwrap();
        self.0.lock().unwrap();
        let mut bytes = [0; 8];
        let _ = self.0.read_exact_at(&mut bytes, 0);
        let (time, result) = work(i64::from_le_bytes(bytes));
        self.0.write_all_at(&time.to_le_bytes(), 0).unwrap();
        self.0.unlock().unwrap();
        result
    }
}

impl Clock for SharedClock {
    fn unix_seconds(&self) -> i64 {
        self.unix_milliseconds() / 1_000
    }

    fn unix_milliseconds(&self) -> i64 {
        self.alone(|now| (now, now))
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'_, ()> {
        let until = self.unix_milliseconds() + i64::try_from(span.as_millis()).unwrap();
        Box::pin(async move { self.alone(|now| (now.max(until), ())) })
    }
}

/// Prints when permits were given.
struct Told(Arc<dyn LimitLedger>);

impl LimitLedger for Told {
    fn change<'a>(&'a self, key: &'a str, change: Change) -> Changed<'a> {
        Box::pin(async move {
            let turn = self.0.change(key, change).await?;
            if let Some(Turn::Go(permit)) = turn {
                println!("\n= {}", permit.at);
            }
            Ok(turn)
        })
    }
}

/// The host, when this binary is started as one.
#[test]
fn role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let (location, clock) = role.split_once(' ').unwrap();
    let transport = MemoryTransport::new(|_| Ok(Reply::new(200, HeaderMap::new(), "")));
    let limits = json!({ "rate": [{ "max": 60, "per": "1h" }] });
    let policy = Policy { limit_wait: Some(Duration::from_secs(24 * 3_600)), ..Policy::default() };
    let builder = Host::builder().cards(cards(&limits)).transport(transport).policy(policy);
    block_on(async {
        let ledger = Arc::new(Told(open_limit_ledger(location).await.unwrap()));
        let host = builder.limit_ledger(ledger).clock(SharedClock::open(clock)).build();
        // All begin together: when the parent closes stdin.
        println!("\n= ready");
        std::io::stdout().flush().unwrap();
        std::io::stdin().lines().for_each(drop);
        let calls = (0..50).map(|_| host.run(Some("demo/get"), of("a")));
        let ended = futures_util::future::join_all(calls).await;
        assert!(ended.iter().all(|ended| code(ended) == "200"), "{ended:?}");
    });
}

/// Two hundred calls of four processes.
fn never_more_than_sixty(location: &str) {
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock").display().to_string();
    let mut children: Vec<_> = (0..4)
        .map(|_| {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "limits::processes::role", "--nocapture"])
                .env(ROLE, format!("{location} {clock}"))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let out = BufReader::new(child.stdout.take().unwrap());
            let mut lines = out.lines().map(Result::unwrap);
            assert!(lines.any(|line| line == "= ready"));
            (child, lines)
        })
        .collect();
    children.iter_mut().for_each(|(child, _)| drop(child.stdin.take()));
    let mut went = Vec::new();
    let mut shares = Vec::new();
    for (mut child, lines) in children {
        let times: Vec<i64> =
            lines.filter_map(|line| line.strip_prefix("= ")?.parse().ok()).collect();
        assert!(child.wait().unwrap().success());
        shares.push(times.len());
        went.extend(times);
    }
    went.sort_unstable();
    assert_eq!(shares, [50; 4]);
    assert_eq!(fullest(&went, 3_600_000), 60);
    // Two of them that wait at the same time may let more of it pass than they have to.
    assert!(went[0] == 0 && went[199] >= 3 * 3_600_000, "{went:?}");
}

#[test]
fn four_processes_with_fifty_calls_each_never_have_more_than_sixty_in_an_hour() {
    let folder = tempfile::tempdir().unwrap();
    never_more_than_sixty(&folder.path().join("c.db").display().to_string());
}

#[test]
fn nor_have_they_with_a_database() {
    let Some(server) = postgres() else { return };
    never_more_than_sixty(&server.database().url());
}

/// A folder with the cards of a service at a URL that takes one request at a time, and a place for a store.
fn service(url: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
        "connection": { "fields": {} }, "auth": { "none": { "scheme": "none" } },
        "targets": { "api": { "auth": ["none"], "base": url, "limits": { "concurrent": 1 } } },
    });
    let card = json!({
        "format": 1, "name": "get", "version": "1.0.0", "title": "Get", "effect": "read",
        "request": { "target": "api", "method": "GET", "path": "/things" },
        "output": { "Reply": { "Status": { "type": "number", "value": "<<response.status>>" } } },
    });
    std::fs::create_dir(folder.path().join("demo")).unwrap();
    for (name, value) in [("connector", connector), ("get", card)] {
        std::fs::write(folder.path().join(format!("demo/{name}.json")), value.to_string()).unwrap();
    }
    folder
}

#[test]
fn a_process_that_is_killed_gives_its_place_back() {
    let (held, holds) = mpsc::channel();
    let server = RawServer::start(move |index, _| match index {
        0 => Answer::Hold(Vec::new(), held.clone()),
        _ => Answer::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()),
    });
    let folder = service(&server.url);
    let run = |more: &[&str]| {
        let cards = folder.path().display().to_string();
        let mut command = command(&["run", "demo/get", "--cards", &cards]);
        command.args(more).env("CARDHOST_STORE", folder.path().join("c.db"));
        command
    };
    let mut first = run(&["--timeout", "6s"]).spawn().unwrap();
    drop(first.stdin.take());
    holds.recv().unwrap();
    // Its place is taken: whoever does not wait is told so at once.
    let refused = run(&["--no-wait"]).stdin(Stdio::null()).output().unwrap();
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(words.starts_with("error[limit.wait]: "), "{words}");
    assert_eq!(refused.status.code(), Some(10));
    first.kill().unwrap();
    assert_eq!(first.wait().unwrap().signal(), Some(9));
    let next = run(&["--wait", "60s"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(String::from_utf8(next.stderr).unwrap(), "");
    assert_eq!(String::from_utf8(next.stdout).unwrap(), "{\"Reply\":{\"Status\":200}}\n");
    assert_eq!(server.requests().len(), 2);
    assert!(!folder.path().join("c.db").exists());
}
