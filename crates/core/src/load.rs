//! Reads definitions for a run: strict and quick. `check` (see [`crate::check`]) tells every fault at once.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::card::Card;
use crate::connector::Connector;
use crate::definition::Definition;
use crate::error::Place;
use crate::failure::Error;
use crate::fault::Fault;

/// Reads a connector.
///
/// # Errors
/// `definition.syntax` with file, line and column.
pub fn load_connector(file: &str, text: &str) -> Result<Connector, Error> {
    let mut connector: Connector = read(file, text)?;
    file.clone_into(&mut connector.file);
    Ok(connector)
}

/// Reads a card of a connector.
///
/// # Errors
/// `definition.syntax` with file, line and column.
pub fn load_card(connector: Arc<Connector>, file: &str, text: &str) -> Result<Definition, Error> {
    let mut card: Card = read(file, text)?;
    file.clone_into(&mut card.file);
    Ok(Definition::new(connector, card))
}

fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| {
        let reason = crate::value::reason(&error);
        let line_column = (error.line() > 0).then_some((error.line(), error.column()));
        Error::new(Fault::Definition { reason }).at(Place {
            file: file.to_owned(),
            line_column,
            ..Place::default()
        })
    })
}
