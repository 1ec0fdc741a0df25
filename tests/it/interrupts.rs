//! Signals: what is under way comes to its end or is cut off, every line that was taken has its result, and a second signal ends
//! at once.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::{Answer, RawServer, command, reply};

/// Longest that a test waits for what must come; far more than is needed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A folder of cards with one card that writes.
fn cards() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("shop");
    std::fs::create_dir(&shop).unwrap();
    let connector = json!({
        "format": 1, "name": "shop", "title": "Shop", "version": "1.0.0",
        "connection": { "fields": {} }, "auth": { "none": { "scheme": "none" } },
        "targets": { "api": { "base": "https://shop.example", "auth": ["none"] } },
    });
    let card = json!({
        "format": 1, "name": "order", "title": "Order", "version": "1.0.0",
        "input": { "Order": { "ID": { "type": "text", "required": true } } },
        "request": { "target": "api", "method": "POST", "path": "/<<input.Order.ID>>" },
        "response": { "decoder": "json" }, "effect": "write",
        "output": { "Order": { "State": { "type": "text", "value": "<<response.body.state>>" } } },
    });
    std::fs::write(shop.join("connector.json"), connector.to_string()).unwrap();
    std::fs::write(shop.join("order.json"), card.to_string()).unwrap();
    folder
}

fn line(id: usize) -> String {
    format!("{}\n", json!({ "id": id, "input": { "Order": { "ID": id.to_string() } } }))
}

