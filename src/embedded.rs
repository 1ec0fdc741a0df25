//! The shipped connectors and flows, inside the library.

#[cfg(feature = "flow")]
mod flows;

use cardhost_runtime::catalog::CardSource;

#[cfg(feature = "flow")]
pub use flows::EmbeddedFlows;

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
