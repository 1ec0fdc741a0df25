//! `for`: tasks for each item.

use super::ListId;
use super::shape::{Keys, Shape, key};
use crate::expression::{Expression, Shaped};

/// `for`
#[derive(Clone, Debug)]
pub struct For {
    /// The list.
    pub items: Shaped,
    /// Go on only while this is true.
    pub while_: Option<Expression>,
    /// The tasks; they may use the item and its index.
    pub tasks: ListId,
    /// Whether the turns are apart from each other, and their outputs collected; else each goes on with the output of the one
    /// before.
    pub fan_out: Option<FanOut>,
}

/// Turns that are apart from each other: `metadata.concurrency`, `metadata.collect`. An extension: another runtime takes the turns one
/// after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FanOut {
    /// Most turns at once, from 1 to [`MAX_CONCURRENCY`].
    pub concurrency: usize,
    /// What is collected of each.
    pub collect: Collect,
}

/// Most turns of a loop at once.
pub const MAX_CONCURRENCY: usize = 1_000;

/// What is collected of each turn, in the order of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collect {
    /// Its output; the first error ends the loop.
    Outputs,
    /// `{"output"}`, or `{"error"}` of one that failed; the others go on.
    Results,
}

pub(crate) const KEYS: Keys = Keys {
    name: "for",
    doc: "Runs tasks for each item of a list; the output of each turn is the input of the next.",
    keys: &[
        key(
            "for",
            "The list and the names of its parts.",
            Shape::Keys(&Keys {
                name: "forEach",
                doc: "The list and the names of its parts.",
                keys: &[
                    key("each", "The name of the item; `item`, unless given.", Shape::Text),
                    key(
                        "in",
                        "The list, or an expression that gives it.",
                        Shape::Either(&[Shape::Text, Shape::List(&Shape::Any)]),
                    ),
                    key("at", "The name of the index; `index`, unless given.", Shape::Text),
                ],
                required: &["in"],
                one_of: &[],
                open: false,
            }),
        ),
        key("while", "Go on only while this expression is true.", Shape::Text),
        key("do", "The tasks.", Shape::Named(&Shape::Task)),
    ],
    required: &["for", "do"],
    one_of: &[],
    open: false,
};
