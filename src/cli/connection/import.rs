//! `connection import`.

use std::io::{self, IsTerminal as _, Read as _};

use cardhost::Error;
use cardhost::core::connection::secret_source;
use cardhost::store::StoreFault;
use cardhost::store::TenantStore;
use cardhost::store::export::{ExportedConnection, MOST_EXPORT_BYTES, open_connections};

use super::args::ImportArgs;
use super::passphrase;
use crate::cli::console::{Console, Failure};
use crate::cli::setup;
use crate::cli::store::{NoKey, StoreArgs};

pub(super) fn run(store: &StoreArgs, args: &ImportArgs, console: &Console) -> Result<(), Failure> {
    if io::stdin().is_terminal() {
        let message = "the export is read from stdin, which is a terminal: give it with `<`";
        return Err(Failure::Usage(message.to_owned()));
    }
    let mut text = Vec::new();
    let most = MOST_EXPORT_BYTES as u64 + 1;
    io::stdin().lock().take(most).read_to_end(&mut text).map_err(|e| Failure::Io("stdin", e))?;
    if text.len() > MOST_EXPORT_BYTES {
        return Err(Error::from(StoreFault::TooLarge { limit: MOST_EXPORT_BYTES }).into());
    }
    let passphrase = passphrase::known(&args.passphrase)?;
    let imported = open_connections(&text, &passphrase).map_err(Error::from)?;
    let counts = setup::runtime()?.block_on(async {
        let connections = store.open_or_make(NoKey::Refuse).await?.connections;
        put(&connections, &imported, args).await
    })?;
    for connection in &imported {
        for (label, value) in &connection.fields {
            if secret_source(value).is_some() {
                console.note(&format!(
                    "`{label}` of {}/{} is a reference: each run reads it on this machine",
                    connection.connector, connection.name
                ));
            }
        }
    }
    let Counts { added, replaced, skipped } = counts;
    console.note(&format!("added {added}, replaced {replaced}, skipped {skipped}"));
    Ok(())
}

/// What was done.
#[derive(Default)]
struct Counts {
    added: usize,
    replaced: usize,
    skipped: usize,
}

/// Nothing is changed where a name is taken and it is not said what to do then.
async fn put(
    connections: &TenantStore,
    imported: &[ExportedConnection],
    args: &ImportArgs,
) -> Result<Counts, Error> {
    let stored = connections.list(None).await?;
    let is_taken = |one: &ExportedConnection| {
        stored.iter().any(|stored| (&stored.connector, &stored.name) == (&one.connector, &one.name))
    };
    if let Some(taken) = imported.iter().find(|one| is_taken(one))
        && !args.replace
        && !args.skip
    {
        let (connector, name) = (taken.connector.clone(), taken.name.clone());
        return Err(StoreFault::Exists { connector, name }.into());
    }
    let mut counts = Counts::default();
    for one in imported {
        // All of it is read before anything of it is written.
        let tokens = one.token_bytes()?;
        let id = if !is_taken(one) {
            counts.added += 1;
            connections.add(&one.connector, &one.name, &one.fields).await?
        } else if args.skip {
            counts.skipped += 1;
            continue;
        } else {
            counts.replaced += 1;
            replace(connections, one).await?
        };
        match tokens {
            Some(tokens) => connections.put_tokens(&id, &tokens, one.tokens_end).await?,
            None => connections.clear_tokens(&id).await?,
        };
    }
    Ok(counts)
}

async fn replace(
    connections: &TenantStore,
    one: &ExportedConnection,
) -> Result<String, StoreFault> {
    match connections.get(&one.connector, &one.name).await? {
        Some(stored) => {
            connections.set_fields(&stored.id, stored.revision, &one.fields).await?;
            Ok(stored.id)
        }
        None => connections.add(&one.connector, &one.name, &one.fields).await,
    }
}
