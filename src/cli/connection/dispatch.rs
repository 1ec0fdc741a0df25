//! Which subcommand of `connection` is run.

use super::args::{ConnectionArgs, ConnectionCommand};
use super::{add, export, import, list, login, lookup, remove, rename, rotate_key, show, test};
use crate::cli::console::{Console, Failure};
use crate::cli::global::Global;

pub(crate) fn run(
    global: &Global,
    args: &ConnectionArgs,
    console: &Console,
) -> Result<(), Failure> {
    let store = &args.store;
    store.warn_of_others(console);
    let done = match &args.command {
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
    };
    done.map_err(|failure| lookup::with_nearest(store, failure))
}
