//! The arguments of `new`.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    #[command(subcommand)]
    pub(crate) command: NewCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NewCommand {
    /// Write a connector to begin with, and its Custom API Action
    #[command(after_help = "Examples:
  cardhost new connector shop --base https://api.shop.example/v1 --auth basic
  cardhost new connector shop --curl \"curl https://api.shop.example/v1/orders -H 'X-Api-Key: …'\"

It goes into the first folder of --cards or CARDHOST_CARDS, or into `cards`. Nothing that is there is written over.")]
    Connector(NewConnectorArgs),
    /// Write a card to begin with, perhaps of a pasted curl command
    #[command(after_help = "Examples:
  cardhost new card shop/get-order
  cardhost new card shop/create-order --curl \"curl https://api.shop.example/v1/orders -d item=7 -d amount=2\"
  cardhost new card shop/create-order --curl - < pasted.txt

What varies in the request becomes an input with a label and a type. Credentials are left out: the connection has them.
The connector is looked for in the folders of --cards or CARDHOST_CARDS, or in `cards`.")]
    Card(NewCardArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewConnectorArgs {
    /// Its name: lower-case letters, digits and `-`
    pub(crate) name: String,
    /// The base URL of its API
    #[arg(long, value_name = "URL")]
    pub(crate) base: Option<String>,
    /// How a connection logs in; a token by default
    #[arg(long, value_enum)]
    pub(crate) auth: Option<Auth>,
    /// A curl command with a request to it, which names the base URL and how it logs in; `-` reads it from stdin
    #[arg(long, value_name = "COMMAND")]
    pub(crate) curl: Option<String>,
}

/// How a connection logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Auth {
    /// A token in `Authorization: Bearer …`.
    Bearer,
    /// A user name and a password.
    Basic,
    /// A key in the header `x-api-key`.
    ApiKey,
    /// Not at all.
    None,
}

#[derive(Debug, Args)]
pub(crate) struct NewCardArgs {
    /// `<connector>/<card>`
    #[arg(value_name = "CARD")]
    pub(crate) card: String,
    /// The curl command of a request; `-` reads it from stdin
    #[arg(long, value_name = "COMMAND")]
    pub(crate) curl: Option<String>,
}
