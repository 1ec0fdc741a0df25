//! `record`: a run of a card whose exchanges are kept, without secrets.

use std::path::Path;

use cardhost::cassette::{Case, inlined};
use cardhost::clock::{Clock as _, SystemClock, WaitingClock};
use cardhost::entropy::SeededEntropy;
use cardhost::testing::{CaseFolder, Head, Recorder, Seed};

use tokio::runtime::Runtime;

use super::args::RecordArgs;
use super::files::{cassette_file, said, write_file};
use super::seed::random_seed;
use crate::cli::console::{Console, Failure};
use crate::cli::given::Given;
use crate::cli::global::Global;
use crate::cli::{run, setup};

pub(super) fn record(global: &Global, args: &RecordArgs, console: &Console) -> Result<(), Failure> {
    if !args.sources.flows.is_empty() || !args.sources.secret.is_empty() {
        return Err(Failure::Usage("--flows and --secret are for --flow".to_owned()));
    }
    let builder =
        setup::running_host(global, &args.target.reach, setup::policy(args.timeout), args.mock)?;
    let named = args.target.card.as_deref();
    let given = Given::read(&setup::host(global)?.build(), named, &args.set)?;
    let (invocation, placed) = given.parts();
    let card = invocation.card.clone().or_else(|| args.target.card.clone());
    // What is signed for a time is signed for the time in the cassette, and a replay signs the same again.
    let recorded_at = SystemClock.unix_seconds();
    let seed = random_seed()?;
    let head = Head { card: card.clone(), recorded_at, seed: Some(Seed(seed)), ..Head::default() };
    let file = cassette_file(args);
    let recorder = Recorder::to_file(head, &file)?;
    let entropy = SeededEntropy::new(seed);
    // A mock is no service that could need time; any other is waited for.
    let clock = match args.mock {
        true => WaitingClock::replaying(recorded_at),
        false => WaitingClock::recording(recorded_at),
    };
    let builder = builder.clock(clock).entropy(entropy.clone());
    let host = builder.observer(recorder.clone()).build();
    let runtime = setup::runtime()?;
    let prepared = runtime.block_on(host.prepare(card.as_deref(), invocation.clone()));
    let prepared = prepared.map_err(&placed)?;
    // A replay plans once.
    entropy.restart();
    let result = runtime.block_on(host.run(card.as_deref(), invocation.clone()));
    let cassette = recorder.finish()?;
    said(console, cassette.exchanges.len(), &file);
    let case = args.case.as_ref().map_or(Ok(()), |folder| {
        let connector = prepared.definition.connector.name.as_str();
        let redactor = &prepared.plan.request.redactor;
        let mut invocation = invocation;
        let (definition, settled) = (&prepared.definition, &prepared.plan.input);
        invocation.input = inlined(definition, invocation.input, settled, &content)?;
        let mut case = Case::of(definition, &prepared.connection, invocation, redactor);
        case.base = host.settings().base_of(connector).map(|base| base.text().to_owned());
        case.allow_private_network = !args.target.reach.network.allow_private_network.is_empty();
        write_case(global, folder, &case, &runtime)
    });
    // What the service did is told first, whatever became of the files.
    let outcome = result?;
    console.warnings(&outcome.warnings);
    run::print(&outcome, args.pretty, console)?;
    case
}

/// Most bytes of a file that is put into a case.
const MOST_FILE_BYTES: usize = 1024 * 1024;

/// What is in a file of the invocation.
fn content(path: &str) -> Result<Vec<u8>, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::Io("a file of the case", error))?;
    if bytes.len() > MOST_FILE_BYTES {
        return Err(Failure::Usage(format!(
            "`{path}` has more than {MOST_FILE_BYTES} bytes, too many for a case: record a cassette with --cassette"
        )));
    }
    Ok(bytes)
}

/// Writes a case, and what a replay of it gives as what must come out: the same, but for what is masked. Where it cannot be
/// replayed, the exchanges stay and no case that can never pass.
fn write_case(
    global: &Global,
    folder: &Path,
    case: &Case,
    runtime: &Runtime,
) -> Result<(), Failure> {
    let text = case.write().map_err(|error| Failure::Io("case.json", error.into()))?;
    let file = folder.join("case.json");
    write_file(&file, &text)?;
    let replayed = || -> Result<(), Failure> {
        let folder = CaseFolder::load(folder)?;
        let ran = runtime.block_on(folder.run(setup::cards(global)?, &[]))?;
        Ok(folder.accept(&ran.found)?)
    };
    replayed().inspect_err(|_| drop(std::fs::remove_file(&file)))
}
