//! `cardhost flow run` as a process: shipped flows against the scripted services, to their end and killed on the way.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::Child;
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::canary::{self, Hunt};
use crate::scripted::analytics::Analytics;
use crate::scripted::warehouse::Warehouse;
use crate::support::{Ran, command};

/// Every secret of the connection.
pub fn secret() -> String {
    canary::text("connection")
}

/// A secret of the input: what the warehouse flow is given for the warehouse.
pub fn password() -> String {
    canary::text("warehouse")
}

/// A flow and what it is given.
pub struct Scene {
    flow: &'static str,
    input: Value,
    url: String,
    folder: TempDir,
}

impl Scene {
    pub fn new(flow: &'static str, input: Value, url: &str) -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let fields = json!({
            "Service Account: Username": "robot", "Service Account: Secret": secret(),
            "Project: Token": secret(), "Project: API Secret": secret(),
        });
        std::fs::write(folder.path().join("connection.json"), fields.to_string()).unwrap();
        Scene { flow, input, url: url.to_owned(), folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts it with its journal; `more` are further arguments.
    pub fn start(&self, more: &[&str]) -> Child {
        let [connection, journal] = ["connection.json", "journal"].map(|name| self.path(name));
        let mut args = vec!["flow", "run", self.flow, "--base", &self.url, "--errors", "json"];
        args.extend(["--connection", connection.to_str().unwrap()]);
        args.extend(["--journal", journal.to_str().unwrap()]);
        args.extend(more);
        let mut child = command(&args).spawn().unwrap();
        // A process that is killed early closes it before everything is written.
        let _ = child.stdin.take().unwrap().write_all(self.input.to_string().as_bytes());
        child
    }

    /// Runs it as far as it goes.
    pub fn run(&self, more: &[&str]) -> Ran {
        let output = self.start(more).wait_with_output().unwrap();
        let ran = Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        self.assert_no_secret("stdout", ran.stdout.as_bytes());
        self.assert_no_secret("stderr", ran.stderr.as_bytes());
        ran
    }

    /// Starts it, reads so many lines of its trace, and kills it. Fewer lines where it came to its end before.
    pub fn kill_after(&self, lines: usize) -> Vec<String> {
        let mut child = self.start(&["--trace", "/dev/stdout"]);
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        // What it tells meanwhile must not block it.
        let mut stderr = child.stderr.take().unwrap();
        let stderr = thread::spawn(move || stderr.read_to_end(&mut Vec::new()));
        let mut read = Vec::new();
        while read.len() < lines {
            let mut line = String::new();
            if stdout.read_line(&mut line).unwrap() == 0 {
                break;
            }
            self.assert_no_secret("trace", line.as_bytes());
            read.push(line);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let _ = stderr.join();
        read
    }

    /// No secret is in any byte of the journal and of what lies beside it.
    pub fn assert_no_secret_in_files(&self) {
        let mut count = 0;
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let file = entry.unwrap().path();
            if !file.ends_with("connection.json") {
                count += 1;
                self.assert_no_secret(&file.display().to_string(), &std::fs::read(&file).unwrap());
            }
        }
        assert!(count > 0, "there is no journal");
    }

    pub fn assert_no_secret(&self, place: &str, bytes: &[u8]) {
        thread_local! {
            static HUNT: Hunt = Hunt::new().text("secret", &secret()).text("password", &password());
        }
        let found = HUNT.with(|hunt| hunt.find(bytes));
        assert!(found.is_empty(), "{place} of {}: {found:?}", self.flow);
    }
}

/// The warehouse as the flow meets it: busy twice, and indiscreet about it.
pub fn warehouse() -> Warehouse {
    let refusal = format!("too many runs triggered by {}", secret());
    Warehouse { refusal, ..Warehouse::new() }
}

pub fn warehouse_input() -> Value {
    json!({
        "projectId": 2195193,
        "source": {
            "name": "Orders",
            "type": "snowflake",
            "connectionDetails": { "account": "acme", "password": password() },
            "tables": [{ "tableName": "shop.orders", "importType": "event" }],
        },
        "pollInterval": "PT0.001S",
        "retryDelay": "PT0S",
    })
}

pub fn analytics() -> Analytics {
    let refused = vec![("user-2".to_owned(), "no such plan")];
    Analytics { refused, blind: 2, ..Analytics::default() }
}

pub fn profiles_input() -> Value {
    let profile = |id: usize| json!({ "Profile": { "Profile ID": format!("user-{id}") } });
    let profiles: Vec<Value> = (1..=4).map(profile).collect();
    json!({ "profiles": profiles, "retryDelay": "PT0S" })
}

pub fn event_input() -> Value {
    json!({
        "projectId": 2195193,
        "event": {
            "Event": { "Event Name": "Signed up" },
            "Properties": { "Insert ID": "id-1", "Time": 1795176000 },
        },
        "pollInterval": "PT0.001S",
        "retryDelay": "PT0S",
    })
}
