//! `record`: a run whose exchanges are kept, without secrets.

mod args;
mod card;
mod dispatch;
mod files;
mod flow;
mod har;
mod seed;

pub(crate) use args::RecordArgs;
pub(crate) use dispatch::run;
