//! The arguments of `check`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Folders of connectors or flows, connectors' folders, or single files (a `case.json` too);
    /// by default `cards` or the built-in ones, and `flows`
    pub(crate) paths: Vec<PathBuf>,
}
