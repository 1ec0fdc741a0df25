//! Runs that can be seen: what their journals say, to a program and to the command.

use std::path::Path;
use std::sync::{Arc, Mutex};

use cardhost::flow::{FlowRunner, Journal, News, Stage, Unfinished, VirtualTimer, Watcher};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::shop::{Shop, call, flow, ok, run, status};
use crate::support::cardhost;

/// A run of two calls in a journal, of which the second is answered with a status; what it came to.
fn ran(path: &Path, second: u16, with: impl FnOnce(Journal) -> Journal) -> Option<String> {
    let shop = Shop::at_once(move |_, asked| match (asked.path.as_str(), second) {
        ("/two", 400..) => status(second, json!({ "why": "no" })),
        _ => ok(json!({ "path": asked.path })),
    });
    let two =
        flow(&format!("do:\n  - a: {}\n  - b: {}\n", call("order", "one"), call("get", "two")));
    let runner = FlowRunner::new(shop.host()).timer(VirtualTimer::starting_at(86_400_000));
    let journal = with(Journal::open(path).unwrap());
    let done = run(runner.run_with(journal, Unfinished::Stop, &two, json!({})));
    done.err().map(|error| error.code().to_string())
}

fn as_it_was(journal: Journal) -> Journal {
    journal
}

#[test]
fn a_journal_says_what_its_run_is_at() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("j.db");
    let error = Journal::state(&path).unwrap_err();
    assert_eq!(error.code().as_str(), "flow.journal");
    assert!(!path.exists());
    assert_eq!(ran(&path, 422, as_it_was).as_deref(), Some("http.status"));
    let failed = Journal::state(&path).unwrap();
    assert_eq!((failed.stage, failed.steps), (Stage::Failed, 2));
    assert_eq!(failed.flow.as_deref(), Some("shop/test:1.0.0"));
    assert_eq!(failed.step.as_deref(), Some("/do/1/b"));
    assert_eq!(failed.code.as_deref(), Some("http.status"));
    assert_eq!(failed.why.as_deref(), Some("the service answered 422"));
    assert_eq!(failed.since_ms, Some(86_400_000));
    // Told again, it is as it was.
    ran(&path, 422, as_it_was);
    assert_eq!(Journal::state(&path).unwrap(), failed);
    assert_eq!(ran(&path, 200, Journal::retrying_failed), None);
    let done = Journal::state(&path).unwrap();
    assert_eq!((done.stage, done.code, done.why), (Stage::Done, None, None));
    assert!(!Journal::cancel(&path, 1).unwrap());
    assert_eq!(Journal::state(&path).unwrap().stage, Stage::Done);
}

#[test]
fn a_run_that_is_held_is_running_and_a_cancelled_one_does_not_go_on() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("j.db");
    ran(&path, 503, as_it_was);
    let held = Journal::open(&path).unwrap();
    assert_eq!(Journal::state(&path).unwrap().stage, Stage::Running);
    assert_eq!(Journal::cancel(&path, 7).unwrap_err().code().as_str(), "flow.journal_busy");
    drop(held);
    assert!(Journal::cancel(&path, 7).unwrap());
    let state = Journal::state(&path).unwrap();
    assert_eq!((state.stage, state.since_ms), (Stage::Cancelled, Some(7)));
    for with in [as_it_was, Journal::retrying_failed, Journal::accepting_changes] {
        assert_eq!(ran(&path, 200, with).as_deref(), Some("flow.cancelled"));
    }
}

#[test]
fn what_was_cut_off_is_stopped_and_in_doubt() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("j.db");
    let shop = Shop::new(|_, _| Box::pin(std::future::pending()));
    let one = flow(&format!("do:\n  - a: {}\n", call("order", "one")));
    run(async {
        let runner = FlowRunner::new(shop.host());
        let journal = Journal::open(&path).unwrap();
        let flow = one.clone();
        let going = tokio::spawn(async move {
            runner.run_with(journal, Unfinished::Stop, &flow, json!({})).await
        });
        while shop.asked().is_empty() {
            tokio::task::yield_now().await;
        }
        going.abort();
        assert!(going.await.unwrap_err().is_cancelled());
    });
    let state = Journal::state(&path).unwrap();
    assert_eq!((state.stage, state.step), (Stage::Stopped, None));
    assert_eq!(state.in_doubt, ["/do/0/a"]);
}

