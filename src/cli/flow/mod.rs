//! `flow`: what can be done with flows. One file a subcommand.

mod args;
mod check;
mod graph;
mod progress;
mod record;
mod run;
mod secrets;
mod source;
mod trace;

use args::FlowCommand;
pub(crate) use args::{FlowArgs, FlowSourceArgs};
pub(crate) use record::record;

use super::args::Global;
use super::console::{Console, Failure};

pub(crate) fn run(global: &Global, args: &FlowArgs, console: &Console) -> Result<(), Failure> {
    match &args.command {
        FlowCommand::Check(args) => check::run(global, args, console),
        FlowCommand::Graph(args) => graph::run(args, console),
        FlowCommand::Run(args) => run::run(global, args, console),
    }
}
