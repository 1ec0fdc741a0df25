//! `--resume`: a file that says where a run goes on which was ended in whatever way.
//!
//! ```text
//! records of a piece ─ printed ─▶ a file beside it ─ renamed over the name ─▶ records of the next piece … ─ all were had ─▶ removed
//! ```
//! Who is killed between printing and renaming has the records of that piece again; none is lost.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use cardhost::pages::Cursor;
use serde_json::Value;

use super::console::{Console, Failure};

/// A file that says where a run goes on.
pub(crate) struct ResumeFile {
    path: PathBuf,
    beside: PathBuf,
    /// What an earlier run has left.
    pub(crate) found: Option<Cursor>,
}

impl ResumeFile {
    /// Looks what an earlier run has left; what cannot be read or written is found out before anything is sent.
    pub(crate) fn open(path: &Path) -> Result<ResumeFile, Failure> {
        let opened = open(path);
        opened.map_err(|error| Failure::Unwritable(path.display().to_string(), error))
    }

    /// Takes note of where a run goes on.
    pub(crate) fn write(&self, cursor: &Cursor) -> Result<(), Failure> {
        let text = Value::Object(cursor.0.clone()).to_string() + "\n";
        let written = std::fs::write(&self.beside, text)
            .and_then(|()| std::fs::rename(&self.beside, &self.path));
        written.map_err(|error| Failure::Unwritable(self.path.display().to_string(), error))
    }

    /// There is nothing to go on with.
    pub(crate) fn remove(&self) -> Result<(), Failure> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Failure::Unwritable(self.path.display().to_string(), error))
            }
            _ => Ok(()),
        }
    }

    /// Says what comes again, and ends a line on stdout that was cut off.
    pub(crate) fn go_on(&self, console: &Console) -> Result<(), Failure> {
        if self.found.is_none() {
            return Ok(());
        }
        let path = self.path.display();
        let message = format!(
            "goes on as {path} says; records that came after it was written come again, and a last line that was cut off comes whole"
        );
        console.warn("pages.resumed", &message);
        if ends_within_a_line() { console.out("\n") } else { Ok(()) }
    }
}

fn open(path: &Path) -> io::Result<ResumeFile> {
    let found = match File::open(path) {
        Ok(mut file) => {
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            let Ok(Value::Object(cursor)) = serde_json::from_str(&text) else {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "it is not what an earlier run has left: a cursor as a JSON object",
                ));
            };
            Some(Cursor(cursor))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let last = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(last);
    // One name for all runs: what a killed one leaves is replaced by the next.
    hidden.push(".part");
    let beside = path.with_file_name(hidden);
    OpenOptions::new().write(true).create(true).truncate(true).open(&beside)?.flush()?;
    std::fs::remove_file(&beside)?;
    Ok(ResumeFile { path: path.to_owned(), beside, found })
}

/// Whether stdout is a file that does not end with a line end, as far as that can be told.
fn ends_within_a_line() -> bool {
    if io::stdout().is_terminal() {
        return false;
    }
    let Ok(mut file) = File::open("/dev/stdout") else { return false };
    let is_file = file.metadata().is_ok_and(|there| there.is_file() && there.len() > 0);
    let mut last = [0];
    is_file
        && file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last)).is_ok()
        && last != *b"\n"
}
