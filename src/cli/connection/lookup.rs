//! The connections that a command line names.

use cardhost::core::text::{did_you_mean, nearest};
use cardhost::store::{StoreFault, Summary, TenantStore};
use cardhost::{Code, Error, Place};

use super::args::FullName;
use crate::cli::console::Failure;
use crate::cli::setup;
use crate::cli::store::StoreArgs;

/// The store, which must be there for a connection to be in it.
pub(super) async fn opened(store: &StoreArgs, connection: &FullName) -> Result<TenantStore, Error> {
    store.open().await?.ok_or_else(|| unknown(connection))
}

/// What is stored under a name; nothing is opened.
pub(super) async fn stored(
    store: &TenantStore,
    connector: &str,
    name: &str,
) -> Result<Option<Summary>, StoreFault> {
    let stored = store.list(Some(connector)).await?;
    Ok(stored.into_iter().find(|stored| stored.name == name))
}

/// An error about a connection that the command line names: it has no place on stdin.
pub(super) fn named(error: Error, connection: &FullName) -> Error {
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

/// An error about a connection that is not there.
pub(super) fn unknown(connection: &FullName) -> Error {
    StoreFault::Missing { connection: connection.to_string() }.into()
}

/// What to do about a connection that is not there: the nearest name, or where to look.
pub(super) fn with_nearest(store: &StoreArgs, failure: Failure) -> Failure {
    let Failure::Error(error) = failure else { return failure };
    let Some(StoreFault::Missing { connection }) = error.fault().downcast_ref() else {
        return Failure::Error(error);
    };
    let names = || -> Option<Vec<String>> {
        setup::runtime().ok()?.block_on(async {
            let stored = store.open().await.ok()??.list(None).await.ok()?;
            Some(stored.into_iter().map(|one| FullName::from(one).to_string()).collect())
        })
    };
    let names = names().unwrap_or_default();
    // Those of the same connector are alike for its name already.
    let (connector, name) = connection.split_once('/').unwrap_or(("", connection));
    let own = |other: &'_ str| other.split_once('/').filter(|(of, _)| *of == connector).is_some();
    let of_own = names.iter().filter(|other| own(other)).filter_map(|other| other.split_once('/'));
    let near =
        nearest(name, of_own.map(|(_, name)| name)).map(|near| format!("{connector}/{near}"));
    let others = names.iter().map(String::as_str).filter(|other| !own(other));
    let hint = match near.or_else(|| nearest(connection, others)) {
        Some(nearest) => did_you_mean(&nearest),
        None => "`cardhost connection list` shows what is stored".to_owned(),
    };
    Failure::Error(error.with_hint(hint))
}
