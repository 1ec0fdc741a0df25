//! `record`: a run whose exchanges are kept, without secrets.

use std::path::{Path, PathBuf};

use cardhost::cassette::CassetteFault;
use cardhost::cassette::{Case, from_har};
use cardhost::clock::{Clock as _, FixedClock, SystemClock};
use cardhost::core::error::Unreadable;
use cardhost::testing::{CaseFolder, Head, Recorder};
use cardhost::{Error, Place, Policy};

use super::args::{Global, RecordArgs};
use super::console::{Console, Failure};
use super::{flow, run, setup};

pub(crate) fn run(global: &Global, args: &RecordArgs, console: &Console) -> Result<(), Failure> {
    if let (Some(archive), Some(cassette)) = (&args.from_har, &args.cassette) {
        return import(archive, cassette, console);
    }
    if let Some(flow) = &args.flow {
        return flow::record(global, args, flow, console);
    }
    if !args.sources.flows.is_empty() || !args.sources.secret.is_empty() {
        return Err(Failure::Usage("--flows and --secret are for --flow".to_owned()));
    }
    let policy = Policy { total_timeout: args.timeout, ..Policy::default() };
    let limit = policy.max_invocation_bytes;
    let mut builder = setup::host_for(global, &args.target.reach, policy)?;
    if args.mock {
        builder = builder.stand_in(cardhost::testing::Mocks);
    }
    let invocation = setup::invocation(limit)?;
    let card = invocation.card.clone().or_else(|| args.target.card.clone());
    // What is signed for a time is signed for the time in the cassette, and a replay signs the same again.
    let recorded_at = SystemClock.unix_seconds();
    let head = Head { card: card.clone(), recorded_at, ..Head::default() };
    let file = cassette_file(args);
    let recorder = Recorder::to_file(head, &file)?;
    let host = builder.clock(FixedClock(recorded_at)).observer(recorder.clone()).build();
    let runtime = setup::runtime()?;
    let prepared = runtime.block_on(host.prepare(card.as_deref(), invocation.clone()))?;
    let result = runtime.block_on(host.run(card.as_deref(), invocation.clone()));
    let cassette = recorder.finish()?;
    if let Some(folder) = &args.case {
        let redactor = &prepared.plan.request.redactor;
        let given = (invocation.options, invocation.input);
        let mut case = Case::of(&prepared.definition, &prepared.connection, given, redactor);
        case.base.clone_from(&args.target.reach.base);
        case.allow_private_network = args.target.reach.network.allow_private_network;
        let text = case.write().map_err(|error| Failure::Io("case.json", error.into()))?;
        write_file(&folder.join("case.json"), &text)?;
        // What a replay gives is what must come out: the same, but for what is masked.
        let folder = CaseFolder::load(folder)?;
        let cards = setup::cards(global)?;
        let ran = runtime.block_on(folder.run(cards, &[]))?;
        folder.accept(&ran.found)?;
    }
    said(console, cassette.exchanges.len(), &file);
    let outcome = result?;
    console.warnings(&outcome.warnings);
    run::print(&outcome, args.pretty, console)
}

/// Where the exchanges go.
pub(crate) fn cassette_file(args: &RecordArgs) -> PathBuf {
    match (&args.cassette, &args.case) {
        (Some(file), _) => file.clone(),
        (None, Some(folder)) => folder.join("cassette.json"),
        (None, None) => PathBuf::new(),
    }
}

/// Says how much was recorded.
pub(crate) fn said(console: &Console, exchanges: usize, file: &Path) {
    let plural = if exchanges == 1 { "" } else { "s" };
    console.note(&format!("recorded {exchanges} exchange{plural}: {}", file.display()));
}

/// Makes a cassette of an HTTP archive.
fn import(archive: &Path, cassette: &Path, console: &Console) -> Result<(), Failure> {
    let shown = archive.display().to_string();
    let text = std::fs::read_to_string(archive).map_err(|error| {
        let place = Place { file: shown.clone(), ..Place::default() };
        Error::from(Unreadable { reason: error.to_string() }).at(place)
    })?;
    let made = from_har(&shown, &text)?;
    let text = made.write().map_err(|error| Failure::Io("the cassette", error.into()))?;
    write_file(cassette, &text)?;
    let (exchanges, cassette) = (made.exchanges.len(), cassette.display());
    console.note(&format!("imported {exchanges} exchanges: {cassette}"));
    Ok(())
}

/// Writes a file of a case.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| {
        let (path, reason) = (path.display().to_string(), error.to_string());
        Failure::Error(CassetteFault::Unwritable { path, reason }.into())
    })
}
