//! The shipped connectors and flows, inside the library.
//!
//! What a run needs of a card stands there as it is; the whole texts, of which most are samples and indentation, are deflated, a
//! connector at a time, and inflated for whoever shows or checks them.

#[cfg(feature = "flow")]
mod flows;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use cardhost_runtime::catalog::CardSource;

#[cfg(feature = "flow")]
pub use flows::EmbeddedFlows;

/// `<connector>/<file>` without `.json`, its text as a run needs it, and where its whole text is in that of its connector; sorted.
static FILES: &[(&str, &str, Range<usize>)] = include!(concat!(env!("OUT_DIR"), "/cards.rs"));

// `WHOLE`: the connectors, each with its files' texts one after the other, deflated (RFC 1951), and inflated once they are asked
// for; sorted.
include!(concat!(env!("OUT_DIR"), "/cards_whole.rs"));

fn file(
    connector: &str,
    file: &str,
) -> Option<&'static (&'static str, &'static str, Range<usize>)> {
    let name = format!("{connector}/{file}");
    FILES.binary_search_by(|(known, ..)| (*known).cmp(&name)).ok().map(|index| &FILES[index])
}

/// The whole texts of a connector.
fn whole(connector: &str) -> Result<&'static str, String> {
    let index = WHOLE.binary_search_by(|(known, ..)| (*known).cmp(connector));
    let (_, deflated, inflated) = &WHOLE[index.map_err(|_| "it is not there".to_owned())?];
    if let Some(text) = inflated.get() {
        return Ok(text);
    }
    let bytes =
        miniz_oxide::inflate::decompress_to_vec(deflated).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
    Ok(inflated.get_or_init(|| text))
}

/// The shipped connectors.
#[derive(Clone, Copy, Debug, Default)]
pub struct Embedded;

impl CardSource for Embedded {
    fn connectors(&self) -> Vec<String> {
        WHOLE.iter().map(|(name, ..)| (*name).to_owned()).collect()
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
        let Some((_, _, range)) = file(connector, name) else { return Ok(None) };
        Ok(whole(connector)?.get(range.clone()).map(str::to_owned))
    }

    fn text_to_run(
        &self,
        connector: &str,
        name: &str,
    ) -> Result<Option<Cow<'static, str>>, String> {
        Ok(file(connector, name).map(|(_, to_run, _)| Cow::Borrowed(*to_run)))
    }

    fn display_path(&self, connector: &str, file: &str) -> String {
        format!("built-in: cards/{connector}/{file}.json")
    }
}
