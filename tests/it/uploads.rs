//! What is sent as a file, in parts or packed, as others read it: httpbin (Werkzeug), a server that counts, `gzip` through flate2.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cardhost::core::call::Treatment;
use cardhost::core::transport_fault::TransportFault;
use cardhost::transport::{BoxFuture, HttpTransport, Transport};
use cardhost::{Host, Invocation, Policy, Reply, RequestSpec};
use serde_json::{Value, json};

use crate::peers::{self, Server, Shared};
use crate::schemes::{block_on, demo};
use crate::support::{Answer, RawServer, command, reply};

fn httpbin() -> Option<Arc<Server>> {
    static HTTPBIN: Shared = Shared::new();
    HTTPBIN.get(peers::httpbin)
}

/// Writes a connector `demo` with one card that posts a body.
fn folder(base: &str, body: &Value, input: &Value) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    std::fs::create_dir(&demo).unwrap();
    let connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo", "connection": { "fields": {} },
        "auth": { "none": { "scheme": "none" } }, "targets": { "api": { "auth": ["none"], "base": base } },
    });
    let card = json!({
        "format": 1, "name": "act", "version": "1.0.0", "title": "Act", "effect": "write",
        "input": { "In": input },
        "request": { "target": "api", "method": "POST", "path": "/post", "body": body },
        "output": { "Reply": { "Body": { "type": "any", "value": "<<response.body>>" } } },
    });
    std::fs::write(demo.join("connector.json"), connector.to_string()).unwrap();
    std::fs::write(demo.join("act.json"), card.to_string()).unwrap();
    folder
}

/// Runs the card; gives what came back.
fn run(cards: &Path, values: &Value) -> Value {
    let invocation = json!({ "input": { "In": values } }).to_string();
    let cards = cards.to_str().unwrap();
    let ran = crate::support::cardhost(&["run", "demo/act", "--cards", cards], &invocation);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let mut output: Value = serde_json::from_str(&ran.stdout).unwrap();
    output["Reply"]["Body"].take()
}

#[test]
fn a_form_in_parts_is_read_as_it_was_meant() {
    let Some(server) = httpbin() else { return };
    let body = json!({ "multipart": {
        "metadata": { "json": { "name": "<<input.In.Title>>" } },
        "title": "<<input.In.Title>>",
        "tag": { "each": "<<input.In.Tags>>", "as": "<<item>>" },
        "small": { "file": "<<input.In.Small>>" },
        "large": { "file": "<<input.In.Large>>", "type": "text/plain" },
    } });
    let input = json!({
        "Title": { "type": "text", "required": true }, "Tags": { "type": "list", "of": "text", "required": true },
        "Small": { "type": "file", "required": true }, "Large": { "type": "file", "required": true },
    });
    let cards = folder(&server.base_url, &body, &input);
    // Longer than what is read at once: it goes out while it is read.
    let large = "0123456789abcdef".repeat(100_000);
    let path = cards.path().join("large.txt");
    std::fs::write(&path, &large).unwrap();
    let title = "größe \"q\"\r\n--cardhost-x; ✓";
    let small = BASE64_STANDARD.encode(b"\xff\x00\r\n--");
    let found = run(
        cards.path(),
        &json!({
            "Title": title, "Tags": ["one", "two"], "Small": { "base64": small, "name": "a \"b\".bin" },
            "Large": { "file": path },
        }),
    );
    assert_eq!(found["form"]["title"], title);
    assert_eq!(found["form"]["tag"], json!(["one", "two"]));
    assert_eq!(found["form"]["metadata"], json!({ "name": title }).to_string());
    assert_eq!(found["files"]["small"], format!("data:application/octet-stream;base64,{small}"));
    assert_eq!(found["files"]["large"], large);
    let length: u64 = found["headers"]["Content-Length"].as_str().unwrap().parse().unwrap();
    assert!(length > 1_600_000 && found["headers"].get("Transfer-Encoding").is_none());
}