#[test]
fn the_command_lists_shows_and_cancels() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    ran(&at("a.db"), 422, as_it_was);
    ran(&at("b.db"), 200, as_it_was);
    std::fs::write(at("c.txt"), "no journal").unwrap();
    rusqlite::Connection::open(at("d.db")).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let dir = folder.path().to_str().unwrap().to_owned();
    let listed = cardhost(&["flow", "runs", "--journal-dir", &dir], "");
    assert_eq!(listed.code, 0, "{listed:?}");
    let shown = listed.stdout.replace(&format!("{dir}/"), "");
    assert_eq!(
        shown,
        "a.db  failed  1970-01-02T00:00:00.000Z  /do/1/b  http.status: the service answered 422\n\
         b.db  done    1970-01-02T00:00:00.000Z\n"
    );
    let json = cardhost(&["flow", "runs", "--journal-dir", &dir, "--json"], "");
    let all: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        (all[0]["state"].as_str(), all[1]["state"].as_str()),
        (Some("failed"), Some("done"))
    );
    let a = at("a.db").to_str().unwrap().to_owned();
    let status = cardhost(&["flow", "status", &a], "");
    assert_eq!(
        status.stdout,
        "state     failed\nflow      shop/test:1.0.0\nsince     1970-01-02T00:00:00.000Z\nstep      /do/1/b\n\
         code      http.status\nwhy       the service answered 422\ndone      2 steps\n"
    );
    let cancelled = cardhost(&["flow", "cancel", &a], "");
    assert_eq!((cancelled.code, cancelled.stderr), (0, format!("cancelled {a}\n")));
    let status = cardhost(&["flow", "status", &a, "--json"], "");
    let status: Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!((&status["state"], &status["steps"]), (&json!("cancelled"), &json!(2)));
    let b = at("b.db").to_str().unwrap().to_owned();
    assert_eq!(cardhost(&["flow", "cancel", &b], "").code, 2);
    assert_eq!(cardhost(&["flow", "status", &at("e.db").display().to_string()], "").code, 2);
}

/// The lines of a trace.
#[derive(Clone)]
struct Lines {
    wants_outputs: bool,
    told: Arc<Mutex<Vec<Value>>>,
}

impl Watcher for Lines {
    fn tell(&self, news: &News) {
        self.told.lock().unwrap().push(news.to_trace());
    }

    fn wants_outputs(&self) -> bool {
        self.wants_outputs
    }
}

#[test]
fn a_trace_tells_the_case_and_the_outputs_that_are_wanted() {
    let text = "do:\n  - s: { switch: [ { low: { when: .n < 5, then: a } }, { high: { then: a } } ] }\n  - a: { set: { n: '${ .n + 1 }' } }\n";
    for wants_outputs in [false, true] {
        let lines = Lines { wants_outputs, told: Arc::default() };
        let runner = FlowRunner::new(Shop::echo().host()).watcher(lines.clone());
        run(runner.run(&flow(text), json!({ "n": 7 }))).unwrap();
        let told = lines.told.lock().unwrap();
        let of = |step: &str, event: &str| {
            told.iter().find(|line| line["step"] == step && line["event"] == event).unwrap().clone()
        };
        let switch = of("/do/0/s", "completed");
        assert_eq!(switch["case"], "high");
        let outputs = [switch, of("/do/1/a", "completed"), of("", "ended")]
            .map(|line| line["output"].clone());
        let expected = match wants_outputs {
            false => [Value::Null, Value::Null, Value::Null],
            true => [json!({ "n": 7 }), json!({ "n": 8 }), json!({ "n": 8 })],
        };
        assert_eq!(outputs, expected);
    }
}
