//! Long replies whose records are handed on while they come: NDJSON, CSV and lists inside of JSON, in little memory; broken off, gone on with, killed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use serde_json::{Value, json};

use crate::support::{Answer, Ran, RawServer, cardhost, command};

/// More than is read as a whole.
const ALL: usize = 40_000;

/// A connector `demo` with a card whose reply is a list.
fn cards(base: &str, pages: &Value, response: &Value, retries: &Value) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    std::fs::create_dir(&demo).unwrap();
    let mut connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo", "connection": { "fields": {} },
        "auth": { "none": { "scheme": "none" } }, "targets": { "api": { "auth": ["none"], "base": base } },
    });
    if !retries.is_null() {
        connector["retries"] = retries.clone();
    }
    let card = json!({
        "format": 1, "name": "act", "version": "1.0.0", "title": "Act", "effect": "read", "input": {},
        "request": { "target": "api", "method": "GET", "path": "/list" }, "response": response, "pages": pages,
        "output": { "List": { "Items": { "type": "list", "value": "<<items>>" }, "First": { "type": "number", "value": "<<items.0.id>>" } } },
    });
    std::fs::write(demo.join("connector.json"), connector.to_string()).unwrap();
    std::fs::write(demo.join("act.json"), card.to_string()).unwrap();
    folder
}

fn run(cards: &Path, more: &[&str]) -> Ran {
    let cards = cards.to_str().unwrap();
    let args = ["run", "demo/act", "--errors", "json", "--records", "--cards", cards];
    cardhost(&[&args[..], more].concat(), "{}")
}

fn record(id: usize) -> String {
    format!("{{\"id\":{id},\"name\":\"item number {id} of a long list\"}}")
}

fn lines(ids: std::ops::Range<usize>) -> String {
    ids.fold(String::new(), |mut text, id| {
        let _ = writeln!(text, "{}", record(id));
        text
    })
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(body).unwrap();
    packer.finish().unwrap()
}

