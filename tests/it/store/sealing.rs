//! Values are sealed: they show nothing, open only where they belong, and only with their key.

use cardhost::store::StoreFault;
use cardhost::store::{KeySet, LeaseAnswer};

use super::{KEY, OTHER, Place, fields, key, on_both};

on_both!(
    a_value_that_was_moved_is_refused,
    a_value_that_was_edited_is_refused,
    another_key_does_not_open_the_store,
    a_key_check_that_was_edited_is_refused,
    a_newer_format_is_refused,
    no_secret_is_kept_or_printed_in_clear,
);

fn tampered(tenant: &str, name: &str, column: &'static str) -> StoreFault {
    let (tenant, connector, name) = (tenant.into(), "acme".into(), name.into());
    StoreFault::Tampered { tenant, connector, name, column }
}

async fn a_value_that_was_moved_is_refused(place: Place) {
    let store = place.open().await;
    let (ours, theirs) = (store.tenant("ours").unwrap(), store.tenant("theirs").unwrap());
    for name in ["a", "b", "column", "renamed"] {
        let id = ours.add("acme", name, &fields(name)).await.unwrap();
        ours.put_tokens(&id, br#"{"Token":"x"}"#, None).await.unwrap();
    }
    theirs.add("acme", "a", &fields("theirs")).await.unwrap();
    let copy = |column: &str, from: &str, to: &str| {
        place
            .sql(&format!("UPDATE cardhost_connections SET {column} = (SELECT {from}) WHERE {to}"));
    };
    let row = "fields FROM cardhost_connections WHERE tenant = 'ours' AND name = 'a'";
    copy("fields", row, "tenant = 'ours' AND name = 'b'");
    copy("fields", row, "tenant = 'theirs'");
    copy("fields", "tokens", "tenant = 'ours' AND name = 'column'");
    place.sql("UPDATE cardhost_connections SET name = 'other' WHERE name = 'renamed'");

    let fault = ours.get("acme", "b").await.unwrap_err();
    assert_eq!(fault, tampered("ours", "b", "fields"));
    assert_eq!(theirs.get("acme", "a").await.unwrap_err(), tampered("theirs", "a", "fields"));
    assert_eq!(ours.get("acme", "column").await.unwrap_err(), tampered("ours", "column", "fields"));
    assert_eq!(ours.get("acme", "other").await.unwrap_err(), tampered("ours", "other", "fields"));
    assert_eq!(ours.get("acme", "a").await.unwrap().unwrap().fields, fields("a"));
    // What cannot be opened can be listed, replaced and removed.
    assert_eq!(ours.list(None).await.unwrap().len(), 4);
    let id = ours.list(None).await.unwrap()[1].id.clone();
    ours.set_fields(&id, 1, &fields("new")).await.unwrap();
    assert_eq!(ours.get("acme", "b").await.unwrap().unwrap().fields, fields("new"));
    assert!(ours.remove("acme", "other").await.unwrap());
}

async fn a_value_that_was_edited_is_refused(place: Place) {
    let store = place.tenant().await;
    let id = store.add("acme", "prod", &fields("one")).await.unwrap();
    store.put_tokens(&id, b"tokens", None).await.unwrap();
    let short = match place {
        Place::File(_) => "x''",
        Place::Database(_) => "''::bytea",
    };
    place.sql(&format!("UPDATE cardhost_connections SET tokens = {short}"));
    assert_eq!(store.tokens(&id).await.unwrap_err(), tampered("default", "prod", "tokens"));
    let fault = store.get("acme", "prod").await.unwrap_err();
    assert_eq!(fault, tampered("default", "prod", "tokens"));
    store.clear_tokens(&id).await.unwrap();
    assert_eq!(store.get("acme", "prod").await.unwrap().unwrap().fields, fields("one"));
}

async fn another_key_does_not_open_the_store(place: Place) {
    // Also where nothing is in it.
    drop(place.open().await);
    let wanted = key(KEY).id();
    let given = vec![key(OTHER).id()];
    let fault = place.open_with(KeySet::new(key(OTHER))).await.unwrap_err();
    assert_eq!(fault, StoreFault::WrongKey { wanted, given });
    let both = KeySet::new(key(OTHER)).with_previous(key(KEY));
    let store = place.open_with(both).await.unwrap().tenant("default").unwrap();
    store.add("acme", "prod", &fields("one")).await.unwrap();
    // The store says under which key it is sealed, not the order of the keys.
    let store = place.tenant().await;
    assert_eq!(store.get("acme", "prod").await.unwrap().unwrap().fields, fields("one"));
}

async fn a_key_check_that_was_edited_is_refused(place: Place) {
    let store = place.tenant().await;
    store.add("acme", "prod", &fields("one")).await.unwrap();
    place.sql("UPDATE cardhost_store SET key_check = (SELECT fields FROM cardhost_connections)");
    let fault = place.open_with(KeySet::new(key(KEY))).await.unwrap_err();
    let StoreFault::Corrupt { reason, .. } = fault else { panic!("{fault:?}") };
    assert_eq!(reason, "its key check is damaged");
}

async fn a_newer_format_is_refused(place: Place) {
    drop(place.open().await);
    place.sql(match place {
        Place::File(_) => "PRAGMA user_version = 2",
        Place::Database(_) => "UPDATE cardhost_store SET format = 2",
    });
    let fault = place.open_with(KeySet::new(key(KEY))).await.unwrap_err();
    let StoreFault::NewerFormat { found, known, .. } = fault else { panic!("{fault:?}") };
    assert_eq!((found, known), (2, 1));
}

async fn no_secret_is_kept_or_printed_in_clear(place: Place) {
    const CANARY: &str = "CANARYsecretCANARY";
    let store = place.open().await;
    let tenant = store.tenant("default").unwrap();
    let id = tenant.add("acme", "gone", &fields(CANARY)).await.unwrap();
    tenant.put_tokens(&id, CANARY.as_bytes(), None).await.unwrap();
    tenant.remove("acme", "gone").await.unwrap();
    let id = tenant.add("acme", "prod", &fields(CANARY)).await.unwrap();
    tenant.put_tokens(&id, CANARY.as_bytes(), None).await.unwrap();
    tenant.set_fields(&id, 1, &fields(&format!("{CANARY}2"))).await.unwrap();
    let answer = tenant.try_lease(&id, std::time::Duration::from_secs(60)).await.unwrap();
    let shown_answer = format!("{answer:?}");
    let LeaseAnswer::Granted(lease) = answer else { panic!("{answer:?}") };
    tenant.save_tokens(&lease, CANARY.as_bytes(), None).await.unwrap();
    tenant.rename("acme", "prod", "live").await.unwrap();
    let found = tenant.get("acme", "live").await.unwrap().unwrap();
    assert_eq!(found.fields, fields(&format!("{CANARY}2")));

    let keys = KeySet::new(key(KEY)).with_previous(key(OTHER));
    let shown = format!(
        "{store:?} {tenant:?} {found:?} {:?} {:?} {keys:?} {lease:?} {shown_answer}",
        found.tokens,
        tenant.list(None).await.unwrap(),
    );
    for secret in [CANARY, "1111111111", "\\u{11}", "17, 17, 17", crate::postgres::PASSWORD] {
        assert!(!shown.contains(secret), "{shown}");
    }
    // While the store is open, so that a write-ahead log is there.
    let kept = place.bytes();
    let holds = |text: &str| kept.windows(text.len()).any(|window| window == text.as_bytes());
    let hex: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(holds("live"), "names are kept in clear");
    assert!(!holds("CANARY") && !holds(&hex) && !holds(&hex.to_uppercase()));
    assert!(!holds("Token") && !holds("546f6b656e"), "labels of fields are sealed too");
}
