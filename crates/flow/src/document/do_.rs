//! `do`: tasks one after the other.

use super::shape::{Keys, Shape, key};

pub(crate) const KEYS: Keys = Keys {
    name: "do",
    doc: "Runs tasks one after the other; the output of each is the input of the next.",
    keys: &[key("do", "The tasks.", Shape::Named(&Shape::Task))],
    required: &["do"],
    one_of: &[],
    open: false,
};
