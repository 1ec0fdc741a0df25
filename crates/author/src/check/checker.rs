//! A connector and cards of it, checked file by file.

use std::sync::Arc;

use cardhost_core::error::Code;
use cardhost_core::failure::Error;
use cardhost_core::jq::Engine;

use super::described;
use super::fault::DefinitionFault;
use super::findings::Findings;
use super::hidden::Hidden;
use super::locate::DefinitionText;
use super::mend::{Loaded, Mended};
use super::offers::{self, Siblings};
use super::shape::Format;
use super::{Checked, File, Finding, examples, request, taken, targets, until};

/// How it is checked.
#[derive(Clone, Copy)]
pub(super) struct Checker<'e> {
    /// What reads jq.
    pub(super) engine: Option<&'e dyn Engine>,
    /// Whether defaults that were taken are noted.
    pub(super) strict: bool,
}

impl Checker<'_> {
    /// Every fault of a connector and cards of it.
    pub(super) fn check(
        self,
        connector: File<'_>,
        cards: &[File<'_>],
        beside: Option<&[File<'_>]>,
    ) -> Checked {
        let mut checked = Checked::default();
        let loaded = check_connector_file(self, connector, &mut checked);
        let sound = !checked.findings.iter().any(Finding::is_error);
        let siblings = siblings(self.engine, loaded.as_ref(), cards, beside);
        for card in cards {
            check_card_file(self, *card, (loaded.as_ref(), &siblings), sound, &mut checked);
        }
        checked
    }
}

fn check_connector_file(
    checker: Checker<'_>,
    file: File<'_>,
    checked: &mut Checked,
) -> Option<Loaded> {
    let mut loaded = None;
    with_shape(file, Format::connector(), checked, &mut |text, hidden, findings| {
        match cardhost_core::load::read_connector(checker.engine, file.path, text) {
            Ok((connector, faults)) => {
                findings.hide(hidden.clone());
                faults.iter().for_each(|fault| not_loaded(fault, findings));
                targets::check(&connector, file.path, findings);
                if checker.strict {
                    taken::of_connector(&connector, findings);
                }
                loaded = Some(Loaded { connector: Arc::new(connector), hidden });
            }
            Err(error) if hidden.is_empty() => not_loaded(&error, findings),
            Err(_) => {}
        }
    });
    loaded
}

/// The cards of a connector by name, where one of them names another. A card that is looked at alone has none.
fn siblings(
    engine: Option<&dyn Engine>,
    connector: Option<&Loaded>,
    cards: &[File<'_>],
    beside: Option<&[File<'_>]>,
) -> Siblings {
    let asks = cards.iter().any(|card| names_cards(card.text));
    let all_are_there = beside.is_some() || cards.len() > 1;
    let connector = connector.filter(|_| asks && all_are_there)?;
    let read = |card: &File<'_>| {
        let connector = Arc::clone(&connector.connector);
        let (definition, _) =
            cardhost_core::load::read_card(engine, connector, card.path, card.text).ok()?;
        Some((definition.card.name.as_str().to_owned(), Arc::new(definition)))
    };
    Some(cards.iter().chain(beside.unwrap_or_default()).filter_map(read).collect())
}

/// Whether a card may name others.
pub(super) fn names_cards(text: &str) -> bool {
    ["\"choicesFrom\"", "\"fieldsFrom\"", "\"until\""].iter().any(|key| text.contains(key))
}

fn check_card_file(
    checker: Checker<'_>,
    file: File<'_>,
    (connector, siblings): (Option<&Loaded>, &Siblings),
    connector_is_sound: bool,
    checked: &mut Checked,
) {
    let mut tally = checked.tally;
    with_shape(file, Format::card(), checked, &mut |text, hidden, findings| {
        let Some(Loaded { connector, hidden: above }) = connector else {
            return;
        };
        match cardhost_core::load::read_card(checker.engine, Arc::clone(connector), file.path, text)
        {
            Ok((definition, faults)) => {
                findings.hide(hidden.below(above));
                faults.iter().for_each(|fault| not_loaded(fault, findings));
                request::check(connector, &definition.card, file.path, findings);
                offers::check(&definition, siblings, findings);
                described::check(&definition, siblings, findings);
                until::check(&definition, siblings, findings);
                if checker.strict {
                    taken::of_card(&definition, findings);
                }
                let run = connector_is_sound && !findings.has_errors();
                examples::check((definition, siblings), run, &mut tally, findings);
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
    let fault = DefinitionFault::NotLoaded { reason: error.message(), hint: error.hint() };
    match error.place().line_column {
        Some((line, column)) => {
            let fault = DefinitionFault::Refused { reason: error.message() };
            findings.at_line(Code::DEFINITION_VALUE, line, column, fault);
        }
        None => findings.at(error.code().clone(), &error.place().pointer, fault),
    }
}
