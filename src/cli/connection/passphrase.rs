//! Passphrases of exports.

use std::env::VarError;
use std::io::{IsTerminal as _, Read as _};

use super::args::PassphraseArgs;
use super::ask;
use crate::cli::console::{Console, Failure};

/// Fewest characters of a passphrase that is set.
const FEWEST_CHARACTERS: usize = 8;
/// Most bytes of a passphrase that are read.
const MOST_BYTES: u64 = 64 * 1024;

/// The passphrase of an export that is there.
pub(super) fn known(args: &PassphraseArgs) -> Result<String, Failure> {
    match given(args)? {
        Some(passphrase) => Ok(passphrase),
        None => ask::hidden("passphrase of the export: "),
    }
}

/// A passphrase for a new export; typed twice at a terminal.
pub(super) fn new(args: &PassphraseArgs, console: &Console) -> Result<String, Failure> {
    if let Some(passphrase) = given(args)? {
        return match is_short(&passphrase) {
            true => Err(Failure::Usage(too_short())),
            false => Ok(passphrase),
        };
    }
    loop {
        let passphrase = ask::hidden("passphrase for the export: ")?;
        if is_short(&passphrase) {
            console.note(&format!("  {}", too_short()));
        } else if ask::hidden("the same once more: ")? == passphrase {
            return Ok(passphrase);
        } else {
            console.note("  they are not the same");
        }
    }
}

fn is_short(passphrase: &str) -> bool {
    passphrase.chars().count() < FEWEST_CHARACTERS
}

fn too_short() -> String {
    format!("the passphrase has fewer than {FEWEST_CHARACTERS} characters")
}

fn given(args: &PassphraseArgs) -> Result<Option<String>, Failure> {
    match (&args.passphrase_env, &args.passphrase_file) {
        (Some(name), _) => match std::env::var(name) {
            Ok(passphrase) if !passphrase.is_empty() => Ok(Some(passphrase)),
            Ok(_) => Err(Failure::Usage(format!("--passphrase-env {name}: it is empty"))),
            Err(VarError::NotPresent) => {
                Err(Failure::Usage(format!("--passphrase-env {name}: it is not set")))
            }
            // The error's words would quote it.
            Err(VarError::NotUnicode(_)) => {
                Err(Failure::Usage(format!("--passphrase-env {name}: it is not UTF-8")))
            }
        },
        (None, Some(path)) => {
            let unusable = |reason: &str| {
                Failure::Usage(format!("--passphrase-file {}: {reason}", path.display()))
            };
            let mut text = String::new();
            std::fs::File::open(path)
                .and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text))
                .map_err(|error| unusable(&error.to_string()))?;
            let line = cardhost::core::text::unmarked(&text);
            let line = line.strip_suffix('\n').unwrap_or(line);
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.is_empty() { Err(unusable("it is empty")) } else { Ok(Some(line.to_owned())) }
        }
        (None, None) if std::io::stderr().is_terminal() => Ok(None),
        (None, None) => {
            let message = "nobody can be asked for the passphrase: give --passphrase-env or --passphrase-file";
            Err(Failure::Usage(message.to_owned()))
        }
    }
}
