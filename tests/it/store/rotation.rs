//! A store is sealed under another key while hosts go on working.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cardhost::store::StoreFault;
use cardhost::store::{KeySet, Store};

use super::{KEY, OTHER, Place, block_on, fields, key, on_both};

on_both!(
    all_values_go_under_the_new_key,
    hosts_with_both_keys_go_on_working,
    a_rotation_that_stopped_is_finished_by_the_next,
    writers_during_a_rotation_leave_nothing_under_the_old_key,
);

fn both() -> KeySet {
    KeySet::new(key(KEY)).with_previous(key(OTHER))
}

/// How many sealed values are under a key, by its id in them.
fn under(place: &Place, text: &str) -> i64 {
    let id = key(text).id();
    let of = |column: &str| match place {
        Place::File(_) => format!("lower(hex(substr({column}, 2, 8))) = '{id}'"),
        Place::Database(_) => format!("encode(substr({column}, 2, 8), 'hex') = '{id}'"),
    };
    let count = |column| format!("SELECT count(*) FROM cardhost_connections WHERE {}", of(column));
    place.count(&count("fields")) + place.count(&count("tokens"))
}

async fn filled(place: &Place, count: usize) -> Store {
    let store = place.open_with(both()).await.unwrap();
    for index in 0..count {
        // Rotation is the one thing that goes across tenants.
        let tenant = store.tenant(["one", "two"][index % 2]).unwrap();
        let id = tenant.add("acme", &format!("c{index}"), &fields(&format!("f{index}"))).await;
        if index % 3 == 0 {
            tenant.put_tokens(&id.unwrap(), format!("t{index}").as_bytes(), None).await.unwrap();
        }
    }
    store
}

async fn is_whole(store: &Store, count: usize) {
    for index in 0..count {
        let tenant = store.tenant(["one", "two"][index % 2]).unwrap();
        let found = tenant.get("acme", &format!("c{index}")).await.unwrap().unwrap();
        assert_eq!((found.fields, found.revision), (fields(&format!("f{index}")), 1));
        let tokens = found.tokens.map(|tokens| tokens.bytes.to_vec());
        assert_eq!(tokens, (index % 3 == 0).then(|| format!("t{index}").into_bytes()));
    }
}

async fn all_values_go_under_the_new_key(place: Place) {
    // More than one page of rows: 120 fields and 40 tokens.
    let store = filled(&place, 120).await;
    assert_eq!((under(&place, KEY), under(&place, OTHER)), (160, 0));
    assert_eq!(store.rotate(key(OTHER)).await.unwrap(), 160);
    assert_eq!((under(&place, KEY), under(&place, OTHER)), (0, 160));
    is_whole(&store, 120).await;
    assert_eq!(store.rotate(key(OTHER)).await.unwrap(), 0);
    let store = place.open_with(KeySet::new(key(OTHER))).await.unwrap();
    is_whole(&store, 120).await;
    let (wanted, given) = (key(OTHER).id(), vec![key(KEY).id()]);
    let fault = place.open_with(KeySet::new(key(KEY))).await.unwrap_err();
    assert_eq!(fault, StoreFault::WrongKey { wanted, given });
}

async fn hosts_with_both_keys_go_on_working(place: Place) {
    let store = filled(&place, 3).await;
    let before = place.open_with(both()).await.unwrap().tenant("one").unwrap();
    let old = place.open().await.tenant("one").unwrap();
    assert_eq!(before.get("acme", "c0").await.unwrap().unwrap().fields, fields("f0"));
    store.rotate(key(OTHER)).await.unwrap();

    // This handle has not heard of the rotation yet.
    assert_eq!(before.get("acme", "c0").await.unwrap().unwrap().fields, fields("f0"));
    let id = before.add("acme", "new", &fields("new")).await.unwrap();
    before.put_tokens(&id, b"tokens", None).await.unwrap();
    before.set_fields(&id, 1, &fields("newer")).await.unwrap();
    before.rename("acme", "new", "newest").await.unwrap();
    assert_eq!((under(&place, KEY), under(&place, OTHER)), (0, 6));

    // This one does not hold the new key: it can neither read nor write.
    let wrong = StoreFault::WrongKey { wanted: key(OTHER).id(), given: vec![key(KEY).id()] };
    assert_eq!(old.get("acme", "c0").await.unwrap_err(), wrong);
    assert_eq!(old.add("acme", "x", &fields("x")).await.unwrap_err(), wrong);
    assert_eq!(old.put_tokens(&id, b"x", None).await.unwrap_err(), wrong);
    assert_eq!(old.set_fields(&id, 2, &fields("x")).await.unwrap_err(), wrong);
    assert_eq!(under(&place, KEY), 0);
}

