//! `new`: files to begin with.

mod args;
mod card;
mod connector;
mod dispatch;
mod files;

pub(crate) use args::NewArgs;
pub(crate) use dispatch::run;
