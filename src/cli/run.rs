//! `run`: one invocation.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use cardhost::clock::{Clock as _, SystemClock};
use cardhost::core::response::Output;
use cardhost::pages::SoFar;
use cardhost::{Outcome, Policy};
use clap::Args;

use super::console::{Console, Failure};
use super::filter::Filter;
use super::given::Given;
use super::global::Global;
use super::interrupt::{DrainArgs, Interrupt};
use super::output_file::OutputFile;
use super::pages::{self, PagesArgs};
use super::reach::TargetArgs;
use super::resume_file::ResumeFile;
use super::set::SetArgs;
use super::setup;
use super::span::duration;
use super::waiting::{self, ToldClock};

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Answer from the card's own examples instead of sending
    #[arg(long)]
    pub(crate) mock: bool,
    #[command(flatten)]
    pub(crate) set: SetArgs,
    /// Print what jq makes of the outputs, a result a line
    #[arg(long, value_name = "JQ")]
    pub(crate) filter: Option<String>,
    /// Write to this file instead of stdout: it is there as a whole, or as it was
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// One invocation a line in, one result a line out
    #[arg(long, conflicts_with_all = ["set", "filter", "output"])]
    pub(crate) stream: bool,
    /// Invocations at once with --stream
    #[arg(long, value_name = "N", default_value_t = 1, requires = "stream", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) jobs: u16,
    /// Threads that drive them with --stream; the results and the limits are the same
    #[arg(long, value_name = "N", default_value_t = 1, requires = "stream", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: u16,
    /// Results in the order of their invocations (with --stream)
    #[arg(long, requires = "stream")]
    pub(crate) ordered: bool,
    #[command(flatten)]
    pub(crate) pages: PagesArgs,
    #[command(flatten)]
    pub(crate) drain: DrainArgs,
    /// Let lines of --stream point at the environment and files with {"env": NAME} and {"file": PATH}: where nobody else
    /// writes them
    #[arg(long, requires = "stream", conflicts_with = "no_secret_references")]
    pub(crate) secret_references: bool,
    /// Let lines of --stream name files to send with {"file": PATH}: where nobody else writes them
    #[arg(long, requires = "stream", conflicts_with = "no_secret_references")]
    pub(crate) read_files: bool,
    /// For the whole exchange, such as 10s, instead of the connector's limit
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// How long a request may wait for the limits of its service, such as 2h; as long as its call may take by default
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) wait: Option<Duration>,
    /// Wait for no limit: what would have to wait fails at once
    #[arg(long, conflicts_with = "wait")]
    pub(crate) no_wait: bool,
    /// How often it is sent at most where that is safe, instead of what the connector says; 1 for once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(crate) attempts: Option<u32>,
    /// Keep replies that are files in this folder; without it they are base64
    #[arg(long, value_name = "DIR")]
    pub(crate) files: Option<PathBuf>,
    /// Indent the output also where stdout is no terminal
    #[arg(long, conflicts_with = "stream")]
    pub(crate) pretty: bool,
}

impl RunArgs {
    /// What the host allows.
    pub(crate) fn policy(&self) -> Result<Policy, Failure> {
        let attempts = self.attempts.and_then(NonZeroU32::new);
        let files = setup::files_folder(self.files.as_deref())?;
        let limit_wait = if self.no_wait { Some(Duration::ZERO) } else { self.wait };
        Ok(Policy { attempts, files, limit_wait, ..setup::policy(self.timeout) })
    }
}

