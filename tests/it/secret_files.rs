//! Files that an invocation names: only regular ones are read, and a stream's lines name none unless that was asked for.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Ran, cardhost_with};

fn line(id: u8, secret: &Value) -> String {
    let invocation = json!({
        "id": id,
        "connection": { "fields": { "Service Account: Username": "sa", "Service Account: Secret": secret } },
        "options": { "Request Type": "GET", "Select API": "Query API" },
        "input": { "Request": { "Relative URL": "/app/me" } },
    });
    format!("{invocation}\n")
}

fn stream(more: &[&str], stdin: &str) -> Ran {
    let mut args = vec!["run", "mixpanel/custom-api-action", "--stream", "--ordered", "--mock"];
    args.extend(more);
    cardhost_with(&args, stdin, &[("CANARY", "stream-secret")])
}

fn codes(ran: &Ran) -> Vec<String> {
    let code = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["error"]["code"].as_str().unwrap_or_default().to_owned()
    };
    ran.stdout.lines().map(code).collect()
}

fn pipe(folder: &Path) -> String {
    let pipe = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    pipe.display().to_string()
}

#[test]
fn a_pipe_that_a_line_names_holds_no_other_line_up() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = pipe(folder.path());
    let stdin = [json!({ "file": pipe }), json!({ "file": "/dev/zero" }), json!("s-1")];
    let stdin: String = (1..).zip(&stdin).map(|(id, secret)| line(id, secret)).collect();
    let ran = stream(&["--secret-references"], &stdin);
    assert_eq!(codes(&ran), ["connection.secret_source", "connection.secret_source", ""]);
    assert!(ran.stdout.contains("it is a named pipe; only regular files are read"), "{ran:?}");
    assert!(ran.stdout.contains("it is a device; only regular files are read"), "{ran:?}");
}

#[test]
fn a_stored_connection_may_not_point_at_a_pipe_either() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = pipe(folder.path());
    let fields =
        json!({ "Service Account: Username": "sa", "Service Account: Secret": { "file": pipe } });
    let path = folder.path().display().to_string();
    let env = [("HOME", path.as_str()), ("XDG_CONFIG_HOME", &path), ("XDG_DATA_HOME", &path)];
    let added =
        cardhost_with(&["connection", "add", "mixpanel", "prod"], &fields.to_string(), &env);
    assert_eq!(added.code, 0, "{added:?}");
    assert!(added.stderr.contains("it is a named pipe"), "{added:?}");
    let args = ["run", "mixpanel/custom-api-action", "--connection", "prod", "--mock"];
    let invocation = json!({
        "options": { "Request Type": "GET", "Select API": "Query API" },
        "input": { "Request": { "Relative URL": "/app/me" } },
    });
    let ran = cardhost_with(&args, &invocation.to_string(), &env);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("connection.secret_source"), "{ran:?}");
}

#[test]
fn lines_of_a_stream_point_nowhere_unless_that_was_asked_for() {
    let secret = json!({ "env": "CANARY" });
    let ran = stream(&[], &line(1, &secret));
    assert_eq!(codes(&ran), ["policy.secret_reference"]);
    assert!(ran.stdout.contains("--secret-references"), "{ran:?}");
    let ran = stream(&["--secret-references"], &line(1, &secret));
    assert_eq!(codes(&ran), [""]);
}
