//! The store in one file: what is no store is refused and left as it is.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt as _;

use cardhost::store::StoreFault;
use cardhost::store::{KeySet, Store};
use cardhost::{Code, Error};

use super::{KEY, Place, block_on, fields, key, path};

async fn open(location: &str) -> Result<Store, StoreFault> {
    Store::open(location, KeySet::new(key(KEY))).await
}

/// A store with so much in it that it has many pages, closed.
fn filled() -> tempfile::TempDir {
    let place = Place::file();
    block_on(async {
        let store = place.tenant().await;
        for index in 0..40 {
            store.add("acme", &format!("c{index}"), &fields(&"x".repeat(3000))).await.unwrap();
        }
    });
    let Place::File(folder) = place else { unreachable!() };
    folder
}

#[test]
fn a_new_store_and_its_folders_are_its_owners_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a/b/connections.db");
    block_on(async {
        let store = open(file.to_str().unwrap()).await.unwrap().tenant("default").unwrap();
        store.add("acme", "prod", &fields("one")).await.unwrap();
        let mode =
            |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.path().join("a")), 0o700);
        for name in ["connections.db", "connections.db-wal", "connections.db-shm"] {
            assert_eq!(mode(&file.with_file_name(name)), 0o600, "{name}");
        }
    });
}

#[test]
fn many_who_make_the_same_store_at_once_share_one() {
    for _ in 0..30 {
        let place = Place::file();
        block_on(async {
            let tasks: Vec<_> = (0..8)
                .map(|index| {
                    let location = place.location();
                    tokio::spawn(async move {
                        let store = open(&location).await.unwrap().tenant("default").unwrap();
                        store.add("acme", &format!("c{index}"), &fields("x")).await.unwrap();
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(place.tenant().await.list(None).await.unwrap().len(), 8);
        });
    }
}

#[test]
fn what_is_no_store_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(&folder);
    let location = file.display().to_string();
    let text = b"not a database, but longer than the header of one: ".repeat(4);
    fs::write(&file, &text).unwrap();
    let fault = block_on(open(&location)).unwrap_err();
    assert_eq!(
        fault,
        StoreFault::Corrupt { place: location.clone(), reason: "file is not a database".into() }
    );
    assert_eq!(fs::read(&file).unwrap(), text);

    fs::remove_file(&file).unwrap();
    rusqlite::Connection::open(&file).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let before = fs::read(&file).unwrap();
    let reason = "it is an SQLite database of something else".to_owned();
    let fault = block_on(open(&location)).unwrap_err();
    assert_eq!(fault, StoreFault::Corrupt { place: location, reason });
    assert_eq!(fs::read(&file).unwrap(), before);

    let place = folder.path().display().to_string();
    let fault = block_on(open(&place)).unwrap_err();
    assert_eq!(fault, StoreFault::Corrupt { place, reason: "it is not a file".into() });
}

#[test]
fn a_store_that_was_cut_off_is_refused_and_left_as_it_is() {
    let folder = filled();
    let file = path(&folder);
    let whole = fs::read(&file).unwrap();
    assert!(whole.len() > 100_000, "the store has {} bytes", whole.len());
    for length in [50, 4096, 8192, whole.len() / 2, whole.len() - 4096] {
        fs::write(&file, &whole[..length]).unwrap();
        let fault = block_on(async {
            let store = open(file.to_str().unwrap()).await?.tenant("default")?;
            for index in 0..40 {
                store.get("acme", &format!("c{index}")).await?;
            }
            Ok::<_, StoreFault>(())
        })
        .unwrap_err();
        assert!(matches!(fault, StoreFault::Corrupt { .. }), "{length}: {fault:?}");
        assert_eq!(fs::read(&file).unwrap(), &whole[..length]);
    }
}

#[test]
fn a_page_of_garbage_is_never_taken_for_a_connection() {
    let folder = filled();
    let file = path(&folder);
    let whole = fs::read(&file).unwrap();
    let mut refused = 0;
    for page in 0..whole.len() / 4096 {
        fs::write(&file, &whole).unwrap();
        let mut handle = fs::OpenOptions::new().write(true).open(&file).unwrap();
        handle.seek(SeekFrom::Start(page as u64 * 4096)).unwrap();
        handle.write_all(&[0xA5; 4096]).unwrap();
        drop(handle);
        let result = block_on(async {
            let store = open(file.to_str().unwrap()).await?.tenant("default")?;
            let mut there = 0;
            for index in 0..40 {
                if let Some(found) = store.get("acme", &format!("c{index}")).await? {
                    assert_eq!(found.fields, fields(&"x".repeat(3000)));
                    there += 1;
                }
            }
            // Not one is missing without a word, unless its page of the index says so.
            assert_eq!(there, 40, "page {page}");
            Ok::<_, StoreFault>(())
        });
        match result {
            Err(StoreFault::Corrupt { .. } | StoreFault::Tampered { .. }) => refused += 1,
            // A page that is free, or an index that is not used.
            Ok(()) => {}
            Err(fault) => panic!("page {page}: {fault:?}"),
        }
    }
    assert!(refused > 30, "{refused} damaged pages were noticed");
}

#[test]
fn faults_have_their_codes_and_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(&folder);
    fs::write(&file, "x".repeat(200)).unwrap();
    let location = file.display().to_string();
    let error = Error::from(block_on(open(&location)).unwrap_err());
    assert_eq!(error.code(), &Code::STORE_CORRUPT);
    assert_eq!(
        error.message(),
        format!("the store `{location}` cannot be read: file is not a database")
    );
    assert_eq!(
        error.hint().unwrap(),
        "nothing was changed; restore it from a backup, or give another location"
    );
    for (location, reason) in
        [("", "it is empty"), ("mysql://sa:CANARY@h/d", "it is a URL, but not of PostgreSQL")]
    {
        let error = Error::from(block_on(open(location)).unwrap_err());
        assert_eq!(error.code(), &Code::STORE_LOCATION);
        assert_eq!(error.message(), format!("the location of the store cannot be used: {reason}"));
    }
}
