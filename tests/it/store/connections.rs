//! Connections are added, read, listed, changed, renamed and removed; tenants do not meet.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cardhost::store::StoreFault;
use cardhost::store::{LeaseAnswer, MOST_VALUE_BYTES};
use serde_json::{Map, Value, json};

use super::{Place, fields, on_both};

on_both!(
    what_is_added_is_read_and_listed,
    a_name_is_taken_once,
    of_many_who_add_the_same_name_one_does,
    fields_change_from_the_revision_that_was_read,
    a_renamed_connection_keeps_id_revision_tokens_and_lease,
    a_removed_connection_is_gone_with_its_tokens,
    impossible_names_are_refused_and_never_found,
    tenants_do_not_see_each_other,
    numbers_order_and_text_of_fields_survive,
    a_value_that_is_too_large_is_refused,
    writers_on_two_handles_lose_no_change,
    the_clock_is_about_right,
);

fn missing(connection: &str) -> StoreFault {
    StoreFault::Missing { connection: connection.to_owned() }
}

async fn what_is_added_is_read_and_listed(place: Place) {
    let store = place.tenant().await;
    assert_eq!(store.list(None).await.unwrap(), []);
    assert!(store.get("acme", "prod").await.unwrap().is_none());
    let before = store.now().await.unwrap();
    let id = store.add("acme", "prod", &fields("one")).await.unwrap();
    store.add("acme", "eu", &fields("two")).await.unwrap();
    store.add("other", "prod", &fields("three")).await.unwrap();

    // By another handle, as another process would.
    let store = place.tenant().await;
    let found = store.get("acme", "prod").await.unwrap().unwrap();
    assert_eq!((&found.id, &*found.connector, &*found.name), (&id, "acme", "prod"));
    assert_eq!((found.fields, found.revision), (fields("one"), 1));
    assert!(found.tokens.is_none());

    let names = |list: Vec<cardhost::store::Summary>| {
        list.into_iter().map(|it| format!("{}/{}", it.connector, it.name)).collect::<Vec<_>>()
    };
    let all = store.list(None).await.unwrap();
    assert_eq!(names(all), ["acme/eu", "acme/prod", "other/prod"]);
    let acme = store.list(Some("acme")).await.unwrap();
    assert_eq!((&acme[1].id, acme[1].has_tokens, acme[1].token_expires_at), (&id, false, None));
    assert!(acme[1].created_at >= before - 1 && acme[1].created_at <= before + 60);
    assert_eq!(acme[1].updated_at, acme[1].created_at);
    assert_eq!(names(acme), ["acme/eu", "acme/prod"]);
    assert_eq!(store.list(Some("nothing")).await.unwrap(), []);

    store.put_tokens(&id, b"tokens", Some(123)).await.unwrap();
    let acme = store.list(Some("acme")).await.unwrap();
    assert_eq!((acme[1].has_tokens, acme[1].token_expires_at), (true, Some(123)));
    let tokens = store.get("acme", "prod").await.unwrap().unwrap().tokens.unwrap();
    assert_eq!(
        (&**tokens.bytes, tokens.revision, tokens.expires_at),
        (&b"tokens"[..], 1, Some(123))
    );
}

async fn a_name_is_taken_once(place: Place) {
    let store = place.tenant().await;
    store.add("acme", "prod", &fields("one")).await.unwrap();
    let fault = store.add("acme", "prod", &fields("two")).await.unwrap_err();
    let exists = StoreFault::Exists { connector: "acme".into(), name: "prod".into() };
    assert_eq!(fault, exists);
    assert_eq!(store.get("acme", "prod").await.unwrap().unwrap().fields, fields("one"));
}

async fn of_many_who_add_the_same_name_one_does(place: Place) {
    let stores = [place.tenant().await, place.tenant().await];
    let tasks: Vec<_> = (0..16)
        .map(|index| {
            let store = stores[index % 2].clone();
            tokio::spawn(async move { store.add("acme", "prod", &fields("one")).await })
        })
        .collect();
    let mut added = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => added += 1,
            Err(fault) => assert!(matches!(fault, StoreFault::Exists { .. }), "{fault:?}"),
        }
    }
    assert_eq!(added, 1);
}

async fn fields_change_from_the_revision_that_was_read(place: Place) {
    let store = place.tenant().await;
    let id = store.add("acme", "prod", &fields("one")).await.unwrap();
    assert_eq!(store.set_fields(&id, 1, &fields("two")).await.unwrap(), 2);
    let fault = store.set_fields(&id, 1, &fields("lost")).await.unwrap_err();
    let conflict = StoreFault::Conflict { connection: id.clone(), expected: 1, found: 2 };
    assert_eq!(fault, conflict);
    // Tokens have a revision of their own.
    store.put_tokens(&id, b"tokens", None).await.unwrap();
    assert_eq!(store.set_fields(&id, 2, &fields("three")).await.unwrap(), 3);
    let found = store.get("acme", "prod").await.unwrap().unwrap();
    assert_eq!((found.fields, found.revision), (fields("three"), 3));
    assert_eq!(&**found.tokens.unwrap().bytes, b"tokens");
    let nobody = "0".repeat(32);
    assert_eq!(store.set_fields(&nobody, 1, &fields("x")).await.unwrap_err(), missing(&nobody));
}

