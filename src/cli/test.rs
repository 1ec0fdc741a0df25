//! `test`: replays folders of cases, several at once.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use cardhost::cassette::CassetteFault;
use cardhost::shutdown::Shutdown;
use cardhost::testing::AnyCase;
use cardhost::{Class, Error};
use clap::{Args, ValueEnum};

use super::console::{Console, Failure};
use super::global::Global;
use super::interrupt::{DrainArgs, Interrupt};
use super::report::{CaseReport, Subject, Verdict};
use super::{report, setup};

/// Folders below folders are looked into so deep.
const DEEPEST: usize = 16;

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Cases, or folders of cases; `cases` by default
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Cases at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: u16,
    /// Only cases whose folder has this in its path
    #[arg(long, value_name = "NAME")]
    pub(crate) filter: Vec<String>,
    /// Take what comes out for what must come out: write the golden files that differ
    #[arg(long, conflicts_with = "fault")]
    pub(crate) accept: bool,
    /// Put a fault between cardhost and the replies: 429@2, 503:30@1 (Retry-After), 500@2..4, reset@3, timeout@1
    #[arg(long, value_name = "FAULT", value_parser = injection)]
    pub(crate) fault: Vec<cardhost::cassette::Injection>,
    #[command(flatten)]
    pub(crate) drain: DrainArgs,
    /// How the report is written
    #[arg(long, value_enum, default_value_t = Report::Text)]
    pub(crate) format: Report,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Report {
    /// For people.
    Text,
    /// JUnit's XML, on stdout.
    Junit,
    /// One JSON object, on stdout.
    Json,
}

fn injection(text: &str) -> Result<cardhost::cassette::Injection, String> {
    cardhost::cassette::Injection::parse(text).ok_or_else(|| {
        "a fault such as 429@2, 503:30@1, 500@2..4, reset@3 or timeout@1 is expected".to_owned()
    })
}

pub(crate) fn run(global: &Global, args: &TestArgs, console: &Console) -> Result<(), Failure> {
    let cases = find(args)?;
    let since = Instant::now();
    let interrupt = Interrupt::listen(&args.drain)?;
    let reports = replay(global, args, &cases, &interrupt.shutdown)?;
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
    if let Some(signal) = interrupt.signal().filter(|_| reports.len() < cases.len()) {
        let (ran, all) = (reports.len(), cases.len());
        console.interrupted(signal, &format!("{ran} of {all} cases were run"));
        return Err(Failure::Interrupted(signal, None));
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
fn replay(
    global: &Global,
    args: &TestArgs,
    cases: &[PathBuf],
    shutdown: &Shutdown,
) -> Result<Vec<CaseReport>, Failure> {
    // A folder of cards that is not there is told once.
    setup::host(global)?;
    let waiting = Mutex::new(cases.iter().enumerate());
    let done = Mutex::new(Vec::with_capacity(cases.len()));
    let next = || {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if shutdown.has_begun() { None } else { waiting.next() }
    };
    let work = || -> Result<(), Failure> {
        let runtime = setup::runtime()?;
        while let Some((index, path)) = next() {
            let since = Instant::now();
            let ran = runtime.block_on(async {
                tokio::select! {
                    ran = one(global, args, path) => Some(ran),
                    () = shutdown.is_cut_off() => None,
                }
            });
            let Some(ran) = ran else { return Ok(()) };
            let (subject, verdict) = ran?;
            let name = path.display().to_string();
            let seconds = since.elapsed().as_secs_f64();
            let report = CaseReport { name, subject, seconds, verdict };
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
) -> Result<(Option<Subject>, Verdict), Failure> {
    let cards = setup::cards(global)?;
    let case = match AnyCase::load(path) {
        Ok(case) => case,
        Err(error) => return Ok((None, Verdict::Failed(error))),
    };
    Ok(match case {
        AnyCase::Card(case) => {
            let ran = case.run(cards, &args.fault).await;
            let ran = ran.map(|ran| (ran.difference, ran.found));
            let verdict = verdict(args, ran, |found| case.accept(found));
            (Some(Subject::Card(case.case.card.clone())), verdict)
        }
        AnyCase::Flow(case) => {
            let case = case.injecting(args.fault.clone());
            let ran = case.run(cards).await;
            let ran = ran.map(|ran| (ran.difference.clone(), ran));
            let verdict = verdict(args, ran, |ran| case.accept(ran));
            (Some(Subject::Flow(case.flow.name())), verdict)
        }
    })
}

/// What came of a replay: what differs, and what came out.
fn verdict<F>(
    args: &TestArgs,
    ran: Result<(Option<String>, F), Error>,
    accept: impl FnOnce(&F) -> Result<(), Error>,
) -> Verdict {
    match ran {
        Err(error) => Verdict::Failed(error),
        Ok((None, _)) => Verdict::Passed,
        Ok((Some(_), found)) if args.accept => match accept(&found) {
            Ok(()) => Verdict::Accepted,
            Err(error) => Verdict::Failed(error),
        },
        Ok((Some(difference), _)) => {
            Verdict::Failed(Error::from(CassetteFault::Result { difference }))
        }
    }
}
