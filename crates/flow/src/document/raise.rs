//! `raise`: an error.

use std::sync::Arc;

use super::parts::{ERROR, Raised};
use super::shape::{Keys, Shape, key};

/// `raise`
#[derive(Clone, Debug)]
pub struct Raise {
    /// The error.
    pub error: Arc<Raised>,
}

pub(crate) const KEYS: Keys = Keys {
    name: "raise",
    doc: "Raises an error.",
    keys: &[key(
        "raise",
        "The error.",
        Shape::Keys(&Keys {
            name: "raiseError",
            doc: "The error.",
            keys: &[key(
                "error",
                "The error, the name of one of `use.errors`, or an expression that gives an error, such as `${ $error }`.",
                Shape::Either(&[Shape::Keys(&ERROR), Shape::Text]),
            )],
            required: &["error"],
            one_of: &[],
            open: false,
        }),
    )],
    required: &["raise"],
    one_of: &[],
    open: false,
};
