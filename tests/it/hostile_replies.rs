//! Replies that are small on the wire and much work to read: each costs at most three times its body, ends with what it is to the
//! caller, and lets the other calls of its stream go on.
#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout};
use std::sync::{Mutex, mpsc};

use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Answer, RawServer, command};

/// How long a body is, its codings undone.
const SIZE: usize = 2 * 1024 * 1024;

/// What may be needed beside the bodies: pages of the program, stacks, buffers of sockets.
const BESIDE: usize = 4 * 1024 * 1024;

/// Text made of one piece again and again, about as long as a body is to be.
fn filled(
    begin: &str,
    mut piece: impl FnMut(&mut String, usize),
    between: &str,
    end: &str,
) -> Vec<u8> {
    let mut text = String::with_capacity(SIZE + 256);
    text.push_str(begin);
    for index in 0.. {
        if index > 0 {
            text.push_str(between);
        }
        piece(&mut text, index);
        if text.len() + end.len() + 64 >= SIZE {
            break;
        }
    }
    text.push_str(end);
    text.into_bytes()
}

fn listed(piece: &str) -> Vec<u8> {
    filled("[", |text, _| text.push_str(piece), ",", "]")
}

fn repeated(begin: &str, piece: &str, end: &str) -> Vec<u8> {
    filled(begin, |text, _| text.push_str(piece), "", end)
}

