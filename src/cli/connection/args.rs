//! The arguments of `connection`.

use std::path::PathBuf;
use std::time::Duration;

use cardhost::store::Summary;
use clap::{Args, Subcommand};

use crate::cli::reach::NetworkArgs;
use crate::cli::span::duration;
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
    /// Log in to a service: gets and stores the connection's tokens
    #[command(after_help = "Examples:
  cardhost connection login acme/prod
  cardhost connection login acme/prod --no-browser
  cardhost connection login acme/prod --port 8400
  cardhost connection login acme/prod --choose 'Acme Europe'

A browser comes back to http://127.0.0.1:PORT/callback; a service that wants to know that URL beforehand needs --port, or
--redirect-uri for one of its own choice.")]
    Login(LoginArgs),
    /// Try a connection out with its connector's test
    #[command(after_help = "Examples:
  cardhost connection test mixpanel/prod
  cardhost connection test mixpanel/prod --json")]
    Test(TestArgs),
    /// Give a connection another name; its tokens stay
    #[command(after_help = "Example:
  cardhost connection rename mixpanel/prod production")]
    Rename(RenameArgs),
    /// Remove a connection, and revoke its tokens at the service
    #[command(after_help = "Examples:
  cardhost connection remove mixpanel/prod
  cardhost connection remove mixpanel/prod --yes --keep-grant")]
    Remove(RemoveArgs),
    /// Seal the whole store, of every tenant, under another key
    #[command(after_help = "Examples:
  cardhost connection rotate-key --generate new.key
  cardhost connection rotate-key --new-key-file new.key
  CARDHOST_NEW_KEY=… cardhost connection rotate-key --new-key-env CARDHOST_NEW_KEY

The store is opened with the key it has. A rotation that was broken off is finished by the same command, with --new-key-file.
Other hosts go on working meanwhile where they have both keys: one in CARDHOST_KEY, the other in CARDHOST_PREVIOUS_KEY.")]
    RotateKey(RotateKeyArgs),
    /// Write connections to stdout, sealed with a passphrase
    #[command(after_help = "Examples:
  cardhost connection export --all > connections.json
  cardhost connection export mixpanel/prod mixpanel/test --passphrase-file passphrase > connections.json")]
    Export(ExportArgs),
    /// Read connections from stdin, as `export` wrote them
    #[command(after_help = "Examples:
  cardhost connection import < connections.json
  cardhost connection import --replace --passphrase-file passphrase < connections.json")]
    Import(ImportArgs),
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

impl From<Summary> for FullName {
    fn from(stored: Summary) -> FullName {
        FullName { connector: stored.connector, name: stored.name }
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
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// The connection
    #[arg(value_name = "CONNECTOR/NAME", value_parser = FullName::parse)]
    pub(crate) connection: FullName,
    /// The auth method; the first one that gets a token by default
    #[arg(long, value_name = "NAME")]
    pub(crate) method: Option<String>,
    /// Print the URL instead of opening a browser
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// The port on 127.0.0.1 to which the browser comes back; a free one by default
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// Where the browser comes back to, as it is registered at the service; a URL that does not lead to this machine is pasted
    #[arg(long, value_name = "URL")]
    pub(crate) redirect_uri: Option<String>,
    /// Which one to take where the login may use several, such as sites or accounts: its value or its title; asked for by default
    #[arg(long, value_name = "VALUE")]
    pub(crate) choose: Option<String>,
    /// How long to wait for the person; 5m, or with a device code as long as it is good
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The connection
    #[arg(value_name = "CONNECTOR/NAME", value_parser = FullName::parse)]
    pub(crate) connection: FullName,
    /// Replace the target's base URL
    #[arg(long, value_name = "URL")]
    pub(crate) base: Vec<String>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RenameArgs {
    /// The connection
    #[arg(value_name = "CONNECTOR/NAME", value_parser = FullName::parse)]
    pub(crate) connection: FullName,
    /// Its new name, without the connector
    pub(crate) new_name: String,
}

#[derive(Debug, Args)]
#[group(id = "new_key", required = true, multiple = false)]
pub(crate) struct RotateKeyArgs {
    /// File with the new key
    #[arg(long, value_name = "FILE", group = "new_key")]
    pub(crate) new_key_file: Option<PathBuf>,
    /// Environment variable with the new key
    #[arg(long, value_name = "NAME", group = "new_key")]
    pub(crate) new_key_env: Option<String>,
    /// File that is made with a new random key
    #[arg(long, value_name = "FILE", group = "new_key")]
    pub(crate) generate: Option<PathBuf>,
}

/// Where a passphrase comes from; asked for at a terminal by default.
#[derive(Debug, Args)]
#[group(id = "passphrase", multiple = false)]
pub(crate) struct PassphraseArgs {
    /// Environment variable with the passphrase
    #[arg(long, value_name = "NAME", group = "passphrase")]
    pub(crate) passphrase_env: Option<String>,
    /// File with the passphrase; one line end at its end is not part of it
    #[arg(long, value_name = "FILE", group = "passphrase")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The connections
    #[arg(value_name = "CONNECTOR/NAME", value_parser = FullName::parse, required_unless_present = "all", conflicts_with = "all")]
    pub(crate) connections: Vec<FullName>,
    /// Every connection of the tenant
    #[arg(long)]
    pub(crate) all: bool,
    /// Leave the tokens out: each connection needs a new login where it is imported
    #[arg(long)]
    pub(crate) without_tokens: bool,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Replace connections that are there already
    #[arg(long, conflicts_with = "skip")]
    pub(crate) replace: bool,
    /// Leave connections that are there already as they are
    #[arg(long)]
    pub(crate) skip: bool,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseArgs,
}
