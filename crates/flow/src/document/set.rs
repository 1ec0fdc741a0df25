//! `set`: data.

use super::shape::{Keys, Shape, key};
use crate::expression::Shaped;

/// `set`
#[derive(Clone, Debug)]
pub struct Set {
    /// The data.
    pub value: Shaped,
}

pub(crate) const KEYS: Keys = Keys {
    name: "set",
    doc: "Sets data: its value is the output.",
    keys: &[key(
        "set",
        "An object with expressions, or an expression.",
        Shape::Either(&[Shape::SomeKeys, Shape::Text]),
    )],
    required: &["set"],
    one_of: &[],
    open: false,
};
