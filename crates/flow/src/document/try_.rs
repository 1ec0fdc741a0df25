//! `try`: what to do about errors.

use std::sync::Arc;

use super::ListId;
use super::parts::{RETRY, Retry};
use super::shape::{Keys, Shape, key};
use super::then::Then;
use crate::datum::Datum;
use crate::expression::Expression;

/// `try`
#[derive(Clone, Debug)]
pub struct Try {
    /// The tasks.
    pub tasks: ListId,
    /// What an error must have to be caught.
    pub with: Vec<(String, Datum)>,
    /// Catch it only where this is true.
    pub when: Option<Expression>,
    /// Catch it only where this is not true.
    pub except_when: Option<Expression>,
    /// When to try again.
    pub retry: Option<Arc<Retry>>,
    /// What to do in the end.
    pub handler: Option<ListId>,
    /// What comes after an error that was caught; what comes after the task, unless given.
    pub then: Option<Then>,
}

pub(crate) const KEYS: Keys = Keys {
    name: "try",
    doc: "Runs tasks, and catches errors.",
    keys: &[
        key("try", "The tasks.", Shape::Named(&Shape::Task)),
        key(
            "catch",
            "What to do about errors.",
            Shape::Keys(&Keys {
                name: "catch",
                doc: "What to do about errors.",
                keys: &[
                    key(
                        "errors",
                        "Which errors; all, unless given.",
                        Shape::Keys(&Keys {
                            name: "caughtErrors",
                            doc: "Which errors.",
                            keys: &[key("with", "What they have.", Shape::SomeOf(&FILTER))],
                            required: &[],
                            one_of: &[],
                            open: true,
                        }),
                    ),
                    key("as", "The name of the error; `error`, unless given.", Shape::Text),
                    key("when", "Catch it only where this expression is true.", Shape::Text),
                    key("exceptWhen", "Catch it only where this is not true.", Shape::Text),
                    key(
                        "retry",
                        "When to try again; or one of `use.retries`.",
                        Shape::Either(&[Shape::Keys(&RETRY), Shape::Text]),
                    ),
                    key("do", "What to do in the end.", Shape::Named(&Shape::Task)),
                    key(
                        "then",
                        "What comes after an error that was caught; the task's own `then`, unless given.",
                        Shape::Text,
                    ),
                ],
                required: &[],
                one_of: &[],
                open: false,
            }),
        ),
    ],
    required: &["try", "catch"],
    one_of: &[],
    open: false,
};

const FILTER: Keys = Keys {
    name: "errorFilter",
    doc: "What an error must have.",
    keys: &[
        key("type", "The URI of its type.", Shape::Text),
        key("status", "The status.", Shape::Whole),
        key("instance", "The task.", Shape::Text),
        key("title", "The title.", Shape::Text),
        key("detail", "What happened.", Shape::Text),
        key("details", "What happened, as the language had it before.", Shape::Text),
    ],
    required: &[],
    one_of: &[],
    open: true,
};
