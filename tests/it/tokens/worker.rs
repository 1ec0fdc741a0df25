//! A process with a host of its own, over a shared store: this test binary, started again in a role.
//!
//! ```text
//! test ── "new" │ "go 16" ─▶ stdin ─ worker: a host ─ 16 calls at once ─▶ stdout "= [\"alice\", …]"
//! ```

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use cardhost::Host;
use cardhost::store::{KeySet, Store};
use serde_json::{Value, json};

use super::{cards, host, public_app, whoami};
use crate::store::{KEY, Place, block_on, key};

/// What the test binary does when it is started as a worker: `{"store", "server", "lease_s"}`.
const ROLE: &str = "CARDHOST_TOKENS_ROLE";

/// A worker; killed where it is still there when it is dropped.
pub(super) struct Worker {
    child: Child,
    input: ChildStdin,
    lines: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts one; it has opened the store when this returns.
    pub(super) fn start(place: &Place, server: &str, lease_s: u64) -> Worker {
        let role = json!({ "store": place.location(), "server": server, "lease_s": lease_s });
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["tokens::worker::role", "--exact", "--nocapture", "--test-threads=1"])
            .env(ROLE, role.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (input, lines) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut worker = Worker { child, input, lines: BufReader::new(lines) };
        assert_eq!(worker.answer(), json!("ready"));
        worker
    }

    /// Begins something; its answer is waited for with [`Worker::answer`].
    pub(super) fn tell(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).unwrap();
        self.input.flush().unwrap();
    }

    /// Waits for what comes of the last line.
    pub(super) fn answer(&mut self) -> Value {
        loop {
            let mut line = String::new();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "the worker ended");
            if let Some(answer) = line.strip_prefix("= ") {
                return serde_json::from_str(answer).unwrap();
            }
        }
    }

    /// Runs so many calls at once; who each was, or its code.
    pub(super) fn go(&mut self, calls: usize) -> Vec<String> {
        self.tell(&format!("go {calls}"));
        self.calls()
    }

    /// What came of the calls.
    pub(super) fn calls(&mut self) -> Vec<String> {
        serde_json::from_value(self.answer()).unwrap()
    }

    /// Ends it as `kill -9` does.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        assert_eq!(self.child.wait().unwrap().code(), None, "the worker ended by itself");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn work(role: &Value) {
    let text = |key: &str| role[key].as_str().unwrap();
    let keys = KeySet::new(key(KEY));
    let store = Store::open(text("store"), keys).await.unwrap().tenant("default").unwrap();
    let server = text("server");
    let fresh = || -> Host {
        let cards = cards(server, &public_app(server));
        host(cards, &store, role["lease_s"].as_u64().unwrap()).build()
    };
    let mut host = fresh();
    // A line of its own: the harness has begun one.
    println!("\n= \"ready\"");
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let Some(calls) = line.strip_prefix("go ") else {
            host = fresh();
            println!("= \"new\"");
            continue;
        };
        let calls = (0..calls.parse().unwrap()).map(|_| whoami(&host));
        println!("= {}", json!(futures_util::future::join_all(calls).await));
    }
}

/// The worker, when this binary is started as one.
#[test]
fn role() {
    if let Ok(role) = std::env::var(ROLE) {
        block_on(work(&serde_json::from_str(&role).unwrap()));
    }
}
