//! What happens in a run, for progress and traces. What is told has been through the redactors of its calls.

use cardhost_flow::{Happened, Problem};
use serde_json::{Map, Value, json};

/// Is told what happens. It is called from the run: what takes long belongs elsewhere.
pub trait Watcher: Send + Sync {
    /// Something happened.
    fn tell(&self, news: &News);

    /// Whether what every task and flow gives is to be told, and not only what calls do; by default not. Each output is then masked
    /// and copied, however large it is.
    fn wants_outputs(&self) -> bool {
        false
    }
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
    /// A flow began, or goes on: the first, or one that another one runs.
    Began,
    /// A flow gave its output.
    Ended {
        /// Its output, where [`Watcher::wants_outputs`].
        output: Option<Value>,
    },
    /// A flow ended with a problem.
    Failed(Problem),
    /// A `wait` began.
    Waiting {
        /// When it ends, in milliseconds since 1970.
        until_ms: i64,
    },
    /// Something happened to a task.
    Task {
        /// What.
        happened: Happened,
        /// When it began, in milliseconds since 1970.
        started_ms: i64,
        /// What a call gave.
        output: Option<Value>,
        /// What the task gave, where [`Watcher::wants_outputs`].
        given: Option<Value>,
        /// The case that a `switch` took.
        case: Option<String>,
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
    /// One JSON object with all there is to tell: as [`News::to_json`], the `case` that a `switch` took, and what tasks and flows gave,
    /// where that was wanted. Of an input that a card declares secret, only a call that was made tells that it is: before that, outputs of tasks may
    /// show it.
    #[must_use]
    pub fn to_trace(&self) -> Value {
        let mut line = self.to_json();
        let Some(all) = line.as_object_mut() else { return line };
        let (given, case) = match &self.what {
            What::Task { given, case, .. } => (given, case.as_deref()),
            What::Ended { output } => (output, None),
            _ => return line,
        };
        all.extend(case.map(|case| ("case".to_owned(), Value::from(case))));
        all.extend(given.clone().map(|given| ("output".to_owned(), given)));
        line
    }

    /// Whether it is told in a trace alone, and not in the steps of a test case.
    #[must_use]
    pub fn is_detail(&self) -> bool {
        matches!(
            self.what,
            What::Began | What::Ended { .. } | What::Failed(_) | What::Waiting { .. }
        )
    }

    /// One JSON object: what a test case keeps of it.
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
            What::Began => put("event", Value::from("began")),
            What::Ended { .. } => put("event", Value::from("ended")),
            What::Failed(problem) => {
                put("event", Value::from("ended"));
                put("error", error(problem));
            }
            What::Waiting { until_ms } => {
                put("event", Value::from("waiting"));
                put("until", Value::from(timestamp(*until_ms)));
            }
            What::Task { happened, started_ms, output, .. } => {
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
        Happened::Completed { .. } => "completed",
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
