//! The store goes away between the server's answer and its own: what was got is not lost, and not hidden.

use std::time::Duration;

use cardhost::Host;
use serde_json::json;

use super::{
    Life, add, cards, host, kept, login, public_app, refused, release, requests, run, until_held,
    whoami,
};
use crate::oidc::{control, grant_events};
use crate::peers::{self, Server};
use crate::store::{Place, block_on, on_both};

on_both!(tokens_that_could_not_be_stored_are_stored_first_when_the_next_call_comes);

/// A host whose renewal has been answered by the server, and waits for `then` before it can store.
async fn renewed(server: &Server, host: &Host, then: impl AsyncFnOnce()) -> String {
    control(server, "hold-after", Some(&json!({})));
    let then = async {
        until_held(server, 1).await;
        then().await;
        release(server);
    };
    let (told, ()) = tokio::join!(whoami(host), then);
    told
}

async fn tokens_that_could_not_be_stored_are_stored_first_when_the_next_call_comes(place: Place) {
    let Some(server) = peers::oidc(None) else { return };
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    let cards = cards(&server.base_url, &public_app(&server.base_url));
    for life in [Life::Over, Life::Due] {
        let grant = login(&server, &store, &id, life).await;
        let old = kept(&store, &id).await;
        let before = requests(&server).len();
        let host = host(cards.clone(), &store, 30).build();
        let told = renewed(&server, &host, async || {
            place.sql("ALTER TABLE cardhost_connections RENAME TO away");
        })
        .await;
        // Also where the old access token would have done: who ends now has lost the new refresh token.
        assert_eq!(told, "store.corrupt", "{life:?}");
        refused(run(&host, "whoami").await, "store.corrupt");
        place.sql("ALTER TABLE away RENAME TO cardhost_connections");
        assert_eq!(kept(&store, &id).await, old);
        assert_eq!(whoami(&host).await, "alice", "{life:?}");
        assert_ne!(kept(&store, &id).await, old);
        // They were not asked for again: that would have ended the grant.
        assert_eq!(requests(&server).len(), before + 1);
        control(&server, "expire-access-tokens", Some(&json!({})));
        assert_eq!(whoami(&host).await, "alice");
        assert!(!grant_events(&server, &grant).contains(&"grant.revoked".to_owned()));
    }
}

#[test]
fn a_database_that_is_away_for_longer_is_said_and_the_tokens_wait_for_it() {
    let Some(place @ Place::Database(_)) = Place::database() else { return };
    let Some(server) = peers::oidc(None) else { return };
    let Place::Database(database) = &place else { unreachable!() };
    block_on(async {
        let store = place.tenant().await;
        let id = add(&store, &json!({})).await;
        let grant = login(&server, &store, &id, Life::Over).await;
        let host = host(cards(&server.base_url, &public_app(&server.base_url)), &store, 30).build();
        let told = renewed(&server, &host, async || database.close()).await;
        assert_eq!(told, "store.unreachable");
        let error = refused(run(&host, "whoami").await, "store.unreachable");
        assert_eq!(error.retryable(), Some(true));
        database.open();
        assert_eq!(whoami(&host).await, "alice");
        assert_eq!(requests(&server), ["refresh_token 200"]);
        assert!(!grant_events(&server, &grant).contains(&"grant.revoked".to_owned()));
    });
}

#[test]
fn a_store_that_is_busy_for_a_while_is_waited_for() {
    let Some(server) = peers::oidc(None) else { return };
    let place = Place::file();
    block_on(async {
        let store = place.tenant().await;
        let id = add(&store, &json!({})).await;
        login(&server, &store, &id, Life::Over).await;
        let host = host(cards(&server.base_url, &public_app(&server.base_url)), &store, 30).build();
        let other = rusqlite::Connection::open(place.location()).unwrap();
        let unlock = async {
            until_held(&server, 1).await;
            other.execute_batch("BEGIN IMMEDIATE").unwrap();
            release(&server);
            // Longer than one write waits for another: it is the second try that stores.
            tokio::time::sleep(Duration::from_millis(5500)).await;
            other.execute_batch("ROLLBACK").unwrap();
        };
        control(&server, "hold-after", Some(&json!({})));
        let (told, ()) = tokio::join!(whoami(&host), unlock);
        assert_eq!(told, "alice");
        assert_eq!(requests(&server), ["refresh_token 200"]);
    });
}
