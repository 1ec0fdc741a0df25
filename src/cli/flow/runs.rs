//! `flow runs`: the runs whose journals are in a folder.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use cardhost::core::moment::rfc3339_ms;
use cardhost::flow::{Journal, RunState};
use serde_json::Value;

use super::args::RunsArgs;
use super::status::json;
use crate::cli::check::entries;
use crate::cli::console::{Console, Failure};

/// The beginning of an SQLite file, and where its application stands in it (SQLite's file format, section 1.3).
const SQLITE: &[u8] = b"SQLite format 3\0";
const APPLICATION: std::ops::Range<usize> = 68..72;

pub(crate) fn run(args: &RunsArgs, console: &Console) -> Result<(), Failure> {
    let mut runs: Vec<(String, RunState)> = Vec::new();
    for path in journals(&args.journal_dir)? {
        let name = path.display().to_string();
        match Journal::state(&path) {
            Ok(state) => runs.push((name, state)),
            // One that cannot be read does not hide the others.
            Err(error) => console.note(&format!("warning: {}", error.message())),
        }
    }
    if args.json {
        let all: Vec<Value> = runs.iter().map(|(name, state)| json(name, state)).collect();
        return console.out(&format!("{}\n", Value::Array(all)));
    }
    let rows: Vec<[String; 5]> = runs
        .into_iter()
        .map(|(name, state)| {
            let why = [state.code, state.why].into_iter().flatten().collect::<Vec<_>>().join(": ");
            let since = state.since_ms.map(rfc3339_ms).unwrap_or_default();
            [name, state.stage.as_str().to_owned(), since, state.step.unwrap_or_default(), why]
        })
        .collect();
    console.text(&table(&rows))
}

/// Columns as wide as what is in them; none after the last.
fn table(rows: &[[String; 5]]) -> String {
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..4).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        line.push_str(&row[4]);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn journals(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let all = entries(folder)?;
    Ok(all.into_iter().filter(|path| path.is_file() && is_journal(path)).collect())
}

/// Whether a file says that it is a journal; it is not opened as a database for that.
fn is_journal(path: &Path) -> bool {
    let mut head = [0; 100];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head.starts_with(SQLITE) && head[APPLICATION] == *b"Flow"
}
