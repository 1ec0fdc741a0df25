//! `run --stream`: one invocation a line in, one result a line out, whatever the lines, the service and the reader do.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, Ran, RawServer, cardhost, cardhost_bytes, command, reply};

/// Longest that a test waits for what must come; far more than is needed.
const PATIENCE: Duration = Duration::from_secs(20);

const CARD: &str = "mixpanel/custom-api-action";

/// A line for the Custom API Action: what names it at the service is its path.
fn line(id: &Value, path: &str) -> String {
    json!({
        "id": id,
        "connection": { "fields": { "Service Account: Username": "sa", "Service Account: Secret": "stream-secret" } },
        "options": { "Request Type": "GET", "Select API": "Query API" },
        "input": { "Request": { "Relative URL": path } },
    })
    .to_string()
}

fn lines(paths: &[&str]) -> String {
    paths.iter().map(|path| format!("{}\n", line(&json!(path), path))).collect()
}

/// A server that answers with the path it was asked for.
fn echo() -> RawServer {
    RawServer::start(|_, request| answered(request))
}

/// The path of a request.
fn path_of(request: &[u8]) -> String {
    String::from_utf8_lossy(request).split(' ').nth(1).unwrap_or_default().to_owned()
}

fn answered(request: &[u8]) -> Answer {
    let body = json!({ "path": path_of(request) }).to_string();
    Answer::Bytes(reply("200 OK", "application/json", body.as_bytes()))
}

fn stream(server: &RawServer, more: &[&str], stdin: &str) -> Ran {
    let mut args = vec!["run", CARD, "--stream", "--base", &server.url];
    args.extend(more);
    cardhost(&args, stdin)
}

/// The result lines, read.
fn results(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The ids of the results, in their order.
fn ids(ran: &Ran) -> Vec<Value> {
    results(ran).iter().map(|result| result["id"].clone()).collect()
}

fn code(result: &Value) -> &str {
    result["error"]["code"].as_str().unwrap_or_default()
}

#[test]
fn every_kind_of_id_comes_back_as_it_was() {
    let ids = [
        "\"text\"",
        "7615917337495251231",
        "1.10",
        "-0",
        "true",
        "null",
        "[1, {\"a\": []}]",
        "{\"b\":1,\"a\":2}",
        "\"\"",
    ];
    let server = echo();
    let stdin: String = ids
        .iter()
        .map(|id| format!("{}\n", line(&json!("ID"), "/x").replace("\"ID\"", id)))
        .collect();
    let ran = stream(&server, &["--ordered"], &stdin);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), ids.len());
    for (id, line) in ids.iter().zip(lines) {
        let id = id.replace(", ", ",").replace("\": ", "\":");
        assert!(line.starts_with(&format!("{{\"id\":{id},\"output\":{{")), "{id}: {line}");
    }
}

#[test]
fn a_line_without_an_id_gets_null() {
    let server = echo();
    let mut invocation: Value = serde_json::from_str(&line(&json!(1), "/x")).unwrap();
    invocation.as_object_mut().unwrap().remove("id");
    let ran = stream(&server, &[], &format!("{invocation}\n"));
    assert_eq!(ids(&ran), [Value::Null]);
}

