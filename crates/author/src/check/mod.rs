//! Checks connectors and cards: every fault at once, each with its code, file, line and column.
//!
//! ```text
//! text ─ locate ─▶ syntax, duplicate keys ─ shape ─▶ the JSON Schema of the format
//!      ─ mend ─▶ what is right without its misshapen parts
//!      ─ load ─▶ names · fields · references · targets ─▶ examples
//! ```
//! Pure: texts in, findings out. All is found in one round: a fault hides what depends on it alone, and of a file that cannot be read
//! there is nothing more to say. Examples are run where nothing is wrong.

mod auth;
mod calls;
mod checked;
mod checker;
mod conditions;
mod decisions;
mod described;
mod example_secrets;
mod examples;
mod fault;
mod fields;
mod findings;
mod form;
mod hidden;
mod known;
mod locate;
mod look_up;
mod mend;
mod misshapen;
mod multipart;
mod names;
mod offers;
mod pages;
mod parts;
mod references;
mod replies;
mod request;
mod shape;
mod suggest;
mod taken;
mod targets;
mod until;
mod uses;
mod words;

pub use cardhost_document::{Finding, Severity};
pub use checked::{Checked, Tally};
pub use form::check_form;

use cardhost_core::jq::Engine;
use checker::Checker;

/// The text of a definition and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct File<'t> {
    /// The path, such as `cards/mixpanel/connector.json`; its last two parts name connector and card.
    pub path: &'t str,
    /// The text.
    pub text: &'t str,
}

/// Checks a connector and cards of it; every fault at once.
///
/// Cards are checked for what they alone say where the connector cannot be read; examples run where neither
/// the card nor its connector has an error.
///
/// # Example: a misspelt key
/// ```
/// use cardhost_author::check::{File, check_connector};
/// let text = "{\n  \"format\": 1,\n  \"nmae\": \"x\"\n}";
/// let checked = check_connector(File { path: "cards/x/connector.json", text }, &[]);
/// let finding = checked.findings.iter().find(|f| f.code.as_str() == "definition.unknown_key").unwrap();
/// assert_eq!(finding.message(), "unknown key `nmae`");
/// assert_eq!(finding.hint(), Some("did you mean `name`?"));
/// assert_eq!(finding.place.line_column, Some((3, 3)));
/// ```
#[must_use]
pub fn check_connector(connector: File<'_>, cards: &[File<'_>]) -> Checked {
    check_connector_with(None, connector, cards)
}

/// As [`check_connector`]; `engine` reads jq in the outputs of cards.
#[must_use]
pub fn check_connector_with(
    engine: Option<&dyn Engine>,
    connector: File<'_>,
    cards: &[File<'_>],
) -> Checked {
    Checker { engine, strict: false }.check(connector, cards, None)
}

/// As [`check_connector_with`], with a note for every default that was taken.
#[must_use]
pub fn check_connector_strictly(
    engine: Option<&dyn Engine>,
    connector: File<'_>,
    cards: &[File<'_>],
) -> Checked {
    Checker { engine, strict: true }.check(connector, cards, None)
}

/// As [`check_connector_with`], of some of its cards; `beside` are all the others, which those may name. `strict` as with
/// [`check_connector_strictly`].
#[must_use]
pub fn check_cards(
    engine: Option<&dyn Engine>,
    strict: bool,
    connector: File<'_>,
    cards: &[File<'_>],
    beside: &[File<'_>],
) -> Checked {
    Checker { engine, strict }.check(connector, cards, Some(beside))
}

#[cfg(test)]
mod tests;
