//! A decoded body, and how it will be looked at.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::{JsonText, Paths};

/// A decoded body.
#[derive(Debug)]
pub enum DecodedBody<'b> {
    /// No bytes.
    Empty,
    /// One JSON text that no one looks into; line breaks between tokens are taken out.
    Raw(Arc<Box<RawValue>>),
    /// A JSON text that is looked into.
    Json(JsonText<'b>),
    /// Text.
    Text(String),
}

/// What is asked of a decoder.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'p> {
    /// How the body will be looked at.
    pub look: Look<'p>,
    /// Paths of elements that are lists though there be one of them, where the format cannot tell.
    pub lists: &'p [String],
}

impl<'p> From<Look<'p>> for Asked<'p> {
    fn from(look: Look<'p>) -> Asked<'p> {
        Asked { look, lists: &[] }
    }
}

/// How a JSON body will be looked at.
#[derive(Clone, Copy, Debug)]
pub enum Look<'p> {
    /// Not at all: it is passed on.
    Whole,
    /// Parts of it will be looked up, these first of all.
    Parts(&'p Paths),
}

impl Look<'static> {
    /// Parts of it will be looked up, none of which are known yet.
    pub const ANY: Look<'static> = Look::Parts(&Paths::NONE);
}
