//! A flow's document: Open Workflow DSL 1.0 (formerly Serverless Workflow), one file a kind of task.
//!
//! Each file says the shape of its part once (`KEYS`): the loader checks by it, and the JSON Schema is
//! written from it. Tasks and lists of tasks are numbered, so that nothing here is deep however deep the
//! document is.

pub(crate) mod authentication;
mod build;
pub mod call;
pub mod do_;
pub mod emit;
mod fit;
pub mod for_;
pub mod fork;
mod json_schema;
pub mod listen;
pub mod parts;
pub mod raise;
pub mod run;
pub mod set;
pub(crate) mod shape;
pub mod switch;
pub mod task;
mod text_formats;
pub mod then;
pub mod try_;
pub mod wait;

use serde_json::{Map, Value, json};

use super::datum::Datum;
use super::expression::Shaped;
use call::{Call, CallCard};
use parts::{Duration, Input, Output};
use run::RunWorkflow;
use shape::{Keys, Shape, key};
use task::{Kind, Task};

pub(crate) use build::{build, head};
pub(crate) use fit::check;
pub(crate) use text_formats::{MAX_DURATION, milliseconds};

/// The number of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TaskId(pub(crate) usize);

/// The number of a list of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListId(pub(crate) usize);

/// Who a flow is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The version of the language.
    pub dsl: String,
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The version of the flow.
    pub version: String,
    /// A title.
    pub title: Option<String>,
    /// What it is for; Markdown.
    pub summary: Option<String>,
}

/// A flow, checked and compiled. Prints its name: a document may hold credentials.
#[derive(Clone)]
pub struct Document {
    /// Who it is.
    pub head: Head,
    /// What it takes.
    pub input: Input,
    /// What it gives.
    pub output: Output,
    /// When to give up.
    pub timeout: Option<Duration>,
    /// The names of the secrets that it uses.
    pub secrets: Vec<String>,
    /// Its tasks.
    pub root: ListId,
    pub(crate) tasks: Vec<Task>,
    pub(crate) lists: Vec<Vec<TaskId>>,
    pub(crate) definition: Datum,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Head { namespace, name, version, .. } = &self.head;
        write!(f, "Document({namespace}/{name}:{version})")
    }
}

impl Document {
    /// A task.
    ///
    /// Numbers are of one document only: of another, this may be any task or panic.
    #[must_use]
    pub fn task(&self, id: TaskId) -> &Task {
        &self.tasks[id.0]
    }

    /// The tasks of a list, in order.
    #[must_use]
    pub fn list(&self, id: ListId) -> &[TaskId] {
        &self.lists[id.0]
    }

    /// The cards that it calls, once for each call.
    pub fn cards(&self) -> impl Iterator<Item = &CallCard> {
        self.tasks.iter().filter_map(|task| match &task.kind {
            Kind::Call(call) => match &**call {
                Call::Card(card) => Some(card),
                _ => None,
            },
            _ => None,
        })
    }

    /// The flows that it runs, once for each task that does.
    pub fn flows(&self) -> impl Iterator<Item = &RunWorkflow> {
        self.tasks.iter().filter_map(|task| match &task.kind {
            Kind::Run(run) => Some(run),
            _ => None,
        })
    }

    /// The cards that it calls, with the connection that is written for each; `None` for that of the run. Not those whose connection
    /// an expression gives.
    pub fn connections(&self) -> impl Iterator<Item = (&CallCard, Option<Value>)> {
        self.cards().filter_map(|card| match &card.with {
            Shaped::Constant(with) => {
                let connection = with.get("connection").map(Value::from);
                Some((card, connection.filter(|connection| !connection.is_null())))
            }
            Shaped::Object(entries) => match entries.iter().find(|(key, _)| key == "connection") {
                None => Some((card, None)),
                Some((_, Shaped::Constant(value))) => {
                    Some((card, Some(Value::from(value)).filter(|value| !value.is_null())))
                }
                Some(_) => None,
            },
            Shaped::Expression(_) | Shaped::List(_) => None,
        })
    }

    /// Whether parts of it run at the same time: branches, or flows that nobody waits for.
    #[must_use]
    pub fn runs_at_once(&self) -> bool {
        self.tasks.iter().any(|task| match &task.kind {
            Kind::Fork(_) => true,
            Kind::For(for_) => for_.fan_out.is_some_and(|fan_out| fan_out.concurrency > 1),
            Kind::Run(run) => !run.await_,
            _ => false,
        })
    }

    /// The document as written.
    #[must_use]
    pub fn definition(&self) -> &Datum {
        &self.definition
    }

    /// What stands at a JSON Pointer of the document.
    pub(crate) fn definition_at(&self, pointer: &str) -> Datum {
        let mut found = &self.definition;
        for segment in pointer.split('/').skip(1) {
            let segment = segment.replace("~1", "/").replace("~0", "~");
            let next = match found {
                Datum::Object(object) => object.get(&segment),
                Datum::List(list) => segment.parse().ok().and_then(|i: usize| list.items().get(i)),
                _ => None,
            };
            match next {
                Some(next) => found = next,
                None => return Datum::Null,
            }
        }
        found.clone()
    }
}