#[test]
fn packed_lines_are_what_was_asked_for() {
    let Some(server) = httpbin() else { return };
    let body = json!({ "ndjson": "<<input.In.Events>>", "contentEncoding": "gzip" });
    let input = json!({ "Events": { "type": "list", "required": true } });
    let cards = folder(&server.base_url, &body, &input);
    // Little is packed on the spot, much apart.
    for count in [1, 20_000] {
        let events: Vec<Value> = (0..count).map(|n| json!({ "event": "seen", "n": n })).collect();
        let found = run(cards.path(), &json!({ "Events": events }));
        assert_eq!(found["headers"]["Content-Encoding"], "gzip");
        assert_eq!(found["headers"]["Content-Type"], "application/x-ndjson");
        let data = found["data"].as_str().unwrap();
        let packed = data.strip_prefix("data:application/octet-stream;base64,").unwrap();
        let packed = BASE64_STANDARD.decode(packed).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(lines == events && text.ends_with('\n'));
    }
}

/// Takes one request; gives its head, how much body came, and the most memory in KiB that its sender had by then.
fn counted(listener: &TcpListener, sender: u32) -> (String, u64, u64) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: u64 = length.unwrap().parse().unwrap();
    let came = std::io::copy(&mut (&stream).take(length), &mut std::io::sink()).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{sender}/status")).unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let most = most.trim().trim_end_matches(" kB").parse().unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
    (head, came, most)
}

#[test]
#[cfg(target_os = "linux")]
fn a_long_file_goes_out_without_being_in_memory() {
    const SIZE: u64 = 256 * 1024 * 1024;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let body = json!({ "multipart": { "file": { "file": "<<input.In.File>>" } } });
    let cards = folder(&base, &body, &json!({ "File": { "type": "file", "required": true } }));
    let path = cards.path().join("long.bin");
    // Without blocks of its own: it takes no room on the disk.
    File::create(&path).unwrap().set_len(SIZE).unwrap();
    let args = ["run", "demo/act", "--cards", cards.path().to_str().unwrap()];
    let mut child = command(&args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let invocation = json!({ "input": { "In": { "File": { "file": path } } } }).to_string();
    child.stdin.take().unwrap().write_all(invocation.as_bytes()).unwrap();
    let (head, came, most) = counted(&listener, child.id());
    assert!(child.wait().unwrap().success());
    assert!(head.contains("content-type: multipart/form-data; boundary=cardhost-"), "{head}");
    assert!(came > SIZE && came < SIZE + 1000, "{came}");
    assert!(most < 64 * 1024, "{most} KiB");
}

/// Makes a file shorter before it is sent.
struct Shortening {
    path: PathBuf,
    inner: HttpTransport,
}

impl Transport for Shortening {
    fn send<'a>(
        &'a self,
        request: &'a RequestSpec,
        treatment: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        File::options().write(true).open(&self.path).unwrap().set_len(10).unwrap();
        self.inner.send(request, treatment)
    }
}

#[test]
fn a_file_that_has_changed_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut came = Vec::new();
        let _ = stream.read_to_end(&mut came);
        came.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |at| came.len() - at - 4)
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    File::create(&path).unwrap().set_len(1_000_000).unwrap();
    let request = json!({
        "path": "/post", "method": "POST", "body": { "file": "<<input.In.File>>" },
        "input": { "In": { "File": { "type": "file", "required": true } } },
    });
    let cards = demo(&base, &json!({ "scheme": "none" }), &request);
    let invocation =
        json!({ "connection": { "fields": {} }, "input": { "In": { "File": { "file": path } } } });
    let host = |policy| {
        let inner = HttpTransport::new();
        let transport = Shortening { path: path.clone(), inner };
        Host::builder().cards(cards.clone()).policy(policy).transport(transport).build()
    };
    let run = |host: Host| {
        let invocation = Invocation::from_value(invocation.clone()).unwrap();
        block_on(host.run(Some("demo/act"), invocation)).unwrap_err()
    };
    // A host reads no file unless it is told to.
    let error = run(host(Policy::default()));
    assert_eq!(
        (error.code().as_str(), &*error.message()),
        ("input.file", "files are not read here")
    );
    let error = run(host(Policy { file_inputs: true, ..Policy::default() }));
    assert_eq!(error.code().as_str(), "input.file", "{error:?}");
    assert!(error.message().ends_with("it has changed since the request was planned"), "{error}");
    assert_eq!(server.join().unwrap(), 0);
}

