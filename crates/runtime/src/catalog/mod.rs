//! Where connectors and cards come from; each is read when it is first asked for, and kept.

mod folder;
mod memory;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cardhost_core::connector::Connector;
use cardhost_core::definition::Definition;
use cardhost_core::error::{Place, Unreadable};
use cardhost_core::failure::Error;
use cardhost_core::load::{LoadFault, load_card, load_connector};
use cardhost_core::text::nearest;

pub use folder::Folder;
pub use memory::MemorySource;

/// The file of a connector inside its folder.
pub const CONNECTOR_FILE: &str = "connector.json";

/// A place that connectors and cards can be read from.
///
/// # Example: cards of a map, such as a table of a database
/// ```
/// use std::collections::BTreeMap;
///
/// use cardhost_runtime::catalog::CardSource;
/// use cardhost_runtime::host::Host;
///
/// /// Texts by connector and file.
/// struct Table(BTreeMap<(String, String), String>);
///
/// impl CardSource for Table {
///     fn connectors(&self) -> Vec<String> {
///         let files = self.0.keys().filter(|(_, file)| file == "connector");
///         files.map(|(connector, _)| connector.clone()).collect()
///     }
///
///     fn cards(&self, connector: &str) -> Vec<String> {
///         let files = self.0.keys().filter(|(of, file)| of == connector && file != "connector");
///         files.map(|(_, file)| file.clone()).collect()
///     }
///
///     fn text(&self, connector: &str, file: &str) -> Result<Option<String>, String> {
///         Ok(self.0.get(&(connector.to_owned(), file.to_owned())).cloned())
///     }
///
///     fn display_path(&self, connector: &str, file: &str) -> String {
///         format!("table of cards: {connector}/{file}")
///     }
/// }
///
/// let files = [
///     ("connector", r#"{
///         "format": 1, "name": "shop", "title": "Shop", "version": "1.0.0",
///         "connection": { "fields": {} },
///         "auth": { "open": { "scheme": "none" } },
///         "targets": { "api": { "base": "https://shop.example/v1", "auth": ["open"] } }
///     }"#),
///     ("list-orders", r#"{
///         "format": 1, "name": "list-orders", "title": "List orders", "version": "1.0.0",
///         "request": { "target": "api", "method": "GET", "path": "/orders" },
///         "effect": "read",
///         "output": { "Orders": { "List": { "type": "any", "value": "<<response.body>>" } } }
///     }"#),
/// ];
/// let rows = files.map(|(file, text)| (("shop".to_owned(), file.to_owned()), text.to_owned()));
/// let host = Host::builder().cards(Table(rows.into_iter().collect())).build();
///
/// let catalog = host.catalog();
/// assert_eq!(catalog.connectors(), ["shop"]);
/// assert_eq!(catalog.cards("shop"), ["shop/list-orders"]);
/// assert_eq!(catalog.definition("shop/list-orders")?.card.title, "List orders");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait CardSource: Send + Sync {
    /// The names of its connectors, sorted.
    fn connectors(&self) -> Vec<String>;

    /// The names of a connector's cards, sorted; without `connector`.
    fn cards(&self, connector: &str) -> Vec<String>;

    /// The text of `<connector>/<file>.json`; `None` where there is none.
    ///
    /// # Errors
    /// The system's words where it is there and cannot be read.
    fn text(&self, connector: &str, file: &str) -> Result<Option<String>, String>;

    /// The file's name in messages.
    fn display_path(&self, connector: &str, file: &str) -> String;
}

/// Sources in order: a connector comes whole from the first that has it.
#[derive(Default)]
pub struct Catalog {
    sources: Vec<Arc<dyn CardSource>>,
    connectors: Mutex<HashMap<String, Arc<Connector>>>,
    definitions: Mutex<HashMap<String, Arc<Definition>>>,
}

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
        if let Some(found) = lock(&self.definitions).get(full_name) {
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
        let text = read(&**source, connector_name, card_name)?.ok_or_else(unknown)?;
        let definition = Arc::new(load_card(connector, &file, &text)?);
        own_name(&file, definition.card.name.as_str(), card_name)?;
        lock(&self.definitions).insert(full_name.to_owned(), Arc::clone(&definition));
        Ok(definition)
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
            let Some(text) = read(&**source, name, "connector")? else {
                continue;
            };
            if let Some(found) = lock(&self.connectors).get(name) {
                return Ok((source, Arc::clone(found)));
            }
            let file = source.display_path(name, "connector");
            let connector = Arc::new(load_connector(&file, &text)?);
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

fn has(source: &dyn CardSource, connector: &str) -> bool {
    is_name(connector) && matches!(source.text(connector, "connector"), Ok(Some(_)))
}

fn read(source: &dyn CardSource, connector: &str, file: &str) -> Result<Option<String>, Error> {
    source.text(connector, file).map_err(|reason| {
        Error::from(Unreadable { reason })
            .at(Place { file: source.display_path(connector, file), ..Place::default() })
    })
}

/// Names come from callers and become paths: only lower-case letters, digits and hyphens.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// A poisoned lock holds whole entries all the same: each is inserted at once.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