async fn a_rotation_that_stopped_is_finished_by_the_next(place: Place) {
    let store = filled(&place, 6).await;
    let one = store.tenant("one").unwrap();
    // One value cannot be opened: the others are resealed all the same.
    place.sql("UPDATE cardhost_connections SET fields = tokens WHERE name = 'c0'");
    let fault = store.rotate(key(OTHER)).await.unwrap_err();
    let (tenant, connector, name) = ("one".to_owned(), "acme".to_owned(), "c0".to_owned());
    assert_eq!(fault, StoreFault::Tampered { tenant, connector, name, column: "fields" });
    assert_eq!((under(&place, KEY), under(&place, OTHER)), (1, 7));

    // In the middle both keys are needed, by whoever opens the store.
    let old = place.open_with(KeySet::new(key(KEY))).await.unwrap_err();
    assert!(matches!(old, StoreFault::WrongKey { .. }), "{old:?}");
    let store = place.open_with(both()).await.unwrap();
    assert!(one.remove("acme", "c0").await.unwrap());
    one.add("acme", "c0", &fields("f0")).await.unwrap();
    assert_eq!(store.rotate(key(OTHER)).await.unwrap(), 0);
    assert_eq!((under(&place, KEY), under(&place, OTHER)), (0, 7));
}

async fn writers_during_a_rotation_leave_nothing_under_the_old_key(place: Place) {
    let store = filled(&place, 30).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let stop = Arc::clone(&stop);
            let location = place.location();
            tokio::spawn(async move {
                // Each with a handle of its own, opened before the rotation.
                let store = Store::open(&location, both()).await.unwrap().tenant("one").unwrap();
                let mut added = 0;
                while added == 0 || !stop.load(Ordering::Relaxed) {
                    let name = format!("w{writer}-{added}");
                    let id = store.add("acme", &name, &fields("w")).await.unwrap();
                    store.put_tokens(&id, b"w", None).await.unwrap();
                    store.rename("acme", &name, &format!("{name}r")).await.unwrap();
                    added += 1;
                }
                added
            })
        })
        .collect();
    store.rotate(key(OTHER)).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    let mut added = 0;
    for writer in writers {
        added += writer.await.unwrap();
    }
    assert_eq!((under(&place, KEY), under(&place, OTHER)), (0, 40 + 2 * added));
    let store = place.open_with(KeySet::new(key(OTHER))).await.unwrap();
    is_whole(&store, 30).await;
    let tenant = store.tenant("one").unwrap();
    for summary in tenant.list(None).await.unwrap() {
        tenant.get("acme", &summary.name).await.unwrap().unwrap();
    }
}

/// A write that began before the rotation and ends after it: the rotation has to wait for it.
#[test]
fn a_rotation_waits_for_the_writes_that_are_under_way() {
    let Some(place) = Place::database() else { return };
    block_on(async {
        let writing = place.open_with(both()).await.unwrap().tenant("one").unwrap();
        let rotating = place.open_with(both()).await.unwrap();
        // The insert stops half-way, until it is told to go on.
        place.sql(
            "CREATE TABLE go (x int);
             CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 WHILE NOT EXISTS (SELECT 1 FROM go) LOOP PERFORM pg_sleep(0.01); END LOOP;
                 RETURN NEW;
             END $$;
             CREATE TRIGGER hold BEFORE INSERT ON cardhost_connections
                 FOR EACH ROW EXECUTE FUNCTION hold()",
        );
        let add = tokio::spawn(async move { writing.add("acme", "prod", &fields("one")).await });
        let held = "SELECT count(*) FROM pg_stat_activity \
             WHERE datname = current_database() AND wait_event = 'PgSleep'";
        while place.count(held) == 0 {
            tokio::task::yield_now().await;
        }
        let rotation = tokio::spawn(async move { rotating.rotate(key(OTHER)).await });
        let waiting = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) \
             WHERE datname = current_database() AND NOT granted";
        while place.count(waiting) == 0 {
            assert!(!rotation.is_finished(), "the rotation did not wait for the write");
            tokio::task::yield_now().await;
        }
        place.sql("INSERT INTO go VALUES (1)");
        add.await.unwrap().unwrap();
        assert_eq!(rotation.await.unwrap().unwrap(), 1);
        assert_eq!((under(&place, KEY), under(&place, OTHER)), (0, 1));
    });
}
