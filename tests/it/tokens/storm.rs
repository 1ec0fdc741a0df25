//! 64 calls in four processes find a token that is over, a hundred times: each time it is renewed once.

use std::time::Instant;

use serde_json::json;

use super::worker::Worker;
use super::{Life, add, aged, login, put, requests, stored};
use crate::oidc::{control, grant_events};
use crate::peers;
use crate::store::{Place, on_both};

on_both!(of_64_calls_in_four_processes_one_renews_a_hundred_times);

const PROCESSES: usize = 4;
const CALLS: usize = 16;
const ROUNDS: usize = 100;

async fn of_64_calls_in_four_processes_one_renews_a_hundred_times(place: Place) {
    let Some(server) = peers::oidc(None) else { return };
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    // One grant for all rounds: a refresh token that is used twice would end it.
    let grant = login(&server, &store, &id, Life::Over).await;
    let mut workers: Vec<_> =
        (0..PROCESSES).map(|_| Worker::start(&place, &server.base_url, 30)).collect();
    let since = Instant::now();
    for round in 0..ROUNDS {
        if round % 2 == 0 {
            // Hosts that have just been started find the end of the token in the store.
            let now = store.now().await.unwrap();
            let over = aged(stored(&store, &id).await, Life::Over, now);
            put(&store, &id, over).await;
            workers.iter_mut().for_each(|worker| worker.tell("new"));
            workers.iter_mut().for_each(|worker| assert_eq!(worker.answer(), "new"));
        } else {
            // The same hosts find out from the service.
            control(&server, "expire-access-tokens", Some(&json!({})));
        }
        workers.iter_mut().for_each(|worker| worker.tell(&format!("go {CALLS}")));
        for worker in &mut workers {
            assert_eq!(worker.calls(), ["alice"; CALLS], "round {round}");
        }
        assert_eq!(requests(&server).len(), round + 1, "round {round}");
    }
    println!("{ROUNDS} rounds in {:?}", since.elapsed());
    assert_eq!(requests(&server), ["refresh_token 200"; ROUNDS]);
    let events = grant_events(&server, &grant);
    assert!(!events.contains(&"grant.revoked".to_owned()), "{events:?}");
    let consumed = events.iter().filter(|event| *event == "refresh_token.consumed");
    assert_eq!(consumed.count(), ROUNDS);
}
