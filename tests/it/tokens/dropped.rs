//! A caller that goes away while its token is being renewed: the renewal goes on, and what it gives is stored.

use serde_json::json;

use super::{
    Life, add, cards, host, kept, login, public_app, release, requests, stored, until, until_held,
    whoami,
};
use crate::oidc::{control, grant_events};
use crate::peers;
use crate::store::{Place, on_both};

on_both!(new_tokens_are_stored_though_their_caller_is_gone);

async fn new_tokens_are_stored_though_their_caller_is_gone(place: Place) {
    let Some(server) = peers::oidc(None) else { return };
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    let cards = cards(&server.base_url, &public_app(&server.base_url));
    for (asked, hold) in ["hold-token-endpoint", "hold-after"].into_iter().enumerate() {
        let host = host(cards.clone(), &store, 30).build();
        let grant = login(&server, &store, &id, Life::Over).await;
        let old = kept(&store, &id).await;
        control(&server, hold, Some(&json!({})));
        tokio::select! {
            told = whoami(&host) => panic!("{told}"),
            () = until_held(&server, 1) => {}
        }
        // The caller is dropped here.
        assert_eq!(kept(&store, &id).await, old, "{hold}");
        release(&server);
        until("stored", async || kept(&store, &id).await != old).await;
        assert!(stored(&store, &id).await.refresh.is_some());
        assert_eq!(whoami(&host).await, "alice", "{hold}");
        assert_eq!(requests(&server), vec!["refresh_token 200"; asked + 1], "{hold}");
        assert!(!grant_events(&server, &grant).contains(&"grant.revoked".to_owned()));
    }
}
