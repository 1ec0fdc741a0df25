//! `connection remove`.

use std::io::IsTerminal as _;

use cardhost::Error;

use super::args::RemoveArgs;
use super::{ask, opened, unknown};
use crate::cli::args::Global;
use crate::cli::console::{Console, Failure};
use crate::cli::setup;
use crate::cli::store::StoreArgs;

pub(super) fn run(
    _global: &Global,
    store: &StoreArgs,
    args: &RemoveArgs,
    console: &Console,
) -> Result<(), Failure> {
    let connection = &args.connection;
    let runtime = setup::runtime()?;
    let store = runtime.block_on(async {
        let store = opened(store, connection).await?;
        let stored = store.list(Some(&connection.connector)).await?;
        let there = stored.iter().any(|stored| stored.name == connection.name);
        if there { Ok(store) } else { Err(unknown(connection)) }
    })?;
    if !args.yes {
        if !std::io::stdin().is_terminal() {
            let message = "nobody can be asked whether to remove it: give --yes";
            return Err(Failure::Usage(message.to_owned()));
        }
        if !ask::yes_or_no(&format!("remove connection {connection}?"))? {
            console.note("it is not removed");
            return Ok(());
        }
    }
    runtime.block_on(async {
        let removed = store.remove(&connection.connector, &connection.name).await?;
        if removed { Ok::<_, Error>(()) } else { Err(unknown(connection)) }
    })?;
    console.note(&format!("removed {connection}"));
    Ok(())
}
