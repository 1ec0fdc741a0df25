//! A real PostgreSQL for the tests that need one, in a temporary folder, on loopback, with a password. Without its
//! programs a test says `skipped: …`.
//!
//! ```text
//! initdb → postgres as an unprivileged user → poll pg_isready → PostgresServer … dropped → stopped, group killed
//! ```
//! Tests that run at the same time share one server; each has a [`Database`] of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use tempfile::TempDir;

use crate::peers::{Shared, free_port, kill_group};
use crate::support::skipped;

/// The server's password: a canary, searched for in whatever is shown.
pub(crate) const PASSWORD: &str = "canary-pg-5ecret";
const USER: &str = "cards";
const STARTS: usize = 4;
const POLLS: usize = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// A server on loopback; dropping it stops it.
pub(crate) struct PostgresServer {
    port: u16,
    programs: PathBuf,
    folder: TempDir,
    child: Child,
    databases: AtomicUsize,
}

/// A database of one test.
pub(crate) struct Database {
    server: Arc<PostgresServer>,
    name: String,
}

/// The server that another test holds, or one that is started now; `None` where PostgreSQL is not installed.
pub(crate) fn postgres() -> Option<Arc<PostgresServer>> {
    static POSTGRES: Shared<PostgresServer> = Shared::new();
    POSTGRES.get(start)
}

impl PostgresServer {
    /// A new, empty database.
    pub(crate) fn database(self: &Arc<PostgresServer>) -> Database {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        Database { server: Arc::clone(self), name }
    }

    /// The certificate that signs itself and is the server's, in PEM.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("server.crt")
    }

    fn client(&self, program: &str, database: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command
            .env("PGPASSWORD", PASSWORD)
            .env("PGSSLMODE", "disable")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", USER])
            .args(["-d", database]);
        command
    }

    fn sql(&self, database: &str, sql: &str) -> String {
        let mut command = self.client("psql", database);
        let ran = command.args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql]).output();
        let ran = ran.expect("psql");
        assert!(ran.status.success(), "{sql}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("text").trim_end().to_owned()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // Its own children are in groups of their own: it ends them itself.
        let mut stop = unprivileged(&self.programs.join("pg_ctl"));
        stop.args(["stop", "-m", "immediate", "-t", "10", "-D"])
            .arg(self.folder.path().join("data"));
        let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
        kill_group(&mut self.child);
    }
}

impl Database {
    /// With the password, without TLS.
    pub(crate) fn url(&self) -> String {
        self.url_with(PASSWORD, "sslmode=disable")
    }

    pub(crate) fn url_with(&self, password: &str, parameters: &str) -> String {
        let Database { server, name } = self;
        format!("postgres://{USER}:{password}@127.0.0.1:{}/{name}?{parameters}", server.port)
    }

    /// Runs SQL as `psql` does and returns what it prints, columns apart by `|`.
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.server.sql(&self.name, sql)
    }

    /// Ends every connection to it and lets nobody in until [`Database::open`].
    pub(crate) fn close(&self) {
        self.allow(false);
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname";
        self.server.sql("postgres", &format!("{end} = '{}'", self.name));
    }

    /// Lets everybody in again.
    pub(crate) fn open(&self) {
        self.allow(true);
    }

    fn allow(&self, connections: bool) {
        let sql = format!("ALTER DATABASE {} ALLOW_CONNECTIONS {connections}", self.name);
        self.server.sql("postgres", &sql);
    }

    /// What `pg_dump` writes of it.
    pub(crate) fn dump(&self) -> Vec<u8> {
        let ran = self.server.client("pg_dump", &self.name).output().expect("pg_dump");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        ran.stdout
    }

    /// Waits until nobody else is connected: what a killed client had sent is done or undone then.
    pub(crate) fn settle(&self) {
        let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        for _ in 0..POLLS {
            if self.sql(others) == "0" {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        panic!("somebody stays connected to {}", self.name);
    }
}

fn programs() -> Option<PathBuf> {
    let config = Command::new("pg_config").arg("--bindir").output();
    let said = config
        .ok()
        .filter(|ran| ran.status.success())
        .map(|ran| PathBuf::from(String::from_utf8_lossy(&ran.stdout).trim()));
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = said.into_iter().chain(versions.map(|version| version.path().join("bin")));
    let all = ["initdb", "postgres", "pg_ctl", "pg_isready", "psql", "pg_dump"];
    let programs =
        found.into_iter().find(|folder| all.iter().all(|name| folder.join(name).is_file()));
    if programs.is_none() {
        skipped("postgres", "PostgreSQL's programs are not installed");
    }
    programs
}

/// PostgreSQL does not run as root.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "nobody", "--"]).arg(program).current_dir("/");
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id");
    id.stdout == b"0\n"
}

fn start() -> Option<PostgresServer> {
    let programs = programs()?;
    let folder = tempfile::Builder::new().prefix("pg").tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let certified = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]);
    let certified = certified.expect("a certificate");
    fs::write(at("server.crt"), pem("CERTIFICATE", certified.cert.der())).expect("the certificate");
    fs::write(at("server.key"), pem("PRIVATE KEY", &certified.signing_key.serialize_der()))
        .expect("the key");
    fs::write(at("password"), PASSWORD).expect("the password");
    run(Command::new("chmod").arg("600").arg(at("server.key")).arg(at("password")));
    if is_root() {
        run(Command::new("chown").args(["-R", "nobody"]).arg(folder.path()));
    }
    let data = at("data");
    let mut make = unprivileged(&programs.join("initdb"));
    make.args(["-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync", "-U", USER]);
    run(make.arg("--pwfile").arg(at("password")).arg("-D").arg(&data));
    for _ in 0..STARTS {
        let port = free_port();
        let log = fs::File::create(at("log")).expect("the log");
        let mut command = unprivileged(&programs.join("postgres"));
        command.arg("-D").arg(&data).args(["-c", &format!("port={port}")]);
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        command.args(["-c", "max_connections=200", "-c", "ssl=on"]);
        command.arg("-c").arg(format!("ssl_cert_file={}", at("server.crt").display()));
        command.arg("-c").arg(format!("ssl_key_file={}", at("server.key").display()));
        let errors = log.try_clone().expect("another handle to the log");
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
        let mut child = child.expect("postgres");
        if becomes_ready(&programs, port, &mut child) {
            let databases = AtomicUsize::new(0);
            return Some(PostgresServer { port, programs, folder, child, databases });
        }
        kill_group(&mut child);
    }
    let log = fs::read(at("log")).unwrap_or_default();
    panic!("PostgreSQL did not get ready:\n{}", String::from_utf8_lossy(&log));
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn becomes_ready(programs: &Path, port: u16, child: &mut Child) -> bool {
    for _ in 0..POLLS {
        if !matches!(child.try_wait(), Ok(None)) {
            return false;
        }
        let mut asked = Command::new(programs.join("pg_isready"));
        asked.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
        if asked.status().is_ok_and(|status| status.success()) {
            return true;
        }
        std::thread::sleep(PAUSE);
    }
    false
}

fn run(command: &mut Command) {
    let ran = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(ran.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ran.stderr));
}