#[test]
fn a_malformed_line_is_a_line_with_an_error() {
    let server = echo();
    let stdin = format!(
        "{}{{\"id\": 2, oops}}\n[3]\n{{\"id\": 4, \"inputs\": {{}}}}\n{}",
        lines(&["/1"]),
        lines(&["/5"])
    );
    let ran = stream(&server, &["--ordered"], &stdin);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let results = results(&ran);
    let codes: Vec<&str> = results.iter().map(code).collect();
    assert_eq!(codes, ["", "invocation.syntax", "invocation.type", "invocation.unknown_key", ""]);
    // Where it stands: the line of stdin, and in it the column.
    assert_eq!(results[1]["error"]["where"]["line"], 2);
    assert_eq!(results[1]["error"]["where"]["column"], 11);
    assert_eq!(results[2]["error"]["where"]["line"], 3);
    assert_eq!(results[3]["error"]["where"]["line"], 4);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn the_id_of_a_line_with_another_fault_comes_back() {
    let server = echo();
    let stdin =
        format!("{}\n{}\n", line(&json!("a"), "//evil.example"), "{\"id\":\"b\",\"inputs\":{}}");
    let ran = stream(&server, &["--ordered"], &stdin);
    assert_eq!(ran.code, 0);
    assert_eq!(code(&results(&ran)[0]), "url.outside_base");
    assert_eq!(code(&results(&ran)[1]), "invocation.unknown_key");
    assert_eq!(ids(&ran), ["a", "b"], "{}", ran.stdout);
}

#[test]
fn a_line_that_is_no_utf8_is_a_line_with_an_error() {
    let server = echo();
    let mut stdin = b"{\"id\": \"\xff\"}\n".to_vec();
    stdin.extend(lines(&["/2"]).bytes());
    let ran =
        cardhost_bytes(&["run", CARD, "--stream", "--ordered", "--base", &server.url], &stdin, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(code(&results(&ran)[0]), "invocation.syntax");
    assert_eq!(ids(&ran)[1], "/2");
}

#[test]
fn every_class_of_failure_leaves_the_process_alive() {
    let server = RawServer::start(|_, request| match path_of(request).as_str() {
        "/reset" => Answer::Reset(Vec::new()),
        "/projects/7/warehouse-sources" => Answer::Bytes(reply("200 OK", "application/json", b"{")),
        _ => answered(request),
    });
    let mut other_card: Value = serde_json::from_str(&line(&json!("card"), "/x")).unwrap();
    other_card["card"] = json!("mixpanel/nothing");
    let mut no_credentials: Value = serde_json::from_str(&line(&json!("auth"), "/x")).unwrap();
    no_credentials["connection"] = json!({ "fields": {} });
    // A card that takes no reply but the one it declares.
    let mut declared: Value = serde_json::from_str(&line(&json!("declared"), "/x")).unwrap();
    declared["card"] = json!("mixpanel/list-warehouse-sources");
    declared["options"] = json!({});
    declared["input"] = json!({ "Path": { "projectId": 7 } });
    let stdin = format!(
        "{other_card}\n{no_credentials}\n{}{declared}\n{}",
        lines(&["/a\tb", "/reset"]),
        lines(&["/fine"])
    );
    let ran = stream(&server, &["--ordered", "--jobs", "4"], &stdin);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let results = results(&ran);
    let codes: Vec<&str> = results.iter().map(code).collect();
    assert_eq!(
        codes,
        [
            "card.unknown",
            "auth.missing",
            "url.control_character",
            "transport.reset",
            "response.decode",
            ""
        ]
    );
    assert_eq!(results[4]["error"]["status"], 200);
    assert_eq!(results[4]["error"]["response"]["body"], "{");
}

#[test]
fn a_line_that_is_too_long_is_refused_and_its_neighbours_work() {
    let server = echo();
    let long = format!("{{\"id\":\"long\",\"input\":\"{}\"}}\n", "x".repeat(17 * 1024 * 1024));
    let stdin = format!("{}{long}{}", lines(&["/1"]), lines(&["/3"]));
    let ran = stream(&server, &["--ordered"], &stdin);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let results = results(&ran);
    assert_eq!(results.len(), 3, "{}", ran.stdout);
    assert_eq!(results[0]["id"], "/1");
    assert_eq!(code(&results[1]), "limit.invocation");
    assert_eq!(results[1]["error"]["where"]["line"], 2);
    assert_eq!(results[2]["id"], "/3");
    assert_eq!(results[2]["output"]["Response"]["Body"]["path"], "/3");
}

#[test]
fn a_last_line_that_is_too_long_and_has_no_end_is_refused() {
    let server = echo();
    let stdin = format!("{}{{\"id\":\"{}", lines(&["/1"]), "x".repeat(17 * 1024 * 1024));
    let ran = stream(&server, &["--ordered"], &stdin);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let results = results(&ran);
    assert_eq!(results.len(), 2);
    assert_eq!(code(&results[1]), "limit.invocation");
}

#[test]
fn without_stream_a_long_invocation_is_refused_by_policy() {
    let ran = cardhost(&["run", CARD], &format!("{{\"id\":\"{}\"}}", "x".repeat(17 * 1024 * 1024)));
    assert_eq!((ran.code, ran.stdout.as_str()), (6, ""));
    assert!(ran.stderr.starts_with("error[limit.invocation]"), "{}", ran.stderr);
}

#[test]
fn empty_lines_and_crlf_and_a_missing_last_line_end_are_no_faults() {
    let server = echo();
    let stdin = format!(
        "\n  \n{}\r\n\r\n\t\n{}\n\n{}",
        line(&json!(1), "/1"),
        line(&json!(2), "/2"),
        line(&json!(3), "/3")
    );
    let ran = stream(&server, &["--ordered"], &stdin);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(ids(&ran), [1, 2, 3]);
    assert!(ran.stdout.ends_with('\n'));
    assert!(!ran.stdout.contains('\r'));
}

#[test]
fn empty_lines_count_where_a_fault_is_placed() {
    let server = echo();
    let ran = stream(&server, &[], "\n\n{oops\n");
    assert_eq!(results(&ran)[0]["error"]["where"]["line"], 3, "{}", ran.stdout);
}

#[test]
fn an_empty_stdin_gives_an_empty_stdout() {
    let server = echo();
    for stdin in ["", "\n", "\r\n\r\n"] {
        let ran = stream(&server, &["--jobs", "3"], stdin);
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""), "{stdin:?}");
    }
}

