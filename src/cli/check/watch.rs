//! `check --watch`: again whenever a file is another one, until a signal comes.
//!
//! The files' times and lengths are looked at, several times a second: that works on every system and file system, and takes less
//! than a thousandth of a processor for a catalogue.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::flows::documents;
use crate::cli::console::{Console, Failure};
use crate::cli::interrupt::{DrainArgs, Interrupt};
use crate::cli::setup;

/// Between two looks at the files.
const MOMENT: Duration = Duration::from_millis(250);

/// What tells that a file is another one.
type Seen = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Checks now and after each change; what is wrong with the files ends nothing.
pub(super) fn watch(
    paths: &[PathBuf],
    console: &Console,
    check: &dyn Fn() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let shutdown = Interrupt::listen(&DrainArgs { drain: Duration::ZERO })?.shutdown;
    setup::runtime()?.block_on(async {
        let mut seen = look(paths);
        loop {
            match check() {
                // Nobody reads what comes of it.
                Err(failure @ Failure::Io("stdout", _)) => return Err(failure),
                Err(failure) => drop(console.failure(&failure)),
                Ok(()) => {}
            }
            let changed = loop {
                tokio::select! {
                    biased;
                    () = shutdown.begun() => return Ok(()),
                    () = tokio::time::sleep(MOMENT) => {}
                }
                let now = look(paths);
                if let Some(changed) = change(&seen, &now) {
                    seen = now;
                    break changed;
                }
            };
            console.note(&format!("\n{} changed", changed.display()));
        }
    })
}

/// The files as they are now.
fn look(paths: &[PathBuf]) -> Seen {
    let files = paths.iter().flat_map(|path| match path.is_dir() {
        true => documents(path).unwrap_or_default(),
        // A card is checked with its connector.
        false => vec![path.clone(), path.with_file_name("connector.json")],
    });
    files.filter_map(|path| Some((path.clone(), state(&path)?))).collect()
}

fn state(path: &Path) -> Option<(Option<SystemTime>, u64)> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.modified().ok(), found.len()))
}

/// A file that is another one than before, is new or is gone.
fn change(before: &Seen, now: &Seen) -> Option<PathBuf> {
    let other = now.iter().find(|(path, state)| before.get(*path) != Some(state));
    let gone = || before.iter().find(|(path, _)| !now.contains_key(*path));
    other.or_else(gone).map(|(path, _)| path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_another_one_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop/connector.json");
        std::fs::create_dir(folder.path().join("shop")).unwrap();
        let all = [folder.path().to_owned()];
        let empty = look(&all);
        std::fs::write(&path, "{}").unwrap();
        let made = look(&all);
        std::fs::write(&path, "{ }").unwrap();
        let longer = look(&all);
        assert_eq!(change(&empty, &empty), None);
        for (before, now) in [(&empty, &made), (&made, &longer), (&longer, &empty)] {
            assert_eq!(change(before, now), Some(path.clone()));
        }
        assert_eq!(look(std::slice::from_ref(&path)), longer);
        std::fs::write(folder.path().join("shop/README.md"), "").unwrap();
        assert_eq!(change(&longer, &look(&all)), None);
    }
}
