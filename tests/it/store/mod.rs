//! The store of connections, on both of its back ends: each test of `connections`, `sealing`, `leases`, `rotation` and
//! `migrations` runs on a file and on a real PostgreSQL. `file` and `database` are about one of them, `torture` kills writers.

mod connections;
mod database;
mod file;
mod leases;
mod migrations;
mod rotation;
mod sealing;
mod torture;

use std::future::Future;
use std::path::PathBuf;

use cardhost::store::StoreFault;
use cardhost::store::{Key, KeySet, Store, TenantStore};
use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::postgres::{Database, postgres};

/// Makes two tests of each async function that takes a [`Place`].
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[test] fn $name() { $crate::store::run($crate::store::Place::file(), super::$name); })*
        }
        mod on_postgres {
            $(#[test] fn $name() {
                if let Some(place) = $crate::store::Place::database() {
                    $crate::store::run(place, super::$name);
                }
            })*
        }
    };
}
pub(crate) use on_both;

/// Two keys that tests use.
pub(crate) const KEY: &str = "1111111111111111111111111111111111111111111111111111111111111111";
pub(crate) const OTHER: &str = "2222222222222222222222222222222222222222222222222222222222222222";

pub(crate) fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

/// A place for a store that is empty, and a way into it past the store.
pub(crate) enum Place {
    File(TempDir),
    Database(Database),
}

impl Place {
    pub(crate) fn file() -> Place {
        Place::File(tempfile::tempdir().unwrap())
    }

    pub(crate) fn database() -> Option<Place> {
        Some(Place::Database(postgres()?.database()))
    }

    pub(crate) fn location(&self) -> String {
        match self {
            Place::File(folder) => path(folder).display().to_string(),
            Place::Database(database) => database.url(),
        }
    }

    /// Opens the store with [`KEY`].
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.location(), KeySet::new(key(KEY))).await.unwrap()
    }

    pub(crate) async fn open_with(&self, keys: KeySet) -> Result<Store, StoreFault> {
        Store::open(&self.location(), keys).await
    }

    pub(crate) async fn tenant(&self) -> TenantStore {
        self.open().await.tenant("default").unwrap()
    }

    /// Runs a statement past the store.
    pub(crate) fn sql(&self, sql: &str) {
        match self {
            Place::File(folder) => {
                rusqlite::Connection::open(path(folder)).unwrap().execute_batch(sql).unwrap();
            }
            Place::Database(database) => drop(database.sql(sql)),
        }
    }

    /// A number, past the store.
    pub(crate) fn count(&self, sql: &str) -> i64 {
        match self {
            Place::File(folder) => {
                let connection = rusqlite::Connection::open(path(folder)).unwrap();
                connection.query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Place::Database(database) => database.sql(sql).parse().unwrap(),
        }
    }

    /// Every byte that is kept.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Place::File(folder) => {
                let files = std::fs::read_dir(folder.path()).unwrap();
                files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
            }
            Place::Database(database) => database.dump(),
        }
    }
}

pub(crate) fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("connections.db")
}

/// Runs a test on a runtime of one thread.
pub(crate) fn run<F: Future<Output = ()>>(place: Place, test: impl FnOnce(Place) -> F) {
    block_on(test(place));
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

/// `{"Token": text}`
pub(crate) fn fields(text: &str) -> Map<String, Value> {
    Map::from_iter([("Token".to_owned(), Value::from(text))])
}
