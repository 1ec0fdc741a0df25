//! `run`: one invocation.

use std::time::Duration;

use cardhost::Outcome;
use clap::Args;

use super::console::{Console, Failure};
use super::global::Global;
use super::interrupt::DrainArgs;
use super::reach::TargetArgs;
use super::setup;
use super::span::duration;
use super::waiting;

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Answer from the card's own examples instead of sending
    #[arg(long)]
    pub(crate) mock: bool,
    /// One invocation a line in, one result a line out
    #[arg(long)]
    pub(crate) stream: bool,
    /// Invocations at once with --stream
    #[arg(long, value_name = "N", default_value_t = 1, requires = "stream", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) jobs: u16,
    /// Results in the order of their invocations (with --stream)
    #[arg(long, requires = "stream")]
    pub(crate) ordered: bool,
    #[command(flatten)]
    pub(crate) drain: DrainArgs,
    /// Let lines of --stream point at the environment and files with {"env": NAME} and {"file": PATH}: where nobody else
    /// writes them
    #[arg(long, requires = "stream", conflicts_with = "no_secret_references")]
    pub(crate) secret_references: bool,
    /// For the whole exchange, such as 10s, instead of the connector's limit
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Indent the output also where stdout is no terminal
    #[arg(long, conflicts_with = "stream")]
    pub(crate) pretty: bool,
}

pub(crate) fn run(global: &Global, args: &RunArgs, console: &Console) -> Result<(), Failure> {
    let builder =
        setup::running_host(global, &args.target.reach, setup::policy(args.timeout), args.mock)?;
    let host = builder.build();
    let card = args.target.card.as_deref();
    let runtime = setup::runtime()?;
    // Nobody types an invocation for a card or a connection that is not there.
    if let Some(card) = card {
        runtime.block_on(host.look(card))?;
    }
    let invocation = setup::invocation()?;
    let outcome = runtime.block_on(waiting::shown(host.run(card, invocation)))?;
    host.catalog().leak();
    console.warnings(&outcome.warnings);
    print(&outcome, args.pretty, console)
}

/// Prints the outputs.
pub(crate) fn print(outcome: &Outcome, pretty: bool, console: &Console) -> Result<(), Failure> {
    let pretty = pretty || console.out_is_terminal();
    let written = if pretty {
        outcome.output.to_value().and_then(|value| serde_json::to_string_pretty(&value))
    } else {
        serde_json::to_string(&outcome.output)
    };
    // Only nesting beyond what serde reads can fail here; the compact form passes it on.
    let mut text = written
        .or_else(|_| serde_json::to_string(&outcome.output))
        .map_err(|error| Failure::Io("output", error.into()))?;
    text.push('\n');
    console.out(&text)
}
