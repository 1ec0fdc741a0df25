//! `flow run`: one run of a flow.

use std::io::IsTerminal as _;
use std::path::Path;

use cardhost::core::error::Internal;
use cardhost::core::invocation::InvocationFault;
use cardhost::core::text::{not_utf8, unmarked_bytes};
use cardhost::flow::datum::Limits;
use cardhost::flow::{FlowFault, FlowRunner, Journal, News, NotReady, Unfinished, Watcher};
use cardhost::{Class, Code, Error, Policy};
use serde_json::{Map, Value};

use super::args::{FlowRunArgs, Show, SkippedStep};
use super::progress::Progress;
use super::secrets::Secrets;
use super::source::{self, Flows};
use super::trace::Trace;
use crate::cli::check::refused;
use crate::cli::console::{Console, Failure};
use crate::cli::global::Global;
use crate::cli::interrupt::Interrupt;
use crate::cli::setup;

pub(crate) fn run(global: &Global, args: &FlowRunArgs, console: &Console) -> Result<(), Failure> {
    let flow = source::load(&args.flow, console)?;
    let files = setup::files_folder(args.files.as_deref())?;
    let policy = Policy { files, ..setup::policy(args.timeout) };
    let host = setup::running_host(global, &args.reach, policy, args.mock)?;
    let input = input()?;
    // Not before stdin is read: nothing is lost while it is waited for.
    let interrupt = Interrupt::listen(&args.drain)?;
    let mut runner = FlowRunner::new(host.shutdown(interrupt.shutdown.clone()).build())
        .flows(Flows::of(&args.flow, &args.sources))
        .secrets(Secrets::new(&args.sources.secret, &args.reach.store))
        .max_tasks(args.max_tasks)
        .expression_limits(Limits { steps: args.max_steps, ..Limits::default() });
    if let Some(eyes) = Eyes::open(args)? {
        runner = runner.watcher(eyes);
    }
    let runtime = setup::runtime()?;
    if !args.unchecked {
        runtime.block_on(runner.ready(&flow)).map_err(|not| not_ready(not, console))?;
    }
    let done = match &args.journal {
        None => runtime.block_on(runner.run(&flow, input)),
        Some(path) => {
            let journal = journal(path, args)?;
            runtime.block_on(runner.run_with(journal, unfinished(args), &flow, input))
        }
    };
    let output = done.map_err(|error| match interrupt.signal() {
        Some(signal) if *error.code() == Code::FLOW_INTERRUPTED => {
            Failure::Interrupted(signal, Some(Box::new(error)))
        }
        _ => Failure::Error(on_failure(error, args)),
    })?;
    print(&output, args.pretty, console)
}

/// Tells why a flow cannot run.
pub(crate) fn not_ready(not: NotReady, console: &Console) -> Failure {
    match not {
        NotReady::Findings { flow, findings } => refused(console, flow.text(), &findings),
        NotReady::Missing(error) => error.into(),
        _ => Failure::Error(Error::from(Internal { what: "a flow that cannot run says no more" })),
    }
}

fn journal(path: &Path, args: &FlowRunArgs) -> Result<Journal, Error> {
    let mut journal = Journal::open(path)?;
    if args.accept_changes {
        journal = journal.accepting_changes();
    }
    if args.retry_failed {
        journal = journal.retrying_failed();
    }
    for step in &args.repeat {
        journal = journal.deciding(step, Unfinished::Repeat);
    }
    for SkippedStep { step, output } in &args.skip {
        journal = journal.deciding(step, Unfinished::Skip(output.clone()));
    }
    Ok(journal)
}

/// What to do about an error that nothing caught, where the run is kept.
fn on_failure(error: Error, args: &FlowRunArgs) -> Error {
    let is_uncaught = error.fault().downcast_ref::<FlowFault>().is_some();
    if !is_uncaught || args.journal.is_none() {
        return error;
    }
    let is_unsafe = error.retryable() == Some(false);
    let passes = matches!(error.class(), Class::Transport | Class::Later)
        || (error.class() == Class::Service && error.retryable() == Some(true));
    let hint = if error.class() == Class::Transport && is_unsafe {
        "look at the service: it may have done it; then the same command with `--retry-failed`, and `--repeat STEP` or `--skip STEP[=OUTPUT]`, goes on"
    } else if passes {
        "this passes: the same command with `--retry-failed` goes on from the step that failed, and keeps what was done"
    } else {
        "mend what is wrong (the flow, a card, the connection); then the same command with `--retry-failed` goes on from the step that failed, and keeps what was done"
    };
    match error.hint() {
        Some(own) => error.with_hint(format!("{own}; {hint}")),
        None => error.with_hint(hint),
    }
}

fn unfinished(args: &FlowRunArgs) -> Unfinished {
    match &args.skip_unfinished {
        Some(output) => Unfinished::Skip(output.clone()),
        None if args.repeat_unfinished => Unfinished::Repeat,
        None => Unfinished::Stop,
    }
}

/// The input on stdin; an empty stdin is an empty object.
pub(crate) fn input() -> Result<Value, Failure> {
    let Some(text) = setup::stdin("the input of the flow")? else {
        return Ok(Value::Object(Map::new()));
    };
    let wrong = |reason: String, line, column| {
        Failure::from(Error::from(InvocationFault::Syntax { reason, line, column }))
    };
    let text = unmarked_bytes(&text);
    let text = std::str::from_utf8(text).map_err(|_| wrong(not_utf8(text).to_owned(), 1, 1))?;
    let value = cardhost::core::value::parse(text).map_err(|error| {
        wrong(cardhost::core::value::reason(&error), error.line(), error.column())
    })?;
    match cardhost::core::value::duplicate_key(text, &value) {
        Some(key) => Err(Error::from(InvocationFault::DuplicateKey { key }).into()),
        None => Ok(value),
    }
}

/// Prints the output.
pub(crate) fn print(output: &Value, pretty: bool, console: &Console) -> Result<(), Failure> {
    let pretty = pretty || console.out_is_terminal();
    let text =
        if pretty { serde_json::to_string_pretty(output) } else { serde_json::to_string(output) };
    let mut text = text.map_err(|error| Failure::Io("output", error.into()))?;
    text.push('\n');
    console.out(&text)
}

/// What watches a run.
struct Eyes {
    progress: Option<Progress>,
    trace: Option<Trace>,
    /// Whether the trace tells what every task gives.
    outputs: bool,
}

impl Eyes {
    fn open(args: &FlowRunArgs) -> Result<Option<Eyes>, Failure> {
        let shows = match args.progress {
            Show::Auto => std::io::stderr().is_terminal(),
            Show::Always => true,
            Show::Never => false,
        };
        let trace = match &args.trace {
            None => None,
            Some(path) => {
                let trace = Trace::open(path, args.journal.is_some());
                Some(trace.map_err(|error| {
                    Failure::Usage(format!("--trace {}: {error}", path.display()))
                })?)
            }
        };
        let progress = shows.then(Progress::default);
        Ok((progress.is_some() || trace.is_some()).then_some(Eyes {
            progress,
            trace,
            outputs: args.trace_outputs,
        }))
    }
}

impl Watcher for Eyes {
    fn wants_outputs(&self) -> bool {
        self.outputs
    }

    fn tell(&self, news: &News) {
        if let Some(trace) = &self.trace {
            trace.write(news);
        }
        if let Some(progress) = &self.progress {
            progress.show(news);
        }
    }
}
