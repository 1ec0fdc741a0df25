//! `flow status`: what a run is at.

use cardhost::core::moment::rfc3339_ms;
use cardhost::flow::{Journal, RunState};
use serde_json::{Map, Value};

use super::args::StatusArgs;
use crate::cli::console::{Console, Failure};

pub(crate) fn run(args: &StatusArgs, console: &Console) -> Result<(), Failure> {
    let state = Journal::state(&args.run)?;
    if args.json {
        return console.out(&format!("{}\n", json(&args.run.display().to_string(), &state)));
    }
    let mut text = String::new();
    let mut row = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            text.push_str(&format!("{name:<9} {value}\n"));
        }
    };
    row("state", Some(state.stage.as_str().to_owned()));
    row("flow", state.flow);
    row("since", state.since_ms.map(rfc3339_ms));
    row("step", state.step);
    row("code", state.code);
    row("why", state.why);
    row("done", Some(format!("{} steps", state.steps)));
    for step in state.in_doubt {
        row("in doubt", Some(step));
    }
    console.text(&text)
}

/// `{"run", "state", "flow", "since", "step", "code", "why", "steps", "inDoubt"}`; only what is known.
pub(super) fn json(run: &str, state: &RunState) -> Value {
    let mut all = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        all.extend(value.map(|value| (key.to_owned(), value)));
    };
    put("run", Some(run.into()));
    put("state", Some(state.stage.as_str().into()));
    put("flow", state.flow.as_deref().map(Value::from));
    put("since", state.since_ms.map(|since| rfc3339_ms(since).into()));
    put("step", state.step.as_deref().map(Value::from));
    put("code", state.code.as_deref().map(Value::from));
    put("why", state.why.as_deref().map(Value::from));
    put("steps", Some(state.steps.into()));
    put("inDoubt", (!state.in_doubt.is_empty()).then(|| Value::from(state.in_doubt.clone())));
    Value::Object(all)
}
