//! What happens in a run, for progress and traces. What is told has been through the redactors of its calls.

use cardhost_flow::{Happened, Problem};
use serde_json::{Map, Value, json};

/// Is told what happens. It is called from the run: what takes long belongs elsewhere.
pub trait Watcher: Send + Sync {
    /// Something happened.
    fn tell(&self, news: &News);
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// The flow: `<namespace>/<name>`.
    pub flow: String,
    /// The step: of a flow that another one runs, with the step of that one before it.
    pub step: String,
    /// The name of the task.
    pub name: String,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A call is about to be sent.
    Sending(WatchedCall),
    /// A run goes on from its journal: these steps were over.
    Resumed {
        /// How many.
        steps: usize,
        /// Those that had failed and are done again.
        again: Vec<String>,
    },
    /// An event was emitted.
    Emitted(Value),
    /// Something happened to a task.
    Task {
        /// What.
        happened: Happened,
        /// When it began, in milliseconds since 1970.
        started_ms: i64,
        /// What a call gave.
        output: Option<Value>,
    },
}

/// A call as a watcher sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchedCall {
    /// `<connector>/<card>`; `None` for an HTTP request of the flow itself.
    pub card: Option<String>,
    /// `read`, `idempotent`, `write` or `destructive`.
    pub effect: &'static str,
    /// `{"method", "url", "headers", "body"}`, redacted.
    pub request: Value,
}

impl News {
    /// One JSON object, for a line of a trace.
    ///
    /// `{"at", "flow", "step", "event"}`, with `card`, `effect` and `request` of a call, `ms`, `output` and `error` of what
    /// is over, `until` of what is tried again.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut line = Map::new();
        let mut put = |key: &str, value: Value| drop(line.insert(key.to_owned(), value));
        put("at", Value::from(timestamp(self.at_ms)));
        put("flow", Value::from(self.flow.as_str()));
        put("step", Value::from(self.step.as_str()));
        match &self.what {
            What::Sending(call) => {
                put("event", Value::from("sending"));
                put("call", Value::from(call.card.as_deref().unwrap_or("http")));
                put("effect", Value::from(call.effect));
                put("request", call.request.clone());
            }
            What::Resumed { steps, again } => {
                put("event", Value::from("resumed"));
                put("steps", Value::from(*steps));
                if !again.is_empty() {
                    put("again", Value::from(again.clone()));
                }
            }
            What::Emitted(event) => {
                put("event", Value::from("emitted"));
                put("cloudEvent", event.clone());
            }
            What::Task { happened, started_ms, output } => {
                put("event", Value::from(event(happened)));
                if !matches!(happened, Happened::Started | Happened::Skipped) {
                    put("ms", Value::from(self.at_ms.saturating_sub(*started_ms)));
                }
                if let Some(output) = output {
                    put("output", output.clone());
                }
                match happened {
                    Happened::Retrying { at_ms, problem } => {
                        put("until", Value::from(timestamp(*at_ms)));
                        put("error", error(problem));
                    }
                    Happened::Faulted(problem) => put("error", error(problem)),
                    _ => {}
                }
            }
        }
        Value::Object(line)
    }
}

fn event(happened: &Happened) -> &'static str {
    match happened {
        Happened::Started => "started",
        Happened::Skipped => "skipped",
        Happened::Completed => "completed",
        Happened::Retrying { .. } => "retrying",
        Happened::Faulted(_) => "failed",
        Happened::Cancelled => "cancelled",
    }
}

fn error(problem: &Problem) -> Value {
    serde_json::to_value(problem).unwrap_or_else(|_| json!({ "status": problem.status }))
}

/// RFC 3339, with milliseconds.
fn timestamp(ms: i64) -> String {
    cardhost_core::moment::rfc3339_ms(ms)
}