async fn a_renamed_connection_keeps_id_revision_tokens_and_lease(place: Place) {
    let store = place.tenant().await;
    let id = store.add("acme", "prod", &fields("one")).await.unwrap();
    store.add("acme", "taken", &fields("two")).await.unwrap();
    store.put_tokens(&id, b"tokens", Some(5)).await.unwrap();
    let LeaseAnswer::Granted(lease) = store.try_lease(&id, Duration::from_secs(60)).await.unwrap()
    else {
        panic!("the lease is not granted");
    };

    let exists = StoreFault::Exists { connector: "acme".into(), name: "taken".into() };
    assert_eq!(store.rename("acme", "prod", "taken").await.unwrap_err(), exists);
    assert_eq!(store.rename("acme", "nothing", "x").await.unwrap_err(), missing("nothing"));
    let name = StoreFault::Name { what: "connection", found: "a b".into() };
    assert_eq!(store.rename("acme", "prod", "a b").await.unwrap_err(), name);
    store.rename("acme", "prod", "prod").await.unwrap();
    store.rename("acme", "prod", "live").await.unwrap();

    assert!(store.get("acme", "prod").await.unwrap().is_none());
    let found = store.get("acme", "live").await.unwrap().unwrap();
    assert_eq!((&found.id, found.revision, found.fields), (&id, 1, fields("one")));
    let tokens = found.tokens.unwrap();
    assert_eq!((&**tokens.bytes, tokens.revision, tokens.expires_at), (&b"tokens"[..], 1, Some(5)));
    assert_eq!(store.save_tokens(&lease, b"renewed", None).await.unwrap(), 2);
    assert_eq!(&**store.tokens(&id).await.unwrap().unwrap().bytes, b"renewed");
}

async fn a_removed_connection_is_gone_with_its_tokens(place: Place) {
    let store = place.tenant().await;
    let id = store.add("acme", "prod", &fields("one")).await.unwrap();
    store.put_tokens(&id, b"tokens", None).await.unwrap();
    let answer = store.try_lease(&id, Duration::from_secs(60)).await.unwrap();
    let LeaseAnswer::Granted(lease) = answer else { panic!("{answer:?}") };
    assert!(store.remove("acme", "prod").await.unwrap());
    assert!(!store.remove("acme", "prod").await.unwrap());
    assert!(store.get("acme", "prod").await.unwrap().is_none());
    assert_eq!(store.tokens(&id).await.unwrap_err(), missing(&id));
    assert_eq!(store.save_tokens(&lease, b"late", None).await.unwrap_err(), missing(&id));
    // The name is free again, for a connection of its own.
    let next = store.add("acme", "prod", &fields("two")).await.unwrap();
    assert_ne!(next, id);
    assert!(store.tokens(&next).await.unwrap().is_none());
}

async fn impossible_names_are_refused_and_never_found(place: Place) {
    let store = place.tenant().await;
    for found in ["", "a b", "a.b", "-a", "a/b", "a\0", "é", &"x".repeat(65)] {
        let fault = store.add("acme", found, &fields("x")).await.unwrap_err();
        assert_eq!(fault, StoreFault::Name { what: "connection", found: found.into() });
        assert!(store.get("acme", found).await.unwrap().is_none());
        assert!(!store.remove("acme", found).await.unwrap());
        assert_eq!(store.rename("acme", found, "x").await.unwrap_err(), missing(found));
        assert_eq!(store.tokens(found).await.unwrap_err(), missing(found));
    }
    let fault = store.add("a\0", "x", &fields("x")).await.unwrap_err();
    assert_eq!(fault, StoreFault::Name { what: "connector", found: "a\0".into() });
    assert_eq!(store.list(Some("a\0")).await.unwrap(), []);
    let fault = place.open().await.tenant("a/b").unwrap_err();
    assert_eq!(fault, StoreFault::Name { what: "tenant", found: "a/b".into() });
}

