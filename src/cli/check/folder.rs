//! Files and folders that are looked through.

use std::io;
use std::path::{Path, PathBuf};

use crate::cli::console::Failure;

pub(super) fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let own = path.extension().and_then(|extension| extension.to_str());
    own.is_some_and(|own| extensions.contains(&own))
}

/// What is in a folder, in the order of the names.
pub(crate) fn entries(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let read = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let mut entries: Vec<PathBuf> = read.filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort();
    Ok(entries)
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::Usage(format!("{}: {error}", path.display()))
}
