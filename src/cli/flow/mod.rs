//! `flow`: what can be done with flows. One file a subcommand.

mod args;
mod check;
mod dispatch;
mod graph;
mod progress;
mod run;
mod secrets;
mod source;
mod trace;

pub(crate) use args::{FlowArgs, FlowSourceArgs};
pub(crate) use dispatch::run;
pub(crate) use run::{input, print};
pub(crate) use secrets::Secrets;
pub(crate) use source::{Flows, load_with_text};
