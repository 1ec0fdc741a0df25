//! Which subcommand of `flow` is run.

use super::args::{FlowArgs, FlowCommand};
use super::{check, graph, list, run as flow_run, show};
use crate::cli::console::{Console, Failure};
use crate::cli::global::Global;

pub(crate) fn run(global: &Global, args: &FlowArgs, console: &Console) -> Result<(), Failure> {
    match &args.command {
        FlowCommand::Check(args) => check::run(global, args, console),
        FlowCommand::Graph(args) => graph::run(args, console),
        FlowCommand::List(args) => list::run(args, console),
        FlowCommand::Show(args) => show::run(args, console),
        FlowCommand::Run(args) => flow_run::run(global, args, console),
    }
}
