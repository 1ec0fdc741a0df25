//! The files of flows, and what is wrong with them by themselves and with the cards that they call.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::hint::worded;
use cardhost::catalog::Catalog;
use cardhost::core::definition::Definition;
use cardhost::core::error::Unreadable;
use cardhost::document::Severity;
use cardhost::flow::{self, Finding, Head, MAX_DOCUMENT_BYTES, Surroundings};
use cardhost::{Class, Error, Place};

use super::folder::{entries, has_extension, unreadable};
use super::report::Shown;
use super::tally::Tally;
use crate::cli::console::{Console, Failure};
use crate::cli::global::Global;
use crate::cli::setup;

/// Folders that hold other people's files.
const PASSED_OVER: [&str; 2] = ["node_modules", "target"];

/// The flows that are to be checked.
#[derive(Default)]
pub(super) struct Flows {
    files: Vec<FlowFile>,
    seen: HashSet<PathBuf>,
}

struct FlowFile {
    path: PathBuf,
    text: Result<String, Error>,
}

impl Flows {
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// A file that is meant to be a flow.
    pub(super) fn gather_file(&mut self, path: &Path) -> Result<(), Failure> {
        if self.seen.insert(path.to_owned()) {
            let text = read(path)?;
            self.files.push(FlowFile { path: path.to_owned(), text });
        }
        Ok(())
    }

    /// Every flow in a folder and those below it.
    pub(super) fn gather_folder(&mut self, folder: &Path) -> Result<(), Failure> {
        documents(folder)?
            .iter()
            .filter(|path| is_flow(path))
            .try_for_each(|path| self.gather_file(path))
    }

    pub(super) fn check(
        &self,
        global: &Global,
        console: &Console,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        if self.is_empty() {
            return Ok(());
        }
        let host = setup::host(global)?.build();
        let around = Around { catalog: host.catalog(), flows: self, heads: OnceCell::new() };
        for file in &self.files {
            tally.flows += 1;
            let path = file.path.display().to_string();
            match &file.text {
                Ok(text) => {
                    let findings = flow::check(&path, text, &around);
                    tally.report(
                        console,
                        findings.iter().map(|finding| Shown::of(finding, Some(text))),
                    );
                }
                Err(error) => tally.report(console, std::iter::once(unread(error))),
            }
        }
        Ok(())
    }
}

/// What the flows can name: the cards of the host, each other, and the flows that a run of them finds, which are those
/// of their folders, those below, and the shipped ones.
struct Around<'a> {
    catalog: &'a Catalog,
    flows: &'a Flows,
    heads: OnceCell<Vec<Head>>,
}

impl Surroundings for Around<'_> {
    fn card(&self, full_name: &str) -> Result<Arc<Definition>, Error> {
        self.catalog.definition(full_name)
    }

    fn flows(&self) -> &[Head] {
        self.heads.get_or_init(|| {
            let files = &self.flows.files;
            let texts = files.iter().filter_map(|file| file.text.as_deref().ok());
            let mut heads: Vec<Head> = texts.filter_map(flow::head).collect();
            let folders: HashSet<&Path> =
                files.iter().filter_map(|file| file.path.parent()).collect();
            for folder in folders {
                let here = folder.as_os_str().is_empty();
                let folder = if here { Path::new(".") } else { folder };
                let beside = documents(folder).unwrap_or_default();
                let texts = beside.iter().filter_map(|path| text(path));
                heads.extend(texts.filter_map(|text| flow::head(&text)));
            }
            heads.extend(shipped());
            heads
        })
    }
}

/// The YAML and JSON of a folder and those below it. Links to folders are not followed: they may lead in a circle.
pub(super) fn documents(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let is_passed_over = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with('.') || PASSED_OVER.contains(&&*name) || path.is_symlink()
    };
    let (mut open, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(path) = open.pop() {
        if path == *folder {
            open.extend(entries(&path)?.into_iter().rev());
        } else if path.is_dir() {
            if !is_passed_over(&path) {
                // A folder that may not be read holds nothing that could be checked.
                open.extend(entries(&path).unwrap_or_default().into_iter().rev());
            }
        } else if has_extension(&path, &["yaml", "yml", "json"]) {
            found.push(path);
        }
    }
    Ok(found)
}

/// Whether a file is a flow: `*.flow.yaml`, `*.flow.yml`, `*.flow.json`, or by what it holds.
pub(super) fn is_flow(path: &Path) -> bool {
    let is_named = path.file_stem().is_some_and(|stem| has_extension(Path::new(stem), &["flow"]));
    has_extension(path, &["yaml", "yml", "json"])
        && (is_named || text(path).is_some_and(|text| flow::is_flow(&text)))
}

#[cfg(feature = "embedded-cards")]
fn shipped() -> Vec<Head> {
    let flows = cardhost::EmbeddedFlows;
    flows.names().filter_map(|name| flow::head(flows.text(name)?.1)).collect()
}

#[cfg(not(feature = "embedded-cards"))]
fn shipped() -> Vec<Head> {
    Vec::new()
}

/// The text of a file, where it has one.
fn text(path: &Path) -> Option<String> {
    read(path).ok()?.ok()
}

/// Reads a flow: a usage fault where there is no such file, an error where it holds no text.
fn read(path: &Path) -> Result<Result<String, Error>, Failure> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_DOCUMENT_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    file.take(most).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    let reason = match bytes.len() > MAX_DOCUMENT_BYTES {
        true => format!("it is longer than {MAX_DOCUMENT_BYTES} bytes"),
        false => match String::from_utf8(bytes) {
            Ok(text) => return Ok(Ok(text)),
            Err(_) => "it is not UTF-8".to_owned(),
        },
    };
    let place = Place { file: path.display().to_string(), ..Place::default() };
    Ok(Err(Error::from(Unreadable { reason }).at(place)))
}

/// The flows of a folder and those below it, with their texts.
pub(in crate::cli) fn flows_of(folder: &Path) -> Result<Vec<(PathBuf, String)>, Failure> {
    let mut flows = Vec::new();
    for path in documents(folder)?.into_iter().filter(|path| is_flow(path)) {
        flows.extend(text(&path).map(|text| (path, text)));
    }
    Ok(flows)
}

/// Reads the one flow of a command.
pub(in crate::cli) fn read_flow(path: &Path) -> Result<String, Failure> {
    Ok(read(path)??)
}

/// Tells why a flow does not load.
pub(in crate::cli) fn refused(console: &Console, text: &str, findings: &[Finding]) -> Failure {
    let found = findings.iter().map(|finding| Shown::of(finding, Some(text)));
    Tally::default().report(console, found);
    Failure::Reported(Class::Definition)
}

fn unread(error: &Error) -> Shown<'_> {
    Shown {
        code: error.code(),
        severity: Severity::Error,
        message: error.message(),
        hint: worded(error).hint(),
        place: error.place(),
        span: None,
        text: None,
    }
}
