//! A test that cannot do what it is for says so, and is counted at the end of `.ci/run`.
//!
//! Tests inside of crates have this file as a module too, by its path.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test of a pure crate may"
)]

use std::fs::OpenOptions;
use std::io::Write as _;

/// Says that the test that runs does nothing, or less than it is for.
///
/// `needs` is one word for what is missing: the part of `tests/peers/install.sh`, `shared` for the folder beside the checkout, or
/// `machine` for what a machine may do without. CI has to have all but the last.
pub(crate) fn skipped(needs: &str, why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Not by `println!`: nobody sees what a test that passes prints so.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
    // One write of a short line: tests of several programs may say so at the same time.
    let line = format!("{needs}\t{test}\t{why}\n");
    if let Some(file) = std::env::var_os("CARDHOST_SKIPPED") {
        let file = OpenOptions::new().create(true).append(true).open(file);
        let told = file.and_then(|mut file| file.write_all(line.as_bytes()));
        assert!(told.is_ok(), "a skipped test that nobody counts: {told:?}");
    }
}
