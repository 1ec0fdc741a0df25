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
