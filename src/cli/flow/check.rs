//! `flow check`: every fault of flows, by themselves and with the cards that they call.

use super::args::FlowCheckArgs;
use crate::cli::check;
use crate::cli::console::{Console, Failure};
use crate::cli::global::Global;

pub(crate) fn run(global: &Global, args: &FlowCheckArgs, console: &Console) -> Result<(), Failure> {
    check::run_flows(global, &args.paths, console)
}
