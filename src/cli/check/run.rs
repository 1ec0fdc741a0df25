//! What is checked: the files of the command line, or those that are there.

use std::path::{Path, PathBuf};

use super::args::CheckArgs;
use super::cases;
use super::connectors;
use super::flows::{self, Flows};
use super::folder::has_extension;
use super::tally::Tally;
use super::watch;
use crate::cli::console::{Console, Failure};
use crate::cli::global::Global;
use crate::cli::setup;

pub(crate) fn run(global: &Global, args: &CheckArgs, console: &Console) -> Result<(), Failure> {
    let check = || checked(global, &args.paths, args.strict, console)?.end(console);
    if args.watch { watch::watch(&watched(global, &args.paths)?, console, &check) } else { check() }
}

/// Checks files that were made here, and tells only what is wrong with them.
pub(crate) fn run_quietly(
    global: &Global,
    paths: &[PathBuf],
    console: &Console,
) -> Result<(), Failure> {
    let tally = checked(global, paths, false, console)?;
    if tally.errors > 0 { tally.end(console) } else { Ok(()) }
}

/// What is looked at again and again.
fn watched(global: &Global, paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    if !paths.is_empty() {
        return Ok(paths.to_vec());
    }
    let mut watched = setup::card_folders(global);
    if watched.is_empty() {
        watched.push(PathBuf::from("cards"));
    }
    watched.push(PathBuf::from("flows"));
    watched.retain(|path| path.is_dir());
    if watched.is_empty() {
        Err(nothing("folder to watch", &["cards".into(), "flows".into()]))
    } else {
        Ok(watched)
    }
}

/// Checks files and tells what is found.
fn checked(
    global: &Global,
    paths: &[PathBuf],
    strict: bool,
    console: &Console,
) -> Result<Tally, Failure> {
    let (mut connectors, mut flows) = (Vec::new(), Flows::default());
    if paths.is_empty() {
        connectors = default_connectors(global)?;
        let folder = Path::new("flows");
        if folder.is_dir() {
            flows.gather_folder(folder)?;
        }
    }
    let given = paths;
    let (cases, paths): (Vec<&PathBuf>, Vec<&PathBuf>) =
        given.iter().partition(|path| cases::is_case(path));
    for path in paths {
        let is_yaml = has_extension(path, &["yaml", "yml"]);
        if path.is_file() && (is_yaml || flows::is_flow(path)) {
            flows.gather_file(path)?;
            continue;
        }
        connectors::gather(path, &mut connectors)?;
        if path.is_dir() {
            flows.gather_folder(path)?;
        }
    }
    if connectors.is_empty() && flows.is_empty() && cases.is_empty() {
        return Err(nothing("connector and no flow", given));
    }
    let mut tally = Tally { strict, ..Tally::default() };
    for files in &connectors {
        files.check(console, &mut tally);
    }
    flows.check(global, console, &mut tally)?;
    cases.into_iter().try_for_each(|path| cases::check(path, console, &mut tally))?;
    Ok(tally)
}

/// `flow check`: flows only, whatever their files are called.
pub(crate) fn run_flows(
    global: &Global,
    paths: &[PathBuf],
    console: &Console,
) -> Result<(), Failure> {
    let mut flows = Flows::default();
    for path in paths {
        match path.is_dir() {
            true => flows.gather_folder(path)?,
            false => flows.gather_file(path)?,
        }
    }
    if flows.is_empty() {
        return Err(nothing("flow", paths));
    }
    let mut tally = Tally::default();
    flows.check(global, console, &mut tally)?;
    tally.end(console)
}

/// The connectors of `--cards`, of the folder `cards`, or else the built-in ones.
fn default_connectors(global: &Global) -> Result<Vec<connectors::Files>, Failure> {
    let mut paths = setup::card_folders(global);
    if paths.is_empty() && Path::new("cards").is_dir() {
        paths.push(PathBuf::from("cards"));
    }
    if paths.is_empty() {
        return connectors::built_in(global);
    }
    let mut all = Vec::new();
    for path in &paths {
        connectors::gather(path, &mut all)?;
    }
    if all.is_empty() { Err(nothing("connector", &paths)) } else { Ok(all) }
}

fn nothing(what: &str, paths: &[PathBuf]) -> Failure {
    let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    Failure::Usage(format!("no {what} in {}", shown.join(", ")))
}