/// The whole document.
pub(crate) static ROOT: Shape = Shape::Keys(&Keys {
    name: "flow",
    doc: "A flow: Open Workflow DSL 1.0 (formerly Serverless Workflow), as cardhost carries it out.",
    keys: &[
        key("document", "Who it is.", Shape::Keys(&HEAD)),
        key("input", "What it takes.", Shape::Keys(&parts::INPUT)),
        key("use", "What is used in several places.", Shape::Keys(&USE)),
        key("do", "Its tasks.", Shape::Named(&Shape::Task)),
        key("timeout", "When to give up; or one of `use.timeouts`.", parts::TIMEOUT_OR_NAME),
        key("output", "What it gives.", Shape::Keys(&parts::OUTPUT)),
        key("schedule", "When it runs.", Shape::Ignored("schedule", &Shape::Keys(&SCHEDULE))),
        key(
            "evaluate",
            "How expressions are read.",
            Shape::Keys(&Keys {
                name: "evaluate",
                doc: "How expressions are read.",
                keys: &[
                    key("language", "The language.", Shape::Choice(&["jq"])),
                    key(
                        "mode",
                        "`strict` (the default): expressions stand in `${ }`; `loose`: any text may be one.",
                        Shape::Choice(&["strict", "loose"]),
                    ),
                ],
                required: &[],
                one_of: &[],
                open: false,
            }),
        ),
    ],
    required: &["document", "do"],
    one_of: &[],
    open: false,
});

const HEAD: Keys = Keys {
    name: "document",
    doc: "Who a flow is.",
    keys: &[
        key("dsl", "The version of the language: 1.0.x.", Shape::Formatted(&text_formats::VERSION)),
        key("namespace", "The namespace.", Shape::Formatted(&text_formats::NAME)),
        key("name", "The name.", Shape::Formatted(&text_formats::NAME)),
        key("version", "The version of the flow.", Shape::Formatted(&text_formats::VERSION)),
        key("title", "A title.", Shape::Text),
        key("summary", "What it is for; Markdown.", Shape::Text),
        key("tags", "For people and tools.", Shape::Object),
        key("metadata", "For people and tools.", Shape::Object),
    ],
    required: &["dsl", "namespace", "name", "version"],
    one_of: &[],
    open: false,
};

const USE: Keys = Keys {
    name: "use",
    doc: "What is used in several places, by its name.",
    keys: &[
        key(
            "authentications",
            "Ways to prove who asks.",
            Shape::Names(&Shape::Keys(&parts::AUTHENTICATION)),
        ),
        key("errors", "Errors to raise.", Shape::Names(&Shape::Keys(&parts::ERROR))),
        key(
            "extensions",
            "Tasks before and after others.",
            Shape::Unsupported("use.extensions", &Shape::List(&Shape::SomeKeys)),
        ),
        key("functions", "Tasks to call.", Shape::Names(&Shape::Task)),
        key("retries", "Policies of trying again.", Shape::Names(&Shape::Keys(&parts::RETRY))),
        key("secrets", "The names of the secrets it uses.", Shape::List(&Shape::Text)),
        key("timeouts", "Timeouts.", Shape::Names(&Shape::Keys(&parts::TIMEOUT))),
        key(
            "catalogs",
            "Catalogs somewhere else.",
            Shape::Unsupported("use.catalogs", &Shape::Names(&Shape::Keys(&CATALOG))),
        ),
    ],
    required: &[],
    one_of: &[],
    open: false,
};

const CATALOG: Keys = Keys {
    name: "catalog",
    doc: "A catalog somewhere else.",
    keys: &[key("endpoint", "Where.", parts::ENDPOINT)],
    required: &["endpoint"],
    one_of: &[],
    open: false,
};

const SCHEDULE: Keys = Keys {
    name: "schedule",
    doc: "When it runs.",
    keys: &[
        key("every", "At intervals.", parts::DURATION_SHAPE),
        key("cron", "At times.", Shape::Text),
        key("after", "So long after it completed.", parts::DURATION_SHAPE),
        key("on", "On events.", Shape::Keys(&listen::CONSUMED)),
        key("read", "As what the events are read.", Shape::Choice(&["data", "envelope", "raw"])),
    ],
    required: &[],
    one_of: &[],
    open: false,
};

/// The JSON Schema (draft 2020-12) of a flow.
#[must_use]
pub fn schema() -> Value {
    let mut defs = Map::new();
    json_schema::schema(&ROOT, &mut defs);
    let Some(Value::Object(root)) = defs.shift_remove("flow") else { return json!({}) };
    let mut whole = Map::new();
    whole.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    whole.insert("$id".to_owned(), json!("https://cardhost.dev/schemas/flow.schema.json"));
    whole.insert("title".to_owned(), json!("Flow"));
    whole.extend(root);
    whole.insert("$defs".to_owned(), Value::Object(defs));
    Value::Object(whole)
}
