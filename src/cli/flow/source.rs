//! Where flows come from: files, folders, and those that are shipped.

use std::path::{Path, PathBuf};

use cardhost::core::error::Unreadable;
use cardhost::flow::{self, Document, Flow, FlowFault, FlowFolder, FlowSource};
use cardhost::{Error, Place};

use super::args::FlowSourceArgs;
use crate::cli::check::{read_flow, refused};
use crate::cli::console::{Console, Failure};

/// Loads a flow: a file, or a shipped one by its name.
pub(crate) fn load(name: &Path, console: &Console) -> Result<Flow, Failure> {
    load_with_text(name, console).map(|(flow, _)| flow)
}

/// Loads a flow, with its text.
pub(crate) fn load_with_text(name: &Path, console: &Console) -> Result<(Flow, String), Failure> {
    let shown = name.display().to_string();
    let (file, text) = match built_in(&shown) {
        Some((file, text)) if !name.exists() => (file, text.to_owned()),
        _ => (shown.clone(), read(name, &shown)?),
    };
    let flow = Flow::load(&file, &text).map_err(|findings| refused(console, &text, &findings))?;
    for finding in &flow.warnings {
        let (line, column) = finding.place.line_column.unwrap_or_default();
        let (code, message) = (&finding.code, finding.message());
        console.note(&format!("warning[{code}]: {message}\n  --> {file}:{line}:{column}"));
    }
    Ok((flow, text))
}

/// A flow's document and its text, to look at: its warnings are for a run.
pub(crate) fn load_document(name: &Path, console: &Console) -> Result<(Document, String), Failure> {
    let shown = name.display().to_string();
    let (file, text) = match built_in(&shown) {
        Some((file, text)) if !name.exists() => (file, text.to_owned()),
        None if is_unknown_name(name, &shown) => return Err(unknown(&shown)),
        _ => (shown, read_flow(name)?),
    };
    let loaded = flow::load(&file, &text).map_err(|findings| refused(console, &text, &findings))?;
    Ok((loaded.document, text))
}

/// Whether a name is that of a flow: a file, or a shipped one.
pub(crate) fn is_flow(name: &str) -> bool {
    built_in(name).is_some() || Path::new(name).is_file()
}

/// Whether it can be meant as the name of a shipped flow, and is none.
fn is_unknown_name(path: &Path, shown: &str) -> bool {
    path.extension().is_none() && shown.split('/').count() == 2 && !path.exists()
}

fn unknown(shown: &str) -> Failure {
    let nearest = cardhost::core::text::nearest(shown, names().into_iter());
    Error::from(FlowFault::Unknown { name: shown.to_owned(), nearest }).into()
}

fn read(path: &Path, shown: &str) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        if error.kind() == std::io::ErrorKind::NotFound && is_unknown_name(path, shown) {
            return unknown(shown);
        }
        let place = Place { file: shown.to_owned(), ..Place::default() };
        Error::from(Unreadable { reason: error.to_string() }).at(place).into()
    })
}

#[cfg(feature = "embedded-cards")]
pub(super) fn built_in(name: &str) -> Option<(String, &'static str)> {
    cardhost::EmbeddedFlows.text(name)
}

#[cfg(not(feature = "embedded-cards"))]
pub(super) fn built_in(_: &str) -> Option<(String, &'static str)> {
    None
}

#[cfg(feature = "embedded-cards")]
pub(crate) fn names() -> Vec<&'static str> {
    cardhost::EmbeddedFlows.names().collect()
}

#[cfg(not(feature = "embedded-cards"))]
pub(crate) fn names() -> Vec<&'static str> {
    Vec::new()
}

/// The flows that flows run: of folders, then those that are shipped.
pub(crate) struct Flows(Vec<Box<dyn FlowSource>>);

impl Flows {
    /// Those of `--flows`, or of the folder of the flow.
    pub(crate) fn of(flow: &Path, args: &FlowSourceArgs) -> Flows {
        let mut folders: Vec<PathBuf> = args.flows.clone();
        if folders.is_empty() && flow.is_file() {
            let folder = flow.parent().filter(|folder| !folder.as_os_str().is_empty());
            folders.push(folder.unwrap_or(Path::new(".")).to_owned());
        }
        let all =
            folders.into_iter().map(|path| Box::new(FlowFolder::new(path)) as Box<dyn FlowSource>);
        #[cfg(feature = "embedded-cards")]
        let all = all.chain([Box::new(cardhost::EmbeddedFlows) as Box<dyn FlowSource>]);
        Flows(all.collect())
    }
}

impl FlowSource for Flows {
    fn flow(
        &self,
        namespace: &str,
        name: &str,
        version: &str,
    ) -> Result<Option<(String, String)>, String> {
        for source in &self.0 {
            if let Some(found) = source.flow(namespace, name, version)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}
