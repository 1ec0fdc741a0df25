//! `--trace`: what happens, a line each.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use cardhost::flow::News;

use crate::cli::console;

/// Writes what happens to a file, each line at once: what was done is there after a crash.
pub(crate) struct Trace(Mutex<File>);

impl Trace {
    /// Begins a trace, or goes on with one.
    pub(crate) fn open(path: &Path, goes_on: bool) -> io::Result<Trace> {
        let mut options = OpenOptions::new();
        options.create(true).write(true).append(goes_on).truncate(!goes_on);
        Ok(Trace(Mutex::new(options.open(path)?)))
    }

    pub(crate) fn write(&self, news: &News) {
        let line = format!("{}\n", news.to_trace());
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A run does not end because its trace cannot be written.
        if let Err(error) = file.write_all(line.as_bytes()) {
            console::note(&format!("warning: the trace cannot be written: {error}"));
        }
    }
}
