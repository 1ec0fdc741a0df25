//! Replies that are packed: in the content coding `zstd`, or as the card says; packed by programs that we did not write.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::peers::is_there;
use crate::support::{Answer, Ran, RawServer, cardhost};

/// More than is read as a whole.
const ALL: usize = 40_000;

/// A connector `demo` of a server with a card whose reply is a list of lines, and one that keeps it as a file.
fn cards(base: &str, packed: Option<&str>, most: Option<u64>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    std::fs::create_dir(&demo).unwrap();
    let connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo", "connection": { "fields": {} },
        "auth": { "none": { "scheme": "none" } }, "targets": { "api": { "auth": ["none"], "base": base } },
    });
    let card = |mut response: Value, pages: bool, output: &Value| {
        let said = [("packed", packed.map(Value::from)), ("maxBodyBytes", most.map(Value::from))];
        for (key, value) in said.into_iter().filter_map(|(key, value)| Some((key, value?))) {
            response[key] = value;
        }
        let mut card = json!({
            "request": { "path": "/reports/day.ndjson.gz" }, "response": response, "output": { "All": { "All": output } },
        });
        if pages {
            card["pages"] = json!({ "items": "<<response.body>>" });
        }
        card.to_string()
    };
    let list = json!({ "type": "list", "value": "<<items>>" });
    let file = json!({ "type": "file", "value": "<<response.body>>" });
    std::fs::write(demo.join("connector.json"), connector.to_string()).unwrap();
    let list = card(json!({ "decoder": "ndjson" }), true, &list);
    std::fs::write(demo.join("list.json"), list).unwrap();
    let keep = card(json!({ "body": "file" }), false, &file);
    std::fs::write(demo.join("keep.json"), keep).unwrap();
    folder
}

fn run(cards: &Path, card: &str, more: &[&str]) -> Ran {
    let cards = cards.to_str().unwrap();
    let args = ["run", card, "--errors", "json", "--cards", cards];
    cardhost(&[&args[..], more].concat(), "{}")
}

fn lines(count: usize) -> String {
    (0..count).map(|id| format!("{{\"id\":{id},\"name\":\"item number {id}\"}}\n")).collect()
}

/// What a program makes of its standard input.
fn piped(program: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writing = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(output.status.success(), "{program} {args:?}");
    output.stdout
}

/// An archive that `zip` makes of files in a folder.
fn zipped(args: &[&str], files: &[(&str, &[u8])]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let mut command = Command::new("zip");
    command.current_dir(&folder).args(["-q", "-r", "a.zip"]).args(args);
    let names = files.iter().map(|(name, _)| name.split('/').next().unwrap());
    assert!(command.args(names).status().unwrap().success());
    std::fs::read(folder.path().join("a.zip")).unwrap()
}

/// An archive that Python makes, by a text that has `out`, where it goes to, and `body`.
fn of_python(text: &str, body: &[u8]) -> Vec<u8> {
    let begin = "import sys, zipfile\nbody = sys.stdin.buffer.read()\nout = sys.stdout.buffer\n";
    piped("python3", &["-c", &format!("{begin}{text}")], body)
}

fn serve(headers: &'static str, body: Vec<u8>) -> RawServer {
    RawServer::start(move |_, _| {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"
        );
        Answer::Bytes([head.as_bytes(), &body].concat())
    })
}

/// Reads a reply in each way there is, and says what came out: all lines of it every time.
fn gives(name: &str, headers: &'static str, packed: Option<&str>, body: Vec<u8>, file: &str) {
    let server = serve(headers, body);
    let folder = cards(&server.url, packed, None);
    let whole = run(folder.path(), "demo/list", &[]);
    assert_eq!(whole.code, 0, "{name}: {}", whole.stderr);
    let output: Value = serde_json::from_str(&whole.stdout).unwrap();
    assert_eq!(output["All"]["All"].as_array().unwrap().len(), ALL, "{name}");
    let records = run(folder.path(), "demo/list", &["--records"]);
    assert_eq!(records.code, 0, "{name}: {}", records.stderr);
    assert!(records.stdout == lines(ALL), "{name}: other records");
    let into = folder.path().join("files");
    std::fs::create_dir(&into).unwrap();
    let kept = run(folder.path(), "demo/keep", &["--files", into.to_str().unwrap()]);
    assert_eq!(kept.code, 0, "{name}: {}", kept.stderr);
    let output: Value = serde_json::from_str(&kept.stdout).unwrap();
    assert_eq!(output["All"]["All"]["name"], file, "{name}");
    let path = output["All"]["All"]["file"].as_str().unwrap();
    assert!(std::fs::read_to_string(path).unwrap() == lines(ALL), "{name}: another file");
}

