//! `connection export`.

use cardhost::Error;
use cardhost::store::StoreFault;
use cardhost::store::TenantStore;
use cardhost::store::export::{ExportedConnection, seal_connections};

use super::args::{ExportArgs, FullName};
use super::lookup::unknown;
use super::passphrase;
use crate::cli::console::{Console, Failure};
use crate::cli::setup;
use crate::cli::store::StoreArgs;

pub(super) fn run(store: &StoreArgs, args: &ExportArgs, console: &Console) -> Result<(), Failure> {
    if console.out_is_terminal() {
        let message = "the export goes to stdout, which is a terminal: write it to a file with `>`";
        return Err(Failure::Usage(message.to_owned()));
    }
    let runtime = setup::runtime()?;
    let exported = runtime.block_on(gather(store, args))?;
    if exported.is_empty() {
        return Err(Failure::Usage(
            "no connection is stored: there is nothing to export".to_owned(),
        ));
    }
    let passphrase = passphrase::new(&args.passphrase, console)?;
    let sealed = seal_connections(&exported, &passphrase).map_err(Error::from)?;
    console.out(&format!("{sealed}\n"))?;
    let count = exported.len();
    let what = if count == 1 { "connection" } else { "connections" };
    console.note(&format!("exported {count} {what}"));
    Ok(())
}

async fn gather(store: &StoreArgs, args: &ExportArgs) -> Result<Vec<ExportedConnection>, Error> {
    let connections = store.open().await?;
    let mut names = args.connections.clone();
    if let Some(connections) = connections.as_ref().filter(|_| args.all) {
        names = connections.list(None).await?.into_iter().map(FullName::from).collect();
    }
    let mut exported: Vec<ExportedConnection> = Vec::new();
    for name in names {
        let twice = |other: &ExportedConnection| {
            (&other.connector, &other.name) == (&name.connector, &name.name)
        };
        if !exported.iter().any(twice) {
            let connections = connections.as_ref().ok_or_else(|| unknown(&name))?;
            let one = one(connections, &name, !args.without_tokens).await?;
            exported.push(one.ok_or_else(|| unknown(&name))?);
        }
    }
    Ok(exported)
}

async fn one(
    connections: &TenantStore,
    name: &FullName,
    with_tokens: bool,
) -> Result<Option<ExportedConnection>, StoreFault> {
    let Some(stored) = connections.get(&name.connector, &name.name).await? else {
        return Ok(None);
    };
    let mut exported = ExportedConnection {
        connector: stored.connector,
        name: stored.name,
        fields: stored.fields,
        tokens: None,
        tokens_end: None,
    };
    if let Some(tokens) = stored.tokens.filter(|_| with_tokens) {
        exported.put_tokens(&tokens.bytes, tokens.expires_at);
    }
    Ok(Some(exported))
}
