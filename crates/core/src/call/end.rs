//! What is made of the last reply of a call.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use crate::card::{HttpError, Packed, Redirects, ReplyBody};
use crate::connector::Connector;
use crate::decoder::DecoderName;
use crate::definition::Definition;
use crate::limits::Limits;
use crate::reply_rule::ReplyRule;
use crate::template::Template;

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
    pub(super) fn errors(&self) -> &[ReplyRule] {
        match self {
            End::Outputs(definition) => &definition.connector.errors,
            End::Reply { connector, .. } => &connector.errors,
        }
    }

    /// What good statuses mean that are errors all the same: by the card, its target, its connector. A card that takes
    /// every status takes what they say as well.
    pub(super) fn failures<'e>(&'e self, target: &str) -> impl Iterator<Item = &'e ReplyRule> {
        let (own, above) = match self {
            End::Outputs(definition) => {
                let (card, connector) = (&definition.card.response, &definition.connector);
                let of_target = connector.targets.get(target).map(|target| &target.failures);
                let above = of_target.into_iter().chain([&connector.failures]);
                (Some(&card.failures), (card.http_error == HttpError::Raise).then_some(above))
            }
            End::Reply { .. } => (None, None),
        };
        own.into_iter().chain(above.into_iter().flatten()).flatten()
    }

    /// What the target allows.
    pub(super) fn limits(&self, target: &str) -> Option<&Limits> {
        let connector = match self {
            End::Outputs(definition) => &definition.connector,
            End::Reply { connector, .. } => connector,
        };
        connector.targets.get(target)?.limits.as_ref()
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

    /// How the card decodes a body, and what of it are lists.
    pub(super) fn decoder(&self) -> (Option<DecoderName>, &[String]) {
        match self {
            End::Outputs(definition) => {
                let response = &definition.card.response;
                (response.decoder, &response.lists)
            }
            End::Reply { .. } => (None, &[]),
        }
    }

    /// The most time for all pages.
    pub(super) fn pages_time(&self) -> Duration {
        let pages = match self {
            End::Outputs(definition) => definition.card.pages.as_ref(),
            End::Reply { .. } => None,
        };
        pages.map_or(Duration::MAX, |pages| pages.most.time.0)
    }

    /// Whether a good reply is given out as a file.
    pub(super) fn keeps_file(&self) -> bool {
        match self {
            End::Outputs(definition) => definition.card.response.body == ReplyBody::File,
            End::Reply { .. } => false,
        }
    }

    /// The name of the file, as the card says it.
    pub(super) fn file_name(&self) -> Option<&Template> {
        match self {
            End::Outputs(definition) => definition.card.response.file_name.as_ref(),
            End::Reply { .. } => None,
        }
    }

    /// How a good reply is packed, where its headers do not say it.
    pub(super) fn packed(&self) -> Option<Packed> {
        match self {
            End::Outputs(definition) => definition.card.response.packed,
            End::Reply { .. } => None,
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
