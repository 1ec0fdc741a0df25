//! Where connectors and cards come from; each is read when it is first asked for, and kept.

mod folder;
mod jq;
mod memory;
mod source;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cardhost_core::connector::Connector;
use cardhost_core::definition::Definition;
use cardhost_core::error::Place;
use cardhost_core::failure::Error;
use cardhost_core::load::{LoadFault, load_card_with, load_connector_with};
use cardhost_core::text::nearest;

pub use folder::Folder;
pub use memory::MemorySource;
pub use source::CardSource;
use source::{Read, has, is_name, read};

/// The file of a connector inside its folder.
pub const CONNECTOR_FILE: &str = "connector.json";

/// Sources in order: a connector comes whole from the first that has it.
#[derive(Default)]
pub struct Catalog {
    sources: Vec<Arc<dyn CardSource>>,
    connectors: Mutex<HashMap<String, Arc<Connector>>>,
    whole: Mutex<Definitions>,
    to_run: Mutex<Definitions>,
}

type Definitions = HashMap<String, Arc<Definition>>;

impl Catalog {
    /// A catalog over sources.
    #[must_use]
    pub fn new(sources: Vec<Arc<dyn CardSource>>) -> Catalog {
        Catalog { sources, ..Catalog::default() }
    }

    /// A card by its full name, `<connector>/<card>`.
    ///
    /// # Errors
    /// `connector.unknown`, `card.unknown`, `definition.syntax`, `definition.unreadable`.
    pub fn definition(&self, full_name: &str) -> Result<Arc<Definition>, Error> {
        let read: Read =
            |source, connector, file| Ok(source.text(connector, file)?.map(Cow::Owned));
        self.find(full_name, &self.whole, read)
    }

    /// A card as a run needs it: it may have no examples.
    ///
    /// # Errors
    /// As [`Catalog::definition`].
    pub(crate) fn definition_to_run(&self, full_name: &str) -> Result<Arc<Definition>, Error> {
        self.find(full_name, &self.to_run, |source, connector, file| {
            source.text_to_run(connector, file)
        })
    }

    fn find(
        &self,
        full_name: &str,
        kept: &Mutex<Definitions>,
        text: Read,
    ) -> Result<Arc<Definition>, Error> {
        if let Some(found) = lock(kept).get(full_name) {
            return Ok(Arc::clone(found));
        }
        let (connector_name, card_name) = full_name.split_once('/').unwrap_or((full_name, ""));
        if card_name.is_empty()
            && let Some(meant) = self.by_card_name(connector_name)
        {
            let name = full_name.to_owned();
            return Err(LoadFault::UnknownCard { name, nearest: Some(meant) }.into());
        }
        let (source, connector) = self.connector_from(connector_name)?;
        let unknown = || {
            let cards = source.cards(connector_name);
            Error::from(LoadFault::UnknownCard {
                name: full_name.to_owned(),
                nearest: nearest(card_name, cards.iter().map(String::as_str))
                    .map(|card| format!("{connector_name}/{card}")),
            })
        };
        if !is_name(card_name) || card_name == "connector" {
            return Err(unknown());
        }
        let file = source.display_path(connector_name, card_name);
        let text = read(&**source, connector_name, card_name, text)?.ok_or_else(unknown)?;
        let definition = Arc::new(load_card_with(jq::engine(), connector, &file, &text)?);
        own_name(&file, definition.card.name.as_str(), card_name)?;
        lock(kept).insert(full_name.to_owned(), Arc::clone(&definition));
        Ok(definition)
    }

    /// Keeps what a run has read until the process ends: one that ends with its call saves the freeing.
    pub fn leak(&self) {
        lock(&self.to_run).values().cloned().for_each(std::mem::forget);
    }

    /// A connector by its name.
    ///
    /// # Errors
    /// `connector.unknown`, `definition.syntax`, `definition.unreadable`.
    pub fn connector(&self, name: &str) -> Result<Arc<Connector>, Error> {
        self.connector_from(name).map(|(_, connector)| connector)
    }

    /// Every connector's name, sorted.
    #[must_use]
    pub fn connectors(&self) -> Vec<String> {
        let mut names: Vec<_> =
            self.sources.iter().flat_map(|source| source.connectors()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The full names of a connector's cards, sorted.
    #[must_use]
    pub fn cards(&self, connector: &str) -> Vec<String> {
        let source = self.sources.iter().find(|source| has(&***source, connector));
        source.map_or_else(Vec::new, |source| {
            source.cards(connector).into_iter().map(|card| format!("{connector}/{card}")).collect()
        })
    }

    /// The text and display path of a file of a connector (`connector` or a card's name).
    #[must_use]
    pub fn file(&self, connector: &str, file: &str) -> Option<(String, String)> {
        let source = self.sources.iter().find(|source| has(&***source, connector))?;
        let text = source.text(connector, file).ok()??;
        Some((source.display_path(connector, file), text))
    }

    /// The full name of the one card of that name, for a name without its connector.
    fn by_card_name(&self, card: &str) -> Option<String> {
        let connectors = self.connectors();
        if connectors.iter().any(|name| name == card) {
            return None;
        }
        let mut found = connectors.iter().flat_map(|connector| self.cards(connector));
        found.find(|name| name.split_once('/').is_some_and(|(_, own)| own == card))
    }

    fn connector_from(&self, name: &str) -> Result<(&Arc<dyn CardSource>, Arc<Connector>), Error> {
        let unknown = || {
            let known = self.connectors();
            Error::from(LoadFault::UnknownConnector {
                name: name.to_owned(),
                nearest: nearest(name, known.iter().map(String::as_str)),
            })
        };
        if !is_name(name) {
            return Err(unknown());
        }
        for source in &self.sources {
            let to_run: Read = |source, name, file| source.text_to_run(name, file);
            let Some(text) = read(&**source, name, "connector", to_run)? else {
                continue;
            };
            if let Some(found) = lock(&self.connectors).get(name) {
                return Ok((source, Arc::clone(found)));
            }
            let file = source.display_path(name, "connector");
            let connector = Arc::new(load_connector_with(jq::engine(), &file, &text)?);
            own_name(&file, connector.name.as_str(), name)?;
            lock(&self.connectors).insert(name.to_owned(), Arc::clone(&connector));
            return Ok((source, connector));
        }
        Err(unknown())
    }
}

/// A definition may not take another's name: connections are looked up by it.
fn own_name(file: &str, name: &str, expected: &str) -> Result<(), Error> {
    if name == expected {
        return Ok(());
    }
    let error =
        Error::from(LoadFault::Name { found: name.to_owned(), expected: expected.to_owned() });
    let place = Place { file: file.to_owned(), ..error.place().clone() };
    Err(error.at(place))
}

/// A poisoned lock holds whole entries all the same: each is inserted at once.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
