//! What several tests need: the command, and a loopback server whose replies are bytes.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

mod skipped;
pub(crate) use skipped::skipped;

/// The root of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs `cardhost` with an emptied environment and the given stdin.
pub fn cardhost(args: &[&str], stdin: &str) -> Ran {
    cardhost_with(args, stdin, &[])
}

/// Runs `cardhost` with an environment of its own.
pub fn cardhost_with(args: &[&str], stdin: &str, env: &[(&str, &str)]) -> Ran {
    cardhost_bytes(args, stdin.as_bytes(), env)
}

/// Runs `cardhost` with any bytes on stdin.
pub fn cardhost_bytes(args: &[&str], stdin: &[u8], env: &[(&str, &str)]) -> Ran {
    let mut child = command(args).envs(env.iter().copied()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let bytes = stdin.to_owned();
    // Written from a thread: a command that prints before it has read everything must not block us.
    let writer = thread::spawn(move || drop(input.write_all(&bytes)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The command with an emptied environment, in the project's root, with pipes.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cardhost"));
    command
        .args(args)
        .env_clear()
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A loopback server that gives each connection's request to a function and writes what it returns.
pub struct RawServer {
    pub url: String,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
    rest: Arc<Rest>,
}

/// How many connections are under way, and the one that [`RawServer::rest`] looks for.
#[derive(Default)]
struct Rest {
    state: Mutex<(usize, Option<SocketAddr>)>,
    changed: Condvar,
}

/// What a [`RawServer`] does with a connection after it has read the request.
pub enum Answer {
    /// Writes the bytes and closes.
    Bytes(Vec<u8>),
    /// Writes the bytes and keeps the connection open without another word, until the client closes it.
    Hang(Vec<u8>),
    /// As [`Answer::Hang`], and says so as soon as the bytes are written.
    Hold(Vec<u8>, Sender<()>),
    /// Resets the connection after writing the bytes.
    Reset(Vec<u8>),
}

impl RawServer {
    /// Starts a server on a free port; it ends with the test's process.
    pub fn start(answer: impl Fn(usize, &[u8]) -> Answer + Send + Sync + 'static) -> RawServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (Arc::clone(&requests), Arc::new(answer));
        let rest = Arc::new(Rest::default());
        let resting = Arc::clone(&rest);
        thread::spawn(move || {
            for (index, stream) in listener.incoming().enumerate() {
                let Ok(mut stream) = stream else { continue };
                let Some(busy) = Busy::begin(&resting, &stream) else { continue };
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                thread::spawn(move || {
                    let _busy = busy;
                    let request = read_request(&mut stream);
                    kept.lock().unwrap().push(request.clone());
                    serve(&mut stream, answer(index, &request));
                });
            }
        });
        RawServer { url, requests, rest }
    }

    /// Waits until every connection that was made before is over: nothing that a killed client sent comes later.
    pub fn rest(&self) {
        let mut state = self.rest.state.lock().unwrap();
        // Connections are accepted in the order in which they were made: after this one there is none of before.
        let marker = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap();
        state.1 = Some(marker.local_addr().unwrap());
        while state.0 > 0 || state.1.is_some() {
            state = self.rest.changed.wait(state).unwrap();
        }
    }

    /// The requests that came in, head and body.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    }
}

/// A connection that is under way.
struct Busy(Arc<Rest>);

impl Busy {
    /// `None` for the connection that only marks a place in the row.
    fn begin(rest: &Arc<Rest>, stream: &TcpStream) -> Option<Busy> {
        let mut state = rest.state.lock().unwrap();
        if state.1.is_some() && state.1 == stream.peer_addr().ok() {
            state.1 = None;
            rest.changed.notify_all();
            return None;
        }
        state.0 += 1;
        Some(Busy(Arc::clone(rest)))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        // A test that failed elsewhere may have left the lock poisoned.
        let Ok(mut state) = self.0.state.lock() else { return };
        state.0 -= 1;
        self.0.changed.notify_all();
    }
}

/// A whole reply with a content type and a body.
pub fn reply(status: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn serve(stream: &mut TcpStream, answer: Answer) {
    match answer {
        Answer::Bytes(bytes) => {
            let _ = stream.write_all(&bytes);
        }
        Answer::Hang(bytes) => hang(stream, &bytes),
        Answer::Hold(bytes, held) => {
            let _ = stream.write_all(&bytes);
            let _ = held.send(());
            hang(stream, &[]);
        }
        Answer::Reset(bytes) => {
            let _ = stream.write_all(&bytes);
            // Without lingering the kernel closes with a reset instead of an end.
            let closed =
                socket2::SockRef::from(&*stream).set_linger(Some(std::time::Duration::ZERO));
            closed.unwrap();
        }
    }
}

/// Writes, and blocks until the client gives up.
fn hang(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
    let _ = stream.read(&mut [0; 1]);
}

/// Reads a request's head and, by `content-length`, its body.
fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let Ok(read) = stream.read(&mut chunk) else { return bytes };
        if read == 0 {
            return bytes;
        }
        bytes.extend_from_slice(&chunk[..read]);
        // A TLS handshake on a plain port has no end that could be waited for.
        if bytes[0] == 0x16 {
            return bytes;
        }
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok())
            .unwrap_or(0);
        if bytes.len() >= end + 4 + length {
            return bytes;
        }
    }
}

/// A path below the project's root.
pub fn path(below: &str) -> PathBuf {
    root().join(below)
}

/// A request as it arrived, or a reply as it came: first line, headers in their order, body.
#[derive(Debug)]
pub struct Message {
    pub first_line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Message {
    /// Reads the bytes of one message whose body is not chunked.
    pub fn parse(text: &str) -> Message {
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let mut lines = head.split("\r\n");
        let first_line = lines.next().unwrap().to_owned();
        let headers = lines
            .map(|line| line.split_once(':').expect("a header line"))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Message { first_line, headers, body: body.to_owned() }
    }

    /// The method of a request.
    pub fn method(&self) -> &str {
        self.first_line.split(' ').next().unwrap()
    }

    /// The path and query of a request.
    pub fn target(&self) -> &str {
        self.first_line.split(' ').nth(1).unwrap()
    }

    /// The status of a reply.
    pub fn status(&self) -> u16 {
        self.first_line.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Every value of a header, in lower case.
    pub fn header(&self, name: &str) -> Vec<&str> {
        let own = self.headers.iter().filter(|(own, _)| own == name);
        own.map(|(_, value)| value.as_str()).collect()
    }
}

/// One exchange over a connection of its own and without an HTTP library; `request` asks for `connection: close`.
pub fn exchange(base: &str, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(base.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(request).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    reply
}

/// A copy of the shipped Mixpanel connector in a folder for `--cards`; `edit` gets each file's name and value.
pub fn edited_mixpanel(edit: impl Fn(&str, &mut serde_json::Value)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("mixpanel");
    std::fs::create_dir(&own).unwrap();
    for entry in std::fs::read_dir(path("cards/mixpanel")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = file.strip_suffix(".json") else { continue };
        let text = std::fs::read(path("cards/mixpanel").join(&file)).unwrap();
        let mut value = serde_json::from_slice(&text).unwrap();
        edit(name, &mut value);
        std::fs::write(own.join(&file), value.to_string()).unwrap();
    }
    folder
}

/// Asserts that a request that arrived is the one `plan --json` shows, but for what the plan masks.
///
/// Beside the planned headers only `host` and `content-length` may have arrived, and none of them twice.
pub fn assert_as_planned(arrived: &Message, plan: &serde_json::Value) {
    let request = &plan["request"];
    assert_eq!(arrived.method(), request["method"]);
    let url = url::Url::parse(request["url"].as_str().unwrap()).unwrap();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    assert_eq!(arrived.target(), format!("{}{query}", url.path()));
    let planned = request["headers"].as_object().unwrap();
    for (name, shown) in planned {
        let values = arrived.header(name);
        assert_eq!(values.len(), 1, "{name} in {:?}", arrived.headers);
        match shown.as_str().unwrap().split_once("[redacted]") {
            Some((scheme, "")) => assert!(values[0].starts_with(scheme), "{name}: {values:?}"),
            _ => assert_eq!(values[0], shown, "{name}"),
        }
    }
    for (name, _) in &arrived.headers {
        let known = planned.contains_key(name) || name == "host" || name == "content-length";
        assert!(known, "`{name}` was not planned");
        assert_eq!(arrived.header(name).len(), 1, "`{name}` was sent twice");
    }
    match &request["body"] {
        serde_json::Value::Null => assert_eq!(arrived.body, ""),
        shown => {
            let sent = serde_json::from_str(&arrived.body).expect("a JSON body");
            assert_masked(shown, &sent, "");
        }
    }
}

/// Asserts that `shown` is `sent` with some texts masked.
fn assert_masked(shown: &serde_json::Value, sent: &serde_json::Value, at: &str) {
    use serde_json::Value;
    match (shown, sent) {
        (Value::Object(shown), Value::Object(sent)) => {
            assert_eq!(shown.keys().collect::<Vec<_>>(), sent.keys().collect::<Vec<_>>(), "{at}");
            for (key, value) in shown {
                assert_masked(value, &sent[key], &format!("{at}/{key}"));
            }
        }
        (Value::Array(shown), Value::Array(sent)) => {
            assert_eq!(shown.len(), sent.len(), "{at}");
            for (index, (shown, sent)) in shown.iter().zip(sent).enumerate() {
                assert_masked(shown, sent, &format!("{at}/{index}"));
            }
        }
        (Value::String(text), Value::String(_) | Value::Number(_)) if text == "[redacted]" => {}
        _ => assert_eq!(shown, sent, "{at}"),
    }
}
