//! The limits of a service: what has to wait does, and what would wait too long fails at once.

mod cancelled;
mod fair;
mod processes;
mod shared;
mod told;

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cardhost::catalog::MemorySource;
use cardhost::clock::Clock;
use cardhost::transport::{
    BoxFuture, MemoryTransport, Reply, RequestSpec, Transport, TransportFault, Treatment,
};
use cardhost::{Error, Host, Invocation, Outcome, Policy};
use http::HeaderMap;
use serde_json::{Value, json};

use crate::schemes::block_on;

/// A time that passes where somebody waits, once the others have had their turns, and not else.
#[derive(Clone, Default)]
struct Jumping(Arc<AtomicI64>);

impl Clock for Jumping {
    fn unix_seconds(&self) -> i64 {
        self.unix_milliseconds().div_euclid(1_000)
    }

    fn unix_milliseconds(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'_, ()> {
        let until = self.unix_milliseconds() + i64::try_from(span.as_millis()).unwrap();
        Box::pin(async move {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            self.0.fetch_max(until, Ordering::Relaxed);
        })
    }
}

fn cards(limits: &Value) -> MemorySource {
    let connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
        "connection": { "fields": { "Account": { "type": "text", "default": "a" } } },
        "auth": { "none": { "scheme": "none" } },
        "targets": { "api": { "auth": ["none"], "base": "https://api.example", "headers": { "x-account": "<<connection.Account>>" }, "limits": limits } },
        "errors": [{ "status": [429], "code": "http.rate_limited", "retry": "after" }],
    });
    let card = json!({
        "format": 1, "name": "get", "version": "1.0.0", "title": "Get", "effect": "read",
        "request": { "target": "api", "method": "GET", "path": "/things" },
        "output": { "Reply": { "Status": { "type": "number", "value": "<<response.status>>" } } },
    });
    MemorySource::new()
        .with("demo/connector", connector.to_string())
        .with("demo/get", card.to_string())
}

fn of(account: &str) -> Invocation {
    let fields = json!({ "Account": account });
    Invocation::from_value(json!({ "connection": { "fields": fields } })).unwrap()
}

fn code(result: &Result<Outcome, Error>) -> String {
    match result {
        Ok(outcome) => outcome.status.to_string(),
        Err(error) => match error.retry_after_s() {
            Some(seconds) => format!("{} in {seconds} s", error.code()),
            None => format!("{}: {}", error.code(), error.message()),
        },
    }
}

/// How many of some times are in the fullest window of a length, its end left out.
fn fullest(times: &[i64], length: i64) -> usize {
    let inside = |from: &i64| times.iter().filter(|at| *at >= from && **at < from + length).count();
    times.iter().map(inside).max().unwrap_or(0)
}

/// A host whose service notes when each request came; 429 is what it says to the requests of these numbers.
fn host(
    limits: &Value,
    wait: Option<Duration>,
    refused: &'static [usize],
) -> (Host, Arc<Mutex<Vec<i64>>>, Jumping) {
    let (came, clock) = (Arc::<Mutex<Vec<i64>>>::default(), Jumping::default());
    let (seen, at) = (Arc::clone(&came), clock.clone());
    let transport = MemoryTransport::new(move |_| {
        let mut came = seen.lock().unwrap();
        came.push(at.unix_milliseconds());
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "30".parse().unwrap());
        let status = if refused.contains(&came.len()) { 429 } else { 200 };
        Ok(Reply::new(status, headers, ""))
    });
    let policy = Policy { limit_wait: wait, ..Policy::default() };
    let builder = Host::builder().cards(cards(limits)).transport(transport).policy(policy);
    (builder.clock(clock.clone()).build(), came, clock)
}

#[test]
fn what_would_wait_longer_than_its_call_fails_at_once_and_says_how_long() {
    let (host, came, clock) = host(&json!({ "rate": [{ "max": 2, "per": "1h" }] }), None, &[]);
    let runs = |count: usize, account: &str| -> Vec<String> {
        (0..count).map(|_| code(&block_on(host.run(Some("demo/get"), of(account))))).collect()
    };
    assert_eq!(runs(4, "a"), ["200", "200", "limit.wait in 3600 s", "limit.wait in 3600 s"]);
    // Another connection is counted apart.
    assert_eq!(runs(3, "b"), ["200", "200", "limit.wait in 3600 s"]);
    assert_eq!(came.lock().unwrap().len(), 4);
    clock.0.store(3_599_500, Ordering::Relaxed);
    // Half a second is no time.
    assert_eq!(runs(3, "a"), ["200", "200", "limit.wait in 3600 s"]);
    assert_eq!(came.lock().unwrap()[4..], [3_600_000, 3_600_000]);
}

