//! Replies that are kept as files: whole or not at all, below one folder, in little memory. `sha256sum` says what is in them.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Answer, Ran, RawServer, cardhost, command};

/// A connector `demo` with a card that gets a file.
fn cards(base: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    std::fs::create_dir(&demo).unwrap();
    std::fs::create_dir(folder.path().join("files")).unwrap();
    let connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo", "connection": { "fields": {} },
        "auth": { "none": { "scheme": "none" } }, "targets": { "api": { "auth": ["none"], "base": base } },
    });
    let card = json!({
        "format": 1, "name": "act", "version": "1.0.0", "title": "Act", "effect": "read", "input": {},
        "request": { "target": "api", "method": "GET", "path": "/files/a.bin" }, "response": { "body": "file" },
        "output": { "Reply": { "File": { "type": "file", "value": "<<response.body?>>" } } },
    });
    std::fs::write(demo.join("connector.json"), connector.to_string()).unwrap();
    std::fs::write(demo.join("act.json"), card.to_string()).unwrap();
    folder
}

fn args(cards: &Path) -> Vec<String> {
    let files = cards.join("files");
    let words = ["run", "demo/act", "--errors", "json", "--cards"].map(str::to_owned);
    let mut args = words.to_vec();
    args.push(cards.to_str().unwrap().to_owned());
    args.extend(["--files".to_owned(), files.to_str().unwrap().to_owned()]);
    args
}

fn run(cards: &Path) -> Ran {
    let args = args(cards);
    cardhost(&args.iter().map(String::as_str).collect::<Vec<_>>(), "{}")
}

fn file(ran: &Ran) -> Value {
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let mut output: Value = serde_json::from_str(&ran.stdout).unwrap();
    output["Reply"]["File"].take()
}

fn names(cards: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(cards.join("files")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What `sha256sum` says of a file.
fn sha256(path: &str) -> String {
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split_whitespace().next().unwrap().to_owned()
}

#[test]
fn a_file_is_kept_under_its_name_and_none_is_overwritten() {
    let server = RawServer::start(|_, _| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-disposition: attachment; filename=\"../../r\u{e9}port.csv\"\r\ncontent-length: 4\r\nconnection: close\r\n\r\n";
        Answer::Bytes([head.as_bytes(), b"\xff\x00\r\n"].concat())
    });
    let cards = cards(&server.url);
    for expected in ["r\u{e9}port.csv", "r\u{e9}port-2.csv"] {
        let found = file(&run(cards.path()));
        let path = cards.path().join("files").join(expected);
        let path = path.to_str().unwrap();
        let sum = sha256(path);
        assert_eq!(
            found,
            json!({ "file": path, "name": expected, "type": "text/csv", "size": 4, "sha256": sum })
        );
        assert_eq!(std::fs::read(path).unwrap(), b"\xff\x00\r\n");
    }
    assert!(server.requests()[0].contains("accept-encoding: identity\r\n"));
}

#[test]
fn what_breaks_off_or_is_an_error_leaves_no_file() {
    for (reply, code) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc", "transport.truncated"),
        (
            "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno",
            "http.status",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
            "transport.protocol",
        ),
    ] {
        let server = RawServer::start(move |_, _| Answer::Bytes(reply.as_bytes().to_vec()));
        let cards = cards(&server.url);
        let ran = run(cards.path());
        let error: Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(error["code"], code, "{error}");
        assert_eq!(names(cards.path()), Vec::<String>::new());
    }
}

#[test]
fn a_coding_that_nobody_asked_for_is_undone() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(b"what is in it").unwrap();
    let packed = packer.finish().unwrap();
    let server = RawServer::start(move |_, _| {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            packed.len()
        );
        Answer::Bytes([head.as_bytes(), &packed].concat())
    });
    let cards = cards(&server.url);
    let found = file(&run(cards.path()));
    assert_eq!((&found["name"], &found["size"]), (&json!("a.bin"), &json!(13)));
    assert_eq!(std::fs::read(found["file"].as_str().unwrap()).unwrap(), b"what is in it");
}

/// Reads the head of a request.
fn asked(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
}

#[test]
fn what_is_no_coding_is_no_reason_to_hold_a_file_in_memory() {
    // More than is held in memory.
    const SIZE: usize = 17 * 1024 * 1024;
    let server = RawServer::start(|_, _| {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: aws-chunked\r\ncontent-length: {SIZE}\r\nconnection: close\r\n\r\n"
        );
        Answer::Bytes([head.as_bytes(), &vec![b'x'; SIZE]].concat())
    });
    let cards = cards(&server.url);
    assert_eq!(file(&run(cards.path()))["size"], SIZE);
    let cards = cards.path().to_str().unwrap();
    let args = ["run", "demo/act", "--errors", "json", "--cards", cards];
    let error: Value = serde_json::from_str(&cardhost(&args, "{}").stderr).unwrap();
    assert_eq!(error["code"], "response.too_large", "{error}");
    assert!(error["hint"].as_str().unwrap().contains("`--files DIR`"), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_long_file_comes_in_without_being_in_memory() {
    const SIZE: usize = 192 * 1024 * 1024;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let cards = cards(&format!("http://{}", listener.local_addr().unwrap()));
    let args = args(cards.path());
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut child = command(&args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"{}").unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    asked(&mut stream);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {SIZE}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let block = vec![b'x'; 64 * 1024];
    for _ in 0..SIZE / block.len() - 1 {
        stream.write_all(&block).unwrap();
    }
    // All but the last block is written by the time that this is: the reader waits for the writer.
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    stream.write_all(&block).unwrap();
    let output = child.wait_with_output().unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let most: u64 = most.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(most < 64 * 1024, "{most} KiB");
    let output: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = &output["Reply"]["File"];
    assert_eq!(found["size"], SIZE);
    assert_eq!(found["sha256"], sha256(found["file"].as_str().unwrap()));
}

#[test]
#[cfg(unix)]
fn whoever_is_stopped_leaves_no_file() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let cards = cards(&format!("http://{}", listener.local_addr().unwrap()));
    let mut args = args(cards.path());
    args.extend(["--timeout".to_owned(), "1s".to_owned()]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let sender = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        asked(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n").unwrap();
        stream.write_all(&[0; 1_000_000]).unwrap();
        // Nothing more comes, and the connection stays.
        stream
    });
    let ran = cardhost(&args, "{}");
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["code"], "transport.timeout", "{error}");
    assert_eq!(names(cards.path()), Vec::<String>::new());
    drop(sender.join().unwrap());
}

#[test]
#[cfg(unix)]
fn a_signal_in_the_middle_leaves_no_file() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let cards = cards(&format!("http://{}", listener.local_addr().unwrap()));
    let mut args = args(cards.path());
    args.extend(["--drain".to_owned(), "0s".to_owned()]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut child = command(&args).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"{}").unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    asked(&mut stream);
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n").unwrap();
    stream.write_all(&[0; 1_000_000]).unwrap();
    // The file is there, under no name that anybody would take for it.
    while names(cards.path()).is_empty() {
        std::thread::yield_now();
    }
    assert!(names(cards.path())[0].starts_with(".cardhost-"));
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(error["code"], "transport.interrupted", "{error}");
    assert_eq!(names(cards.path()), Vec::<String>::new());
}
