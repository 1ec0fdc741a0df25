//! The process that renews is killed: the others carry on, or say clearly that they cannot.

use serde_json::json;

use super::worker::Worker;
use super::{Life, add, login, release, requests, until, until_held};
use crate::oidc::{control, grant_events};
use crate::peers::{self, Server};
use crate::store::{Place, on_both};

on_both!(
    killed_before_the_server_has_answered_another_process_renews,
    killed_after_the_server_has_rotated_the_grant_is_lost_and_that_is_said,
    with_a_token_that_is_still_good_the_others_go_on_until_the_lease_ends,
);

/// A worker whose token request is held, as the only one.
async fn renewing(place: &Place, server: &Server, lease_s: u64, hold: &str) -> Worker {
    control(server, hold, Some(&json!({})));
    let mut worker = Worker::start(place, &server.base_url, lease_s);
    worker.tell("go 1");
    until_held(server, 1).await;
    worker
}

/// Kills it, and waits until the server has noticed.
async fn kill(server: &Server, worker: &mut Worker) {
    worker.kill();
    until("gone", async || control(server, "held", None)["gone"] == 1).await;
    release(server);
}

async fn killed_before_the_server_has_answered_another_process_renews(place: Place) {
    let Some(server) = peers::oidc(None) else { return };
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    let grant = login(&server, &store, &id, Life::Over).await;
    let mut others = [(); 2].map(|()| Worker::start(&place, &server.base_url, 3));
    let mut holder = renewing(&place, &server, 3, "hold-token-endpoint").await;
    others.iter_mut().for_each(|worker| worker.tell("go 4"));
    kill(&server, &mut holder).await;
    for worker in &mut others {
        assert_eq!(worker.calls(), ["alice"; 4]);
    }
    // The first one never arrived; of the others one asked.
    assert_eq!(requests(&server), ["refresh_token null", "refresh_token 200"]);
    let events = grant_events(&server, &grant);
    assert!(!events.contains(&"grant.revoked".to_owned()), "{events:?}");
}

async fn killed_after_the_server_has_rotated_the_grant_is_lost_and_that_is_said(place: Place) {
    let Some(server) = peers::oidc(None) else { return };
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    let grant = login(&server, &store, &id, Life::Over).await;
    let mut others = [(); 2].map(|()| Worker::start(&place, &server.base_url, 3));
    let mut holder = renewing(&place, &server, 3, "hold-after").await;
    others.iter_mut().for_each(|worker| worker.tell("go 4"));
    kill(&server, &mut holder).await;
    for worker in &mut others {
        assert_eq!(worker.calls(), ["auth.grant_revoked"; 4]);
    }
    // Each of the others has asked once, not once a call.
    let refused = "refresh_token invalid_grant";
    assert_eq!(requests(&server), ["refresh_token 200", refused, refused]);
    assert!(grant_events(&server, &grant).contains(&"grant.revoked".to_owned()));
    // A login mends it, also for hosts that have seen it broken.
    login(&server, &store, &id, Life::Fresh).await;
    for worker in &mut others {
        assert_eq!(worker.go(2), ["alice"; 2]);
    }
    assert_eq!(requests(&server).len(), 3);
}

async fn with_a_token_that_is_still_good_the_others_go_on_until_the_lease_ends(place: Place) {
    let Some(server) = peers::oidc(None) else { return };
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    login(&server, &store, &id, Life::Due).await;
    let mut others = [(); 2].map(|()| Worker::start(&place, &server.base_url, 5));
    let mut holder = renewing(&place, &server, 5, "hold-after").await;
    // While it is being renewed, and when nobody will ever do so.
    for worker in &mut others {
        assert_eq!(worker.go(4), ["alice"; 4]);
    }
    kill(&server, &mut holder).await;
    for worker in &mut others {
        assert_eq!(worker.go(4), ["alice"; 4]);
    }
    assert_eq!(requests(&server), ["refresh_token 200"]);
    // When the lease is over, one asks; this server then takes the old access token back as well.
    until("revoked", async || others[0].go(1) == ["auth.grant_revoked"]).await;
    assert_eq!(others[1].go(1), ["auth.grant_revoked"]);
}
