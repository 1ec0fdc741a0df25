//! `switch`: what comes next.

use super::shape::{Keys, Shape, key};
use super::then::Then;
use crate::expression::Expression;

/// `switch`
#[derive(Clone, Debug)]
pub struct Switch {
    /// The cases; the first that matches counts.
    pub cases: Vec<SwitchCase>,
}

/// A case.
#[derive(Clone, Debug)]
pub struct SwitchCase {
    /// Its name.
    pub name: String,
    /// Where this is true; always, without one.
    pub when: Option<Expression>,
    /// What comes next.
    pub then: Then,
}

const CASE: Keys = Keys {
    name: "switchCase",
    doc: "A case.",
    keys: &[
        key("when", "Where this expression is true; always, without one.", Shape::Text),
        key("then", "What comes next.", Shape::Text),
    ],
    required: &["then"],
    one_of: &[],
    open: false,
};

pub(crate) const KEYS: Keys = Keys {
    name: "switch",
    doc: "Chooses what comes next; its output is its input. Without a match, the task's own `then` counts.",
    keys: &[key("switch", "The cases.", Shape::SomeNamed(&Shape::Keys(&CASE)))],
    required: &["switch"],
    one_of: &[],
    open: false,
};
