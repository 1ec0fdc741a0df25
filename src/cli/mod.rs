//! The command line: the only place that reads arguments, environment and terminal, and that prints.
//!
//! stdin and stdout carry data; everything else goes to stderr. One file a subcommand.

mod args;
mod bases;
mod card_help;
mod check;
mod choices;
mod completions;
mod connection;
mod console;
mod dispatch;
mod docs;
mod env_connection;
mod exit_codes;
mod explain;
mod fields;
mod filter;
mod flow;
mod given;
mod global;
mod hint;
mod interrupt;
mod list;
mod logging;
mod man;
mod mock;
mod names;
mod new;
mod output_file;
mod pages;
mod parse;
mod plain_run;
mod plan;
mod reach;
mod record;
mod report;
mod resume_file;
mod run;
mod schema;
mod set;
mod setup;
mod show;
mod signal;
mod span;
mod store;
mod stream;
mod stream_threads;
mod test;
mod waiting;
mod wrap;

pub(crate) use dispatch::main;
