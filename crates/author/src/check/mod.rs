//! Checks connectors and cards: every fault at once, each with its code, file, line and column.
//!
//! ```text
//! text ─ locate ─▶ syntax, duplicate keys ─ shape ─▶ the JSON Schema of the format
//!      ─ load ─▶ names · fields · references · targets ─▶ examples
//! ```
//! Pure: texts in, findings out. A later stage runs only where the earlier ones found nothing.

mod auth;
mod calls;
mod conditions;
mod decisions;
mod example_secrets;
mod examples;
mod fault;
mod fields;
mod findings;
mod form;
mod known;
mod locate;
mod names;
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
pub use form::check_form;

use cardhost_core::connector::Connector;
use cardhost_core::error::Code;
use cardhost_core::failure::Error;
use fault::DefinitionFault;
use findings::Findings;
use locate::DefinitionText;
use shape::Format;

/// The text of a definition and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct File<'t> {
    /// The path, such as `cards/mixpanel/connector.json`; its last two parts name connector and card.
    pub path: &'t str,
    /// The text.
    pub text: &'t str,
}

/// How many samples were run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Examples.
    pub examples: usize,
    /// Anti-examples.
    pub anti_examples: usize,
}

/// The result of a check.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Every fault, by file in the order given (the connector first), then by position.
    pub findings: Vec<Finding>,
    /// What was run.
    pub tally: Tally,
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
    let mut checked = Checked::default();
    let loaded = check_connector_file(connector, &mut checked);
    let sound = !checked.findings.iter().any(Finding::is_error);
    for card in cards {
        check_card_file(*card, loaded.as_ref(), sound, &mut checked);
    }
    checked
}

fn check_connector_file(file: File<'_>, checked: &mut Checked) -> Option<Arc<Connector>> {
    let mut loaded = None;
    with_shape(file, Format::connector(), checked, &mut |findings| {
        match cardhost_core::load::load_connector(file.path, file.text) {
            Ok(connector) => {
                targets::check(&connector, file.path, findings);
                loaded = Some(Arc::new(connector));
            }
            Err(error) => not_loaded(&error, findings),
        }
    });
    loaded
}

fn check_card_file(
    file: File<'_>,
    connector: Option<&Arc<Connector>>,
    connector_is_sound: bool,
    checked: &mut Checked,
) {
    let mut tally = checked.tally;
    with_shape(file, Format::card(), checked, &mut |findings| {
        let Some(connector) = connector else {
            return;
        };
        match cardhost_core::load::load_card(Arc::clone(connector), file.path, file.text) {
            Ok(definition) => {
                request::check(connector, &definition.card, file.path, findings);
                let run = connector_is_sound && !findings.has_errors();
                examples::check(definition, run, &mut tally, findings);
            }
            Err(error) => not_loaded(&error, findings),
        }
    });
    checked.tally = tally;
}

/// Reads a file and checks its shape; goes on with `then` where that is right.
fn with_shape(
    file: File<'_>,
    format: &Format,
    checked: &mut Checked,
    then: &mut dyn FnMut(&mut Findings<'_>),
) {
    let (document, value) = match DefinitionText::read(file) {
        Ok(read) => read,
        Err(findings) => return checked.findings.extend(findings),
    };
    let mut findings = Findings::new(&document);
    format.check(&value, &mut findings);
    if !findings.has_errors() {
        then(&mut findings);
    }
    checked.findings.extend(findings.into_sorted());
}

/// What the strict reader refuses though the schema does not.
fn not_loaded(error: &Error, findings: &mut Findings<'_>) {
    let (line, column) = error.place().line_column.unwrap_or((1, 1));
    let fault = DefinitionFault::Refused { reason: error.message() };
    findings.at_line(Code::DEFINITION_VALUE, line, column, fault);
}

#[cfg(test)]
mod tests;
