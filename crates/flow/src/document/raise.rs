//! `raise`: an error.

use std::sync::Arc;

use super::parts::{ERROR, RaisedError};
use super::shape::{Keys, Shape, key};

/// `raise`
#[derive(Clone, Debug)]
pub struct Raise {
    /// The error.
    pub error: Arc<RaisedError>,
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
                "The error, or the name of one of `use.errors`.",
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
