//! `fork`: tasks at the same time.

use super::TaskId;
use super::shape::{Keys, Shape, key};

/// `fork`
#[derive(Clone, Debug)]
pub struct Fork {
    /// The tasks.
    pub branches: Vec<TaskId>,
    /// Whether the first that completes gives the output, and the others are cancelled.
    pub compete: bool,
}

pub(crate) const KEYS: Keys = Keys {
    name: "fork",
    doc: "Runs tasks at the same time; its output is the list of their outputs.",
    keys: &[key(
        "fork",
        "The tasks.",
        Shape::Keys(&Keys {
            name: "forkBranches",
            doc: "The tasks.",
            keys: &[
                key("branches", "The tasks.", Shape::Named(&Shape::Task)),
                key(
                    "compete",
                    "Whether the first that completes gives the output, and the others are cancelled.",
                    Shape::Flag,
                ),
            ],
            required: &["branches"],
            one_of: &[],
            open: false,
        }),
    )],
    required: &["fork"],
    one_of: &[],
    open: false,
};
