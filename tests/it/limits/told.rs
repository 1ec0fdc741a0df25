//! What a service says in headers of its limits holds for all.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cardhost::catalog::MemorySource;
use cardhost::clock::Clock as _;
use cardhost::limits::open_limit_ledger;
use cardhost::transport::{MemoryTransport, Reply};
use cardhost::{Host, Policy};
use http::HeaderMap;
use serde_json::{Value, json};

use super::{Jumping, cards, code, of};
use crate::schemes::block_on;

/// A host whose service answers with these, one after the other, and then with 200, and when requests came.
fn host(
    cards: MemorySource,
    clock: &Jumping,
    replies: &'static [(u16, &[(&'static str, &str)])],
    policy: Policy,
) -> (cardhost::HostBuilder, Arc<Mutex<Vec<i64>>>) {
    let came = Arc::<Mutex<Vec<i64>>>::default();
    let (seen, at) = (Arc::clone(&came), clock.clone());
    let transport = MemoryTransport::new(move |_| {
        let mut came = seen.lock().unwrap();
        let (status, told) = replies.get(came.len()).copied().unwrap_or((200, &[]));
        came.push(at.unix_milliseconds());
        let mut headers = HeaderMap::new();
        for (name, value) in told {
            headers.insert(*name, value.parse().unwrap());
        }
        Ok(Reply::new(status, headers, ""))
    });
    let builder = Host::builder().cards(cards).transport(transport).policy(policy);
    (builder.clock(clock.clone()), came)
}

fn limits(told_as: &str) -> Value {
    json!({
        "rate": [{ "max": 1000, "per": "1h" }],
        "remaining": { "header": "x-remaining" },
        "reset": { "header": "x-reset", "as": told_as },
    })
}

#[test]
fn where_none_remains_the_next_goes_at_the_reset_in_this_host_and_in_another() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("c.db").display().to_string();
    let clock = Jumping::default();
    clock.0.store(1_000_000, std::sync::atomic::Ordering::Relaxed);
    let replies: &[(u16, &[(&str, &str)])] =
        &[(200, &[("x-remaining", "1")]), (200, &[("x-remaining", "0"), ("x-reset", "1030")])];
    let (one, came) = host(cards(&limits("unix")), &clock, replies, Policy::default());
    let (other, came_there) = host(cards(&limits("unix")), &clock, &[], Policy::default());
    block_on(async {
        let one = one.limit_ledger(open_limit_ledger(&location).await.unwrap()).build();
        let other = other.limit_ledger(open_limit_ledger(&location).await.unwrap()).build();
        for _ in 0..2 {
            assert_eq!(code(&one.run(Some("demo/get"), of("a")).await), "200");
        }
        assert_eq!(code(&other.run(Some("demo/get"), of("b")).await), "200");
        assert_eq!(code(&other.run(Some("demo/get"), of("a")).await), "200");
        assert_eq!(code(&one.run(Some("demo/get"), of("a")).await), "200");
    });
    assert_eq!(*came.lock().unwrap(), [1_000_000, 1_000_000, 1_030_000]);
    // Another connection has its own limits.
    assert_eq!(*came_there.lock().unwrap(), [1_000_000, 1_030_000]);
}

#[test]
fn a_reset_is_what_429_waits_for_where_nothing_else_says_it() {
    let attempts = NonZeroU32::new(2);
    let policy = || Policy { attempts, ..Policy::default() };
    for (told_as, reset) in
        [("seconds", "20"), ("milliseconds", "20000"), ("date", "Thu, 01 Jan 1970 00:00:20 GMT")]
    {
        let replies: &'static [(u16, &[(&str, &str)])] = match told_as {
            "seconds" => &[(429, &[("x-reset", "20")])],
            "milliseconds" => &[(429, &[("x-reset", "20000")])],
            _ => &[(429, &[("x-reset", "Thu, 01 Jan 1970 00:00:20 GMT")])],
        };
        let clock = Jumping::default();
        let (builder, came) = host(cards(&limits(told_as)), &clock, replies, policy());
        assert_eq!(code(&block_on(builder.build().run(Some("demo/get"), of("a")))), "200");
        assert_eq!(*came.lock().unwrap(), [0, 20_000], "{reset}");
    }
    // `Retry-After` comes first.
    let clock = Jumping::default();
    let replies: &[(u16, &[(&str, &str)])] = &[(429, &[("x-reset", "20"), ("retry-after", "40")])];
    let (builder, came) = host(cards(&limits("seconds")), &clock, replies, policy());
    assert_eq!(code(&block_on(builder.build().run(Some("demo/get"), of("a")))), "200");
    assert_eq!(*came.lock().unwrap(), [0, 40_000]);
}

#[test]
fn whoever_may_not_wait_for_the_reset_is_told_when_it_is() {
    let clock = Jumping::default();
    let replies: &[(u16, &[(&str, &str)])] = &[(429, &[("x-reset", "2580")])];
    let policy = Policy { limit_wait: Some(Duration::from_secs(60)), ..Policy::default() };
    let (builder, came) = host(cards(&limits("seconds")), &clock, replies, policy);
    let host = builder.build();
    let told = || code(&block_on(host.run(Some("demo/get"), of("a"))));
    assert_eq!([told(), told()], ["http.rate_limited in 2580 s", "limit.wait in 2580 s"]);
    assert_eq!(came.lock().unwrap().len(), 1);
}
