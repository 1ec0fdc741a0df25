//! What connectors and cards are read from.

use std::borrow::Cow;

use cardhost_core::error::{Place, Unreadable};
use cardhost_core::failure::Error;

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

    /// The text as a run needs it: `examples` and `antiExamples` may be left out, and the spaces between tokens.
    ///
    /// # Errors
    /// As [`CardSource::text`].
    fn text_to_run(
        &self,
        connector: &str,
        file: &str,
    ) -> Result<Option<Cow<'static, str>>, String> {
        Ok(self.text(connector, file)?.map(Cow::Owned))
    }

    /// The file's name in messages.
    fn display_path(&self, connector: &str, file: &str) -> String;
}

/// Reads a file of a connector: [`CardSource::text`] or [`CardSource::text_to_run`].
pub(super) type Read = fn(&dyn CardSource, &str, &str) -> Result<Option<Cow<'static, str>>, String>;

pub(super) fn has(source: &dyn CardSource, connector: &str) -> bool {
    is_name(connector) && matches!(source.text(connector, "connector"), Ok(Some(_)))
}

pub(super) fn read(
    source: &dyn CardSource,
    connector: &str,
    file: &str,
    text: Read,
) -> Result<Option<Cow<'static, str>>, Error> {
    text(source, connector, file).map_err(|reason| {
        Error::from(Unreadable { reason })
            .at(Place { file: source.display_path(connector, file), ..Place::default() })
    })
}

/// Names come from callers and become paths: only lower-case letters, digits and hyphens.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
