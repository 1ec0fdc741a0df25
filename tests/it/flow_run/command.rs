//! `cardhost flow run`: data on stdout, everything else on stderr, exit codes by class.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Ran, cardhost, cardhost_with};

const ME: &str = "
document: { dsl: '1.0.3', namespace: x, name: me, version: 1.0.0 }
do:
  - me:
      call: custom-api-action@mixpanel
      with:
        options: { Request Type: GET, Select API: Query API }
        input: { Request: { Relative URL: '${ \"/app/\" + .what }' } }
  - id: { set: { id: '${ .Response.Body.results.user_id }' } }
";

struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    fn shown(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_output_is_on_stdout_and_the_progress_on_stderr() {
    let folder = Folder::new();
    let flow = folder.write("me.yaml", ME);
    let input = r#"{"what":"me"}"#;
    let quiet = cardhost(&["flow", "run", &flow, "--mock"], input);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""), "{quiet:?}");
    assert_eq!(quiet.stdout, "{\"id\":7615917337495251231}\n");
    let trace = folder.shown("trace.ndjson");
    let ran = cardhost(
        &["flow", "run", &flow, "--mock", "--progress", "always", "--trace", &trace],
        input,
    );
    assert_eq!((ran.code, &ran.stdout), (0, &quiet.stdout));
    let shown: Vec<Vec<&str>> =
        ran.stderr.lines().map(|line| line.split_whitespace().collect()).collect();
    let words = |line: &[&str]| {
        line.iter()
            .filter(|word| !word.contains('.') && **word != "s")
            .copied()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let shown: Vec<String> = shown.iter().map(|line| words(line)).collect();
    assert_eq!(shown, ["done /do/0/me mixpanel/custom-api-action", "done /do/1/id"]);
    let events: Vec<String> = lines(Path::new(&trace))
        .iter()
        .map(|line| {
            format!("{} {}", line["step"].as_str().unwrap(), line["event"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        events,
        [
            " began",
            "/do/0/me started",
            "/do/0/me sending",
            "/do/0/me completed",
            "/do/1/id started",
            "/do/1/id completed",
            " ended"
        ]
    );
}

fn error(ran: &Ran) -> (u8, String, String) {
    assert_eq!(ran.stdout, "");
    let object: Value = serde_json::from_str(ran.stderr.lines().last().unwrap())
        .unwrap_or_else(|_| panic!("{ran:?}"));
    let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
    (u8::try_from(ran.code).unwrap(), text("code"), text("message"))
}

#[test]
fn what_is_wrong_has_a_code_and_an_exit_code() {
    let folder = Folder::new();
    let me = folder.write("me.yaml", ME);
    let go = |args: &[&str], input: &str| {
        let mut all = vec!["flow", "run"];
        all.extend(args);
        all.extend(["--errors", "json"]);
        let (exit, code, _) = error(&cardhost(&all, input));
        (exit, code)
    };
    let told = |exit: u8, code: &str| (exit, code.to_owned());
    assert_eq!(go(&[&folder.shown("none.yaml")], ""), told(3, "definition.unreadable"));
    assert_eq!(go(&["mixpanel/none"], ""), told(3, "flow.unknown"));
    assert_eq!(go(&[&me, "--mock"], "{"), told(4, "invocation.syntax"));
    assert_eq!(go(&[&me, "--mock"], r#"{"a":1,"a":2}"#), told(4, "invocation.duplicate_key"));
    assert_eq!(go(&[&me, "--mock"], r#"{"what":7}"#), told(9, "flow.expression"));
    assert_eq!(go(&[&me], r#"{"what":"me"}"#), told(5, "auth.missing"));
    assert_eq!(go(&[&me, "--repeat-unfinished"], ""), told(2, "usage"));
    assert_eq!(go(&[&me, "--journal", "x", "--skip-unfinished={"], ""), told(2, "usage"));
    assert_eq!(go(&[&me, "--mock", "--max-tasks", "1"], r#"{"what":"me"}"#), told(6, "flow.limit"));
    let long = folder.write("long.yaml", "document: { dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }\ndo: [ { a: { set: { n: '${ [range(1000)] | length }' } } } ]\n");
    assert_eq!(go(&[&long, "--max-steps", "500"], ""), told(6, "flow.expression_limit"));
    assert_eq!(cardhost(&["flow", "run", &long], "").stdout, "{\"n\":1000}\n");
    let raised = folder.write("raised.yaml", "document: { dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }\ndo: [ { no: { raise: { error: { type: 'https://example.com/no', status: 418, title: I am a teapot } } } } ]\n");
    assert_eq!(go(&[&raised], ""), told(8, "flow.raised"));
    let secret = folder.write("secret.yaml", "document: { dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }\nuse: { secrets: [ key ] }\ndo: [ { a: { set: { length: '${ $secrets.key | length }', n: '${ $secrets.key.n }' } } } ]\n");
    assert_eq!(go(&[&secret], ""), told(5, "connection.unknown"));
    assert_eq!(go(&[&secret, "--secret", "key"], ""), told(2, "usage"));
    assert_eq!(
        go(&[&secret, "--secret", "key=env:CARDHOST_NOT_SET"], ""),
        told(5, "connection.unreadable")
    );
    let ran = cardhost_with(
        &["flow", "run", &secret, "--secret", "key=env:CARDHOST_TEST_KEY"],
        "",
        &[("CARDHOST_TEST_KEY", "{\"n\": 5}")],
    );
    assert_eq!(ran.stdout, "{\"length\":1,\"n\":5}\n", "{ran:?}");
}

#[test]
fn a_journal_goes_on_and_the_flow_that_a_flow_runs_is_found_beside_it() {
    let folder = Folder::new();
    folder.write("me.yaml", ME);
    let outer = folder.write(
        "outer.yaml",
        "document: { dsl: '1.0.3', namespace: x, name: outer, version: 1.0.0 }\ndo: [ { in: { run: { workflow: { namespace: x, name: me, version: latest, input: { what: me } } } } } ]\n",
    );
    let (journal, trace) = (folder.shown("j.db"), folder.shown("t.ndjson"));
    let go = || {
        cardhost(&["flow", "run", &outer, "--mock", "--journal", &journal, "--trace", &trace], "")
    };
    let first = go();
    assert_eq!(
        (first.code, first.stdout.as_str()),
        (0, "{\"id\":7615917337495251231}\n"),
        "{first:?}"
    );
    let before = lines(&folder.path("t.ndjson")).len();
    assert_eq!(go().stdout, first.stdout);
    assert_eq!(lines(&folder.path("t.ndjson")).len(), before, "nothing happens again");
    let steps: Vec<Value> =
        lines(&folder.path("t.ndjson")).iter().map(|line| line["step"].clone()).collect();
    assert!(steps.contains(&json!("/do/0/in/do/0/me")), "{steps:?}");
}

#[test]
fn a_flow_with_faults_is_told_with_line_and_column() {
    let folder = Folder::new();
    let flow = folder.write("bad.yaml", "document: { dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }\ndo:\n  - a: { sett: { n: 1 } }\n  - b: { listen: { to: { any: [] } } }\n");
    let ran = cardhost(&["flow", "run", &flow], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    for said in ["bad.yaml:3:", "bad.yaml:4:", "flow.unsupported"] {
        assert!(ran.stderr.contains(said), "{ran:?}");
    }
}
