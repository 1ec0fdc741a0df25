//! The way from one format of the store to the next: a store of each format that was shipped opens, and a step that only
//! these tests have shows what becomes of a store when it fails, is killed or is done by many at once.
//!
//! `tests/data/formats` has a store of each format, as SQL: what the cardhost of its time made.

use std::process::Child;

use cardhost::store::{KeySet, Store, StoreFault};
use rusqlite::Connection;

use super::{KEY, Place, fields, key, on_both, torture};

/// A step that cannot be done twice.
const NEXT: &str = "ALTER TABLE cardhost_connections ADD COLUMN note text";
/// What both back ends understand of a column that [`NEXT`] made.
const NOTED: &str = "SELECT count(*) FROM cardhost_connections WHERE note IS NULL";
const SHIPPED: i64 = 1;

on_both!(
    a_store_of_each_shipped_format_opens,
    a_step_is_done_once_and_keeps_what_is_there,
    a_step_that_fails_leaves_the_old_format,
    a_host_that_is_killed_in_a_step_leaves_the_old_format,
    many_who_open_an_older_store_migrate_it_once,
    a_new_store_has_the_newest_format,
);

async fn open(place: &Place, later: &[&'static str]) -> Result<Store, StoreFault> {
    Store::open_migrated(&place.location(), KeySet::new(key(KEY)), later).await
}

fn format(place: &Place) -> i64 {
    place.count(match place {
        Place::File(_) => "SELECT user_version FROM pragma_user_version",
        Place::Database(_) => "SELECT format FROM cardhost_store",
    })
}

/// Opens a store as it is shipped and looks whether everything is there.
async fn is_whole(place: &Place) {
    let store = place.tenant().await;
    for name in ["prod", "test"] {
        let found = store.get("acme", name).await.unwrap().unwrap();
        assert_eq!((found.fields, found.revision), (fields(name), 1));
        let tokens = found.tokens.unwrap();
        assert_eq!((&tokens.bytes[..], tokens.expires_at), (name.as_bytes(), Some(2_000_000_000)));
    }
    assert_eq!(format(place), SHIPPED);
}

async fn fill(place: &Place) {
    let store = place.tenant().await;
    for name in ["prod", "test"] {
        let id = store.add("acme", name, &fields(name)).await.unwrap();
        store.put_tokens(&id, name.as_bytes(), Some(2_000_000_000)).await.unwrap();
    }
}

async fn a_store_of_each_shipped_format_opens(place: Place) {
    place.sql(match place {
        Place::File(_) => include_str!("../../data/formats/store-1.sqlite.sql"),
        Place::Database(_) => include_str!("../../data/formats/store-1.postgres.sql"),
    });
    is_whole(&place).await;
}

async fn a_step_is_done_once_and_keeps_what_is_there(place: Place) {
    fill(&place).await;
    for _ in 0..2 {
        let store = open(&place, &[NEXT]).await.unwrap().tenant("default").unwrap();
        assert_eq!(store.get("acme", "prod").await.unwrap().unwrap().fields, fields("prod"));
        assert_eq!((format(&place), place.count(NOTED)), (2, 2));
    }
    let fault = open(&place, &[]).await.unwrap_err();
    let StoreFault::NewerFormat { found, known, .. } = fault else { panic!("{fault:?}") };
    assert_eq!((found, known), (2, SHIPPED));
}

async fn a_step_that_fails_leaves_the_old_format(place: Place) {
    fill(&place).await;
    for later in [[NEXT, NEXT], [NEXT, "nonsense"]] {
        let fault = open(&place, &later).await.unwrap_err();
        assert!(matches!(fault, StoreFault::Corrupt { .. }), "{fault:?}");
        is_whole(&place).await;
    }
    open(&place, &[NEXT]).await.unwrap();
    assert_eq!((format(&place), place.count(NOTED)), (2, 2));
}

async fn a_host_that_is_killed_in_a_step_leaves_the_old_format(place: Place) {
    fill(&place).await;
    let (mut host, _lines) = torture::start(&format!("migrate {}", place.location()));
    while !is_in_the_step(&place) {
        assert_eq!(host.try_wait().unwrap(), None, "the host ended by itself");
        std::thread::yield_now();
    }
    kill(&place, &mut host);
    is_whole(&place).await;
    open(&place, &[NEXT]).await.unwrap();
    assert_eq!((format(&place), place.count(NOTED)), (2, 2));
}

/// What the host does that is killed: it changes the tables, and never comes to an end.
pub(super) async fn migrate_forever(location: &str) {
    let endless = if location.contains("://") {
        "SELECT pg_sleep(86400)"
    } else {
        "CREATE TABLE endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    };
    Store::open_migrated(location, KeySet::new(key(KEY)), &[NEXT, endless]).await.unwrap();
}

/// Nobody else writes to the store; so it is the host's transaction that keeps others from it.
fn is_in_the_step(place: &Place) -> bool {
    match place {
        Place::File(_) => {
            let connection = Connection::open(place.location()).unwrap();
            connection.busy_timeout(std::time::Duration::ZERO).unwrap();
            connection.execute_batch("BEGIN IMMEDIATE").is_err()
        }
        Place::Database(_) => {
            let asleep = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
            place.count(asleep) == 1
        }
    }
}

fn kill(place: &Place, host: &mut Child) {
    host.kill().unwrap();
    host.wait().unwrap();
    if let Place::Database(database) = place {
        // Asleep, it does not notice.
        let others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()";
        database.sql(others);
        database.settle();
    }
}

async fn many_who_open_an_older_store_migrate_it_once(place: Place) {
    fill(&place).await;
    let hosts: Vec<_> = (0..8)
        .map(|_| {
            let location = place.location();
            tokio::spawn(async move {
                let keys = KeySet::new(key(KEY));
                let store = Store::open_migrated(&location, keys, &[NEXT]).await.unwrap();
                store.tenant("default").unwrap().list(None).await.unwrap().len()
            })
        })
        .collect();
    for host in hosts {
        assert_eq!(host.await.unwrap(), 2);
    }
    assert_eq!((format(&place), place.count(NOTED)), (2, 2));
}

async fn a_new_store_has_the_newest_format(place: Place) {
    let store = open(&place, &[NEXT]).await.unwrap().tenant("default").unwrap();
    store.add("acme", "prod", &fields("prod")).await.unwrap();
    assert_eq!((format(&place), place.count(NOTED)), (2, 1));
}