/// A reply.
struct Hostile {
    name: &'static str,
    content_type: &'static str,
    body: fn() -> Vec<u8>,
    /// What comes of it where it is passed on, where a field is read, and where every status is taken: the code of an error, or
    /// nothing.
    codes: [&'static str; 3],
}

const JSON: &str = "application/json";

const HOSTILE: &[Hostile] = &[
    Hostile {
        name: "numbers in a list",
        content_type: JSON,
        body: || filled(r#"{"results":["#, |text, _| text.push('1'), ",", "]}"),
        codes: ["", "", ""],
    },
    Hostile {
        name: "empty objects",
        content_type: JSON,
        body: || listed("{}"),
        codes: ["", "", ""],
    },
    Hostile { name: "empty lists", content_type: JSON, body: || listed("[]"), codes: ["", "", ""] },
    Hostile {
        name: "empty texts",
        content_type: JSON,
        body: || listed(r#""""#),
        codes: ["", "", ""],
    },
    Hostile {
        name: "keys that nobody knows",
        content_type: JSON,
        body: || {
            let key = |text: &mut String, index| write!(text, r#""k{index}":1"#).unwrap();
            filled("{", key, ",", "}")
        },
        codes: ["", "", ""],
    },
    Hostile {
        name: "the same key again and again",
        content_type: JSON,
        body: || filled("{", |text, _| text.push_str(r#""id":"x""#), ",", "}"),
        codes: ["", "", ""],
    },
    Hostile {
        name: "nesting",
        content_type: JSON,
        body: || ["[".repeat(SIZE / 2), "]".repeat(SIZE / 2)].concat().into_bytes(),
        codes: ["response.decode", "response.decode", ""],
    },
    Hostile {
        name: "nesting as deep as it may be",
        content_type: JSON,
        body: || listed(&format!("{}{}", "[".repeat(1000), "]".repeat(1000))),
        codes: ["", "", ""],
    },
    Hostile {
        name: "a long number",
        content_type: JSON,
        body: || repeated(r#"{"id":"#, "1", "}"),
        codes: ["", "", ""],
    },
    Hostile {
        name: "escapes",
        content_type: JSON,
        body: || repeated(r#"{"id":""#, r"\u0041\n", r#""}"#),
        codes: ["", "", ""],
    },
    Hostile {
        name: "halves of surrogate pairs",
        content_type: JSON,
        body: || filled(r#"{"id":["#, |text, _| text.push_str(r#""\ud800""#), ",", "]}"),
        codes: ["", "", ""],
    },
    Hostile {
        name: "line ends between tokens",
        content_type: JSON,
        body: || filled("[", |text, _| text.push_str("1\n"), ",\n", "]"),
        codes: ["", "", ""],
    },
    Hostile {
        name: "lines",
        content_type: "application/x-ndjson",
        body: || repeated("", "1\n", ""),
        codes: ["", "", ""],
    },
    Hostile {
        name: "one byte of text",
        content_type: "text/plain",
        body: || repeated("", "x", ""),
        codes: ["", "response.decode", ""],
    },
    Hostile {
        name: "control characters",
        content_type: "text/plain",
        body: || repeated("", "\u{1}", ""),
        codes: ["", "response.decode", ""],
    },
    Hostile {
        name: "text in Latin-1",
        content_type: "text/plain; charset=iso-8859-1",
        // As text it is twice as long.
        body: || vec![0xE9; SIZE / 2],
        codes: ["", "response.decode", ""],
    },
    Hostile {
        name: "bytes that are no text",
        content_type: "application/octet-stream",
        body: || vec![0xFF; SIZE],
        codes: ["", "response.encoding", ""],
    },
    Hostile {
        name: "nothing but white space",
        content_type: JSON,
        body: || repeated("", " \n", ""),
        codes: ["", "", ""],
    },
];

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn brotli(body: &[u8]) -> Vec<u8> {
    let mut coded = Vec::new();
    brotli::CompressorReader::new(body, 64 * 1024, 2, 20).read_to_end(&mut coded).unwrap();
    coded
}

fn reply(status: &str, content_type: &str, coding: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-encoding: {coding}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A connector with three cards: the body passed on, a field of it read, every status taken.
fn cards(base: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let demo = folder.path().join("demo");
    std::fs::create_dir(&demo).unwrap();
    let write = |name: &str, value: &Value| {
        std::fs::write(demo.join(name), value.to_string()).unwrap();
    };
    write(
        "connector.json",
        &json!({
            "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
            "connection": { "fields": {} },
            "auth": { "none": { "scheme": "none" } },
            "targets": { "api": { "auth": ["none"], "base": base } },
            "errors": [{ "status": [500], "code": "service.unavailable", "message": "<<response.body.error.message?>>" }],
        }),
    );
    let failures = json!([{ "when": { "response.body.error": [true] }, "code": "service.failed" }]);
    let card = |name: &str, http_error: &str, value: &str, kind: &str| {
        let card = json!({
            "format": 1, "name": name, "version": "1.0.0", "title": "Read",
            "input": { "Reply": { "Path": { "type": "text", "required": true } } },
            "request": { "target": "api", "method": "GET", "path": "/<<input.Reply.Path>>" },
            "effect": "read",
            "response": {
                "maxBodyBytes": SIZE + 4096,
                "httpError": http_error,
                "failures": if name == "field" { failures.clone() } else { json!([]) },
            },
            "output": { "Out": { "Value": { "type": kind, "value": value } } },
        });
        write(&format!("{name}.json"), &card);
    };
    card("whole", "raise", "<<response.body?>>", "any");
    card("field", "raise", "<<response.body.id?>>", "any");
    card("returned", "return", "<<response.body?>>", "any");
    folder
}

/// A `run --stream` that is fed line by line.
struct Stream {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    _cards: TempDir,
}

impl Stream {
    fn start(server: &RawServer) -> Stream {
        let cards = cards(&server.url);
        let folder = cards.path().to_str().unwrap();
        let args = ["run", "--stream", "--jobs", "32", "--cards", folder, "--timeout", "100s"];
        // What is freed is given back: else the C library keeps what it was asked for once, for the next time.
        let given_back = ("MALLOC_MMAP_THRESHOLD_", "131072");
        let mut child = command(&args).envs([given_back]).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Stream { child, stdin, stdout, _cards: cards }
    }

    fn send(&mut self, lines: &[Value]) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.stdin.write_all(text.as_bytes()).unwrap();
    }

    /// The next result.
    fn next(&mut self) -> Ended {
        let mut line = Vec::new();
        self.stdout.read_until(b'\n', &mut line).unwrap();
        serde_json::from_slice(&line).unwrap()
    }

    /// The most memory that was resident so far, in bytes.
    fn peak(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
    }

    fn end(self) {
        let Stream { mut child, stdin, .. } = self;
        drop(stdin);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

fn line(card: &str, path: &str) -> Value {
    json!({ "id": card, "card": format!("demo/{card}"), "input": { "Reply": { "Path": path } } })
}

/// What a test looks at of a result; what it holds may be large and deep.
#[derive(Deserialize)]
struct Ended {
    id: String,
    #[serde(default)]
    error: Fault,
}

#[derive(Deserialize, Default)]
struct Fault {
    #[serde(default)]
    code: String,
}

/// Runs each hostile reply in a coding through the three cards, and once as an error of the service.
fn run_all(coding: &'static str, encode: fn(&[u8]) -> Vec<u8>) {
    let mut wrong = String::new();
    for Hostile { name, content_type, body, codes } in HOSTILE {
        let coded = encode(&body());
        let fault = run_one(coding, coded, content_type, codes);
        if !fault.is_empty() {
            writeln!(wrong, "{name}, {coding}: {fault}").unwrap();
        }
    }
    assert_eq!(wrong, "");
}

/// What is wrong with what comes of a reply.
fn run_one(
    coding: &'static str,
    coded: Vec<u8>,
    content_type: &'static str,
    codes: &[&str; 3],
) -> String {
    let server = RawServer::start(move |_, request| {
        Answer::Bytes(match path_of(request).as_str() {
            "/small" => reply("200 OK", JSON, "identity", b"{\"id\":1}"),
            "/failed" => reply("500 Oops", content_type, coding, &coded),
            _ => reply("200 OK", content_type, coding, &coded),
        })
    });
    let mut stream = Stream::start(&server);
    let cards = ["whole", "field", "returned"];
    for card in cards {
        stream.send(&[line(card, "small")]);
        assert_eq!(stream.next().error.code, "");
    }
    let before = stream.peak();
    let found = cards.map(|card| {
        let path = if card == "returned" { "failed" } else { "hostile" };
        stream.send(&[line(card, path)]);
        stream.next().error.code
    });
    stream.send(&[line("whole", "failed")]);
    let failed = stream.next().error.code;
    let peak = stream.peak() - before;
    stream.end();
    let mut wrong = String::new();
    if (found.each_ref().map(String::as_str), failed.as_str()) != (*codes, "service.unavailable") {
        write!(wrong, "{found:?} and `{failed}` came of it").unwrap();
    }
    if peak > 3 * SIZE + BESIDE {
        write!(wrong, "it took {:.2} times its size", peak as f64 / SIZE as f64).unwrap();
    }
    wrong
}

/// The path of a request.
fn path_of(request: &[u8]) -> String {
    String::from_utf8_lossy(request).split(' ').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn plain_replies_cost_what_they_are_worth() {
    run_all("identity", <[u8]>::to_vec);
}

#[test]
fn gzip_replies_cost_what_they_are_worth() {
    run_all("gzip", gzip);
}

#[test]
fn brotli_replies_cost_what_they_are_worth() {
    run_all("br", brotli);
}

/// Codings that go on and on and bring nothing.
#[test]
fn codings_of_nothing_cost_what_they_are_worth() {
    let many = |begin: &[u8], piece: &[u8], end: &[u8]| {
        [begin, &piece.repeat(SIZE / piece.len()), end].concat()
    };
    for (coding, coded) in [
        // Members without a byte, with a byte.
        ("gzip", many(b"", &gzip(b""), b"")),
        ("gzip", many(b"", &gzip(b" "), b"")),
        // Stored blocks of no length.
        ("deflate", many(b"", &[0, 0, 0, 0xFF, 0xFF], &[3, 0])),
        // Metadata of no length (RFC 7932, section 9.2).
        ("br", many(&[0x0C], &[6], &[3])),
    ] {
        assert_eq!(run_one(coding, coded, JSON, &["", "", ""]), "", "{coding}");
    }
}

/// The others of a stream are answered while a reply is still worked on that came before theirs.
#[test]
fn the_other_calls_of_a_stream_go_on() {
    let body = gzip(&listed("{}").repeat(4));
    let (written, is_written) = mpsc::channel();
    let first = Mutex::new((is_written, false));
    let server = RawServer::start(move |_, request| match path_of(request).as_str() {
        "/hostile" => Answer::Hold(reply("200 OK", "text/plain", "gzip", &body), written.clone()),
        _ => {
            // Each of them waits until the hostile reply is on its way.
            let mut first = first.lock().unwrap();
            if !first.1 {
                first.0.recv().unwrap();
                first.1 = true;
            }
            Answer::Bytes(reply("200 OK", JSON, "identity", b"{\"id\":1}"))
        }
    });
    let mut stream = Stream::start(&server);
    stream.send(&[line("field", "hostile")]);
    stream.send(&vec![line("whole", "small"); 16]);
    let ids: Vec<String> = (0..17).map(|_| stream.next().id).collect();
    assert_eq!(ids[..16], vec!["whole"; 16]);
    assert_eq!(ids[16], "field");
    stream.end();
}

/// The same while an invocation is read.
#[test]
fn a_long_line_of_a_stream_lets_the_others_go_on() {
    let server =
        RawServer::start(|_, _| Answer::Bytes(reply("200 OK", JSON, "identity", b"{\"id\":1}")));
    let mut stream = Stream::start(&server);
    let mut long = line("field", "small");
    let keys = (0..200_000).map(|index| (format!("k{index}"), json!(index)));
    long["input"]["Other"] = Value::Object(keys.collect());
    let mut lines = vec![long];
    lines.extend(vec![line("whole", "small"); 16]);
    stream.send(&lines);
    let results: Vec<Ended> = (0..17).map(|_| stream.next()).collect();
    let ids: Vec<&str> = results.iter().map(|result| result.id.as_str()).collect();
    assert_eq!(ids[..16], ["whole"; 16]);
    assert_eq!(ids[16], "field");
    assert_eq!(results[16].error.code, "input.unknown");
    stream.end();
}
