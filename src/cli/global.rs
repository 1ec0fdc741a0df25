//! What every command takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Folder of connectors, before the built-in ones (may be given several times; also CARDHOST_CARDS)
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) cards: Vec<PathBuf>,
    /// How failures are written to stderr
    #[arg(long, global = true, value_enum, default_value_t = Errors::Text)]
    pub(crate) errors: Errors,
    /// Write what happens to stderr
    #[arg(long, global = true, value_enum, value_name = "LEVEL")]
    pub(crate) log: Option<Log>,
}

/// How failures are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Errors {
    /// For people.
    Text,
    /// One JSON object a failure.
    Json,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Log {
    /// Only what is wrong.
    Warn,
    /// One line an invocation.
    Info,
    /// Each exchange.
    Debug,
    /// Everything.
    Trace,
}