/// In every secret of what is recorded.
const MARK: &str = "CANARYx";

/// A connector whose card sends secrets in every kind of body, and the folder of a case.
fn secretive(body: &Value, input: &Value) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("cards/demo");
    std::fs::create_dir_all(&demo).unwrap();
    let connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
        "connection": { "fields": { "Token": { "type": "secret", "required": true } } },
        "auth": { "token": { "scheme": "bearer", "token": "<<connection.Token>>" } },
        "targets": { "api": { "auth": ["token"], "base": "https://api.demo.example" } },
    });
    let card = json!({
        "format": 1, "name": "act", "version": "1.0.0", "title": "Act", "effect": "write",
        "input": { "In": input },
        "request": { "target": "api", "method": "POST", "path": "/post", "body": body },
        "output": { "Reply": { "Status": { "type": "number", "value": "<<response.status>>" } } },
    });
    std::fs::write(demo.join("connector.json"), connector.to_string()).unwrap();
    std::fs::write(demo.join("act.json"), card.to_string()).unwrap();
    folder
}

#[test]
fn recordings_of_parts_files_and_lines_have_no_secrets_and_can_be_replayed() {
    let token = format!("{MARK}\"TOKEN<>%2B&1");
    let file = json!({ "File": { "type": "file", "required": true } });
    let parts = json!({ "multipart": {
        "token": "<<connection.Token>>", "meta": { "json": { "t": "x<<connection.Token>>y" } },
        "file": { "file": "<<input.In.File>>" }, "upper": "<<upper connection.Token>>",
    } });
    let lines = json!({
        "ndjson": [{ "t": "<<connection.Token>>", "f": "<<input.In.File.name>>" }, { "access_token": "CANARYx-by-name" }],
        "contentEncoding": "gzip",
    });
    let named = json!({ "multipart": {
        "access_token": "CANARYx-by-name", "again": "CANARYx-by-name", "file": { "file": "<<input.In.File>>" },
    } });
    let whole = json!({ "file": "<<input.In.File>>" });
    let text = format!("before {token} after\n");
    for (name, body) in [("parts", parts), ("lines", lines), ("named", named), ("whole", whole)] {
        let cards = secretive(&body, &file);
        let path = cards.path().join("a.txt");
        std::fs::write(&path, &text).unwrap();
        let server =
            RawServer::start(|_, _| Answer::Bytes(reply("200 OK", "application/json", b"{}")));
        let (folder, case) = (cards.path().join("cards"), cards.path().join("case"));
        let args = [
            "record",
            "demo/act",
            "--cards",
            folder.to_str().unwrap(),
            "--base",
            &server.url,
            "--case",
            case.to_str().unwrap(),
        ];
        let invocation = json!({
            "connection": { "fields": { "Token": token } }, "input": { "In": { "File": { "file": path } } },
        });
        let ran = crate::support::cardhost(&args, &invocation.to_string());
        assert_eq!(ran.code, 0, "{name}: {ran:?}");
        assert!(server.requests().len() == 1, "{name}");
        for entry in std::fs::read_dir(&case).unwrap() {
            let entry = entry.unwrap().path();
            let written = std::fs::read_to_string(&entry).unwrap();
            assert!(!written.to_uppercase().contains("CANARYX"), "{name}: {written}");
        }
        let cassette = std::fs::read_to_string(case.join("cassette.json")).unwrap();
        assert!(cassette.contains("[redacted]"), "{name}: {cassette}");
        assert_eq!(cassette.contains("--boundary"), name == "parts" || name == "named");
        let args = ["test", case.to_str().unwrap(), "--cards", folder.to_str().unwrap()];
        let ran = crate::support::cardhost(&args, "");
        assert_eq!(ran.code, 0, "{name}: {ran:?}");
    }
}
