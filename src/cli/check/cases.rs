//! The form of test cases: `case.json`.

use std::path::Path;

use cardhost::author::check::{File, check_form};
use cardhost::testing::formats::case_schema;

use super::connectors::read;
use super::report::Shown;
use super::tally::Tally;
use crate::cli::console::{Console, Failure};

/// Whether a file is a test case, by its name.
pub(super) fn is_case(path: &Path) -> bool {
    path.is_file() && path.file_name().is_some_and(|name| name == "case.json")
}

/// Checks a case and tells what is found; whether it still comes out so is for `test` to say.
pub(super) fn check(path: &Path, console: &Console, tally: &mut Tally) -> Result<(), Failure> {
    let (path, text) = read(path)?;
    let found = check_form(File { path: &path, text: &text }, case_schema());
    tally.cases += 1;
    tally.report(console, found.iter().map(|finding| Shown::of(finding, Some(&text))));
    Ok(())
}
