//! Real servers for the tests that need one: Prism, which judges requests by an OpenAPI file, httpbin, which echoes what
//! arrived, oidc-provider, which gives and revokes OAuth 2 tokens, moto, which checks AWS signatures, soap, which serves SOAP,
//! Kinto and the registry of Docker images, which give lists in pages, and what reads queries, forms, multipart bodies and XML (qs, PHP's rules, Rack, openapi-enforcer, busboy, libxml).
//! `tests/peers/install.sh` puts them into `.peers/`; without them each function says `skipped: …` and returns `None`.
//! This module starts and ends them; what is asked of them is the business of the tests.
//!
//! ```text
//! free port → spawn in a process group of its own → poll until it accepts → Server … dropped → group killed
//!     ↑                    │ exited, or never accepted
//!     └────────────────────┘
//! ```
//! Tests that run at the same time share one server ([`Shared`]); the last one to let go of it ends it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot start what it needs stops there, and a skipped one says so"
)]

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::support::skipped;

/// How often a server is started before the test fails; each time on another port.
const STARTS: usize = 4;
/// How often one start is asked whether it accepts connections, and the pause between two questions.
const POLLS: usize = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// A server on loopback; dropping it kills its whole process group.
pub(crate) struct Server {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub(crate) base_url: String,
    child: Child,
    log: NamedTempFile,
}

impl Server {
    /// What the server has written so far: Prism says here why it refused a request.
    pub(crate) fn log(&self) -> String {
        let bytes = std::fs::read(self.log.path()).expect("the server's log");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        kill_group(&mut self.child);
    }
}

/// One server for all tests that run at the same time. A plain static would never be dropped, and its server never end.
pub(crate) struct Shared<T = Server>(Mutex<Weak<T>>);

impl<T> Shared<T> {
    /// No server yet.
    pub(crate) const fn new() -> Shared<T> {
        Shared(Mutex::new(Weak::new()))
    }

    /// The server that another test holds, or one that is started now; `None` where it is not installed.
    pub(crate) fn get(&self, start: impl FnOnce() -> Option<T>) -> Option<Arc<T>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = held.upgrade() {
            return Some(server);
        }
        let server = Arc::new(start()?);
        *held = Arc::downgrade(&server);
        Some(server)
    }
}

/// Starts Prism as a strict mock of `spec`: 401 without credentials, 400 or 422 for a request that does not fit.
///
/// A fitting request is answered from the schema, every property present and every value the same each time.
pub(crate) fn prism(spec: &Path) -> Option<Server> {
    let part = installed("prism")?;
    Some(start("prism", |port| {
        let mut command = Command::new(part.join("node_modules/.bin/prism"));
        command.args(["mock", "--errors", "--multiprocess", "false", "-h", "127.0.0.1", "-p"]);
        command.arg(port.to_string()).arg(spec);
        command
    }))
}

/// Starts httpbin behind gunicorn: eight threads, idle connections kept for half a minute.
pub(crate) fn httpbin() -> Option<Server> {
    let part = installed("httpbin")?;
    Some(start("httpbin", |port| {
        let mut command = Command::new(part.join("bin/gunicorn"));
        command.args(["-k", "gthread", "--threads", "8", "--keep-alive", "30"]);
        command.args(["--no-control-socket", "-b", &format!("127.0.0.1:{port}"), "httpbin:app"]);
        command
    }))
}

/// Starts oidc-provider with the clients and handles of `tests/peers/oidc.mjs`, which says what they are.
///
/// `jwks` holds the public keys of the clients that sign; without it the server makes pairs and shows the private ones.
pub(crate) fn oidc(jwks: Option<&Path>) -> Option<Server> {
    let part = installed("oidc-provider")?;
    Some(start("oidc-provider", |port| {
        let mut command = Command::new("node");
        command.arg(script("oidc.mjs")).arg(port.to_string()).arg(&part).args(jwks);
        command
    }))
}

/// The command that asks jose, which oidc-provider brings along.
pub(crate) fn jose() -> Option<Command> {
    let part = installed("oidc-provider")?;
    let mut command = Command::new("node");
    command.arg(script("jose.mjs")).arg(part);
    Some(command)
}

/// Starts the SOAP service of `tests/peers/soap.mjs`, which soap serves.
pub(crate) fn soap() -> Option<Server> {
    let part = installed("soap")?;
    Some(start("soap", |port| {
        let mut command = Command::new("node");
        command.arg(script("soap.mjs")).arg(port.to_string()).arg(&part);
        command
    }))
}

/// The command that asks Rack what it reads of queries and forms.
pub(crate) fn rack() -> Option<Command> {
    let there = Command::new("ruby").args(["-e", "require 'rack'"]).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        skipped("rack", "Ruby with Rack is not installed: run `bash tests/peers/install.sh`");
        return None;
    }
    let mut command = Command::new("ruby");
    command.arg(script("rack.rb"));
    Some(command)
}

/// The command that asks qs, PHP's rules, openapi-enforcer and busboy what they read of queries, forms and multipart bodies.
pub(crate) fn forms() -> Option<Command> {
    let part = installed("soap")?;
    let mut command = Command::new("node");
    command.arg(script("forms.mjs")).arg(part);
    Some(command)
}

/// The command that asks libxml what it reads of XML.
pub(crate) fn libxml() -> Option<Command> {
    let part = installed("lxml")?;
    let mut command = Command::new(part.join("bin/python"));
    command.arg(script("libxml.py"));
    Some(command)
}

