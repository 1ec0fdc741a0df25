//! `run`: another flow.

use super::shape::{Keys, Shape, key};
use super::text_formats::EXPRESSION;
use crate::expression::Shaped;

/// `run.workflow`
#[derive(Clone, Debug)]
pub struct RunWorkflow {
    /// The namespace of the flow.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its version, or `latest`.
    pub version: String,
    /// Its input; the task's, unless given.
    pub input: Option<Shaped>,
    /// Whether to wait for its output.
    pub await_: bool,
}

const WORKFLOW: Keys = Keys {
    name: "subflow",
    doc: "The flow.",
    keys: &[
        key("namespace", "Its namespace.", Shape::Text),
        key("name", "Its name.", Shape::Text),
        key("version", "Its version, or `latest`.", Shape::Text),
        key(
            "input",
            "Its input, or an expression that gives it; the task's, unless given.",
            Shape::Either(&[Shape::Object, Shape::Formatted(&EXPRESSION)]),
        ),
    ],
    required: &["namespace", "name", "version"],
    one_of: &[],
    open: false,
};

pub(crate) const KEYS: Keys = Keys {
    name: "run",
    doc: "Runs another flow.",
    keys: &[key(
        "run",
        "What to run.",
        Shape::Keys(&Keys {
            name: "runWhat",
            doc: "What to run.",
            keys: &[
                key("await", "Whether to wait for its output.", Shape::Flag),
                key(
                    "return",
                    "What of a process.",
                    Shape::Choice(&["stdout", "stderr", "code", "all", "none"]),
                ),
                key("workflow", "A flow.", Shape::Keys(&WORKFLOW)),
                key("container", "A container.", Shape::Unsupported("run.container", &PROCESS)),
                key("script", "A script.", Shape::Unsupported("run.script", &PROCESS)),
                key("shell", "A command.", Shape::Unsupported("run.shell", &PROCESS)),
            ],
            required: &[],
            one_of: &["container", "script", "shell", "workflow"],
            open: false,
        }),
    )],
    required: &["run"],
    one_of: &[],
    open: false,
};

const PROCESS: Shape = Shape::Object;