fn taken() -> Answer {
    Answer::Bytes(reply("200 OK", "application/json", br#"{"state":"taken"}"#))
}

/// SIGTERM in most tests: SIGINT and SIGHUP may be ignored where the tests are run in the background.
fn send(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}

/// What a process wrote until it ended, and its exit code.
struct Over {
    code: Option<i32>,
    results: Vec<Value>,
    stderr: String,
}

fn over(child: Child) -> Over {
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    Over {
        code: output.status.code(),
        results: stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A stream of orders, whose stdin stays open.
fn stream(server: &RawServer, cards: &tempfile::TempDir, more: &[&str]) -> Child {
    let folder = cards.path().to_str().unwrap();
    let mut args = vec!["run", "shop/order", "--cards", folder, "--stream", "--base", &server.url];
    args.extend(more);
    command(&args).spawn().unwrap()
}

/// Numbers that look random and are the same in every run of the tests (an xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % 1_000_003).unwrap() % limit
    }
}

/// The long run: `CARDHOST_PROPERTY_CASES=1000`.
fn moments() -> u64 {
    let asked = std::env::var("CARDHOST_PROPERTY_CASES").ok();
    asked.map_or(24, |text| text.parse().expect("CARDHOST_PROPERTY_CASES is a number"))
}

/// 16 orders, 8 at once; some are answered, some never, and in the middle of it comes the signal: what arrived is what has a
/// result or a line that says that it is not known, and no line says of one that arrived that it was not sent.
#[test]
fn whatever_arrived_has_its_line() {
    let cards = cards();
    let (mut answered, mut unknown, mut unsent) = (0, 0, 0);
    for moment in 0..moments() {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15 ^ (moment + 1));
        let hangs: BTreeSet<usize> = (0..16).filter(|_| numbers.below(3) == 0).take(7).collect();
        // With 7 of 8 places taken for ever the others come through.
        let after = 1 + numbers.below(16);
        let (arrived, arrivals) = channel();
        let arrived = Mutex::new(arrived);
        let server = RawServer::start(move |_, request| {
            let text = String::from_utf8_lossy(request).into_owned();
            // A connection may be cut off before its request.
            let Some(id) = text.split([' ', '/']).nth(2) else { return taken() };
            let id: usize = id.parse().unwrap();
            let _ = arrived.lock().unwrap().send(id);
            if hangs.contains(&id) { Answer::Hang(Vec::new()) } else { taken() }
        });
        let mut child = stream(&server, &cards, &["--jobs", "8", "--drain", "0s"]);
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all((0..16).map(line).collect::<String>().as_bytes()).unwrap();
        let first: Vec<usize> =
            (0..after).map_while(|_| arrivals.recv_timeout(PATIENCE).ok()).collect();
        send(&child, Signal::TERM);
        let Over { code, results, stderr } = over(child);
        assert_eq!(code, Some(143), "{stderr}");
        server.rest();
        let mut arrived: BTreeSet<usize> = first.into_iter().collect();
        arrived.extend(arrivals.try_iter());
        let mut told = BTreeMap::new();
        for result in &results {
            let id = usize::try_from(result["id"].as_u64().unwrap()).unwrap();
            let error = &result["error"];
            let what = match (error["code"].as_str(), error["retryable"].as_bool()) {
                (None, _) => {
                    assert_eq!(result["output"]["Order"]["State"], "taken");
                    "answered"
                }
                (Some("transport.interrupted"), Some(false)) => "unknown",
                (Some("transport.interrupted"), Some(true)) => "not sent",
                other => panic!("{other:?}: {result}"),
            };
            assert_eq!(told.insert(id, what), None, "{id} has two lines");
        }
        for id in &arrived {
            assert!(matches!(told.get(id), Some(&("answered" | "unknown"))), "{id}: {told:?}");
        }
        for (id, what) in &told {
            assert!(*what != "answered" || arrived.contains(id), "{id}: {told:?}");
        }
        let count = |wanted| told.values().filter(|what| **what == wanted).count();
        answered += count("answered");
        unknown += count("unknown");
        unsent += count("not sent");
        let lines = match told.len() {
            0 => "no line of stdin was taken".to_owned(),
            1 => "the first line of stdin has its result".to_owned(),
            lines => format!("the first {lines} lines of stdin have their results"),
        };
        assert!(stderr.contains(&format!("warning[interrupted]: SIGTERM: {lines}")), "{stderr}");
    }
    assert!(
        answered > 0 && unknown > 0,
        "{answered} answered, {unknown} unknown, {unsent} not sent"
    );
}

/// A folder of cards is given to a flow; its stdin is closed.
fn flow(server: &RawServer, cards: &tempfile::TempDir, more: &[&str]) -> Child {
    let folder = cards.path().to_str().unwrap();
    let file = cards.path().join("orders.yaml");
    let text = "
document: { dsl: 1.0.3, namespace: shop, name: orders, version: 1.0.0 }
do:
- first: { call: order@shop, with: { input: { Order: { ID: '1' } } } }
- both:
    fork:
      branches:
      - left: { call: order@shop, with: { input: { Order: { ID: '2' } } } }
      - right:
          do:
          - pause: { wait: PT1H }
          - late: { call: order@shop, with: { input: { Order: { ID: '3' } } } }
- last: { call: order@shop, with: { input: { Order: { ID: '4' } } } }
";
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let mut args = vec!["flow", "run", file, "--cards", folder, "--base", &server.url];
    args.extend(more);
    let mut child = command(&args).spawn().unwrap();
    drop(child.stdin.take());
    child
}

/// A server that says what it was asked for, and answers the second order when it is told to.
fn slow_second() -> (RawServer, Receiver<String>, Sender<()>) {
    let (arrived, arrivals) = channel();
    let (release, released) = channel();
    let (arrived, released) = (Mutex::new(arrived), Mutex::new(released));
    let server = RawServer::start(move |_, request| {
        let path = String::from_utf8_lossy(request).split(' ').nth(1).unwrap().to_owned();
        let second = path == "/2";
        let _ = arrived.lock().unwrap().send(path);
        if second {
            let _ = released.lock().unwrap().recv_timeout(PATIENCE);
        }
        taken()
    });
    (server, arrivals, release)
}

fn seen(arrivals: &Receiver<String>, wanted: &str) {
    while arrivals.recv_timeout(PATIENCE).unwrap() != wanted {}
}

#[test]
fn a_flow_waits_for_what_is_under_way_and_begins_no_further_step() {
    let cards = cards();
    let (server, arrivals, release) = slow_second();
    let journal = cards.path().join("run.journal");
    let journal = journal.to_str().unwrap();
    let child = flow(&server, &cards, &["--journal", journal]);
    seen(&arrivals, "/2");
    send(&child, Signal::TERM);
    // The signal is there before the answer, whichever the command takes note of first.
    release.send(()).unwrap();
    let Over { code, results, stderr } = over(child);
    assert_eq!((code, results.len()), (Some(143), 0), "{stderr}");
    assert!(stderr.contains("error[flow.interrupted]"), "{stderr}");
    assert!(stderr.contains("--journal"), "{stderr}");
    assert_eq!(server.requests().len(), 2);
    // The journal has both orders: going on sends neither again, and waits for the third.
    let mut child = flow(&server, &cards, &["--journal", journal, "--progress", "always"]);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("resumed")));
    send(&child, Signal::TERM);
    assert_eq!(over(child).code, Some(143));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn what_is_cut_off_is_in_doubt_when_the_flow_goes_on() {
    let cards = cards();
    let (server, arrivals, _release) = slow_second();
    let journal = cards.path().join("run.journal");
    let journal = journal.to_str().unwrap();
    let child = flow(&server, &cards, &["--journal", journal, "--drain", "0s"]);
    seen(&arrivals, "/2");
    send(&child, Signal::TERM);
    let Over { code, stderr, .. } = over(child);
    assert_eq!(code, Some(143), "{stderr}");
    let Over { code, stderr, .. } = over(flow(&server, &cards, &["--journal", journal]));
    assert_eq!(code, Some(6), "{stderr}");
    assert!(stderr.contains("error[flow.in_doubt]") && stderr.contains("left"), "{stderr}");
    assert_eq!(server.requests().iter().filter(|it| it.starts_with("POST /1 ")).count(), 1);
}

#[test]
fn a_second_signal_ends_at_once() {
    let cards = cards();
    let (server, arrivals, _release) = slow_second();
    let mut child = flow(&server, &cards, &["--drain", "1h"]);
    seen(&arrivals, "/2");
    send(&child, Signal::TERM);
    // Two that come together are one: it is asked again until it has seen the first.
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        send(&child, Signal::TERM);
        std::thread::yield_now();
    };
    assert_eq!(code, Some(143));
}

