//! The file: one JSON text, indented, in the order of the types.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::CassetteFault;
use super::{Case, Cassette, FORMAT, RecordedRun};
use cardhost_core::error::Place;
use cardhost_core::failure::Error;
use cardhost_core::text::unmarked;

impl Cassette {
    /// Reads a cassette; `file` is its name in errors.
    ///
    /// # Errors
    /// `cassette.syntax` with line and column; `cassette.format` for one that a newer cardhost wrote.
    pub fn read(file: &str, text: &str) -> Result<Cassette, Error> {
        let cassette: Cassette = read(file, text, "cassette")?;
        for (index, exchange) in cassette.exchanges.iter().enumerate() {
            let reply = &exchange.reply;
            let reason = match (reply.status, &reply.fault) {
                (None, None) if reply.given_up => continue,
                (None, None) => "has neither `status` nor `fault`",
                (Some(..100 | 1000..), _) => "has a `status` that is none",
                _ => continue,
            };
            let reason = format!("the reply of exchange {} {reason}", index + 1);
            let pointer = format!("/exchanges/{index}/reply");
            return Err(Error::from(CassetteFault::Syntax { reason }).at(Place {
                file: file.to_owned(),
                pointer,
                ..Place::default()
            }));
        }
        Ok(cassette)
    }

    /// The text of the file.
    ///
    /// # Errors
    /// serde_json's, which no cassette gives.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }
}

impl Case {
    /// The text of the file.
    ///
    /// # Errors
    /// serde_json's, which no case gives.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// Reads a case; `file` is its name in errors.
    ///
    /// # Errors
    /// `definition.syntax` with line and column; `cassette.format` for one that a newer cardhost wrote.
    pub fn read(file: &str, text: &str) -> Result<Case, Error> {
        read(file, text, "case")
    }
}

impl RecordedRun {
    /// The text of the file.
    ///
    /// # Errors
    /// serde_json's, which no case gives.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// Reads a case of a flow; `file` is its name in errors.
    ///
    /// # Errors
    /// As [`Case::read`].
    pub fn read(file: &str, text: &str) -> Result<RecordedRun, Error> {
        read(file, text, "case")
    }
}

/// A `case.json` of either kind: one with the key `flow` is a flow's.
#[derive(Clone, Debug, PartialEq)]
pub enum CaseFile {
    /// One invocation of a card.
    Card(Case),
    /// One run of a flow.
    Flow(RecordedRun),
}

impl CaseFile {
    /// Reads a case of either kind; `file` is its name in errors.
    ///
    /// # Errors
    /// As [`Case::read`].
    pub fn read(file: &str, text: &str) -> Result<CaseFile, Error> {
        let text = unmarked(text);
        let is_flow = serde_json::from_str::<Probe>(text).is_ok_and(|probe| probe.flow.is_some());
        match is_flow {
            true => RecordedRun::read(file, text).map(CaseFile::Flow),
            false => Case::read(file, text).map(CaseFile::Card),
        }
    }
}

fn read<T: DeserializeOwned>(file: &str, text: &str, version: &str) -> Result<T, Error> {
    let place = |line_column| Place { file: file.to_owned(), line_column, ..Place::default() };
    let text = unmarked(text);
    // A newer format may have other keys: its version is looked at first.
    if let Ok(probe) = serde_json::from_str::<Probe>(text)
        && let Some(found) = if version == "case" { probe.case } else { probe.cassette }
        && found > FORMAT
    {
        let fault = CassetteFault::NewerFormat { found, known: FORMAT };
        return Err(Error::from(fault).at(place(None)));
    }
    serde_json::from_str(text).map_err(|error| {
        let reason = cardhost_core::value::reason(&error);
        let line_column = (error.line() > 0).then_some((error.line(), error.column()));
        let fault = match version {
            "case" => CassetteFault::Case { reason },
            _ => CassetteFault::Syntax { reason },
        };
        Error::from(fault).at(place(line_column))
    })
}

#[derive(Deserialize)]
struct Probe {
    cassette: Option<u64>,
    case: Option<u64>,
    flow: Option<serde::de::IgnoredAny>,
}
