//! `flow`: what can be done with flows. One file a subcommand.

mod args;
mod progress;
mod run;
mod secrets;
mod source;
mod trace;

pub(crate) use args::FlowArgs;
use args::FlowCommand;

use super::args::Global;
use super::console::{Console, Failure};

pub(crate) fn run(global: &Global, args: &FlowArgs, console: &Console) -> Result<(), Failure> {
    match &args.command {
        FlowCommand::Run(args) => run::run(global, args, console),
    }
}
