//! The pure interpreter over a host whose transport is a scripted service. Time passes only where a flow waits.

use std::sync::Arc;

use cardhost::clock::FixedClock;
use cardhost::flow::{Action, CardCall, Options, Problem, Run, Step, load};
use cardhost::{Host, Invocation};
use serde_json::{Value, json};

use crate::scripted::{Book, Model, Shared};
use crate::support::path;

/// 2026-11-21T10:00:00Z.
pub const NOW: i64 = 1_795_255_200;
pub const FLOWS: [&str; 3] = ["track-and-find-event", "update-profiles", "warehouse-import"];

pub fn text(flow: &str) -> String {
    std::fs::read_to_string(path(&format!("flows/mixpanel/{flow}.yaml"))).unwrap()
}

/// What came of a run.
#[derive(Debug)]
pub struct Told {
    pub outcome: Result<Value, Problem>,
    /// Milliseconds that it waited, each time.
    pub waits: Vec<i64>,
}

impl Told {
    pub fn output(&self) -> &Value {
        self.outcome.as_ref().unwrap_or_else(|problem| panic!("{problem:?}"))
    }

    pub fn problem(&self) -> &Problem {
        self.outcome.as_ref().expect_err("a problem")
    }

    /// `flow.raised: title: detail`
    pub fn error(&self) -> String {
        let problem = self.problem();
        let [title, detail] = [&problem.title, &problem.detail].map(|text| text.as_deref());
        format!(
            "{}: {}: {}",
            problem.error_code(),
            title.unwrap_or_default(),
            detail.unwrap_or_default()
        )
    }
}

/// A flow that is driven to its end.
pub struct Drive<'d> {
    pub flow: &'d str,
    pub host: Host,
    /// Cards whose replies are lost: an operator skips them.
    pub skipped: &'d [&'d str],
}

fn connection() -> Value {
    json!({ "fields": {
        "Service Account: Username": "robot", "Service Account: Secret": "canary-5ecret",
        "Project: Token": "canary-token", "Project: API Secret": "canary-api",
    } })
}

impl<'d> Drive<'d> {
    pub fn new<M: Model>(flow: &'d str, book: &Shared<M>) -> Drive<'d> {
        let host = Host::builder().cards(cardhost::Embedded).clock(FixedClock(NOW));
        Drive { flow, host: host.transport(Book::transport(book)).build(), skipped: &[] }
    }

    fn call(&self, call: CardCall) -> Result<Value, Problem> {
        let mut with = Value::Object(call.with);
        with["connection"] = connection();
        let card = format!("{}/{}", call.connector, call.card);
        let invocation = Invocation::from_value(with)
            .map_err(|fault| Problem::from(&cardhost::Error::from(fault)))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ran = runtime.block_on(self.host.run(Some(&card), invocation));
        let outcome = ran.map_err(|error| Problem::from(&error))?;
        let is_skipped = self.skipped.contains(&call.card.as_str());
        Ok(if is_skipped { Value::Null } else { outcome.output.to_value().unwrap() })
    }

    pub fn run(&self, input: Value) -> Told {
        let loaded = load(self.flow, &text(self.flow)).unwrap_or_else(|all| panic!("{all:#?}"));
        let mut run = Run::new(Arc::new(loaded.document), input, Options::default());
        let (mut now, mut waits) = (NOW * 1_000, Vec::new());
        for _ in 0..100_000 {
            let steps = run.steps(now);
            if let Some(outcome) = run.outcome() {
                return Told { outcome: outcome.clone(), waits };
            }
            for step in steps {
                let Step::Start { id, action, .. } = step else { panic!("{step:?}") };
                let outcome = match action {
                    Action::Card(call) => self.call(*call),
                    Action::Wait { until_ms, .. } => {
                        waits.push(until_ms - now);
                        now = until_ms;
                        Ok(Value::Null)
                    }
                    other => panic!("{other:?}"),
                };
                run.complete(id, outcome);
            }
        }
        panic!("the flow does not end");
    }
}

pub fn run<M: Model>(flow: &str, book: &Shared<M>, input: Value) -> Told {
    Drive::new(flow, book).run(input)
}
