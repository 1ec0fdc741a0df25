//! The shipped connectors and flows, inside the library.

use cardhost_runtime::catalog::CardSource;
use cardhost_runtime::flow::{FlowSource, MemoryFlows};

/// `<connector>/<file>` without `.json`, and its text; sorted.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/cards.rs"));

/// The shipped connectors.
#[derive(Clone, Copy, Debug, Default)]
pub struct Embedded;

impl CardSource for Embedded {
    fn connectors(&self) -> Vec<String> {
        FILES
            .iter()
            .filter_map(|(name, _)| name.strip_suffix("/connector"))
            .map(str::to_owned)
            .collect()
    }

    fn cards(&self, connector: &str) -> Vec<String> {
        FILES
            .iter()
            .filter_map(|(name, _)| name.strip_prefix(connector)?.strip_prefix('/'))
            .filter(|card| *card != "connector")
            .map(str::to_owned)
            .collect()
    }

    fn text(&self, connector: &str, file: &str) -> Result<Option<String>, String> {
        let name = format!("{connector}/{file}");
        Ok(FILES
            .binary_search_by(|(known, _)| known.cmp(&name.as_str()))
            .ok()
            .map(|index| FILES[index].1.to_owned()))
    }

    fn display_path(&self, connector: &str, file: &str) -> String {
        format!("built-in: cards/{connector}/{file}.json")
    }
}

/// `<connector>/<file>` without `.yaml`, and its text; sorted.
static FLOWS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/flows.rs"));

/// The shipped flows.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmbeddedFlows;

impl EmbeddedFlows {
    /// Their names, such as `mixpanel/warehouse-import`.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        FLOWS.iter().map(|(name, _)| *name)
    }

    /// Path and text of a flow.
    #[must_use]
    pub fn text(self, name: &str) -> Option<(String, &'static str)> {
        let index = FLOWS.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
        Some((format!("built-in: flows/{name}.yaml"), FLOWS[index].1))
    }
}

impl FlowSource for EmbeddedFlows {
    fn flow(
        &self,
        namespace: &str,
        name: &str,
        version: &str,
    ) -> Result<Option<(String, String)>, String> {
        let mut all = MemoryFlows::new();
        for known in self.names() {
            let Some((file, text)) = self.text(known) else { continue };
            let broken = |_| format!("{file} is not a flow");
            all = all.with(&file, text).map_err(broken)?;
        }
        all.flow(namespace, name, version)
    }
}
