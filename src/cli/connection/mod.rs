//! `connection`: the store of connections. One file a subcommand.

mod add;
mod args;
mod ask;
mod export;
mod import;
mod list;
mod login;
mod passphrase;
mod remove;
mod rename;
mod rotate_key;
mod show;
mod test;
mod time;

use cardhost::store::StoreFault;
use cardhost::store::{Summary, TenantStore};
use cardhost::{Code, Error, Place};

pub(crate) use args::ConnectionArgs;
use args::{ConnectionCommand, FullName};

use super::args::Global;
use super::console::{Console, Failure};
use super::store::StoreArgs;

pub(crate) fn run(
    global: &Global,
    args: &ConnectionArgs,
    console: &Console,
) -> Result<(), Failure> {
    let store = &args.store;
    match &args.command {
        ConnectionCommand::Add(args) => add::run(global, store, args, console),
        ConnectionCommand::List(args) => list::run(store, args, console),
        ConnectionCommand::Show(args) => show::run(global, store, args, console),
        ConnectionCommand::Login(args) => login::run(global, store, args, console),
        ConnectionCommand::Test(args) => test::run(global, store, args, console),
        ConnectionCommand::Rename(args) => rename::run(store, args, console),
        ConnectionCommand::Remove(args) => remove::run(global, store, args, console),
        ConnectionCommand::RotateKey(args) => rotate_key::run(store, args, console),
        ConnectionCommand::Export(args) => export::run(store, args, console),
        ConnectionCommand::Import(args) => import::run(store, args, console),
    }
}

/// The store, which must be there for a connection to be in it.
async fn opened(store: &StoreArgs, connection: &FullName) -> Result<TenantStore, Error> {
    store.open().await?.ok_or_else(|| unknown(connection))
}

/// What is stored under a name; nothing is opened.
async fn stored(
    store: &TenantStore,
    connector: &str,
    name: &str,
) -> Result<Option<Summary>, StoreFault> {
    let stored = store.list(Some(connector)).await?;
    Ok(stored.into_iter().find(|stored| stored.name == name))
}

/// An error about a connection that the command line names: it has no place on stdin.
fn named(error: Error, connection: &FullName) -> Error {
    let place = error.place().clone();
    match place.pointer.strip_prefix("/connection") {
        Some("") if error.code() == &Code::CONNECTION_UNKNOWN => unknown(connection),
        Some(rest) if place.file.is_empty() => {
            let (file, pointer) = (format!("connection {connection}"), rest.to_owned());
            error.at(Place { file, pointer, ..place })
        }
        _ => error,
    }
}

fn unknown(connection: &FullName) -> Error {
    StoreFault::Missing { connection: connection.to_string() }.into()
}
