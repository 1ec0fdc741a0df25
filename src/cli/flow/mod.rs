//! `flow`: what can be done with flows. One file a subcommand.

mod about;
mod args;
mod cancel;
mod check;
mod dispatch;
mod graph;
mod list;
mod progress;
mod run;
mod runs;
mod secrets;
mod show;
mod source;
mod status;
mod trace;

pub(crate) use about::About;
pub(crate) use args::{FlowArgs, FlowSourceArgs};
pub(crate) use dispatch::run;
pub(crate) use run::{input, not_ready, print};
pub(crate) use secrets::Secrets;
pub(crate) use source::{Flows, is_flow, load_document, load_with_text, names};
