//! `names`: what can be named on a command line, for completions. What cannot be read has no names.

use clap::{Args, ValueEnum};

use super::console::{Console, Failure};
use super::flow::names as flows;
use super::global::Global;
use super::setup;
use super::store::StoreArgs;

#[derive(Debug, Args)]
pub(crate) struct NamesArgs {
    #[arg(value_enum)]
    pub(crate) kind: Kind,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// What is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Cards.
    Cards,
    /// Connectors.
    Connectors,
    /// Stored connections, without their connectors.
    Connections,
    /// Shipped flows.
    Flows,
}

pub(crate) fn run(global: &Global, args: &NamesArgs, console: &Console) -> Result<(), Failure> {
    let mut names: Vec<String> = match args.kind {
        Kind::Flows => flows().into_iter().map(str::to_owned).collect(),
        Kind::Connections => connections(&args.store)?,
        Kind::Connectors => setup::host(global)?.build().catalog().connectors(),
        Kind::Cards => {
            let host = setup::host(global)?.build();
            let catalog = host.catalog();
            catalog.connectors().iter().flat_map(|connector| catalog.cards(connector)).collect()
        }
    };
    names.sort();
    names.dedup();
    console.out(&names.iter().map(|name| format!("{name}\n")).collect::<String>())
}

fn connections(store: &StoreArgs) -> Result<Vec<String>, Failure> {
    let listed = setup::runtime()?.block_on(async {
        match store.open().await? {
            Some(store) => Ok::<_, cardhost::Error>(store.list(None).await?),
            None => Ok(Vec::new()),
        }
    });
    Ok(listed.unwrap_or_default().into_iter().map(|stored| stored.name).collect())
}
