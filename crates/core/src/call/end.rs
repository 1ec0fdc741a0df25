//! What is made of the last reply of a call.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::card::{HttpError, Redirects};
use crate::connector::{Connector, ErrorRule};
use crate::definition::Definition;

/// What is made of the last reply.
#[derive(Debug)]
pub(super) enum End {
    /// The outputs of a card.
    Outputs(Arc<Definition>),
    /// Nothing: it is given as it came.
    Reply {
        /// What bad statuses mean.
        connector: Arc<Connector>,
        /// The statuses that are no error.
        accepts: RangeInclusive<u16>,
    },
}

impl End {
    /// Whether a status is no error.
    pub(super) fn accepts(&self, status: u16) -> bool {
        match self {
            End::Outputs(definition) => {
                definition.card.response.http_error != HttpError::Raise
                    || (200..300).contains(&status)
            }
            End::Reply { accepts, .. } => accepts.contains(&status),
        }
    }

    /// What bad statuses mean.
    pub(super) fn errors(&self) -> &[ErrorRule] {
        match self {
            End::Outputs(definition) => &definition.connector.errors,
            End::Reply { connector, .. } => &connector.errors,
        }
    }

    /// Whether redirects are followed, and not given as the reply that they are.
    pub(super) fn follows(&self) -> bool {
        matches!(self, End::Outputs(_))
    }

    /// Whether redirects to another origin are followed, without credentials.
    pub(super) fn leaves(&self) -> bool {
        match self {
            End::Outputs(definition) => {
                definition.card.request.redirects == Redirects::WithoutCredentials
            }
            End::Reply { .. } => false,
        }
    }

    /// Most bytes of a decoded body, where the card says so.
    pub(super) fn max_body_bytes(&self) -> Option<u64> {
        match self {
            End::Outputs(definition) => definition.card.response.max_body_bytes,
            End::Reply { .. } => None,
        }
    }
}