pub(crate) fn run(global: &Global, args: &RunArgs, console: &Console) -> Result<(), Failure> {
    let mut builder = setup::running_host(global, &args.target.reach, args.policy()?, args.mock)?;
    // Between two pages there is something to end in good order, and half a file is not to be left.
    let listens = args.pages.goes_on() || args.files.is_some();
    let mut interrupt = listens.then(|| Interrupt::listen(&args.drain)).transpose()?;
    if let Some(interrupt) = &interrupt {
        builder = builder.shutdown(interrupt.shutdown.clone());
    }
    let clock = ToldClock::default();
    let mut host = builder.clock(clock.clone()).build();
    let card = args.target.card.as_deref();
    let runtime = setup::runtime()?;
    // Nobody types an invocation for a card or a connection that is not there.
    let definition = card.map(|card| runtime.block_on(host.look(card))).transpose()?;
    let resume = args.pages.resume.as_deref().map(ResumeFile::open).transpose()?;
    let waits = definition.is_some_and(|definition| definition.card.until.is_some());
    if waits && interrupt.is_none() {
        // Whoever ends a wait is told how to go on.
        let listening = Interrupt::listen(&args.drain)?;
        host = host.ended_by(listening.shutdown.clone());
        interrupt = Some(listening);
    }
    let filter = args.filter.as_deref().map(Filter::parse).transpose()?;
    let file = args.output.as_deref().map(OutputFile::open).transpose()?;
    let (mut invocation, placed) = Given::read(&host, card, &args.set)?.parts();
    args.pages.apply(waits, &mut invocation);
    let ended = |ended: Result<(), Failure>| match interrupt.as_ref().and_then(Interrupt::signal) {
        Some(signal) if ended.is_ok() => Err(Failure::Interrupted(signal, None)),
        _ => ended,
    };
    if args.pages.records {
        if let Some(resume) = &resume {
            resume.go_on(console)?;
        }
        let ran =
            runtime.block_on(pages::records(&host, card, invocation, resume, (console, &clock)))?;
        if let Ok(outcome) = &ran {
            console.warnings(&outcome.warnings);
            pages::tell(outcome.pages.as_ref(), console);
        }
        return ended(ran.map(drop).map_err(|error| placed(error).into()));
    }
    let ran = runtime.block_on(waiting::shown(host.run(card, invocation), &clock, &String::new));
    let outcome = match ran {
        Ok(outcome) => outcome,
        Err(error) => {
            // What came before it is not lost.
            if let Some(SoFar { output: Some(output), .. }) = error.so_far() {
                console.out(&format!("{}\n", as_text(output, args.pretty)?))?;
            }
            return Err(placed(error).into());
        }
    };
    host.catalog().leak();
    console.warnings(&outcome.warnings);
    if filter.is_none() && file.is_none() {
        return ended(print(&outcome, args.pretty, console));
    }
    // The call is made: what cannot be filtered or written is not lost.
    let kept = |failure: Failure| {
        if let Ok(all) = text(&outcome, false) {
            let message = format!("the outputs are written nowhere else: {}", all.trim_end());
            console.warn("output.unwritable", &message);
        }
        failure
    };
    let text = match &filter {
        Some(filter) => filtered(filter, &outcome, args.pretty, console).map_err(kept)?,
        None => text(&outcome, args.pretty)?,
    };
    ended(match file {
        Some(file) => file.write(&text).map_err(kept),
        None => console.out(&text),
    })
}

/// The results of the filter, each on a line.
fn filtered(
    filter: &Filter,
    outcome: &Outcome,
    pretty: bool,
    console: &Console,
) -> Result<String, Failure> {
    let now = SystemClock.unix_seconds().saturating_mul(1_000);
    let pretty = pretty || console.out_is_terminal();
    let mut text = String::new();
    for result in filter.results(outcome, now)? {
        let line = if pretty {
            serde_json::to_string_pretty(&result)
        } else {
            serde_json::to_string(&result)
        };
        text.push_str(&line.map_err(|error| Failure::Io("output", error.into()))?);
        text.push('\n');
    }
    Ok(text)
}

/// Prints the outputs.
pub(crate) fn print(outcome: &Outcome, pretty: bool, console: &Console) -> Result<(), Failure> {
    console.out(&text(outcome, pretty || console.out_is_terminal())?)
}

/// The outputs as JSON, with a line end.
fn text(outcome: &Outcome, pretty: bool) -> Result<String, Failure> {
    as_text(&outcome.output, pretty).map(|text| text + "\n")
}

fn as_text(output: &Output, pretty: bool) -> Result<String, Failure> {
    let written = if pretty {
        output.to_value().and_then(|value| serde_json::to_string_pretty(&value))
    } else {
        serde_json::to_string(output)
    };
    // Only nesting beyond what serde reads can fail here; the compact form passes it on.
    written
        .or_else(|_| serde_json::to_string(output))
        .map_err(|error| Failure::Io("output", error.into()))
}
