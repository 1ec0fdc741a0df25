//! Reads definitions for a run: strict and quick. `cardhost_author::check` tells every fault at once.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::card::Card;
use crate::connector::Connector;
use crate::defaults::NoDefault;
use crate::definition::Definition;
use crate::error::{Code, Fault, Place, pointer};
use crate::failure::Error;
use crate::jq::Engine;
use crate::reply_rule::ReplyRule;
use crate::template::ValueTemplate;
use crate::text::{CHECK_THE_DEFINITION, did_you_mean};

/// Why a definition does not load. `check` shows every fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadFault {
    /// It is not what its format says.
    #[error("{reason}")]
    Syntax {
        /// The reader's words, without place.
        reason: String,
    },
    /// It has the name of another one: connections are looked up by it.
    #[error("its name is `{found}`, and it stands where `{expected}` is expected")]
    Name {
        /// Its name.
        found: String,
        /// The name that it must have.
        expected: String,
    },
    /// Nobody has a connector of that name.
    #[error("there is no connector `{name}`")]
    UnknownConnector {
        /// The name.
        name: String,
        /// The nearest name.
        nearest: Option<String>,
    },
    /// The connector has no card of that name.
    #[error("there is no card `{name}`")]
    UnknownCard {
        /// `<connector>/<card>`.
        name: String,
        /// The nearest name.
        nearest: Option<String>,
    },
}

impl Fault for LoadFault {
    fn code(&self) -> Code {
        match self {
            LoadFault::Syntax { .. } => Code::DEFINITION_SYNTAX,
            LoadFault::Name { .. } => Code::DEFINITION_NAME,
            LoadFault::UnknownConnector { .. } => Code::CONNECTOR_UNKNOWN,
            LoadFault::UnknownCard { .. } => Code::CARD_UNKNOWN,
        }
    }

    fn place(&self) -> Place {
        match self {
            LoadFault::Name { .. } => Place { pointer: "/name".to_owned(), ..Place::default() },
            _ => Place::default(),
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            LoadFault::Syntax { .. } | LoadFault::Name { .. } => CHECK_THE_DEFINITION,
            LoadFault::UnknownConnector { nearest, .. }
            | LoadFault::UnknownCard { nearest, .. } => {
                return Some(match nearest {
                    Some(nearest) => did_you_mean(nearest),
                    None => "list the cards to see what there is".to_owned(),
                });
            }
        };
        Some(text.to_owned())
    }
}

/// Reads a connector.
///
/// # Errors
/// `definition.syntax` with file, line and column; `definition.missing_key` with the pointer of what does not follow from the rest.
pub fn load_connector(file: &str, text: &str) -> Result<Connector, Error> {
    load_connector_with(None, file, text)
}

/// As [`load_connector`]; `engine` reads jq in its rules.
///
/// # Errors
/// As [`load_connector`]; `definition.value` with the pointer of what is no jq.
pub fn load_connector_with(
    engine: Option<&dyn Engine>,
    file: &str,
    text: &str,
) -> Result<Connector, Error> {
    let (connector, faults) = read_connector(engine, file, text)?;
    sound(connector, faults)
}

/// Reads a connector, and tells what is no jq, and what is left out and does not follow from the rest.
///
/// # Errors
/// `definition.syntax` with file, line and column.
pub fn read_connector(
    engine: Option<&dyn Engine>,
    file: &str,
    text: &str,
) -> Result<(Connector, Vec<Error>), Error> {
    let mut connector: Connector = read(file, text)?;
    file.clone_into(&mut connector.file);
    let mut compiled = Compiled { engine, file, faults: Vec::new() };
    compiled.rules(&connector.errors, "/errors");
    compiled.rules(&connector.failures, "/failures");
    for (name, target) in &connector.targets {
        compiled.rules(&target.failures, &pointer(&["targets", name, "failures"]));
    }
    let mut faults = compiled.faults;
    faults.extend(connector.complete().into_iter().map(|missing| of_file(file, missing)));
    Ok((connector, faults))
}

/// Reads a card of a connector, without jq in its outputs.
///
/// # Errors
/// `definition.syntax` with file, line and column.
pub fn load_card(connector: Arc<Connector>, file: &str, text: &str) -> Result<Definition, Error> {
    load_card_with(None, connector, file, text)
}

/// Reads a card of a connector; `engine` reads jq.
///
/// # Errors
/// `definition.syntax` with file, line and column; `definition.value` with the pointer of what is no jq; `definition.missing_key`
/// with the pointer of what does not follow from the rest.
pub fn load_card_with(
    engine: Option<&dyn Engine>,
    connector: Arc<Connector>,
    file: &str,
    text: &str,
) -> Result<Definition, Error> {
    let (definition, faults) = read_card(engine, connector, file, text)?;
    sound(definition, faults)
}

/// Reads a card of a connector, and tells what is no jq, and what is left out and does not follow from the rest.
///
/// # Errors
/// `definition.syntax` with file, line and column.
pub fn read_card(
    engine: Option<&dyn Engine>,
    connector: Arc<Connector>,
    file: &str,
    text: &str,
) -> Result<(Definition, Vec<Error>), Error> {
    let mut card: Card = read(file, text)?;
    file.clone_into(&mut card.file);
    let mut compiled = Compiled { engine, file, faults: Vec::new() };
    for (group, fields) in &card.output {
        for (label, field) in fields {
            compiled.value(field.value.as_ref(), &|| pointer(&["output", group, label, "value"]));
        }
    }
    if let Some(pages) = &card.pages {
        pages.each(&mut |value, place| compiled.value(Some(value), &|| format!("/pages{place}")));
    }
    compiled.rules(&card.response.failures, "/response/failures");
    let mut faults = compiled.faults;
    faults.extend(card.complete(&connector).into_iter().map(|missing| of_file(file, missing)));
    Ok((Definition::new(connector, card), faults))
}

/// Compiles the jq of a file, and keeps what is none.
struct Compiled<'f> {
    engine: Option<&'f dyn Engine>,
    file: &'f str,
    faults: Vec<Error>,
}

impl Compiled<'_> {
    fn value(&mut self, value: Option<&ValueTemplate>, place: &dyn Fn() -> String) {
        let Some(ValueTemplate::Jq(jq)) = value else { return };
        if let Err(fault) = jq.compile(self.engine) {
            let (file, pointer) = (self.file.to_owned(), format!("{}/jq", place()));
            self.faults.push(Error::from(fault).at(Place { file, pointer, ..Place::default() }));
        }
    }

    fn rules(&mut self, rules: &[ReplyRule], above: &str) {
        for (index, rule) in rules.iter().enumerate() {
            self.value(rule.message.as_ref(), &|| format!("{above}/{index}/message"));
        }
    }
}

fn of_file(file: &str, missing: NoDefault) -> Error {
    let place = Place { file: file.to_owned(), ..missing.place() };
    Error::from(missing).at(place)
}

/// A definition without faults.
fn sound<T>(read: T, faults: Vec<Error>) -> Result<T, Error> {
    faults.into_iter().next().map_or(Ok(read), Err)
}

fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Error> {
    serde_json::from_str(crate::text::unmarked(text)).map_err(|error| {
        let reason = crate::value::reason(&error);
        let line_column = (error.line() > 0).then_some((error.line(), error.column()));
        Error::from(LoadFault::Syntax { reason }).at(Place {
            file: file.to_owned(),
            line_column,
            ..Place::default()
        })
    })
}
