//! The files of connectors, and what is wrong with them.

use std::path::{Path, PathBuf};

use cardhost::author::check::{File, check_cards, check_connector_strictly, check_connector_with};
use cardhost::core::error::Unreadable;
use cardhost::core::jq::Engine;
use cardhost::core::text::{not_utf8, unmarked};
use cardhost::{Error, Place};

use super::flows::is_flow;
use super::folder::{entries, has_extension, unreadable};
use super::report::Shown;
use super::tally::Tally;
use crate::cli::console::{Console, Failure};
use crate::cli::global::Global;
use crate::cli::setup;

/// One connector's files, each with its text.
pub(super) struct Files {
    connector: (String, String),
    cards: Vec<(String, String)>,
    /// The other cards of the connector, where only one is meant.
    beside: Option<Vec<(String, String)>>,
}

impl Files {
    /// Checks them and tells what is found.
    pub(super) fn check(&self, console: &Console, tally: &mut Tally) {
        let connector = File { path: &self.connector.0, text: &self.connector.1 };
        let texts: Vec<File<'_>> =
            self.cards.iter().map(|(path, text)| File { path, text }).collect();
        let engine: Option<&dyn Engine> = Some(&cardhost::flow::CardJq);
        let checked = match (&self.beside, tally.strict) {
            (Some(beside), strict) => {
                let beside: Vec<File<'_>> =
                    beside.iter().map(|(path, text)| File { path, text }).collect();
                check_cards(engine, strict, connector, &texts, &beside)
            }
            (None, true) => check_connector_strictly(engine, connector, &texts),
            (None, false) => check_connector_with(engine, connector, &texts),
        };
        tally.connectors += 1;
        tally.cards += texts.len();
        tally.examples += checked.tally.examples;
        tally.anti_examples += checked.tally.anti_examples;
        let all: Vec<File<'_>> = std::iter::once(connector).chain(texts).collect();
        let shown = checked.findings.iter().map(|finding| {
            let file = all.iter().find(|file| file.path == finding.place.file);
            Shown::of(finding, file.map(|file| file.text))
        });
        tally.report(console, shown);
    }
}

/// The connectors in a path: a card or connector, the folder of one, or the folder above several.
pub(super) fn gather(path: &Path, all: &mut Vec<Files>) -> Result<(), Failure> {
    if path.is_file() {
        let folder = path.parent().unwrap_or(Path::new("."));
        let connector = folder.join("connector.json");
        let is_card = path.file_name() != connector.file_name();
        let cards = if is_card { vec![read(path)?] } else { Vec::new() };
        let beside = if is_card { Some(beside(path, folder)?) } else { None };
        all.push(Files { connector: read(&connector)?, cards, beside });
        return Ok(());
    }
    if path.join("connector.json").is_file() {
        all.push(folder(path)?);
        return Ok(());
    }
    for entry in entries(path)? {
        let is_card = |file: &PathBuf| has_extension(file, &["json"]) && !is_flow(file);
        if entry.is_dir() && entries(&entry)?.iter().any(is_card) {
            all.push(folder(&entry)?);
        }
    }
    Ok(())
}

/// The cards beside one in its folder. What cannot be read is not there for it: it is told where it is checked itself.
fn beside(card: &Path, folder: &Path) -> Result<Vec<(String, String)>, Failure> {
    // A path without a folder is one of this folder.
    let here = folder.as_os_str().is_empty();
    let folder = if here { Path::new(".") } else { folder };
    let others = entries(folder)?.into_iter().filter(|path| {
        has_extension(path, &["json"]) && path.file_name() != card.file_name() && !is_flow(path)
    });
    let cards = others.filter(|path| path.file_name().is_some_and(|name| name != "connector.json"));
    Ok(cards.filter_map(|path| read(&path).ok()).collect())
}

/// A connector's folder: each `.json` file but `connector.json` and flows is a card.
fn folder(path: &Path) -> Result<Files, Failure> {
    let connector = path.join("connector.json");
    let mut cards = Vec::new();
    for entry in entries(path)? {
        if has_extension(&entry, &["json"]) && entry != connector && !is_flow(&entry) {
            cards.push(read(&entry)?);
        }
    }
    if !connector.is_file() {
        let reason = "a folder with cards needs a `connector.json`".to_owned();
        return Err(Error::from(Unreadable { reason })
            .at(Place { file: connector.display().to_string(), ..Place::default() })
            .into());
    }
    Ok(Files { connector: read(&connector)?, cards, beside: None })
}

/// The path of a file as it is shown, and its text.
pub(super) fn read(path: &Path) -> Result<(String, String), Failure> {
    let file = path.display().to_string();
    let text = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    match String::from_utf8(text) {
        Ok(text) => Ok((file, unmarked(&text).to_owned())),
        Err(error) => {
            let reason = format!("it is {}", not_utf8(error.as_bytes()));
            let place = Place { file, ..Place::default() };
            Err(Error::from(Unreadable { reason }).at(place).into())
        }
    }
}

/// The connectors inside of the command.
pub(super) fn built_in(global: &Global) -> Result<Vec<Files>, Failure> {
    let host = setup::host(global)?.build();
    let catalog = host.catalog();
    let mut all = Vec::new();
    for connector in catalog.connectors() {
        let cards = catalog.cards(&connector);
        let names = cards.iter().filter_map(|name| name.split_once('/'));
        let cards = names.filter_map(|(connector, card)| catalog.file(connector, card)).collect();
        if let Some(connector) = catalog.file(&connector, "connector") {
            all.push(Files { connector, cards, beside: None });
        }
    }
    Ok(all)
}
