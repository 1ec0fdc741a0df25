//! `schema`: the JSON Schemas of the files that people write, and of what one card takes and gives.

use cardhost::author::formats::{card_schema, connector_schema};
use cardhost::author::reference::{connection_schema, invocation_schema, output_schema};
use cardhost::testing::formats::{case_schema, cassette_schema};
use clap::{Args, ValueEnum};

use super::console::{Console, Failure};
use super::global::Global;
use super::setup;

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// The kind of file
    #[arg(value_enum)]
    pub(crate) kind: Kind,
    /// For `connection`: the connector; for `invocation` and `output`: `<connector>/<card>`
    pub(crate) name: Option<String>,
}

/// What a schema is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// `connector.json`
    Connector,
    /// A card
    Card,
    /// A flow
    Flow,
    /// `case.json` of a test case
    Case,
    /// A cassette: recorded exchanges
    Cassette,
    /// The file of `--connection`, for one connector
    Connection,
    /// What a card takes
    Invocation,
    /// What a card gives
    Output,
}

pub(crate) fn run(global: &Global, args: &SchemaArgs, console: &Console) -> Result<(), Failure> {
    let schema = match (args.kind, args.name.as_deref()) {
        (Kind::Connector, None) => connector_schema(),
        (Kind::Card, None) => card_schema(),
        (Kind::Flow, None) => cardhost::flow::schema(),
        (Kind::Case, None) => case_schema(),
        (Kind::Cassette, None) => cassette_schema(),
        (Kind::Connection, Some(connector)) => {
            let host = setup::host(global)?.build();
            connection_schema(&*host.catalog().connector(connector)?)
        }
        (Kind::Invocation, Some(card)) => {
            let host = setup::host(global)?.build();
            invocation_schema(&*host.catalog().definition(card)?)
        }
        (Kind::Output, Some(card)) => {
            let host = setup::host(global)?.build();
            output_schema(&*host.catalog().definition(card)?)
        }
        (Kind::Connection, None) => {
            return usage("`schema connection` needs a connector: `cardhost list` shows them");
        }
        (Kind::Invocation | Kind::Output, None) => {
            return usage("this schema is one card's: name it as `<connector>/<card>`");
        }
        (_, Some(_)) => return usage("this kind of file has one schema: leave the name out"),
    };
    let text = serde_json::to_string_pretty(&schema);
    console.out(&format!("{}\n", text.map_err(|error| Failure::Io("output", error.into()))?))
}

fn usage(message: &str) -> Result<(), Failure> {
    Err(Failure::Usage(message.to_owned()))
}