/// A whole reply, with further headers.
fn reply(headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

const NDJSON: &str = "content-type: application/x-ndjson\r\n";

fn one_reply() -> Value {
    json!({ "items": "<<response.body>>" })
}

#[test]
fn every_format_gives_each_record_once_in_its_order() {
    let list = |ids: std::ops::Range<usize>| {
        let records: Vec<String> = ids.map(record).collect();
        format!("[{}]", records.join(",\n  "))
    };
    let csv = (0..ALL).fold("id,name\r\n".to_owned(), |mut text, id| {
        let _ = write!(text, "{id},\"item number {id} of a long list\"\r\n");
        text
    });
    let of_texts = lines(0..ALL).replace(",\"name", "\",\"name").replace("\"id\":", "\"id\":\"");
    let coded =
        |coding: &str, body: &[u8]| reply(&format!("content-encoding: {coding}\r\n{NDJSON}"), body);
    let mut brotli = Vec::new();
    brotli::CompressorReader::new(lines(0..ALL).as_bytes(), 4096, 2, 20)
        .read_to_end(&mut brotli)
        .unwrap();
    for (name, body, pages, response, expected) in [
        ("ndjson", reply(NDJSON, lines(0..ALL).as_bytes()), one_reply(), json!({}), lines(0..ALL)),
        (
            "ndjson in gzip",
            coded("gzip", &gzip(lines(0..ALL).as_bytes())),
            one_reply(),
            json!({}),
            lines(0..ALL),
        ),
        (
            "members of gzip",
            coded("gzip", &[gzip(lines(0..7).as_bytes()), gzip(lines(7..ALL).as_bytes())].concat()),
            one_reply(),
            json!({}),
            lines(0..ALL),
        ),
        ("ndjson in brotli", coded("br", &brotli), one_reply(), json!({}), lines(0..ALL)),
        (
            "csv",
            reply("content-type: text/csv\r\n", csv.as_bytes()),
            one_reply(),
            json!({ "decoder": "csv" }),
            of_texts,
        ),
        (
            "a list that is the body",
            reply("content-type: application/json\r\n", list(0..ALL).as_bytes()),
            one_reply(),
            json!({}),
            lines(0..ALL),
        ),
    ] {
        let server = RawServer::start(move |_, _| Answer::Bytes(body.clone()));
        let cards = cards(&server.url, &pages, &response, &Value::Null);
        let ran = run(cards.path(), &[]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{name}");
        assert!(ran.stdout == expected, "{name}: {} bytes", ran.stdout.len());
    }
    // Long pages: what leads to the next one stands behind the records.
    let server = RawServer::start(move |_, request| {
        let request = String::from_utf8_lossy(request);
        let from: usize = request
            .split("from=")
            .nth(1)
            .map_or(0, |text| text.split(' ').next().unwrap().parse().unwrap());
        let next = from + ALL;
        let next = if next < 3 * ALL { next.to_string() } else { "null".to_owned() };
        let body = format!(
            "{{\"meta\":{{\"items\":[0]}},\"data\":{{\"items\":{},\"next\":{next}}}}}",
            list(from..from + ALL)
        );
        Answer::Bytes(reply("content-type: application/json\r\n", body.as_bytes()))
    });
    let pages = json!({
        "items": "<<response.body.data.items>>", "next": { "query.from": "<<response.body.data.next?>>" },
    });
    let cards = cards(&server.url, &pages, &json!({}), &Value::Null);
    let ran = run(cards.path(), &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout == lines(0..3 * ALL));
    // A limit inside of the second one, and on from there.
    let ran = run(cards.path(), &["--limit", "50000"]);
    assert_eq!(ran.code, 0);
    let cursor = ran.stderr.split("--from '").nth(1).unwrap().split("'\"}").next().unwrap();
    let cursor: Value = serde_json::from_str(&cursor.replace("\\\"", "\"")).unwrap();
    assert_eq!((&cursor["query.from"], &cursor["skip"]), (&json!(ALL), &json!(10_000)));
    let rest = run(cards.path(), &["--from", &cursor.to_string()]);
    assert_eq!((rest.code, rest.stderr.as_str()), (0, ""));
    assert!(ran.stdout + &rest.stdout == lines(0..3 * ALL));
    // It goes on behind a record that is still there, or not at all.
    let mut other = cursor.clone();
    other["skip"] = json!(9_999);
    let ran = run(cards.path(), &["--from", &other.to_string()]);
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!((&error["code"], ran.stdout.as_str()), (&json!("pages.changed"), ""), "{error}");
}

/// A reply that is cut off in the middle of a record.
fn cut_off() -> Vec<u8> {
    let whole = reply(NDJSON, lines(0..ALL).as_bytes());
    whole[..whole.len() / 2 + 7].to_vec()
}

#[test]
fn what_breaks_off_says_what_it_gave_and_goes_on_there() {
    let server = RawServer::start(|index, _| {
        Answer::Bytes(if index == 0 { cut_off() } else { reply(NDJSON, lines(0..ALL).as_bytes()) })
    });
    let cards = cards(&server.url, &one_reply(), &json!({}), &Value::Null);
    let first = run(cards.path(), &[]);
    let error: Value = serde_json::from_str(&first.stderr).unwrap();
    let had = first.stdout.lines().count();
    assert_eq!(
        (&error["code"], &error["pages"]["records"]),
        (&json!("transport.truncated"), &json!(had))
    );
    assert!((ALL / 2 - 1000..ALL / 2 + 1000).contains(&had), "{had}");
    assert!(first.stdout == lines(0..had));
    let rest = run(cards.path(), &["--from", &error["pages"]["next"].to_string()]);
    assert_eq!((rest.code, rest.stderr.as_str()), (0, ""));
    assert!(rest.stdout == lines(had..ALL));
}

#[test]
fn a_further_attempt_goes_on_behind_what_was_given() {
    let server = RawServer::start(|index, _| {
        Answer::Bytes(if index < 2 { cut_off() } else { reply(NDJSON, lines(0..ALL).as_bytes()) })
    });
    let retries = json!({ "first": "1ms" });
    let cards = cards(&server.url, &one_reply(), &json!({}), &retries);
    let ran = run(cards.path(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout == lines(0..ALL), "{}", ran.stdout.lines().count());
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_record_that_is_too_long_or_malformed_ends_it_behind_the_others() {
    let long = format!("{}\"{}\"\n", lines(0..ALL), "x".repeat(70_000));
    let malformed = format!("{}{{\"id\":\n", lines(0..ALL));
    for (body, code, record) in
        [(long, "response.record_too_long", ALL), (malformed, "response.decode", ALL)]
    {
        let body = reply(NDJSON, body.as_bytes());
        let server = RawServer::start(move |_, _| Answer::Bytes(body.clone()));
        let response = json!({ "maxBodyBytes": 65_536 });
        let cards = cards(&server.url, &one_reply(), &response, &Value::Null);
        let ran = run(cards.path(), &[]);
        let error: Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(
            (&error["code"], &error["pages"]["records"]),
            (&json!(code), &json!(record)),
            "{error}"
        );
        assert!(ran.stdout == lines(0..ALL));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_very_long_reply_takes_no_more_memory_than_a_long_one() {
    const BLOCKS: usize = 16;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let cards = cards(&base, &one_reply(), &json!({}), &Value::Null);
    let args = ["run", "demo/act", "--records", "--cards", cards.path().to_str().unwrap()];
    let mut child = command(&args).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"{}").unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut taken = vec![0; 1 << 16];
        let mut total = 0;
        loop {
            match stdout.read(&mut taken).unwrap() {
                0 => return total,
                read => total += read,
            }
        }
    });
    let most = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        most.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let (mut stream, _) = listener.accept().unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let block = lines(0..ALL);
    let head =
        format!("HTTP/1.1 200 OK\r\n{NDJSON}content-length: {}\r\n\r\n", BLOCKS * block.len());
    stream.write_all(head.as_bytes()).unwrap();
    let send = |stream: &mut std::net::TcpStream| stream.write_all(block.as_bytes()).unwrap();
    for _ in 0..4 {
        send(&mut stream);
    }
    // The reader waits for whoever takes the records, so that all but what a socket holds was read by then.
    let before = most();
    for _ in 5..BLOCKS {
        send(&mut stream);
    }
    let after = most();
    send(&mut stream);
    drop(stream);
    assert!(child.wait().unwrap().success());
    assert_eq!(reader.join().unwrap(), BLOCKS * block.len());
    assert!(after < before + 6 * 1024, "{before} KiB and then {after} KiB");
}

/// The ids of whole lines; the last may be cut off.
fn ids(text: &str) -> Vec<usize> {
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let id = |line: &str| {
        let record: Value = serde_json::from_str(line).unwrap();
        record["id"].as_u64().unwrap() as usize
    };
    whole.lines().filter(|line| !line.is_empty()).map(id).collect()
}

#[test]
#[cfg(unix)]
fn who_is_killed_goes_on_and_loses_nothing() {
    let in_one = one_reply();
    let in_pages = json!({ "items": "<<response.body.items>>", "next": { "query.from": "<<response.body.next?>>" } });
    for pages in [in_one, in_pages] {
        let is_paged = pages.get("next").is_some();
        // How many replies come whole in this run; then none does.
        let left = Arc::new(AtomicUsize::new(0));
        let whole_ones = Arc::clone(&left);
        let server = RawServer::start(move |index, request| {
            let request = String::from_utf8_lossy(request);
            let from = request.split("from=").nth(1);
            let from: usize =
                from.map_or(0, |text| text.split(' ').next().unwrap().parse().unwrap());
            if !is_paged {
                let whole = reply(NDJSON, lines(0..ALL).as_bytes());
                // The first and the second run are killed in the middle of it.
                return match index {
                    0 => Answer::Hang(whole[..whole.len() / 2].to_vec()),
                    1 => Answer::Hang(whole[..whole.len() / 4 * 3].to_vec()),
                    _ => Answer::Bytes(whole),
                };
            }
            let records: Vec<String> = (from..from + ALL / 10).map(record).collect();
            let next = from + ALL / 10;
            let next = if next < ALL { next.to_string() } else { "null".to_owned() };
            let body = format!("{{\"items\":[{}],\"next\":{next}}}", records.join(","));
            let whole = reply("content-type: application/json\r\n", body.as_bytes());
            let may_end =
                whole_ones.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
            if may_end { Answer::Bytes(whole) } else { Answer::Hang(whole[..50].to_vec()) }
        });
        let cards = cards(&server.url, &pages, &json!({}), &Value::Null);
        let resume = cards.path().join("resume.json");
        let args = [
            "run",
            "demo/act",
            "--records",
            "--cards",
            cards.path().to_str().unwrap(),
            "--resume",
            resume.to_str().unwrap(),
        ];
        let mut runs = Vec::new();
        for least in
            if is_paged { [3 * ALL / 10, 3 * ALL / 10] } else { [ALL / 2 - 2_000, ALL / 4 - 2_000] }
        {
            left.store(3, SeqCst);
            let mut child = command(&args).spawn().unwrap();
            child.stdin.take().unwrap().write_all(b"{}").unwrap();
            let mut output = BufReader::new(child.stdout.take().unwrap());
            let mut text = String::new();
            for _ in 0..least {
                assert_ne!(output.read_line(&mut text).unwrap(), 0);
            }
            child.kill().unwrap();
            output.read_to_string(&mut text).unwrap();
            assert!(!child.wait().unwrap().success());
            assert!(resume.exists());
            runs.push(ids(&text));
        }
        left.store(usize::MAX, SeqCst);
        let last = cardhost(&args, "{}");
        assert_eq!(last.code, 0, "{}", last.stderr);
        assert!(last.stderr.contains("warning[pages.resumed]: goes on as "), "{}", last.stderr);
        runs.push(ids(&last.stdout));
        // Nothing is missing, each run is in order, and what came again was the end of the run before.
        let all: BTreeSet<usize> = runs.iter().flatten().copied().collect();
        assert_eq!(all.len(), ALL);
        for run in &runs {
            assert!(run.windows(2).all(|pair| pair[1] == pair[0] + 1));
        }
        for pair in runs.windows(2) {
            let (end, begin) = (*pair[0].last().unwrap(), pair[1][0]);
            let again = (end + 1).checked_sub(begin).unwrap();
            // No more than a page, or a piece of a long one.
            assert!(again <= if is_paged { ALL / 10 } else { 1_300 }, "{again} again");
        }
        let left: Vec<_> = std::fs::read_dir(cards.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["demo"], "the file is gone when all was had");
    }
}

#[test]
#[cfg(unix)]
fn a_line_that_was_cut_off_is_ended() {
    let server = RawServer::start(|_, _| Answer::Bytes(reply(NDJSON, lines(0..3).as_bytes())));
    let cards = cards(&server.url, &one_reply(), &json!({}), &Value::Null);
    let (resume, out) = (cards.path().join("resume.json"), cards.path().join("out.ndjson"));
    std::fs::write(&resume, "{\"skip\":1}").unwrap();
    let half = format!("{}{}", lines(0..1), &record(1)[..9]);
    std::fs::write(&out, &half).unwrap();
    let args = [
        "run",
        "demo/act",
        "--records",
        "--cards",
        cards.path().to_str().unwrap(),
        "--resume",
        resume.to_str().unwrap(),
    ];
    let file = std::fs::File::options().append(true).open(&out).unwrap();
    let mut child = command(&args).stdout(file).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"{}").unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(std::fs::read_to_string(&out).unwrap(), format!("{half}\n{}", lines(1..3)));
    // What is no cursor is told before anything is sent.
    std::fs::write(&resume, "[]").unwrap();
    let ran = cardhost(&args, "{}");
    assert!(ran.code != 0 && ran.stderr.contains("error[output.unwritable]"), "{}", ran.stderr);
    assert_eq!(server.requests().len(), 1);
}
