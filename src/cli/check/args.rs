//! The arguments of `check`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Folders of connectors or flows, connectors' folders, or single files (a `case.json` too);
    /// by default `cards` or the built-in ones, and `flows`
    pub(crate) paths: Vec<PathBuf>,
    /// Also note every default that was taken, and take warnings for faults
    #[arg(long)]
    pub(crate) strict: bool,
    /// Check again whenever a file changes, until a signal (Ctrl-C) comes
    #[arg(long)]
    pub(crate) watch: bool,
}
