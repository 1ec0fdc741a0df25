//! What is recorded: a card, a flow, or what an HTTP archive holds.

use super::args::RecordArgs;
use super::{card, flow, har};
use crate::cli::console::{Console, Failure};
use crate::cli::global::Global;

pub(crate) fn run(global: &Global, args: &RecordArgs, console: &Console) -> Result<(), Failure> {
    if let (Some(archive), Some(cassette)) = (&args.from_har, &args.cassette) {
        return har::import(archive, cassette, console);
    }
    match &args.flow {
        Some(flow) => flow::record(global, args, flow, console),
        None => card::record(global, args, console),
    }
}
