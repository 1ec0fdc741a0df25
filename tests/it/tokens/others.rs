//! What other hosts, and logins, store meanwhile.

use serde_json::json;

use super::{
    Life, add, cards, host, kept, login, public_app, put, release, requests, tokens, until,
    until_held, whoami,
};
use crate::oidc::control;
use crate::peers;
use crate::store::{Place, on_both};

on_both!(
    a_login_during_a_renewal_wins_and_the_renewal_reads_it,
    a_token_that_another_host_has_stored_is_seen_after_a_while,
);

async fn a_login_during_a_renewal_wins_and_the_renewal_reads_it(place: Place) {
    let Some(server) = peers::oidc(None) else { return };
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    login(&server, &store, &id, Life::Over).await;
    let host = host(cards(&server.base_url, &public_app(&server.base_url)), &store, 30).build();
    control(&server, "hold-after", Some(&json!({})));
    let renewing = async {
        let told = whoami(&host).await;
        assert_eq!(told, "bob", "the token of the login");
    };
    let login = async {
        until_held(&server, 1).await;
        let bob = json!({ "client_id": "public-app", "account": "bob" });
        let minted = control(&server, "mint", Some(&bob));
        let text = |key: &str| minted[key].as_str().unwrap();
        let now = store.now().await.unwrap();
        let refresh = Some(text("refresh_token"));
        put(&store, &id, tokens(text("access_token"), refresh, Life::Fresh, now)).await;
        let won = kept(&store, &id).await;
        release(&server);
        won
    };
    let (won, ()) = tokio::join!(login, renewing);
    assert_eq!(kept(&store, &id).await, won);
    assert_eq!(requests(&server), ["refresh_token 200"]);
    assert_eq!(whoami(&host).await, "bob");
}

async fn a_token_that_another_host_has_stored_is_seen_after_a_while(place: Place) {
    let Some(server) = peers::oidc(None) else { return };
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    login(&server, &store, &id, Life::Fresh).await;
    let host = host(cards(&server.base_url, &public_app(&server.base_url)), &store, 30).build();
    assert_eq!(whoami(&host).await, "alice");
    let minted =
        control(&server, "mint", Some(&json!({ "client_id": "public-app", "account": "bob" })));
    let now = store.now().await.unwrap();
    let access = minted["access_token"].as_str().unwrap();
    put(&store, &id, tokens(access, None, Life::Fresh, now)).await;
    // The old one is still good; a connection is read anew after five seconds.
    until("bob", async || whoami(&host).await == "bob").await;
    assert_eq!(requests(&server), Vec::<String>::new());
}
