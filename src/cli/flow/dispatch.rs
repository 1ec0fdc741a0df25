//! Which subcommand of `flow` is run.

use super::args::{FlowArgs, FlowCommand};
use super::{cancel, check, graph, list, run as flow_run, runs, show, status};
use crate::cli::console::{Console, Failure};
use crate::cli::global::Global;

pub(crate) fn run(global: &Global, args: &FlowArgs, console: &Console) -> Result<(), Failure> {
    match &args.command {
        FlowCommand::Check(args) => check::run(global, args, console),
        FlowCommand::Graph(args) => graph::run(args, console),
        FlowCommand::List(args) => list::run(args, console),
        FlowCommand::Show(args) => show::run(args, console),
        FlowCommand::Runs(args) => runs::run(args, console),
        FlowCommand::Status(args) => status::run(args, console),
        FlowCommand::Cancel(args) => cancel::run(args, console),
        FlowCommand::Run(args) => flow_run::run(global, args, console),
    }
}
