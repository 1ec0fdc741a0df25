//! The arguments of `connection`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::store::StoreArgs;

/// Stored connections.
#[derive(Debug, Args)]
pub(crate) struct ConnectionArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    #[command(subcommand)]
    pub(crate) command: ConnectionCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionCommand {
    /// Add a connection: asked for at a terminal, or JSON on stdin
    #[command(after_help = "Examples:
  cardhost connection add mixpanel prod
  cardhost connection add mixpanel prod < prod.json
  echo '{\"Service Account: Username\":\"sa\",\"Service Account: Secret\":{\"env\":\"MP_SECRET\"}}' | cardhost connection add mixpanel ci

stdin holds {\"fields\": {…}} or the fields themselves. A value {\"env\": NAME} or {\"file\": PATH} is stored as written and
read at each run; with --resolve-references what it points at is stored.")]
    Add(AddArgs),
    /// List stored connections
    #[command(after_help = "Examples:
  cardhost connection list
  cardhost connection list mixpanel --json")]
    List(ListArgs),
    /// Show a connection, its secrets redacted
    #[command(after_help = "Examples:
  cardhost connection show mixpanel/prod
  cardhost connection show mixpanel/prod --json")]
    Show(ShowArgs),
    /// Remove a connection, and revoke its tokens at the service
    #[command(after_help = "Examples:
  cardhost connection remove mixpanel/prod
  cardhost connection remove mixpanel/prod --yes --keep-grant")]
    Remove(RemoveArgs),
}

/// `CONNECTOR/NAME`.
#[derive(Clone, Debug)]
pub(crate) struct FullName {
    pub(crate) connector: String,
    pub(crate) name: String,
}

impl FullName {
    fn parse(text: &str) -> Result<FullName, String> {
        match text.split_once('/') {
            Some((connector, name)) if !connector.is_empty() && !name.is_empty() => {
                Ok(FullName { connector: connector.to_owned(), name: name.to_owned() })
            }
            _ => Err("a connector and a connection are expected, such as mixpanel/prod".to_owned()),
        }
    }
}

impl std::fmt::Display for FullName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.connector, self.name)
    }
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// The connector
    pub(crate) connector: String,
    /// What the connection is to be called: letters, digits, `_` and `-`
    pub(crate) name: String,
    /// Replace the fields of a connection of that name; its tokens are removed
    #[arg(long)]
    pub(crate) replace: bool,
    /// Store what {"env": NAME} and {"file": PATH} point at now, instead of where they point
    #[arg(long)]
    pub(crate) resolve_references: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only this connector's connections
    pub(crate) connector: Option<String>,
    /// Print one JSON list
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The connection
    #[arg(value_name = "CONNECTOR/NAME", value_parser = FullName::parse)]
    pub(crate) connection: FullName,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The connection
    #[arg(value_name = "CONNECTOR/NAME", value_parser = FullName::parse)]
    pub(crate) connection: FullName,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Leave the tokens as they are at the service
    #[arg(long)]
    pub(crate) keep_grant: bool,
}