/// The code and the words of an error, as a whole reply and while it comes.
fn fails(name: &str, packed: &str, most: Option<u64>, body: &[u8], expected: (&str, &str)) {
    let server = serve("content-type: application/zip\r\n", body.to_vec());
    let folder = cards(&server.url, Some(packed), most);
    for more in [&[][..], &["--records"]] {
        let ran = run(folder.path(), "demo/list", more);
        let error: Value = serde_json::from_str(&ran.stderr).unwrap();
        let found = (error["code"].as_str().unwrap(), error["message"].as_str().unwrap());
        assert_eq!(found.0, expected.0, "{name} {more:?}: {error}");
        assert!(found.1.contains(expected.1), "{name} {more:?}: {error}");
    }
    let into = folder.path().join("files");
    std::fs::create_dir(&into).unwrap();
    let ran = run(folder.path(), "demo/keep", &["--files", into.to_str().unwrap()]);
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["code"], expected.0, "{name}: {error}");
    assert_eq!(std::fs::read_dir(&into).unwrap().count(), 0, "{name} leaves a file");
}

const ZSTD: &str = "content-encoding: zstd\r\ncontent-type: application/x-ndjson\r\n";

#[test]
fn bodies_that_zstd_packed_come_out() {
    if !is_there("zstd", "zstd") {
        return;
    }
    let text = lines(ALL);
    let zstd = |args: &[&str]| piped("zstd", &[&["-q", "-c"], args].concat(), text.as_bytes());
    let frames: Vec<u8> = text
        .as_bytes()
        .chunks(400_000)
        .flat_map(|part| piped("zstd", &["-q", "-c"], part))
        .collect();
    // A frame that is passed over (RFC 8878, section 3.1.2), before and between.
    let skipped = [&[0x53, 0x2A, 0x4D, 0x18, 5, 0, 0, 0][..], b"extra"].concat();
    for (name, body) in [
        ("zstd -1", zstd(&["-1"])),
        ("zstd -19", zstd(&["-19"])),
        ("zstd without a checksum", zstd(&["--no-check"])),
        ("zstd of a known size", zstd(&[&format!("--stream-size={}", text.len())])),
        ("frames of zstd", frames.clone()),
        ("frames that are passed over", [&skipped, &zstd(&[])[..], &skipped].concat()),
        ("zstd with padding", [&zstd(&[])[..], &[0; 100]].concat()),
    ] {
        gives(name, ZSTD, None, body, "day.ndjson.gz");
    }
    gives(
        "packed as zstd",
        "content-type: application/zstd\r\n",
        Some("zstd"),
        zstd(&[]),
        "day.ndjson.gz",
    );
    let good = zstd(&[]);
    let mut wrong = good.clone();
    *wrong.last_mut().unwrap() ^= 1;
    let broken = "transport.protocol";
    fails("a wrong checksum", "zstd", None, &wrong, (broken, "the body is not zstd: its checksum"));
    fails(
        "no zstd",
        "zstd",
        None,
        b"PK\x03\x04 no frame",
        (broken, "the body is not zstd: it begins with no frame"),
    );
    let half = &good[..good.len() / 2];
    fails(
        "half of zstd",
        "zstd",
        None,
        half,
        ("transport.truncated", "the body, zstd, ends early"),
    );
    // A little that unpacks to much, and a window that is larger than HTTP allows.
    let zeros = vec![b'\n'; 16 * 1024 * 1024];
    let bomb = piped("zstd", &["-q", "-c", "-19"], &zeros);
    assert!(bomb.len() < 16 * 1024);
    let wide = piped("zstd", &["-q", "-c", "--ultra", "-22", "--long=27"], text.as_bytes());
    fails("a wide window", "zstd", None, &wide, (broken, "the body is not zstd: "));
    let server = serve(ZSTD, bomb);
    let folder = cards(&server.url, None, Some(1024 * 1024));
    let ran = run(folder.path(), "demo/list", &[]);
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["code"], "response.too_large", "{error}");
    assert!(server.requests()[0].contains("accept-encoding: gzip, br, deflate, zstd\r\n"));
}

#[test]
fn what_gzip_packed_comes_out_though_no_header_says_so() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(lines(ALL).as_bytes()).unwrap();
    let gzip = packer.finish().unwrap();
    gives("gzip", "content-type: application/a-gzip\r\n", Some("gzip"), gzip.clone(), "day.ndjson");
    // Packed once more on the way.
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(&gzip).unwrap();
    let twice = packer.finish().unwrap();
    let server = serve("content-encoding: gzip\r\n", twice);
    let ran = run(cards(&server.url, Some("gzip"), None).path(), "demo/list", &["--records"]);
    assert!(ran.code == 0 && ran.stdout == lines(ALL), "{}", ran.stderr);
    let words = "the body is not `gzip`";
    let server = serve("", b"no gzip".to_vec());
    let ran = run(cards(&server.url, Some("gzip"), None).path(), "demo/list", &[]);
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
    // What is no good reply is not packed, and no body is none.
    let server = RawServer::start(|number, _| {
        let (status, body) =
            if number == 0 { ("404 Not Found", "{\"no\":1}") } else { ("200 OK", "") };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{body}"
        );
        Answer::Bytes(head.into_bytes())
    });
    let folder = cards(&server.url, Some("gzip"), None);
    let ran = run(folder.path(), "demo/list", &[]);
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(
        (&error["code"], &error["response"]["body"]),
        (&json!("http.status"), &json!({ "no": 1 })),
        "{error}"
    );
    assert_eq!(run(folder.path(), "demo/list", &["--records"]).code, 0);
}

