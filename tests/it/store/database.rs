//! The store in PostgreSQL: logins, TLS and connections that break. No message shows the password.

use cardhost::store::StoreFault;
use cardhost::store::{KeySet, Store};
use cardhost::{Class, Code, Error};

use super::{KEY, Place, block_on, fields, key};
use crate::peers::free_port;
use crate::postgres::{Database, PASSWORD, postgres};

async fn open(url: &str) -> Result<Store, Error> {
    Store::open(url, KeySet::new(key(KEY))).await.map_err(Error::from)
}

fn database() -> Option<Database> {
    Some(postgres()?.database())
}

fn shows_no_password(error: &Error) {
    let shown = format!("{error} {error:?} {:?} {:?}", error.hint(), error.fault());
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn a_wrong_password_is_told_from_a_server_that_is_not_there() {
    let Some(database) = database() else { return };
    let url = database.url_with("canary-wrong", "sslmode=disable");
    let error = block_on(open(&url)).unwrap_err();
    assert_eq!((error.code(), error.retryable()), (&Code::STORE_UNREACHABLE, Some(false)));
    assert_eq!(error.class(), Class::Connection);
    let message = error.message();
    let words = "cannot be reached: password authentication failed for user \"cards\"";
    assert!(message.ends_with(words), "{message}");
    shows_no_password(&error);

    let url = format!("postgres://cards:{PASSWORD}@127.0.0.1:{}/cards", free_port());
    let error = block_on(open(&url)).unwrap_err();
    assert_eq!((error.code(), error.retryable()), (&Code::STORE_UNREACHABLE, Some(true)));
    assert!(error.message().contains("Connection refused"), "{error}");
    shows_no_password(&error);

    let url = database.url().replace("/test_", "/no_test_");
    let error = block_on(open(&url)).unwrap_err();
    assert!(error.message().ends_with("does not exist"), "{error}");
    shows_no_password(&error);
}

#[test]
fn tls_is_verified_against_the_roots_that_are_given() {
    let Some(server) = postgres() else { return };
    let database = server.database();
    let roots = server.certificate().display().to_string().replace('/', "%2F");
    for mode in ["require", "verify-full", "prefer"] {
        let url = database.url_with(PASSWORD, &format!("sslmode={mode}&sslrootcert={roots}"));
        block_on(async {
            let store = open(&url).await.unwrap().tenant("default").unwrap();
            let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                 WHERE ssl AND datname = current_database()";
            assert_eq!(database.sql(encrypted), "1", "{mode}");
            store.list(None).await.unwrap();
        });
        database.settle();
    }
    for mode in ["require", "prefer"] {
        let error =
            block_on(open(&database.url_with(PASSWORD, &format!("sslmode={mode}")))).unwrap_err();
        assert_eq!((error.code(), error.retryable()), (&Code::STORE_UNREACHABLE, Some(false)));
        assert!(error.message().contains("invalid peer certificate"), "{error}");
        shows_no_password(&error);
    }
    let error = block_on(open(&database.url_with(PASSWORD, "sslmode=require&sslrootcert=%2Fno")))
        .unwrap_err();
    assert_eq!(error.code(), &Code::STORE_LOCATION);
    shows_no_password(&error);
}

#[test]
fn a_connection_that_breaks_is_made_anew() {
    let Some(database) = database() else { return };
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    block_on(async {
        let store = open(&database.url()).await.unwrap().tenant("default").unwrap();
        store.add("acme", "prod", &fields("one")).await.unwrap();
        for _ in 0..3 {
            assert_eq!(database.sql(end), "1");
            let found = store.get("acme", "prod").await.unwrap().unwrap();
            assert_eq!(found.fields, fields("one"));
        }
        // A write is not done twice: it may say that nobody knows, once.
        assert_eq!(database.sql(end), "1");
        let written = store.add("acme", "next", &fields("two")).await;
        let unknown =
            |fault: &StoreFault| matches!(fault, StoreFault::Unreachable { transient: true, .. });
        assert!(written.as_ref().err().is_none_or(unknown), "{written:?}");
        store.remove("acme", "next").await.unwrap();
    });
    // Another runtime: the task that read the connection ended with the first one.
    let store = block_on(open(&database.url())).unwrap();
    let names = block_on(async { store.tenant("default").unwrap().list(None).await.unwrap() });
    assert_eq!(names.len(), 1);
}

#[test]
fn tables_of_somebody_else_are_left_as_they_are() {
    let Some(database) = database() else { return };
    database.sql("CREATE TABLE cardhost_connections (x int); CREATE TABLE cardhost_store (y int)");
    let error = block_on(open(&database.url())).unwrap_err();
    assert_eq!(error.code(), &Code::STORE_CORRUPT, "{error}");
    let columns = "SELECT string_agg(column_name, ',' ORDER BY column_name) FROM information_schema.columns \
         WHERE table_name LIKE 'cardhost%'";
    assert_eq!(database.sql(columns), "x,y");
}

#[test]
fn many_who_make_the_same_store_at_once_share_one() {
    let Some(server) = postgres() else { return };
    for _ in 0..8 {
        let database = server.database();
        block_on(async {
            let tasks: Vec<_> = (0..8)
                .map(|index| {
                    let url = database.url();
                    tokio::spawn(async move {
                        let store = open(&url).await.unwrap().tenant("default").unwrap();
                        store.add("acme", &format!("c{index}"), &fields("x")).await.unwrap();
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            let found = Place::Database(database).tenant().await.list(None).await.unwrap();
            assert_eq!(found.len(), 8);
        });
    }
}

#[test]
fn a_wrong_key_is_told_as_such() {
    let Some(database) = database() else { return };
    block_on(open(&database.url())).unwrap();
    let other = KeySet::new(key(super::OTHER));
    let fault = block_on(Store::open(&database.url(), other)).unwrap_err();
    assert!(matches!(fault, StoreFault::WrongKey { .. }), "{fault:?}");
    assert_eq!(Error::from(fault).code(), &Code::STORE_KEY);
}
