//! `connection test`: tries a stored connection out with its connector's test.

use cardhost::Policy;
use serde_json::json;

use super::args::TestArgs;
use super::lookup;
use crate::cli::console::{Console, Failure, printable};
use crate::cli::global::Global;
use crate::cli::setup::{self, Network};
use crate::cli::store::StoreArgs;

pub(super) fn run(
    global: &Global,
    store: &StoreArgs,
    args: &TestArgs,
    console: &Console,
) -> Result<(), Failure> {
    let name = &args.connection;
    let network = Network { args: &args.network, bases: &args.base };
    let host = setup::connected_host(global, store, &network, Policy::default())?.build();
    let tested = setup::runtime()?.block_on(host.test_connection(&name.connector, &name.name));
    let outcome = tested.map_err(|error| lookup::named(error, name))?;
    if args.json {
        let shown = json!({
            "connection": name.to_string(),
            "status": outcome.status,
            "target": outcome.target,
            "identity": outcome.identity,
        });
        return console.out(&format!("{shown}\n"));
    }
    let who = outcome.identity.map(|identity| format!(" as {}", printable(&identity)));
    console.out(&format!(
        "{name} works{}: `{}` answered {}\n",
        who.unwrap_or_default(),
        outcome.target,
        outcome.status
    ))
}
