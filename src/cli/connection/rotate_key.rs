//! `connection rotate-key`.

use cardhost::Error;
use cardhost::store::StoreFault;
use cardhost::store::{Key, KeyFault};

use super::args::RotateKeyArgs;
use crate::cli::console::{Console, Failure};
use crate::cli::setup;
use crate::cli::store::{StoreArgs, key_of};

pub(super) fn run(
    store: &StoreArgs,
    args: &RotateKeyArgs,
    console: &Console,
) -> Result<(), Failure> {
    let resealed = setup::runtime()?.block_on(async {
        // Opened first with the keys it has: no new key is made for a store that is not there.
        if args.generate.is_some() && store.open_store(None).await?.is_none() {
            return Err(no_store(store));
        }
        let given = || new_key(args);
        let (to, known) = match &args.generate {
            Some(path) => (Key::create_file(path)?, Key::read_file(path)?),
            None => (given()?, given()?),
        };
        let opened = store.open_store(Some(known)).await?.ok_or_else(|| no_store(store))?;
        let id = to.id();
        Ok::<_, Error>((opened.rotate(to).await?, id))
    })?;
    let (count, id) = resealed;
    let what = if count == 1 { "value is" } else { "values are" };
    console.note(&format!("the store is sealed under key {id}: {count} {what} resealed"));
    console.note(&format!("  {}", next(store, args)));
    Ok(())
}

fn new_key(args: &RotateKeyArgs) -> Result<Key, StoreFault> {
    if let Some(path) = &args.new_key_file {
        return Ok(Key::read_file(path)?);
    }
    let name = args.new_key_env.as_deref().unwrap_or_default();
    key_of(name)?.ok_or_else(|| KeyFault::Missing { path: name.to_owned() }.into())
}

/// What is to be done now.
fn next(store: &StoreArgs, args: &RotateKeyArgs) -> String {
    let new = args.generate.as_ref().or(args.new_key_file.as_ref());
    match new.map(|path| path.display()) {
        Some(new) if store.uses_default_key() => format!(
            "put {new} in the place of the old key file; keep a copy of it, and the old one for older backups"
        ),
        Some(new) => format!(
            "give {new} as the key from now on; keep a copy of it, and the old one for older backups"
        ),
        None => "give the new key from now on; keep the old one for older backups".to_owned(),
    }
}

fn no_store(store: &StoreArgs) -> Error {
    let place = store.location().ok().flatten().unwrap_or_default();
    let reason = "there is no file of that name".to_owned();
    StoreFault::Unreachable { place, reason, transient: false }.into()
}