async fn tenants_do_not_see_each_other(place: Place) {
    let store = place.open().await;
    let (ours, theirs) = (store.tenant("ours").unwrap(), store.tenant("theirs").unwrap());
    let id = ours.add("acme", "prod", &fields("one")).await.unwrap();
    ours.put_tokens(&id, b"tokens", None).await.unwrap();
    let lasting = Duration::from_secs(60);
    let answer = ours.try_lease(&id, lasting).await.unwrap();
    let LeaseAnswer::Granted(lease) = answer else { panic!("{answer:?}") };

    assert_eq!(theirs.list(None).await.unwrap(), []);
    assert!(theirs.get("acme", "prod").await.unwrap().is_none());
    assert_eq!(theirs.tokens(&id).await.unwrap_err(), missing(&id));
    assert_eq!(theirs.set_fields(&id, 1, &fields("x")).await.unwrap_err(), missing(&id));
    assert_eq!(theirs.rename("acme", "prod", "x").await.unwrap_err(), missing("prod"));
    assert!(!theirs.remove("acme", "prod").await.unwrap());
    assert_eq!(theirs.try_lease(&id, lasting).await.unwrap_err(), missing(&id));
    assert_eq!(theirs.save_tokens(&lease, b"x", None).await.unwrap_err(), missing(&id));
    assert_eq!(theirs.put_tokens(&id, b"x", None).await.unwrap_err(), missing(&id));
    assert_eq!(theirs.clear_tokens(&id).await.unwrap_err(), missing(&id));
    theirs.release(lease).await.unwrap();
    let held = ours.try_lease(&id, lasting).await.unwrap();
    assert!(matches!(held, LeaseAnswer::Held { .. }), "another tenant ended the lease");

    // The same names live side by side.
    theirs.add("acme", "prod", &fields("two")).await.unwrap();
    theirs.remove("acme", "prod").await.unwrap();
    let found = ours.get("acme", "prod").await.unwrap().unwrap();
    assert_eq!((found.fields, &**found.tokens.unwrap().bytes), (fields("one"), &b"tokens"[..]));
}

async fn numbers_order_and_text_of_fields_survive(place: Place) {
    let text = r#"{"z":7615917337495251231,"a":1.10,"ü\"":["\u0000",null,{"b":1e400}]}"#;
    let fields: Map<String, Value> = serde_json::from_str(text).unwrap();
    let store = place.tenant().await;
    store.add("acme", "prod", &fields).await.unwrap();
    let found = store.get("acme", "prod").await.unwrap().unwrap().fields;
    assert_eq!(serde_json::to_string(&found).unwrap(), serde_json::to_string(&fields).unwrap());
}

async fn a_value_that_is_too_large_is_refused(place: Place) {
    let store = place.tenant().await;
    let fault = StoreFault::TooLarge { limit: MOST_VALUE_BYTES };
    // `{"Token":"…"}` has 12 bytes around the text.
    let (largest, larger) = ("x".repeat(MOST_VALUE_BYTES - 12), "x".repeat(MOST_VALUE_BYTES - 11));
    let id = store.add("acme", "prod", &fields(&largest)).await.unwrap();
    assert_eq!(store.get("acme", "prod").await.unwrap().unwrap().fields, fields(&largest));
    assert_eq!(store.add("acme", "more", &fields(&larger)).await.unwrap_err(), fault);
    assert_eq!(store.set_fields(&id, 1, &fields(&larger)).await.unwrap_err(), fault);
    let bytes = vec![0; MOST_VALUE_BYTES + 1];
    assert_eq!(store.put_tokens(&id, &bytes, None).await.unwrap_err(), fault);
    assert_eq!(store.put_tokens(&id, &bytes[1..], None).await.unwrap(), 1);
}

async fn writers_on_two_handles_lose_no_change(place: Place) {
    const TASKS: usize = 8;
    const ROUNDS: i64 = 10;
    let stores = [place.tenant().await, place.tenant().await];
    let zero = json!({ "Count": 0 }).as_object().unwrap().clone();
    let id = stores[0].add("acme", "prod", &zero).await.unwrap();
    let tasks: Vec<_> = (0..TASKS)
        .map(|index| {
            let (store, id) = (stores[index % 2].clone(), id.clone());
            tokio::spawn(async move {
                let mut done = 0;
                while done < ROUNDS {
                    let mut read = store.get("acme", "prod").await.unwrap().unwrap();
                    let count = read.fields["Count"].as_i64().unwrap();
                    read.fields["Count"] = Value::from(count + 1);
                    match store.set_fields(&id, read.revision, &read.fields).await {
                        Ok(_) => done += 1,
                        Err(StoreFault::Conflict { .. }) => {}
                        Err(fault) => panic!("{fault:?}"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let found = stores[1].get("acme", "prod").await.unwrap().unwrap();
    assert_eq!((found.fields["Count"].as_i64(), found.revision), (Some(80), 81));
}

async fn the_clock_is_about_right(place: Place) {
    let store = place.tenant().await;
    let local =
        i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    // Twice: measured, and remembered.
    for _ in 0..2 {
        let theirs = store.now().await.unwrap();
        assert!((theirs - local).abs() <= 60, "{theirs} is not about {local}");
    }
}
