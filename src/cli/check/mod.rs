//! `check`: every fault of connectors, cards, flows and test cases, with its source line; the examples of cards are run.

mod args;
mod cases;
mod connectors;
mod flows;
mod folder;
mod report;
mod run;
mod tally;
mod watch;

pub(crate) use args::CheckArgs;
pub(super) use flows::{flows_of, read_flow, refused};
pub(crate) use folder::entries;
pub(crate) use run::{run, run_flows, run_quietly};
