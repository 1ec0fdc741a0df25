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
    let (connector, missing) = read_connector(file, text)?;
    whole(connector, file, missing)
}

/// Reads a connector, and tells what is left out and does not follow from the rest.
///
/// # Errors
/// As [`load_connector`].
pub fn read_connector(file: &str, text: &str) -> Result<(Connector, Vec<NoDefault>), Error> {
    let mut connector: Connector = read(file, text)?;
    file.clone_into(&mut connector.file);
    let missing = connector.complete();
    Ok((connector, missing))
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
    let (definition, missing) = read_card(engine, connector, file, text)?;
    whole(definition, file, missing)
}

/// Reads a card of a connector, and tells what is left out and does not follow from the rest.
///
/// # Errors
/// As [`load_card_with`].
pub fn read_card(
    engine: Option<&dyn Engine>,
    connector: Arc<Connector>,
    file: &str,
    text: &str,
) -> Result<(Definition, Vec<NoDefault>), Error> {
    let mut card: Card = read(file, text)?;
    file.clone_into(&mut card.file);
    for (group, fields) in &card.output {
        for (label, field) in fields {
            let Some(ValueTemplate::Jq(jq)) = &field.value else { continue };
            jq.compile(engine).map_err(|fault| {
                let pointer = pointer(&["output", group, label, "value", "jq"]);
                Error::from(fault).at(Place { file: file.to_owned(), pointer, ..Place::default() })
            })?;
        }
    }
    let mut fault = None;
    let compile = |value: &ValueTemplate, place: String| {
        let ValueTemplate::Jq(jq) = value else { return };
        if let Err(found) = jq.compile(engine) {
            fault.get_or_insert((found, format!("/pages{place}/jq")));
        }
    };
    if let Some(pages) = &card.pages {
        pages.each(&mut { compile });
    }
    if let Some((fault, pointer)) = fault {
        let place = Place { file: file.to_owned(), pointer, ..Place::default() };
        return Err(Error::from(fault).at(place));
    }
    let missing = card.complete(&connector);
    Ok((Definition::new(connector, card), missing))
}

/// A definition from which nothing is missing.
fn whole<T>(read: T, file: &str, missing: Vec<NoDefault>) -> Result<T, Error> {
    let Some(first) = missing.into_iter().next() else { return Ok(read) };
    let place = Place { file: file.to_owned(), ..first.place() };
    Err(Error::from(first).at(place))
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
