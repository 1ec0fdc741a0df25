//! `connection`: the store of connections. One file a subcommand.

mod add;
mod args;
mod ask;
mod list;
mod remove;
mod show;
mod time;

use cardhost::Error;
use cardhost::core::store_fault::StoreFault;
use cardhost::store::TenantStore;

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
        ConnectionCommand::Remove(args) => remove::run(global, store, args, console),
    }
}

/// The store, which must be there for a connection to be in it.
async fn opened(store: &StoreArgs, connection: &FullName) -> Result<TenantStore, Error> {
    store.open().await?.ok_or_else(|| unknown(connection))
}

fn unknown(connection: &FullName) -> Error {
    StoreFault::Missing { connection: connection.to_string() }.into()
}
