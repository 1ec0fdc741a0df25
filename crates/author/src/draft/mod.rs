//! Files to begin with: a connector by its name, a card from a curl command as people paste it from documentation and
//! browsers.
//!
//! ```text
//! text ─ words ─▶ words ─ curl ─▶ method, URL, headers, body (credentials dropped) ─ card, with the connector's targets ─▶ text
//! ```
//! Pure, and never more than a beginning: what it makes passes `check`, and is for a person to go on with.

mod card;
mod connector;
mod credentials;
mod curl;
mod fault;
mod fields;
mod labels;
mod path;
mod target;
mod words;

pub use card::{CardDraft, card, card_from_curl};
pub use cardhost_core::label::label;
pub use connector::{AuthDraft, ConnectorDraft, connector};
pub use curl::CurlCommand;
pub use fault::DraftFault;

#[cfg(test)]
mod tests;