/// Gives a script its input, and reads what it says.
pub(crate) fn asked(mut command: Command, input: &serde_json::Value) -> serde_json::Value {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("the script's language is there where the peer is");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.to_string().as_bytes()).expect("the script reads");
    drop(stdin);
    let output = child.wait_with_output().expect("the script ends");
    assert!(output.status.success(), "the script failed: {command:?}");
    serde_json::from_slice(&output.stdout).expect("the script says JSON")
}

/// Starts moto, which checks the signature of every request from the first one on: see [`MOTO_ACCESS_KEY_ID`].
pub(crate) fn moto() -> Option<Server> {
    let part = installed("moto")?;
    Some(start("moto", |port| {
        let mut command = Command::new(part.join("bin/python"));
        command.arg(script("moto_server.py")).arg(port.to_string());
        command
    }))
}

/// Starts Kinto with so many records: see `tests/peers/kinto_server.py`.
pub(crate) fn kinto(records: usize) -> Option<Server> {
    let part = installed("kinto")?;
    Some(start("kinto", |port| {
        let mut command = Command::new(part.join("bin/python"));
        command.arg(script("kinto_server.py")).arg(port.to_string()).arg(records.to_string());
        command
    }))
}

/// Starts the registry of Docker images on what is in a folder.
pub(crate) fn registry(folder: &Path) -> Option<Server> {
    if !is_there("docker-registry", "registry") {
        return None;
    }
    Some(start("registry", |port| {
        let config = folder.join("config.yml");
        let text = format!(
            "version: 0.1\nlog: {{ level: warn }}\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\nhttp: {{ addr: \"127.0.0.1:{port}\" }}\n",
            serde_json::json!(folder)
        );
        std::fs::write(&config, text).expect("the registry's file can be written");
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(config);
        command
    }))
}

/// Whether a program of the system is there; otherwise says why the test is skipped.
pub(crate) fn is_there(program: &str, part: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !found {
        skipped(part, &format!("{program} is not installed; tests/peers/install.sh installs it"));
    }
    found
}

/// Starts WireMock, which does to calls what it is told at `/__admin`, and keeps a journal of them. It takes Java.
pub(crate) fn wiremock() -> Option<Server> {
    let java = Command::new("java").arg("-version").stderr(Stdio::null()).status();
    if !java.is_ok_and(|status| status.success()) {
        skipped("machine", "there is no Java, which WireMock takes");
        return None;
    }
    let jar = installed("wiremock")?.join("wiremock.jar");
    Some(start("wiremock", |port| {
        let mut command = Command::new("java");
        command.args(["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar"]).arg(&jar);
        command.args(["--bind-address", "127.0.0.1", "--disable-banner"]);
        command.args(["--use-chunked-encoding", "never", "--port"]);
        command.arg(port.to_string());
        command
    }))
}

/// The only access key that [`moto`] knows, with its secret; its user may do everything.
pub(crate) const MOTO_ACCESS_KEY_ID: &str = "AKIACARDHOSTEXAMPLE0";
pub(crate) const MOTO_SECRET_ACCESS_KEY: &str = "aws-secret-canary/cardhost+EXAMPLEKEY00000";

/// One of our own scripts that start a server.
fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// The folder of a part that was installed to the end; otherwise says why the test is skipped.
fn installed(part: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".peers").join(part);
    if folder.join(".installed").is_file() {
        return Some(folder);
    }
    skipped(part, &format!("{part} is not installed; tests/peers/install.sh installs it"));
    None
}

/// Starts the server that `command` describes for a port, on a port that is free.
fn start(name: &str, command: impl Fn(u16) -> Command) -> Server {
    let mut last_log = String::new();
    for _ in 0..STARTS {
        let port = free_port();
        let log = NamedTempFile::new().expect("a temporary file for the server's log");
        let handle = || log.as_file().try_clone().expect("another handle to the log");
        let child = command(port)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(handle())
            .stderr(handle())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        // From here on the server is ended by its drop, also when it never gets ready.
        let mut server = Server { base_url: format!("http://127.0.0.1:{port}"), child, log };
        if becomes_ready(&mut server.child, port) {
            return server;
        }
        last_log = server.log();
    }
    panic!("{name} did not get ready in {STARTS} starts; the last one wrote:\n{last_log}");
}

/// Waits until the server accepts a connection; false if it ended or used up its time.
fn becomes_ready(child: &mut Child, port: u16) -> bool {
    for _ in 0..POLLS {
        let ended = !matches!(child.try_wait(), Ok(None));
        if ended {
            return false;
        }
        if accepts(port) {
            return true;
        }
        std::thread::sleep(PAUSE);
    }
    false
}

/// Whether somebody else listens there: a connection to a free port can, rarely, meet itself.
fn accepts(port: u16) -> bool {
    TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .is_ok_and(|stream| stream.local_addr().ok() != stream.peer_addr().ok())
}

/// A port that was free a moment ago; the retry in [`start`] covers the moment.
///
/// Not one that the system gives to whoever binds port 0: our own loopback servers and every outgoing connection take
/// theirs from there, and would be taken for the server that is being started.
pub(crate) fn free_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 20_000;
    // Test runs that go on at the same time begin at different places.
    let begin = std::process::id().wrapping_mul(7919);
    for _ in 0..COUNT {
        let tried = TRIED.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + begin.wrapping_add(tried) % COUNT;
        let port = u16::try_from(port).expect("a port");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free loopback port");
}

/// Ends a process and what it started: gunicorn has workers, npm's launchers have children.
pub(crate) fn kill_group(child: &mut Child) {
    // The group bears the process's own id. Until `wait` below the id cannot be given to anybody else.
    let group = format!("-{}", child.id());
    let killed = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    if !killed.is_ok_and(|status| status.success()) {
        let _ = child.kill();
    }
    let _ = child.wait();
}
