//! Where drafts go, and the writing of them.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use cardhost::author::draft::CurlCommand;

use crate::cli::check;
use crate::cli::console::{Console, Failure};
use crate::cli::global::Global;
use crate::cli::setup;

/// Most bytes of a pasted command.
const LONGEST: u64 = 1024 * 1024;

/// The folders of connectors, the one to write to first.
pub(super) fn folders(global: &Global) -> Vec<PathBuf> {
    let folders = setup::card_folders(global);
    if folders.is_empty() { vec![PathBuf::from("cards")] } else { folders }
}

/// A name as the format has it.
pub(super) fn checked_name(what: &str, name: &str) -> Result<(), Failure> {
    let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_name = name.bytes().next().is_some_and(is_letter)
        && name.bytes().all(|b| is_letter(b) || b == b'-');
    match is_name {
        true => Ok(()),
        false => Err(Failure::Usage(format!(
            "`{name}` is no name of a {what}: lower-case letters, digits and, not first, `-`"
        ))),
    }
}

/// The curl command of an argument, or of stdin for `-`.
pub(super) fn pasted(argument: &str) -> Result<CurlCommand, Failure> {
    let mut text = argument.to_owned();
    if argument == "-" {
        text.clear();
        let read = io::stdin().lock().take(LONGEST).read_to_string(&mut text);
        read.map_err(|error| Failure::Io("stdin", error))?;
    }
    CurlCommand::parse(&text).map_err(|fault| Failure::Usage(format!("--curl: {fault}")))
}

/// Writes files that are not there yet, says which, and checks them.
pub(super) fn written(
    global: &Global,
    files: &[(PathBuf, String)],
    notes: &[String],
    console: &Console,
) -> Result<(), Failure> {
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(Failure::Usage(format!("`{}` is there already", path.display())));
    }
    let mut names = String::new();
    for (path, text) in files {
        write(path, text)
            .map_err(|error| Failure::Unwritable(path.display().to_string(), error))?;
        names.push_str(&format!("{}\n", path.display()));
    }
    notes.iter().for_each(|note| console.note(&format!("note: {note}")));
    // What is wrong with it is told with its place, as for any other file.
    let paths: Vec<PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();
    check::run_quietly(global, &paths, console)?;
    console.out(&names)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}
