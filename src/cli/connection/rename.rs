//! `connection rename`.

use cardhost::Error;

use super::args::RenameArgs;
use super::lookup::{opened, stored, unknown};
use crate::cli::console::{Console, Failure};
use crate::cli::setup;
use crate::cli::store::StoreArgs;

pub(super) fn run(store: &StoreArgs, args: &RenameArgs, console: &Console) -> Result<(), Failure> {
    let from = &args.connection;
    setup::runtime()?.block_on(async {
        let connections = opened(store, from).await?;
        let stored = stored(&connections, &from.connector, &from.name).await?;
        stored.ok_or_else(|| unknown(from))?;
        connections.rename(&from.connector, &from.name, &args.new_name).await?;
        Ok::<_, Error>(())
    })?;
    console.note(&format!("{from} is now {}/{}", from.connector, args.new_name));
    Ok(())
}