#[test]
fn line_breaks_in_a_reply_do_not_break_the_line() {
    let server = RawServer::start(|_, _| {
        Answer::Bytes(reply(
            "200 OK",
            "application/json",
            b"{\r\n  \"a\": [\n1.10,\n 7615917337495251231 ]\n}\n",
        ))
    });
    let ran = stream(&server, &[], &lines(&["/1"]));
    assert_eq!(ran.stdout.lines().count(), 1);
    assert!(ran.stdout.contains("{\"a\":[1.10,7615917337495251231]}"), "{}", ran.stdout);
}

/// A server that holds the reply to `/slow` back until `/fast` was asked for.
fn gated() -> RawServer {
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    RawServer::start(move |_, request| {
        let (open, changed) = &*gate;
        if path_of(request) == "/slow" {
            let guard = open.lock().unwrap();
            let (_guard, waited) =
                changed.wait_timeout_while(guard, PATIENCE, |open| !*open).unwrap();
            assert!(!waited.timed_out(), "the second request never came");
        } else {
            *open.lock().unwrap() = true;
            changed.notify_all();
        }
        answered(request)
    })
}

#[test]
fn more_threads_give_the_same_results_in_the_same_order() {
    let server = echo();
    let paths: Vec<String> = (0..60).map(|number| format!("/app/{number}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    // Lines that fail, and one that is long enough to have a thread of its own.
    let long = format!("{{\"id\": \"long\", \"input\": {{\"x\": \"{}\"}}}}\n", "x".repeat(300_000));
    let stdin = format!("{}{{\"id\": 7, \"what\": 1}}\n{long}not JSON\n", lines(&paths));
    let one = stream(&server, &["--ordered", "--jobs", "8"], &stdin);
    let many = stream(&server, &["--ordered", "--jobs", "8", "--threads", "3"], &stdin);
    assert_eq!((many.code, &many.stderr), (one.code, &one.stderr));
    assert_eq!(many.stdout, one.stdout);
    assert_eq!(results(&many).len(), 63);
    let by_turns = stream(&server, &["--jobs", "8", "--threads", "2"], &stdin);
    let sorted = |ran: &Ran| {
        let mut lines: Vec<String> = ran.stdout.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(sorted(&by_turns), sorted(&one));
}

#[test]
fn more_threads_keep_the_limits_together() {
    let server = echo();
    let cards = tempfile::tempdir().unwrap();
    std::fs::create_dir(cards.path().join("demo")).unwrap();
    let connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
        "connection": { "fields": {} }, "auth": { "none": { "scheme": "none" } },
        "targets": { "api": { "auth": ["none"], "base": server.url, "limits": { "rate": [{ "max": 5, "per": "1h" }] } } },
    });
    let card = json!({
        "format": 1, "name": "get", "version": "1.0.0", "title": "Get", "effect": "read",
        "request": { "target": "api", "method": "GET", "path": "/things" },
        "output": { "Reply": { "Status": { "type": "number", "value": "<<response.status>>" } } },
    });
    for (name, value) in [("connector", connector), ("get", card)] {
        let file = cards.path().join(format!("demo/{name}.json"));
        std::fs::write(file, value.to_string()).unwrap();
    }
    let folder = cards.path().display().to_string();
    let args = ["run", "demo/get", "--stream", "--jobs", "8", "--threads", "2", "--no-wait"];
    let ran = cardhost(&[&args[..], &["--cards", &folder]].concat(), &"{}\n".repeat(40));
    assert_eq!(ran.stdout.matches("{\"Reply\":{\"Status\":200}}").count(), 5);
    assert_eq!(ran.stdout.matches("\"limit.wait\"").count(), 35);
    assert_eq!(server.requests().len(), 5);
}

#[test]
fn ordered_keeps_the_order_of_the_lines() {
    let ran = stream(&gated(), &["--jobs", "2", "--ordered"], &lines(&["/slow", "/fast"]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ids(&ran), ["/slow", "/fast"]);
    assert!(results(&ran).iter().all(|result| result["output"].is_object()), "{}", ran.stdout);
}

#[test]
fn without_ordered_results_come_as_they_end() {
    // The slow one is answered only once the fast one was written.
    let server = {
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        let opener = Arc::clone(&gate);
        let server = RawServer::start(move |_, request| {
            if path_of(request) == "/slow" {
                let (open, changed) = &*gate;
                let guard = open.lock().unwrap();
                let _ = changed.wait_timeout_while(guard, PATIENCE, |open| !*open).unwrap();
            }
            answered(request)
        });
        (server, opener)
    };
    let (server, gate) = server;
    let mut running =
        Running::start(&["run", CARD, "--stream", "--jobs", "2", "--base", &server.url]);
    running.write(&lines(&["/slow", "/fast"]));
    assert_eq!(running.next_result()["id"], "/fast");
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    assert_eq!(running.next_result()["id"], "/slow");
    assert_eq!(running.end(), 0);
}

#[test]
fn a_result_is_written_before_the_next_line_comes() {
    let server = echo();
    for jobs in ["1", "4"] {
        let mut running =
            Running::start(&["run", CARD, "--stream", "--jobs", jobs, "--base", &server.url]);
        for path in ["/1", "/2", "/3"] {
            running.write(&lines(&[path]));
            assert_eq!(running.next_result()["id"], path, "--jobs {jobs}");
        }
        assert_eq!(running.end(), 0);
    }
}

#[test]
fn jobs_is_the_most_that_is_sent_at_once() {
    for jobs in [1_usize, 3, 8] {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let server = {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            RawServer::start(move |_, request| {
                let here = now.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(here, Ordering::SeqCst);
                // Long enough for the others to come, if they are let.
                thread::sleep(Duration::from_millis(5));
                now.fetch_sub(1, Ordering::SeqCst);
                answered(request)
            })
        };
        let paths: Vec<String> = (0..40).map(|index| format!("/{index}")).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let ran = stream(&server, &["--jobs", &jobs.to_string()], &lines(&paths));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert_eq!(results(&ran).len(), 40);
        assert!(results(&ran).iter().all(|result| result["output"].is_object()), "{}", ran.stdout);
        let most = most.load(Ordering::SeqCst);
        assert!(most <= jobs, "--jobs {jobs}, {most} at once");
        assert!(jobs == 1 || most > 1, "--jobs {jobs}, {most} at once");
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_process_quietly() {
    let server = echo();
    for jobs in ["1", "4"] {
        let mut running =
            Running::start(&["run", CARD, "--stream", "--jobs", jobs, "--base", &server.url]);
        running.write(&lines(&["/1"]));
        assert_eq!(running.next_result()["id"], "/1");
        running.close_stdout();
        // More is written until the process is gone; whether a line still finds it alive does not matter.
        for _ in 0..1000 {
            if running.try_write(&lines(&["/2"])).is_err()
                || running.child.try_wait().unwrap().is_some()
            {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let (code, stderr) = running.wait();
        assert_eq!((code, stderr.as_str()), (7, ""), "--jobs {jobs}");
    }
}

#[test]
fn a_reader_that_does_not_read_stops_the_writer() {
    // Each reply is 32 KiB: a pipe and the buffers on the way are full after a few.
    let body = format!("\"{}\"", "x".repeat(32 * 1024));
    let server = RawServer::start(move |_, _| {
        Answer::Bytes(reply("200 OK", "application/json", body.as_bytes()))
    });
    for jobs in ["1", "4"] {
        let mut running =
            Running::start(&["run", CARD, "--stream", "--jobs", jobs, "--base", &server.url]);
        let written = Arc::new(AtomicUsize::new(0));
        let mut stdin = running.stdin.take().unwrap();
        let writer = {
            let written = Arc::clone(&written);
            thread::spawn(move || {
                // 64 MiB of stdin, far more than may be taken in.
                let padded = format!("{}{}\n", line(&json!(1), "/x"), " ".repeat(64 * 1024));
                for _ in 0..1024 {
                    if stdin.write_all(padded.as_bytes()).is_err() {
                        return;
                    }
                    written.fetch_add(padded.len(), Ordering::SeqCst);
                }
            })
        };
        let taken = settled(&written);
        assert!(taken > 0);
        assert!(taken < 4 * 1024 * 1024, "--jobs {jobs}: {taken} bytes of stdin were taken in");
        assert!(server.requests().len() < 200, "{} requests", server.requests().len());
        // What is read again goes on: the process was waiting, not lost.
        assert_eq!(running.next_result()["id"], 1);
        running.close_stdout();
        drop(running.child.kill());
        writer.join().unwrap();
    }
}

/// Waits until a count has not grown for half a second, and gives it.
fn settled(count: &AtomicUsize) -> usize {
    let (mut last, mut same) = (usize::MAX, 0);
    while same < 10 {
        let now = count.load(Ordering::SeqCst);
        same = if now == last && now > 0 { same + 1 } else { 0 };
        last = now;
        thread::sleep(Duration::from_millis(50));
    }
    last
}

/// A running `cardhost` whose stdin is written and whose stdout is read line by line.
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<std::process::ChildStdout>>,
}

impl Running {
    fn start(args: &[&str]) -> Running {
        let mut child = command(args).stderr(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map(BufReader::new);
        Running { child, stdin, stdout }
    }

    fn write(&mut self, text: &str) {
        self.try_write(text).unwrap();
    }

    fn try_write(&mut self, text: &str) -> std::io::Result<()> {
        self.stdin.as_mut().unwrap().write_all(text.as_bytes())
    }

    /// The next line of stdout; fails where none comes in time.
    fn next_result(&mut self) -> Value {
        let mut stdout = self.stdout.take().unwrap();
        let (send, receive) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let read = stdout.read_line(&mut line);
            let _ = send.send((stdout, read.map(|_| line)));
        });
        let Ok((stdout, line)) = receive.recv_timeout(PATIENCE) else {
            drop(self.child.kill());
            panic!("no result came in {PATIENCE:?}");
        };
        self.stdout = Some(stdout);
        serde_json::from_str(&line.unwrap()).unwrap()
    }

    fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// Ends stdin and gives the exit code.
    fn end(mut self) -> i32 {
        self.stdin = None;
        let mut rest = String::new();
        self.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    /// The exit code and stderr.
    fn wait(mut self) -> (i32, String) {
        self.stdin = None;
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap().code().unwrap_or(-1), stderr)
    }
}