#[test]
fn nothing_is_waited_for_where_nobody_wants_to_wait() {
    let limits = json!({ "rate": [{ "max": 1, "per": "10s" }] });
    let (host, came, _) = host(&limits, Some(Duration::ZERO), &[]);
    let codes: Vec<_> =
        (0..2).map(|_| code(&block_on(host.run(Some("demo/get"), of("a"))))).collect();
    assert_eq!(
        (codes, came.lock().unwrap().len()),
        (vec!["200".to_owned(), "limit.wait in 10 s".to_owned()], 1)
    );
}

#[test]
fn two_hundred_calls_of_four_connections_never_have_more_than_sixty_in_an_hour() {
    let limits = json!({ "rate": [{ "max": 60, "per": "1h" }], "scope": "target" });
    let (host, came, _) = host(&limits, Some(Duration::from_secs(24 * 3_600)), &[]);
    block_on(async {
        for round in 0..50 {
            for account in ["a", "b", "c", "d"] {
                let ran = host.run(Some("demo/get"), of(account)).await;
                assert_eq!(code(&ran), "200", "{round} {account}");
            }
        }
    });
    let came = came.lock().unwrap();
    assert_eq!((came.len(), fullest(&came, 3_600_000)), (200, 60));
    assert_eq!(*came.last().unwrap(), 3 * 3_600_000);
}

#[test]
fn what_the_service_says_to_one_call_holds_for_the_others() {
    let limits = json!({ "rate": [{ "max": 100, "per": "1s" }] });
    let (host, came, _) = host(&limits, None, &[2]);
    let codes: Vec<_> =
        (0..3).map(|_| code(&block_on(host.run(Some("demo/get"), of("a"))))).collect();
    assert_eq!(codes, ["200", "http.rate_limited in 30 s", "200"]);
    assert_eq!(*came.lock().unwrap(), [0, 0, 30_000]);
}

#[test]
fn each_attempt_has_its_permit() {
    let limits = json!({ "rate": [{ "max": 1, "per": "40s" }] });
    let (came, clock) = (Arc::<Mutex<Vec<i64>>>::default(), Jumping::default());
    let (seen, at) = (Arc::clone(&came), clock.clone());
    let transport = MemoryTransport::new(move |_| {
        let mut came = seen.lock().unwrap();
        came.push(at.unix_milliseconds());
        Ok(Reply::new(if came.len() < 3 { 503 } else { 200 }, HeaderMap::new(), ""))
    });
    let policy = Policy { attempts: NonZeroU32::new(3), ..Policy::default() };
    let builder = Host::builder().cards(cards(&limits)).transport(transport).policy(policy);
    let host = builder.clock(clock).build();
    assert_eq!(code(&block_on(host.run(Some("demo/get"), of("a")))), "200");
    assert_eq!(*came.lock().unwrap(), [0, 40_000, 80_000]);
}

/// Holds each request until as many as may be are under way, and notes how many there were.
struct Slow {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Transport for Slow {
    fn send<'a>(
        &'a self,
        _: &'a RequestSpec,
        _: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        Box::pin(async move {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            self.now.fetch_sub(1, Ordering::SeqCst);
            Ok(Reply::new(200, HeaderMap::new(), ""))
        })
    }
}

#[test]
fn no_more_are_under_way_than_may_be_and_a_call_that_is_dropped_gives_its_place_back() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let slow = Slow { now: Arc::clone(&now), most: Arc::clone(&most) };
    let limits = json!({ "concurrent": 3 });
    let host = Host::builder().cards(cards(&limits)).transport(slow).build();
    block_on(async {
        let calls = (0..12).map(|_| host.run(Some("demo/get"), of("a")));
        let ended = futures_util::future::join_all(calls).await;
        assert!(ended.iter().all(Result::is_ok));
        assert_eq!(most.load(Ordering::SeqCst), 3);
        // Calls that nobody waits for any more, at any of their steps.
        for steps in 0..40 {
            let mut calls: Vec<_> =
                (0..5).map(|_| Box::pin(host.run(Some("demo/get"), of("a")))).collect();
            for _ in 0..steps {
                let mut pending = Vec::new();
                for mut call in calls {
                    if futures_util::poll!(call.as_mut()).is_pending() {
                        pending.push(call);
                    }
                }
                calls = pending;
                tokio::task::yield_now().await;
            }
            drop(calls);
            now.store(0, Ordering::SeqCst);
        }
        let calls = (0..3).map(|_| host.run(Some("demo/get"), of("a")));
        let ended = futures_util::future::join_all(calls).await;
        assert!(ended.iter().all(Result::is_ok));
    });
}
