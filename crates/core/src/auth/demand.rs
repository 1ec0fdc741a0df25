//! What must hold of the declaration of an auth method besides its shape.

use super::{CredentialPlace, TokenPlace};
use crate::endpoint_url::EndpointUrl;
use crate::template::Decision;

/// What must hold of a declaration; `cardhost_author::check` tells where it does not.
#[derive(Debug)]
pub enum Demand<'a> {
    /// These keys are needed and are not there.
    Missing(Vec<&'static str>),
    /// Exactly one of these keys, each with whether it is there.
    ExactlyOne(Vec<(&'static str, bool)>),
    /// A part needs something that is not there.
    Together {
        /// The part.
        part: &'static str,
        /// What it needs.
        needs: &'static str,
    },
    /// A text should be another.
    Form {
        /// Which.
        expected: &'static str,
        /// The text.
        found: &'a str,
    },
    /// Something is set twice.
    Repeated(&'a str),
    /// The name of a header, parameter or cookie fits its place.
    Name(CredentialPlace, &'a str),
    /// The name of a method is known.
    Method(&'a str),
    /// A URL, under its key, is safe to send credentials to.
    Endpoint(&'static str, &'a Decision<EndpointUrl>),
    /// It works, and leaves out a protection: `check` warns.
    Weakens {
        /// The key.
        part: &'static str,
        /// What it leaves out.
        leaves_out: &'static str,
    },
}

impl Demand<'_> {
    /// That the name of a token's place fits it, with its key.
    pub(super) fn of_token(token: &TokenPlace) -> (String, Demand<'_>) {
        ("token/name".to_owned(), Demand::Name(token.place, &token.name))
    }
}