const ARCHIVE: &str =
    "content-type: application/zip\r\ncontent-disposition: attachment; filename=\"report.zip\"\r\n";

#[test]
fn an_archive_of_one_file_is_what_is_in_it() {
    if !is_there("zip", "zip") || !is_there("python3", "python3") {
        return;
    }
    let text = lines(ALL);
    let file = [("teas of today.ndjson", text.as_bytes())];
    let in_folder = [("out/teas of today.ndjson", text.as_bytes())];
    let streamed =
        "class Out:\n  def write(self, data): return out.write(data)\n  def flush(self): pass\n";
    let written = |how: &str| of_python(how, text.as_bytes());
    for (name, body, file) in [
        ("zip -9", zipped(&["-9"], &file), "teas of today.ndjson"),
        ("zip -0", zipped(&["-0"], &file), "teas of today.ndjson"),
        ("zip with a folder", zipped(&[], &in_folder), "teas of today.ndjson"),
        ("zip of a pipe", piped("zip", &["-q", "-", "-"], text.as_bytes()), "-"),
        (
            "Python's zipfile, while it is written",
            written(&format!(
                "{streamed}with zipfile.ZipFile(Out(), 'w', zipfile.ZIP_DEFLATED) as z: z.writestr('a.ndjson', body)"
            )),
            "a.ndjson",
        ),
        (
            "Python's zipfile, long sizes",
            written(&format!(
                "{streamed}with zipfile.ZipFile(Out(), 'w', zipfile.ZIP_DEFLATED) as z:\n  with z.open('a.ndjson', 'w', force_zip64=True) as f: f.write(body)"
            )),
            "a.ndjson",
        ),
    ] {
        gives(name, ARCHIVE, Some("zip"), body, file);
    }
}

#[test]
fn an_archive_of_anything_else_is_an_error_that_says_why() {
    if !is_there("zip", "zip") || !is_there("python3", "python3") {
        return;
    }
    let text = lines(200);
    let two = zipped(&[], &[("a.ndjson", text.as_bytes()), ("b.ndjson", b"{}\n")]);
    let secret = zipped(&["-P", "secret"], &[("a.ndjson", text.as_bytes())]);
    let bzip2 = zipped(&["-Z", "bzip2"], &[("a.ndjson", text.as_bytes())]);
    let good = zipped(&[], &[("a.ndjson", text.as_bytes())]);
    let none = of_python("with zipfile.ZipFile(out, 'w') as z: pass", b"");
    let broken = "transport.protocol";
    fails(
        "two",
        "zip",
        None,
        &two,
        (
            broken,
            "the body is not a zip of one file: it has more than one: `a.ndjson`, then `b.ndjson`",
        ),
    );
    fails(
        "none",
        "zip",
        None,
        &none,
        (broken, "the body is not a zip of one file: it has no file"),
    );
    fails("encrypted", "zip", None, &secret, (broken, "its file is encrypted"));
    fails(
        "bzip2",
        "zip",
        None,
        &bzip2,
        (broken, "its file is packed by method 12, not by deflate"),
    );
    fails(
        "JSON",
        "zip",
        None,
        b"{\"no\":1}",
        (broken, "what stands there is no record of an archive"),
    );
    for end in [3, 20, 40, good.len() / 2, good.len() - 30, good.len() - 1] {
        fails(
            &format!("{end} bytes"),
            "zip",
            None,
            &good[..end],
            ("transport.truncated", "ends early"),
        );
    }
    // The last byte of the packed data: its checksum is another then.
    let name_length = "a.ndjson".len();
    let mut wrong = good.clone();
    wrong[14] ^= 1;
    fails("a wrong checksum", "zip", None, &wrong, (broken, "its file is not what it says of it"));
    assert!(good.len() > 100 + name_length);
    let zeros = vec![b'\n'; 16 * 1024 * 1024];
    let bomb = zipped(&["-9"], &[("a.ndjson", &zeros)]);
    assert!(bomb.len() < 128 * 1024);
    let server = serve(ARCHIVE, bomb);
    let folder = cards(&server.url, Some("zip"), Some(1024 * 1024));
    let ran = run(folder.path(), "demo/list", &[]);
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["code"], "response.too_large", "{error}");
    let into = folder.path().join("files");
    std::fs::create_dir(&into).unwrap();
    let ran = run(folder.path(), "demo/keep", &["--files", into.to_str().unwrap()]);
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["code"], "response.too_large", "{error}");
    assert_eq!(std::fs::read_dir(&into).unwrap().count(), 0);
}
