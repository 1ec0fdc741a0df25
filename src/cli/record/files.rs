//! The files that are written.

use std::path::{Path, PathBuf};

use cardhost::cassette::CassetteFault;

use super::args::RecordArgs;
use crate::cli::console::{Console, Failure};

/// Where the exchanges go.
pub(super) fn cassette_file(args: &RecordArgs) -> PathBuf {
    match (&args.cassette, &args.case) {
        (Some(file), _) => file.clone(),
        (None, Some(folder)) => folder.join("cassette.json"),
        (None, None) => PathBuf::new(),
    }
}

/// Says how much was recorded.
pub(super) fn said(console: &Console, exchanges: usize, file: &Path) {
    let plural = if exchanges == 1 { "" } else { "s" };
    console.note(&format!("recorded {exchanges} exchange{plural}: {}", file.display()));
}

/// Writes a file of a case.
pub(super) fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| {
        let (path, reason) = (path.display().to_string(), error.to_string());
        Failure::Error(CassetteFault::Unwritable { path, reason }.into())
    })
}
