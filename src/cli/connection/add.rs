//! `connection add`.

use std::io::{self, IsTerminal as _, Read as _};

use cardhost::connections::read_secret;
use cardhost::core::connection::{Connection, ConnectionFault, SecretSource, secret_source};
use cardhost::core::connector::Connector;
use cardhost::core::plan::unreachable_base;
use cardhost::core::secret::Secret;
use cardhost::store::StoreFault;
use cardhost::store::{MOST_VALUE_BYTES, TenantStore, is_connection_name};
use cardhost::{Error, Place};
use serde_json::{Map, Value};

use super::args::AddArgs;
use super::{ask, lookup};
use crate::cli::console::{Console, Failure};
use crate::cli::global::Global;
use crate::cli::setup::{self, GivenFields};
use crate::cli::store::{NoKey, StoreArgs};

pub(super) fn run(
    global: &Global,
    store: &StoreArgs,
    args: &AddArgs,
    console: &Console,
) -> Result<(), Failure> {
    let host = setup::host(global)?.build();
    let connector = host.catalog().connector(&args.connector)?;
    if !is_connection_name(&args.name) {
        let fault = StoreFault::Name { what: "connection", found: args.name.clone() };
        return Err(Error::from(fault).into());
    }
    let runtime = setup::runtime()?;
    // Before anything is asked, and without making anything.
    if !args.replace && runtime.block_on(is_taken(store, args))? {
        let (connector, name) = (args.connector.clone(), args.name.clone());
        return Err(Error::from(StoreFault::Exists { connector, name }).into());
    }
    let GivenFields { mut fields, wrapped } = if io::stdin().is_terminal() {
        GivenFields { fields: ask::fields(&connector.connection.fields, console)?, wrapped: false }
    } else {
        given()?
    };
    if args.resolve_references {
        resolve(&connector, &mut fields).map_err(|fault| placed(fault.into(), wrapped))?;
    }
    let unread = check(&connector, &fields).map_err(|error| placed(error, wrapped))?;
    let made_key = runtime.block_on(async {
        let opened = store.open_or_make(NoKey::Make).await?;
        put(&opened.connections, args, &fields).await?;
        Ok::<_, Error>(opened.made_key)
    })?;
    if let Some(path) = made_key {
        console.note(&format!(
            "made the key of the store: {}\n  keep a copy of it in a safe place: without it nothing stored can be read",
            path.display()
        ));
    }
    references(&fields, &unread, console);
    console.note(&format!("stored {}/{}", args.connector, args.name));
    Ok(())
}

async fn is_taken(store: &StoreArgs, args: &AddArgs) -> Result<bool, Error> {
    let Some(connections) = store.open_unless_new().await? else { return Ok(false) };
    Ok(lookup::stored(&connections, &args.connector, &args.name).await?.is_some())
}

/// Adds the connection, or replaces the fields of the one that is there.
async fn put(
    connections: &TenantStore,
    args: &AddArgs,
    fields: &Map<String, Value>,
) -> Result<(), StoreFault> {
    if args.replace
        && let Some(stored) = connections.get(&args.connector, &args.name).await?
    {
        connections.set_fields(&stored.id, stored.revision, fields).await?;
        // Last, so that a renewal that began with the old fields is lost.
        connections.clear_tokens(&stored.id).await?;
        return Ok(());
    }
    connections.add(&args.connector, &args.name, fields).await.map(|_| ())
}

/// The fields on stdin.
fn given() -> Result<GivenFields, Failure> {
    let mut text = Vec::new();
    let most = MOST_VALUE_BYTES as u64 + 1;
    io::stdin().lock().take(most).read_to_end(&mut text).map_err(|e| Failure::Io("stdin", e))?;
    if text.len() > MOST_VALUE_BYTES {
        return Err(Error::from(StoreFault::TooLarge { limit: MOST_VALUE_BYTES }).into());
    }
    if setup::is_blank(&text) {
        let message = "stdin is empty: give the fields as one JSON object, or run it at a terminal";
        return Err(Failure::Usage(message.to_owned()));
    }
    Ok(setup::fields_of(&text, "stdin")?)
}

/// Puts what references point at in their place.
fn resolve(connector: &Connector, fields: &mut Map<String, Value>) -> Result<(), ConnectionFault> {
    Connection::read_sources(connector, fields, &read_secret).map(|_| ())
}

/// Checks the fields, as a run would. What they point at is looked at where it can be read now; gives the labels of those
/// that cannot, with the reason.
fn check(
    connector: &Connector,
    fields: &Map<String, Value>,
) -> Result<Vec<(String, String)>, Error> {
    let mut unread: Vec<(String, String)> = Vec::new();
    let mut readable = fields.clone();
    for (label, value) in fields {
        if let Some(source) = secret_source(value)
            && let Err(reason) = read_secret(&source)
        {
            unread.push((label.clone(), reason));
        }
    }
    let stands_in = |source: &SecretSource| {
        Ok(read_secret(source).unwrap_or_else(|_| Secret::from("not read yet")))
    };
    match Connection::settle(connector, std::mem::take(&mut readable), &stands_in) {
        // What could not be read cannot be judged.
        Err(ConnectionFault::Field(fault))
            if fault.path.first().is_some_and(|at| unread.iter().any(|(label, _)| label == at)) =>
        {
            Ok(unread)
        }
        Err(fault) => Err(fault.into()),
        Ok(connection) => match unreachable_base(connector, &connection) {
            Some(fault) if unread.is_empty() => Err(fault.into()),
            _ => Ok(unread),
        },
    }
}

/// An error of a field, placed where the field stands on stdin.
fn placed(error: Error, wrapped: bool) -> Error {
    let place = error.place().clone();
    let pointer = place.pointer.trim_start_matches("/connection");
    let pointer = pointer.strip_prefix("/fields").unwrap_or(pointer);
    let pointer = if wrapped { format!("/fields{pointer}") } else { pointer.to_owned() };
    error.at(Place { pointer, ..place })
}

/// Says which fields are read elsewhere at each run.
fn references(fields: &Map<String, Value>, unread: &[(String, String)], console: &Console) {
    for (label, value) in fields {
        let place = match secret_source(value) {
            Some(SecretSource::Env(name)) => format!("the environment variable `{name}`"),
            Some(SecretSource::File(path)) => format!("the file `{path}`"),
            None => continue,
        };
        let not_now = unread.iter().find(|(unread, _)| unread == label);
        let not_now = not_now.map(|(_, reason)| format!(" (which cannot be read now: {reason})"));
        console.note(&format!(
            "`{label}` is stored as a reference: each run reads {place}{}",
            not_now.unwrap_or_default()
        ));
    }
}
