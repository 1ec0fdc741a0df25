//! Tenants that share a limit have their turns one after the other.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cardhost::transport::{MemoryTransport, Reply};
use cardhost::{Caller, Host, Policy};
use http::HeaderMap;
use serde_json::json;

use super::{Jumping, cards, code, of};
use crate::schemes::block_on;

/// The order in which requests came, by the accounts that sent them, where these began so many at once.
fn order(begun: &[(&str, usize)]) -> Vec<String> {
    let came = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&came);
    let transport = MemoryTransport::new(move |request| {
        let account = request.headers["x-account"].to_str().unwrap().to_owned();
        seen.lock().unwrap().push(account);
        Ok(Reply::new(200, HeaderMap::new(), ""))
    });
    let limits = json!({ "rate": [{ "max": 1, "per": "1s" }], "scope": "target" });
    let policy = Policy { limit_wait: Some(Duration::from_secs(3_600)), ..Policy::default() };
    let builder = Host::builder().cards(cards(&limits)).transport(transport).policy(policy);
    let host = builder.clock(Jumping::default()).build();
    block_on(async {
        let calls = begun.iter().flat_map(|(tenant, count)| {
            let host = host.for_caller(Caller::of_tenant(tenant));
            (0..*count).map(move |_| {
                let (host, invocation) = (host.clone(), of(tenant));
                async move { host.run(Some("demo/get"), invocation).await }
            })
        });
        let ended = futures_util::future::join_all(calls).await;
        assert!(ended.iter().all(|ended| code(ended) == "200"));
    });
    came.lock().unwrap().clone()
}

#[test]
fn a_tenant_with_many_calls_does_not_keep_the_others_waiting() {
    let order = order(&[("many", 30), ("few", 2), ("one", 1)]);
    // The first goes at once, the second is about to.
    assert_eq!(order[..7], ["many", "many", "many", "few", "one", "many", "few"]);
    assert_eq!(order.len(), 33);
    assert!(order[7..].iter().all(|account| account == "many"));
}

#[test]
fn calls_of_one_tenant_go_in_their_order_and_two_tenants_by_turns() {
    assert_eq!(order(&[("a", 4), ("b", 3)]), ["a", "a", "a", "b", "a", "b", "b"]);
}

#[test]
fn whoever_would_wait_too_long_is_told_by_its_place_in_the_line() {
    let transport = MemoryTransport::new(|_| Ok(Reply::new(200, HeaderMap::new(), "")));
    let limits = json!({ "rate": [{ "max": 1, "per": "10s" }], "scope": "target" });
    let policy = Policy { limit_wait: Some(Duration::from_secs(45)), ..Policy::default() };
    let builder = Host::builder().cards(cards(&limits)).transport(transport).policy(policy);
    let host = builder.clock(Jumping::default()).build();
    let told = block_on(async {
        let calls = ["a", "a", "a", "a", "a", "a", "b", "b"].map(|tenant| {
            let host = host.for_caller(Caller::of_tenant(tenant));
            async move { host.run(Some("demo/get"), of(tenant)).await }
        });
        futures_util::future::join_all(calls).await
    });
    let told: Vec<String> = told.iter().map(code).collect();
    // One at once, one that waits, then the two tenants by turns: what was to be the fifth of `a` by what was known at first is after one of `b`.
    let (late, passed) = ("limit.wait in 50 s", "limit.wait in 10 s");
    assert_eq!(told, ["200", "200", "200", "200", passed, late, "200", late]);
}
