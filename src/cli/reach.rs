//! What a command that runs a card takes: the card, the connection, the way to the service.

use std::path::PathBuf;

use clap::Args;

use super::store::StoreArgs;

/// What names a card and how it is reached.
#[derive(Debug, Args)]
pub(crate) struct TargetArgs {
    /// `<connector>/<card>`; may be left out where the invocation names it
    #[arg(value_name = "CARD")]
    pub(crate) card: Option<String>,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

/// Who asks, and where.
#[derive(Debug, Args)]
pub(crate) struct ReachArgs {
    /// The connection of invocations that bring none: the name of a stored one, or (with a `.` or `/`) a JSON file,
    /// where a value may be {"env": NAME} or {"file": PATH}
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) connection: Option<PathBuf>,
    /// Replace the target's base URL; the request is pinned to it
    #[arg(long, value_name = "URL")]
    pub(crate) base: Option<String>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    /// Refuse {"env": NAME} and {"file": PATH} in invocations: for input that others write
    #[arg(long)]
    pub(crate) no_secret_references: bool,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// How a service is reached.
#[derive(Debug, Args)]
pub(crate) struct NetworkArgs {
    /// Also trust the certificates of this PEM file, for services with a private CA
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Let connection values lead to loopback and private addresses: for local use
    #[arg(long)]
    pub(crate) allow_private_network: bool,
}
