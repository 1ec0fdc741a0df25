//! `connection`: the store of connections. One file a subcommand.

mod add;
mod args;
mod ask;
mod dispatch;
mod export;
mod import;
mod list;
mod login;
mod lookup;
mod passphrase;
mod remove;
mod rename;
mod rotate_key;
mod show;
mod test;
mod time;

pub(crate) use args::ConnectionArgs;
pub(crate) use dispatch::run;
