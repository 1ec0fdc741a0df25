//! `record --from-har`: the cassette of an HTTP archive.

use std::path::Path;

use cardhost::cassette::{Imported, from_har};
use cardhost::core::error::Unreadable;
use cardhost::{Error, Place};

use super::files::write_file;
use crate::cli::console::{Console, Failure};

/// Makes a cassette of an HTTP archive.
pub(super) fn import(archive: &Path, cassette: &Path, console: &Console) -> Result<(), Failure> {
    let shown = archive.display().to_string();
    let text = std::fs::read_to_string(archive).map_err(|error| {
        let place = Place { file: shown.clone(), ..Place::default() };
        Error::from(Unreadable { reason: error.to_string() }).at(place)
    })?;
    let Imported { cassette: made, left_out, .. } = from_har(&shown, &text)?;
    for error in &left_out {
        let pointer = &error.place().pointer;
        console.warning(&format!("left out at {pointer}"), error);
    }
    let text = made.write().map_err(|error| Failure::Io("the cassette", error.into()))?;
    write_file(cassette, &text)?;
    let (exchanges, cassette) = (made.exchanges.len(), cassette.display());
    console.note(&format!("imported {exchanges} exchanges: {cassette}"));
    Ok(())
}
