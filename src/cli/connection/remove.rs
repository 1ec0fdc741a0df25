//! `connection remove`.

use std::io::IsTerminal as _;

use cardhost::{Error, Policy};

use super::args::RemoveArgs;
use super::ask;
use super::lookup::{opened, stored, unknown};
use crate::cli::console::{Console, Failure};
use crate::cli::global::Global;
use crate::cli::setup::{self, Network};
use crate::cli::store::StoreArgs;

pub(super) fn run(
    global: &Global,
    store: &StoreArgs,
    args: &RemoveArgs,
    console: &Console,
) -> Result<(), Failure> {
    let connection = &args.connection;
    let runtime = setup::runtime()?;
    let (connections, stored) = runtime.block_on(async {
        let connections = opened(store, connection).await?;
        let stored = stored(&connections, &connection.connector, &connection.name).await?;
        Ok::<_, Error>((connections, stored.ok_or_else(|| unknown(connection))?))
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
    if stored.has_tokens && !args.keep_grant {
        runtime.block_on(revoke(global, store, args, console))?;
    }
    runtime.block_on(async {
        let removed = connections.remove(&connection.connector, &connection.name).await?;
        if removed { Ok::<_, Error>(()) } else { Err(unknown(connection)) }
    })?;
    console.note(&format!("removed {connection}"));
    Ok(())
}

/// Revokes the connection's tokens at the service. Where that fails it is said, and the connection is removed all the same.
async fn revoke(
    global: &Global,
    store: &StoreArgs,
    args: &RemoveArgs,
    console: &Console,
) -> Result<(), Failure> {
    let name = &args.connection;
    let network = Network { args: &args.network, bases: &[] };
    let host = setup::connected_host(global, store, &network, Policy::default())?.build();
    let revoked = match host.revoke(&name.connector, &name.name).await {
        Ok(revoked) => revoked,
        Err(error) => {
            console.warning("its tokens are not revoked at the service", &error);
            return Ok(());
        }
    };
    for method in &revoked.revoked {
        console.note(&format!("revoked the tokens of `{method}`"));
    }
    for method in &revoked.not_offered {
        console.note(&format!(
            "the tokens of `{method}` stay good at the service until they end: it takes none back"
        ));
    }
    for (method, error) in &revoked.failed {
        console.warning(&format!("the tokens of `{method}` are not revoked at the service"), error);
    }
    Ok(())
}
