//! Connectors in memory: built into a binary, or made by a test.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::CardSource;

/// Connectors in memory, by `<connector>/<file>` without `.json`.
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    files: BTreeMap<String, Cow<'static, str>>,
}

impl MemorySource {
    /// No connectors.
    #[must_use]
    pub fn new() -> MemorySource {
        MemorySource::default()
    }

    /// With one more file; `name` is `<connector>/connector` or `<connector>/<card>`.
    #[must_use]
    pub fn with(mut self, name: &str, text: impl Into<Cow<'static, str>>) -> MemorySource {
        self.files.insert(name.to_owned(), text.into());
        self
    }
}

impl CardSource for MemorySource {
    fn connectors(&self) -> Vec<String> {
        self.files
            .keys()
            .filter_map(|name| name.strip_suffix("/connector"))
            .map(str::to_owned)
            .collect()
    }

    fn cards(&self, connector: &str) -> Vec<String> {
        self.files
            .keys()
            .filter_map(|name| name.strip_prefix(connector)?.strip_prefix('/'))
            .filter(|card| *card != "connector")
            .map(str::to_owned)
            .collect()
    }

    fn text(&self, connector: &str, file: &str) -> Result<Option<String>, String> {
        Ok(self.files.get(&format!("{connector}/{file}")).map(|text| text.clone().into_owned()))
    }

    fn display_path(&self, connector: &str, file: &str) -> String {
        format!("built-in: {connector}/{file}.json")
    }
}
