//! Of many who want to renew tokens one does, and what it renews is neither lost nor overwritten.

use std::time::Duration;

use cardhost::store::StoreFault;
use cardhost::store::{Lease, LeaseAnswer, TenantStore};

use super::{Place, fields, on_both};

on_both!(
    of_64_who_ask_one_gets_the_lease,
    a_lease_that_ran_out_is_taken_over_and_the_late_holder_cannot_save,
    a_lease_that_ran_out_still_saves_while_nobody_took_it,
    a_login_during_a_renewal_wins,
    tokens_that_are_cleared_stay_cleared,
    a_lease_that_is_given_back_is_free_at_once,
);

const LASTING: Duration = Duration::from_secs(60);

async fn connection(place: &Place) -> (TenantStore, String) {
    let store = place.tenant().await;
    let id = store.add("acme", "prod", &fields("one")).await.unwrap();
    (store, id)
}

async fn granted(store: &TenantStore, id: &str, for_: Duration) -> Lease {
    match store.try_lease(id, for_).await.unwrap() {
        LeaseAnswer::Granted(lease) => lease,
        held @ LeaseAnswer::Held { .. } => panic!("{held:?}"),
    }
}

async fn bytes(store: &TenantStore, id: &str) -> Option<Vec<u8>> {
    store.tokens(id).await.unwrap().map(|tokens| tokens.bytes.to_vec())
}

async fn of_64_who_ask_one_gets_the_lease(place: Place) {
    let (store, id) = connection(&place).await;
    let stores = [store, place.tenant().await];
    let tasks: Vec<_> = (0..64)
        .map(|index| {
            let (store, id) = (stores[index % 2].clone(), id.clone());
            tokio::spawn(async move { store.try_lease(&id, LASTING).await.unwrap() })
        })
        .collect();
    let mut leases = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            LeaseAnswer::Granted(lease) => leases.push(lease),
            LeaseAnswer::Held { left } => {
                assert!(left > LASTING / 2 && left <= LASTING, "{left:?}");
            }
        }
    }
    assert_eq!(leases.len(), 1);
    assert_eq!(leases[0].connection(), id);
    assert!(leases[0].left() > LASTING / 2 && leases[0].left() <= LASTING);
}

async fn a_lease_that_ran_out_is_taken_over_and_the_late_holder_cannot_save(place: Place) {
    let (store, id) = connection(&place).await;
    let late = granted(&store, &id, Duration::ZERO).await;
    assert_eq!(late.left(), Duration::ZERO);
    let lease = granted(&store, &id, LASTING).await;
    let lost = StoreFault::LeaseLost { connection: id.clone() };
    assert_eq!(store.save_tokens(&late, b"late", None).await.unwrap_err(), lost);
    assert_eq!(bytes(&store, &id).await, None);
    // Giving the lost one back does not end the other.
    store.release(late).await.unwrap();
    assert!(matches!(store.try_lease(&id, LASTING).await.unwrap(), LeaseAnswer::Held { .. }));
    assert_eq!(store.save_tokens(&lease, b"new", Some(9)).await.unwrap(), 1);
    assert_eq!(bytes(&store, &id).await.unwrap(), b"new");
    // Saved once; the lease is over.
    assert_eq!(store.save_tokens(&lease, b"again", None).await.unwrap_err(), lost);
    granted(&store, &id, LASTING).await;
}

async fn a_lease_that_ran_out_still_saves_while_nobody_took_it(place: Place) {
    let (store, id) = connection(&place).await;
    let lease = granted(&store, &id, Duration::ZERO).await;
    assert_eq!(store.save_tokens(&lease, b"new", None).await.unwrap(), 1);
    assert_eq!(bytes(&store, &id).await.unwrap(), b"new");
}

async fn a_login_during_a_renewal_wins(place: Place) {
    let (store, id) = connection(&place).await;
    store.put_tokens(&id, b"first", None).await.unwrap();
    let lease = granted(&store, &id, LASTING).await;
    assert_eq!(store.put_tokens(&id, b"login", Some(7)).await.unwrap(), 2);
    let lost = StoreFault::LeaseLost { connection: id.clone() };
    assert_eq!(store.save_tokens(&lease, b"renewed", None).await.unwrap_err(), lost);
    let tokens = store.tokens(&id).await.unwrap().unwrap();
    assert_eq!((&**tokens.bytes, tokens.revision, tokens.expires_at), (&b"login"[..], 2, Some(7)));
    granted(&store, &id, LASTING).await;
}

async fn tokens_that_are_cleared_stay_cleared(place: Place) {
    let (store, id) = connection(&place).await;
    store.put_tokens(&id, b"first", Some(7)).await.unwrap();
    let lease = granted(&store, &id, LASTING).await;
    assert_eq!(store.clear_tokens(&id).await.unwrap(), 2);
    assert!(store.save_tokens(&lease, b"renewed", None).await.is_err());
    assert_eq!(bytes(&store, &id).await, None);
    let listed = store.list(None).await.unwrap();
    assert_eq!((listed[0].has_tokens, listed[0].token_expires_at), (false, None));
    assert_eq!(store.put_tokens(&id, b"next", None).await.unwrap(), 3);
}

async fn a_lease_that_is_given_back_is_free_at_once(place: Place) {
    let (store, id) = connection(&place).await;
    let lease = granted(&store, &id, LASTING).await;
    store.release(lease).await.unwrap();
    granted(&store, &id, LASTING).await;
}
