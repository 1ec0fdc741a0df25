//! What every task has, and which kinds there are.

use serde_json::{Value, json};

use super::parts::Duration;
use super::parts::{INPUT, Input, OUTPUT, Output, TIMEOUT_OR_NAME};
use super::shape::{Key, Keys, Shape, key};
use super::then::Then;
use super::{ListId, call, do_, emit, for_, fork, listen, raise, run, set, switch, try_, wait};
use crate::expression::Expression;
use cardhost_document::Node;

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its name.
    pub name: String,
    /// Where it stands in the document: a JSON Pointer such as `/do/0/getPet`.
    pub reference: String,
    /// Run it only where this is true.
    pub condition: Option<Expression>,
    /// What it takes.
    pub input: Input,
    /// What it gives.
    pub output: Output,
    /// What becomes of the context.
    pub export: Output,
    /// When to give up.
    pub timeout: Option<Duration>,
    /// What comes after it.
    pub then: Then,
    /// What it does.
    pub kind: Kind,
    /// The names that its expressions may use beside the arguments.
    pub variables: Vec<String>,
}

/// What a task does.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Calls a card, a function, or a service.
    Call(Box<call::Call>),
    /// Runs tasks one after the other.
    Do(ListId),
    /// Emits an event.
    Emit(emit::Emit),
    /// Runs tasks for each item.
    For(for_::For),
    /// Runs tasks at the same time.
    Fork(fork::Fork),
    /// Raises an error.
    Raise(Box<raise::Raise>),
    /// Runs another flow.
    Run(run::RunWorkflow),
    /// Sets data.
    Set(set::Set),
    /// Chooses what comes next.
    Switch(switch::Switch),
    /// Handles errors.
    Try(Box<try_::Try>),
    /// Waits.
    Wait(wait::Wait),
    /// A kind that is not carried out; its document does not load.
    Unsupported,
}

/// The kinds, each named after the key that tells it.
pub(crate) fn kinds() -> &'static [Keys] {
    &KINDS
}

static KINDS: [Keys; 12] = [
    call::KEYS,
    do_::KEYS,
    fork::KEYS,
    emit::KEYS,
    for_::KEYS,
    listen::KEYS,
    raise::KEYS,
    run::KEYS,
    set::KEYS,
    switch::KEYS,
    try_::KEYS,
    wait::KEYS,
];

/// What every task may have.
pub(crate) const COMMON: &[Key] = &[
    key("if", "Run it only where this expression is true.", Shape::Text),
    key("input", "What it takes.", Shape::Keys(&INPUT)),
    key("output", "What it gives.", Shape::Keys(&OUTPUT)),
    key("export", "What becomes of the context.", Shape::Keys(&OUTPUT)),
    key("timeout", "When to give up; or one of `use.timeouts`.", TIMEOUT_OR_NAME),
    key("then", "`continue`, `exit`, `end`, or the name of a task of the same list.", Shape::Text),
    key("metadata", "For people and tools.", Shape::Object),
];

/// The kinds that the keys of a task tell.
pub(crate) fn kinds_of(node: &Node) -> Vec<&'static Keys> {
    let is_there = |kind: &&Keys| {
        // A `for` has a `do` of its own.
        node.get(kind.name).is_some() && !(kind.name == "do" && node.get("for").is_some())
    };
    KINDS.iter().filter(is_there).collect()
}

/// The schema of a task: told apart by a key, so that an editor's message is about the right kind.
pub(crate) fn schema(cases: Vec<Value>) -> Value {
    let condition = |name: &str| match name {
        "do" => json!({ "required": ["do"], "not": { "required": ["for"] } }),
        _ => json!({ "required": [name] }),
    };
    let conditions: Vec<Value> = KINDS.iter().map(|kind| condition(kind.name)).collect();
    let all: Vec<Value> = conditions
        .iter()
        .zip(cases)
        .map(|(condition, then)| json!({ "if": condition, "then": then }))
        .collect();
    let mut all = all;
    for (called, arguments) in [("^http$", "http"), ("^openapi$", "openapi"), ("@[^/]*$", "card")] {
        let with = json!({ "$ref": format!("#/$defs/{arguments}Arguments") });
        let needed: &[&str] = if arguments == "card" { &[] } else { &["with"] };
        all.push(json!({
            "if": { "required": ["call"], "properties": { "call": { "pattern": called } } },
            "then": { "properties": { "with": with }, "required": needed },
        }));
    }
    json!({
        "description": "A task: exactly one of the keys that tell its kind.",
        "type": "object",
        "oneOf": conditions,
        "allOf": all,
    })
}
