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
mod conditions;
mod decisions;
mod example_secrets;
mod examples;
mod fault;
mod fields;
mod findings;
mod form;
mod hidden;
mod known;
mod locate;
mod mend;
mod misshapen;
mod names;
mod pages;
mod parts;
mod references;
mod replies;
mod request;
mod shape;
mod suggest;
mod targets;
mod uses;
mod words;

use std::sync::Arc;

pub use cardhost_document::{Finding, Severity};
pub use checked::{Checked, Tally};
pub use form::check_form;

use cardhost_core::error::Code;
use cardhost_core::failure::Error;
use cardhost_core::jq::Engine;
use fault::DefinitionFault;
use findings::Findings;
use hidden::Hidden;
use locate::DefinitionText;
use mend::{Loaded, Mended};
use shape::Format;

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
    let mut checked = Checked::default();
    let loaded = check_connector_file(connector, &mut checked);
    let sound = !checked.findings.iter().any(Finding::is_error);
    for card in cards {
        check_card_file(engine, *card, loaded.as_ref(), sound, &mut checked);
    }
    checked
}

fn check_connector_file(file: File<'_>, checked: &mut Checked) -> Option<Loaded> {
    let mut loaded = None;
    with_shape(file, Format::connector(), checked, &mut |text, hidden, findings| {
        match cardhost_core::load::load_connector(file.path, text) {
            Ok(connector) => {
                findings.hide(hidden.clone());
                targets::check(&connector, file.path, findings);
                loaded = Some(Loaded { connector: Arc::new(connector), hidden });
            }
            Err(error) if hidden.is_empty() => not_loaded(&error, findings),
            Err(_) => {}
        }
    });
    loaded
}

fn check_card_file(
    engine: Option<&dyn Engine>,
    file: File<'_>,
    connector: Option<&Loaded>,
    connector_is_sound: bool,
    checked: &mut Checked,
) {
    let mut tally = checked.tally;
    with_shape(file, Format::card(), checked, &mut |text, hidden, findings| {
        let Some(Loaded { connector, hidden: above }) = connector else {
            return;
        };
        match cardhost_core::load::load_card_with(engine, Arc::clone(connector), file.path, text) {
            Ok(definition) => {
                findings.hide(hidden.below(above));
                request::check(connector, &definition.card, file.path, findings);
                let run = connector_is_sound && !findings.has_errors();
                examples::check(definition, run, &mut tally, findings);
            }
            Err(error) if hidden.is_empty() => not_loaded(&error, findings),
            Err(_) => {}
        }
    });
    checked.tally = tally;
}

/// Reads a file and checks its shape; goes on with `then` and what of the text is right, as far as there is such.
fn with_shape(
    file: File<'_>,
    format: &Format,
    checked: &mut Checked,
    then: &mut dyn FnMut(&str, Hidden, &mut Findings<'_>),
) {
    let (document, value) = match DefinitionText::read(file) {
        Ok(read) => read,
        Err(findings) => return checked.findings.extend(findings),
    };
    let mut findings = Findings::new(&document);
    format.check(&value, &mut findings);
    if !findings.has_errors() {
        then(file.text, Hidden::default(), &mut findings);
    } else if let Some(Mended { value, hidden }) = Mended::of(format, &value, &findings.twice()) {
        then(&value.to_string(), hidden, &mut findings);
    }
    checked.findings.extend(findings.into_sorted());
}

/// What the strict reader refuses though the schema does not.
fn not_loaded(error: &Error, findings: &mut Findings<'_>) {
    if !error.place().pointer.is_empty() {
        let fault = DefinitionFault::Refused { reason: error.message() };
        return findings.at(error.code().clone(), &error.place().pointer, fault);
    }
    let (line, column) = error.place().line_column.unwrap_or((1, 1));
    let fault = DefinitionFault::Refused { reason: error.message() };
    findings.at_line(Code::DEFINITION_VALUE, line, column, fault);
}

#[cfg(test)]
mod tests;
