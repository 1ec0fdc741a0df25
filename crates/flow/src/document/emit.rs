//! `emit`: an event.

use super::parts::EVENT;
use super::shape::{Keys, Shape, key};
use crate::expression::Shaped;

/// `emit`
#[derive(Clone, Debug)]
pub struct Emit {
    /// The event's attributes.
    pub event: Shaped,
}

pub(crate) const KEYS: Keys = Keys {
    name: "emit",
    doc: "Emits an event; its output is the whole event.",
    keys: &[key(
        "emit",
        "The event.",
        Shape::Keys(&Keys {
            name: "emitEvent",
            doc: "The event.",
            keys: &[key(
                "event",
                "The event.",
                Shape::Keys(&Keys {
                    name: "eventWith",
                    doc: "The event.",
                    keys: &[key("with", "Its attributes.", Shape::Keys(&EVENT))],
                    required: &[],
                    one_of: &[],
                    open: true,
                }),
            )],
            required: &["event"],
            one_of: &[],
            open: false,
        }),
    )],
    required: &["emit"],
    one_of: &[],
    open: false,
};
