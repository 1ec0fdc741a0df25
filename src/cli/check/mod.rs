//! `check`: every fault of connectors, cards and flows, with its source line; the examples of cards are run.

mod connectors;
mod flows;
mod report;

use std::io;
use std::path::{Path, PathBuf};

use cardhost::Class;

use super::args::{CheckArgs, Global};
use super::console::{Console, Failure};
use super::setup;
use flows::Flows;

pub(super) use flows::{read_flow, refused};

/// What was checked, and how many findings there are.
#[derive(Default)]
struct Tally {
    connectors: usize,
    cards: usize,
    examples: usize,
    anti_examples: usize,
    flows: usize,
    errors: usize,
    warnings: usize,
}

pub(crate) fn run(global: &Global, args: &CheckArgs, console: &Console) -> Result<(), Failure> {
    let (mut connectors, mut flows) = (Vec::new(), Flows::default());
    if args.paths.is_empty() {
        connectors = default_connectors(global)?;
        let folder = Path::new("flows");
        if folder.is_dir() {
            flows.gather_folder(folder)?;
        }
    }
    for path in &args.paths {
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
    if connectors.is_empty() && flows.is_empty() {
        return Err(nothing("connector and no flow", &args.paths));
    }
    let mut tally = Tally::default();
    for files in &connectors {
        files.check(console, &mut tally);
    }
    flows.check(global, console, &mut tally)?;
    tally.end(console)
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

impl Tally {
    /// Says what was checked; an error where there were faults.
    fn end(&self, console: &Console) -> Result<(), Failure> {
        let mut checked = Vec::new();
        if self.connectors > 0 || self.flows == 0 {
            checked.push(count(self.connectors, "connector"));
            checked.push(count(self.cards, "card"));
            checked.push(count(self.examples, "example"));
            checked.push(count(self.anti_examples, "anti-example"));
        }
        if self.flows > 0 {
            checked.push(count(self.flows, "flow"));
        }
        let checked = checked.join(", ");
        if self.errors == 0 {
            let warned = match self.warnings {
                0 => String::new(),
                warnings => format!(", {}", count(warnings, "warning")),
            };
            return console.out(&format!("{checked}: no fault{warned}\n"));
        }
        if !console.json_errors() {
            console.note(&format!("{checked}: {}", count(self.errors, "fault")));
        }
        Err(Failure::Reported(Class::Definition))
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn nothing(what: &str, paths: &[PathBuf]) -> Failure {
    let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    Failure::Usage(format!("no {what} in {}", shown.join(", ")))
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let own = path.extension().and_then(|extension| extension.to_str());
    own.is_some_and(|own| extensions.contains(&own))
}

/// What is in a folder, in the order of the names.
fn entries(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let read = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let mut entries: Vec<PathBuf> = read.filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort();
    Ok(entries)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::Usage(format!("{}: {error}", path.display()))
}
