//! The shipped connectors and flows, inside the library.

#[cfg(feature = "flow")]
mod flows;

use std::borrow::Cow;

use cardhost_runtime::catalog::CardSource;

#[cfg(feature = "flow")]
pub use flows::EmbeddedFlows;

/// `<connector>/<file>` without `.json`, its text, and its text as a run needs it; sorted.
static FILES: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/cards.rs"));

fn file(
    connector: &str,
    file: &str,
) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let name = format!("{connector}/{file}");
    FILES.binary_search_by(|(known, ..)| (*known).cmp(&name)).ok().map(|index| &FILES[index])
}

/// The shipped connectors.
#[derive(Clone, Copy, Debug, Default)]
pub struct Embedded;

impl CardSource for Embedded {
    fn connectors(&self) -> Vec<String> {
        FILES
            .iter()
            .filter_map(|(name, ..)| name.strip_suffix("/connector"))
            .map(str::to_owned)
            .collect()
    }

    fn cards(&self, connector: &str) -> Vec<String> {
        FILES
            .iter()
            .filter_map(|(name, ..)| name.strip_prefix(connector)?.strip_prefix('/'))
            .filter(|card| *card != "connector")
            .map(str::to_owned)
            .collect()
    }

    fn text(&self, connector: &str, name: &str) -> Result<Option<String>, String> {
        Ok(file(connector, name).map(|(_, text, _)| (*text).to_owned()))
    }

    fn text_to_run(
        &self,
        connector: &str,
        name: &str,
    ) -> Result<Option<Cow<'static, str>>, String> {
        Ok(file(connector, name).map(|(_, _, to_run)| Cow::Borrowed(*to_run)))
    }

    fn display_path(&self, connector: &str, file: &str) -> String {
        format!("built-in: cards/{connector}/{file}.json")
    }
}
