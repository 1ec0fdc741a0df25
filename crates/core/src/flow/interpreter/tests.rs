use super::*;
use crate::flow::{Action, StepId};
use serde_json::json;

const HEAD: &str = "document: { dsl: '1.0.3', namespace: test, name: test, version: 1.0.0 }\n";

fn document(text: &str) -> Arc<Document> {
    let text = format!("{HEAD}{text}");
    match crate::flow::load("test.yaml", &text) {
        Ok(loaded) => Arc::new(loaded.document),
        Err(findings) => {
            let shown: Vec<_> = findings
                .iter()
                .map(|f| format!("{:?} {} {:?}", f.place.line_column, f.message(), f.hint()))
                .collect();
            panic!("{shown:#?}\n{text}")
        }
    }
}

/// Runs a flow; steps are answered by a function, waits by letting the time pass.
fn drive(
    text: &str,
    input: Value,
    mut answer: impl FnMut(&StepId, &Action) -> Option<Result<Value, Problem>>,
) -> (Run, Vec<String>) {
    let options = Options { events: true, ..Options::default() };
    let mut run = Run::new(document(text), input, options);
    let mut now = 0_i64;
    let mut log = Vec::new();
    let mut timers: Vec<(i64, StepId)> = Vec::new();
    loop {
        for step in run.steps(now) {
            match step {
                Step::Start { id, action: Action::Wait { until_ms, .. }, .. } => {
                    log.push(format!("{now} wait {id} {until_ms}"));
                    timers.push((until_ms, id));
                }
                Step::Start { id, action, .. } => {
                    log.push(format!("{now} {} {id}", action.name()));
                    if let Some(outcome) = answer(&id, &action) {
                        run.complete(id, outcome);
                    }
                }
                Step::Cancel(id) => {
                    log.push(format!("{now} cancel {id}"));
                    timers.retain(|(_, timer)| *timer != id);
                }
            }
        }
        if run.outcome().is_some() {
            return (run, log);
        }
        if run.inbox.is_empty() {
            timers.sort_by_key(|(until, _)| *until);
            assert!(!timers.is_empty(), "it waits for nothing: {log:?}");
            let (until, id) = timers.remove(0);
            now = now.max(until);
            run.complete(id, Ok(Value::Null));
        }
    }
}

fn outcome(text: &str, input: Value) -> Result<Value, Problem> {
    let (run, _) = drive(text, input, |_, _| None);
    run.outcome().cloned().unwrap()
}

fn output(text: &str, input: Value) -> Value {
    outcome(text, input).unwrap()
}

#[test]
fn tasks_run_one_after_the_other() {
    let text = "do:\n- a: { set: { n: '${ .n + 1 }' } }\n- b: { set: { n: '${ .n * 2 }' } }\n";
    assert_eq!(output(text, json!({"n": 1})), json!({"n": 4}));
}
