//! `listen`: read, so that a document is understood, and not carried out.

use super::parts::EVENT_KEYS;
use super::shape::{Keys, Shape, key};

pub(crate) const KEYS: Keys = Keys {
    name: "listen",
    doc: "Waits for events.",
    keys: &[
        key(
            "listen",
            "The events.",
            Shape::Unsupported(
                "listen",
                &Shape::Keys(&Keys {
                    name: "listenTo",
                    doc: "The events.",
                    keys: &[
                        key("to", "Which.", Shape::Keys(&CONSUMED)),
                        key("read", "As what.", Shape::Choice(&["data", "envelope", "raw"])),
                    ],
                    required: &["to"],
                    one_of: &[],
                    open: false,
                }),
            ),
        ),
        key("foreach", "What to do with each.", Shape::Object),
    ],
    required: &["listen"],
    one_of: &[],
    open: false,
};

/// Which events.
pub(crate) const CONSUMED: Keys = Keys {
    name: "events",
    doc: "Which events.",
    keys: &[
        key("all", "All of them.", Shape::List(&Shape::Keys(&FILTER))),
        key("any", "Any of them.", Shape::List(&Shape::Keys(&FILTER))),
        key("one", "This one.", Shape::Keys(&FILTER)),
        key("until", "Until when.", Shape::Either(&[Shape::Text, Shape::Object])),
    ],
    required: &[],
    one_of: &["all", "any", "one"],
    open: false,
};

const FILTER: Keys = Keys {
    name: "eventFilter",
    doc: "Which event.",
    keys: &[
        key("with", "What it has.", Shape::SomeOf(&ATTRIBUTES)),
        key("correlate", "What it has in common with others.", Shape::Names(&Shape::Object)),
    ],
    required: &["with"],
    one_of: &[],
    open: false,
};

const ATTRIBUTES: Keys = Keys {
    name: "eventAttributes",
    doc: "What an event has.",
    keys: EVENT_KEYS,
    required: &[],
    one_of: &[],
    open: true,
};
