//! `run`: one invocation.

use cardhost::{Outcome, Policy};

use super::args::{Global, RunArgs};
use super::console::{Console, Failure};
use super::setup;

pub(crate) fn run(global: &Global, args: &RunArgs, console: &Console) -> Result<(), Failure> {
    let policy = Policy { total_timeout: args.timeout, ..Policy::default() };
    let limit = policy.max_invocation_bytes;
    let mut builder = setup::host_for(global, &args.target.reach, policy)?;
    if args.mock {
        builder = builder.stand_in(cardhost::testing::Mocks);
    }
    let host = builder.build();
    let invocation = setup::invocation(limit)?;
    let card = args.target.card.as_deref();
    let outcome = setup::runtime()?.block_on(host.run(card, invocation))?;
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
