//! `test`: replays folders of cases, several at once.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use cardhost::testing::CaseFolder;
use cardhost::{Class, Error};

use super::args::{Global, Report, TestArgs};
use super::console::{Console, Failure};
use super::report::{CaseReport, Verdict};
use super::{report, setup};

/// Folders below folders are looked into so deep.
const DEEPEST: usize = 16;

pub(crate) fn run(global: &Global, args: &TestArgs, console: &Console) -> Result<(), Failure> {
    let cases = find(args)?;
    let since = Instant::now();
    let reports = replay(global, args, &cases)?;
    let failed = reports.iter().filter(|case| matches!(case.verdict, Verdict::Failed(_))).count();
    let seconds = since.elapsed().as_secs_f64();
    match args.format {
        Report::Json => console.out(&report::json(&reports, seconds))?,
        Report::Junit => console.out(&report::junit(&reports, seconds))?,
        Report::Text => {
            for case in &reports {
                if let Verdict::Failed(error) = &case.verdict {
                    console.case(&case.name, error);
                }
            }
            let summary = report::summary(&reports);
            if failed == 0 {
                console.out(&summary)?;
            } else if !console.json_errors() {
                console.note(summary.trim_end());
            }
        }
    }
    if failed == 0 { Ok(()) } else { Err(Failure::Reported(Class::Test)) }
}

/// The folders of the cases, sorted.
fn find(args: &TestArgs) -> Result<Vec<PathBuf>, Failure> {
    let given =
        if args.paths.is_empty() { vec![PathBuf::from("cases")] } else { args.paths.clone() };
    let mut found = Vec::new();
    for path in &given {
        // A case can be named by its file.
        let named = path.file_name().is_some_and(|name| name == "case.json");
        let folder = path.parent().filter(|_| named).unwrap_or(path);
        if !folder.is_dir() {
            return Err(Failure::Usage(format!("`{}` is not a folder of cases", path.display())));
        }
        below(folder, 0, &mut found)?;
    }
    found.sort();
    found.dedup();
    let names = |case: &PathBuf| {
        let shown = case.display().to_string();
        args.filter.is_empty() || args.filter.iter().any(|filter| shown.contains(filter.as_str()))
    };
    found.retain(names);
    if found.is_empty() {
        let given: Vec<String> = given.iter().map(|path| format!("`{}`", path.display())).collect();
        let such = if args.filter.is_empty() { "no case" } else { "no case of that name" };
        return Err(Failure::Usage(format!(
            "{such} in {}: a case is a folder with a case.json",
            given.join(", ")
        )));
    }
    Ok(found)
}

fn below(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if folder.join("case.json").is_file() {
        found.push(folder.to_owned());
        return Ok(());
    }
    if depth == DEEPEST {
        return Ok(());
    }
    let unreadable = |error| Failure::Io("a folder of cases", error);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        // A link may lead back to where it is.
        if entry.file_type().map_err(unreadable)?.is_dir() && !hidden {
            below(&entry.path(), depth + 1, found)?;
        }
    }
    Ok(())
}

/// Replays the cases; the reports are in their order.
fn replay(global: &Global, args: &TestArgs, cases: &[PathBuf]) -> Result<Vec<CaseReport>, Failure> {
    // A folder of cards that is not there is told once.
    setup::host(global)?;
    let waiting = Mutex::new(cases.iter().enumerate());
    let done = Mutex::new(Vec::with_capacity(cases.len()));
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || -> Result<(), Failure> {
        let runtime = setup::runtime()?;
        while let Some((index, path)) = next() {
            let since = Instant::now();
            let (card, verdict) = runtime.block_on(one(global, args, path))?;
            let name = path.display().to_string();
            let seconds = since.elapsed().as_secs_f64();
            let report = CaseReport { name, card, seconds, verdict };
            done.lock().unwrap_or_else(PoisonError::into_inner).push((index, report));
        }
        Ok(())
    };
    let workers = usize::from(args.jobs).min(cases.len());
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        running.into_iter().try_for_each(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, report)| report).collect())
}

/// Replays one case.
async fn one(
    global: &Global,
    args: &TestArgs,
    path: &Path,
) -> Result<(Option<String>, Verdict), Failure> {
    let folder = match CaseFolder::load(path) {
        Ok(folder) => folder,
        Err(error) => return Ok((None, Verdict::Failed(error))),
    };
    let card = Some(folder.case.card.clone());
    let verdict = match folder.run(setup::cards(global)?, &args.fault).await {
        Err(error) => Verdict::Failed(error),
        Ok(ran) => match ran.difference {
            None => Verdict::Passed,
            Some(_) if args.accept => match folder.accept(&ran.found) {
                Ok(()) => Verdict::Accepted,
                Err(error) => Verdict::Failed(error),
            },
            Some(difference) => {
                let fault = cardhost::core::cassette_fault::CassetteFault::Result { difference };
                Verdict::Failed(Error::from(fault))
            }
        },
    };
    Ok((card, verdict))
}
