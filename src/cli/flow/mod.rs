//! `flow`: what can be done with flows. One file a subcommand.

mod args;
mod check;
mod graph;
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
        FlowCommand::Check(args) => check::run(global, args, console),
        FlowCommand::Graph(args) => graph::run(args, console),
        FlowCommand::Run(args) => run::run(global, args, console),
    }
}