#[test]
fn what_nohup_ignores_stays_ignored() {
    let cards = cards();
    let (server, arrivals, release) = slow_second();
    let folder = cards.path().to_str().unwrap();
    let run = format!(
        "trap '' HUP; exec {} run shop/order --stream --cards {folder} --base {}",
        env!("CARGO_BIN_EXE_cardhost"),
        server.url
    );
    let mut child = Command::new("/bin/sh")
        .args(["-c", &run])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(line(2).as_bytes()).unwrap();
    seen(&arrivals, "/2");
    send(&child, Signal::HUP);
    release.send(()).unwrap();
    stdin.write_all(line(1).as_bytes()).unwrap();
    seen(&arrivals, "/1");
    drop(stdin);
    let Over { code, results, stderr } = over(child);
    assert_eq!((code, results.len(), stderr.as_str()), (Some(0), 2, ""));
}

#[test]
fn a_mock_ends_in_peace() {
    let mut child = command(&["mock", "mixpanel"]).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    send(&child, Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A signal between two pages: the page that was under way is given out, and a later run goes on from there.
#[test]
fn pages_end_at_a_page_and_go_on_from_there() {
    let cards = cards();
    let card = json!({
        "format": 1, "name": "list", "title": "List", "version": "1.0.0",
        "request": { "target": "api", "method": "GET", "path": "/orders" },
        "pages": { "items": "<<response.body.orders>>", "next": { "query.page": "<<response.body.next?>>" } },
        "output": { "Orders": { "Orders": { "type": "list", "value": "<<items>>" } } },
    });
    std::fs::write(cards.path().join("shop/list.json"), card.to_string()).unwrap();
    for mode in ["--records", "--all"] {
        let ((arrived, arrivals), (go, gone)) = (channel(), channel());
        let (arrived, gone) = (Mutex::new(arrived), Mutex::new(gone));
        let server = RawServer::start(move |_, request| {
            let text = String::from_utf8_lossy(request).into_owned();
            let page =
                text.split_once("page=").map_or("0", |(_, rest)| rest.split(' ').next().unwrap());
            let page: usize = page.parse().unwrap();
            if page == 2 && arrived.lock().unwrap().send(()).is_ok() {
                // It is answered once the signal has been sent; the second time there is none.
                let _ = gone.lock().unwrap().recv_timeout(PATIENCE);
            }
            let orders: Vec<_> = (2 * page..2 * page + 2).collect();
            let next = if page < 4 { json!(page + 1) } else { Value::Null };
            let body = json!({ "orders": orders, "next": next }).to_string();
            Answer::Bytes(reply("200 OK", "application/json", body.as_bytes()))
        });
        let folder = cards.path().to_str().unwrap();
        let args = ["run", "shop/list", "--cards", folder, "--base", &server.url, mode];
        let mut child = command(&args).spawn().unwrap();
        drop(child.stdin.take());
        arrivals.recv_timeout(PATIENCE).unwrap();
        send(&child, Signal::TERM);
        // The process has been told: what it is asked for next comes after that.
        while !has_caught(&child) {
            std::thread::yield_now();
        }
        go.send(()).unwrap();
        let first = over(child);
        assert_eq!(first.code, Some(143), "{mode}: {}", first.stderr);
        let (mut had, next) = match mode {
            "--records" => {
                let next = first.stderr.split_once("--from '");
                let next = next.map(|(_, next)| next.split_once('\'').unwrap().0.to_owned());
                (first.results.clone(), next)
            }
            _ => {
                let output = &first.results[0];
                let next = output["pages"].get("next").map(Value::to_string);
                let ended = if next.is_some() { "interrupted" } else { "no_next" };
                assert_eq!(output["pages"]["ended"], ended);
                (output["Orders"]["Orders"].as_array().unwrap().clone(), next)
            }
        };
        // As a rule it ends after the third page; where the signal is seen late, after a later one.
        assert!(had.len() >= 6 && had.len().is_multiple_of(2), "{mode}: {had:?}");
        if let Some(next) = next {
            go.send(()).unwrap();
            let args = ["run", "shop/list", "--cards", folder, "--base", &server.url];
            let rest = [&args[..], &["--records", "--from", &next]].concat();
            let mut child = command(&rest).spawn().unwrap();
            drop(child.stdin.take());
            had.extend(over(child).results);
        }
        assert_eq!(had, (0..10).map(Value::from).collect::<Vec<_>>(), "{mode}");
    }
}

/// Whether a signal that was sent has come: none is pending any more.
fn has_caught(child: &Child) -> bool {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let pending = |name: &str| {
        let mask = status.lines().find_map(|line| line.strip_prefix(name));
        mask.is_some_and(|mask| mask.trim().bytes().any(|digit| digit != b'0'))
    };
    !pending("SigPnd:") && !pending("ShdPnd:")
}
