//! Calls that nobody waits for any more leave nothing behind, whenever that is.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use cardhost::catalog::MemorySource;
use cardhost::limits::{LimitLedger, open_limit_ledger};
use cardhost::transport::{BoxFuture, Reply, RequestSpec, Transport, TransportFault, Treatment};
use cardhost::{Host, Invocation, Policy};
use http::HeaderMap;
use serde_json::json;

use super::shared::held;
use super::{Jumping, cards, code, of};
use crate::schemes::block_on;

/// A service of three pages that fails each third request in a way that passes until it is well; each takes some turns of the runtime.
struct Service {
    now: Arc<AtomicUsize>,
    came: AtomicUsize,
    is_well: Arc<AtomicBool>,
}

/// Counts down also where the exchange is dropped.
struct UnderWay<'c>(&'c AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Transport for Service {
    fn send<'a>(
        &'a self,
        request: &'a RequestSpec,
        _: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        Box::pin(async move {
            self.now.fetch_add(1, Ordering::SeqCst);
            let _under_way = UnderWay(&self.now);
            for _ in 0..5 {
                tokio::task::yield_now().await;
            }
            let mut headers = HeaderMap::new();
            let fails = self.came.fetch_add(1, Ordering::SeqCst) % 3 == 1;
            if fails && !self.is_well.load(Ordering::SeqCst) {
                headers.insert("retry-after", "1".parse().unwrap());
                return Ok(Reply::new(503, headers, ""));
            }
            headers.insert("content-type", "application/json".parse().unwrap());
            let page = request.url.query_pairs().find(|(name, _)| name == "page");
            let page: u32 = page.map_or(1, |(_, page)| page.parse().unwrap());
            let next = if page < 3 { json!(page + 1) } else { json!(null) };
            Ok(Reply::new(200, headers, json!({ "rows": [page], "next": next }).to_string()))
        })
    }
}

fn paged() -> MemorySource {
    let limits =
        json!({ "concurrent": 3, "rate": [{ "max": 4, "per": "1s" }, { "max": 90, "per": "1m" }] });
    let card = json!({
        "format": 1, "name": "list", "version": "1.0.0", "title": "List", "effect": "read",
        "request": { "target": "api", "method": "GET", "path": "/things" },
        "pages": { "items": "<<response.body.rows>>", "next": { "query.page": "<<response.body.next?>>" } },
        "output": { "Reply": { "Rows": { "type": "list", "of": "number", "value": "<<response.body.rows>>" } } },
    });
    cards(&limits).with("demo/list", card.to_string())
}

fn all() -> Invocation {
    let value = json!({ "connection": { "fields": { "Account": "a" } }, "pages": { "all": true } });
    Invocation::from_value(value).unwrap()
}

/// Begins five calls and drops each of them at another moment, so often; then nothing is under way, no task is left and no permit held.
fn cancel(rounds: u64, ledger: Option<Arc<dyn LimitLedger>>, location: &str) {
    let now = Arc::new(AtomicUsize::new(0));
    let is_well = Arc::new(AtomicBool::new(false));
    let service =
        Service { now: Arc::clone(&now), came: AtomicUsize::new(0), is_well: Arc::clone(&is_well) };
    let policy = Policy {
        attempts: NonZeroU32::new(4),
        limit_wait: Some(Duration::from_secs(24 * 3_600)),
        ..Policy::default()
    };
    let mut builder = Host::builder().cards(paged()).transport(service).policy(policy);
    builder = builder.clock(Jumping::default());
    if let Some(ledger) = &ledger {
        builder = builder.limit_ledger(Arc::clone(ledger));
    }
    let host = builder.build();
    let mut seed = 7_u64;
    let mut random = |end: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % end
    };
    block_on(async {
        for round in 0..rounds {
            let calls = (0..5).map(|_| (random(120), Box::pin(host.run(Some("demo/list"), all()))));
            let mut calls: Vec<_> = calls.collect();
            for turn in 0.. {
                let mut going = Vec::new();
                for (end, mut call) in calls {
                    let is_over = turn >= end || futures_util::poll!(call.as_mut()).is_ready();
                    if !is_over {
                        going.push((end, call));
                    }
                }
                calls = going;
                if calls.is_empty() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            assert_eq!(now.load(Ordering::SeqCst), 0, "round {round}");
            let tasks = tokio::runtime::Handle::current().metrics();
            for _ in 0..1_000_000 {
                if tasks.num_alive_tasks() == 0 {
                    break;
                }
                tokio::task::yield_now().await;
            }
            assert_eq!(tasks.num_alive_tasks(), 0, "round {round}");
            if round % 20 == 0
                && let Some(ledger) = &ledger
            {
                assert_eq!(held(&**ledger).await, 0, "round {round}");
            }
        }
        // As many as may be are under way at once.
        is_well.store(true, Ordering::SeqCst);
        let calls = (0..3).map(|_| host.run(Some("demo/list"), all()));
        let ended = futures_util::future::join_all(calls).await;
        let ended: Vec<String> = ended.iter().map(code).collect();
        assert_eq!(ended, ["200"; 3]);
        if let Some(ledger) = &ledger {
            assert_eq!(held(&**ledger).await, 0);
        }
    });
    let left = || std::fs::read_dir(location).map_or(0, |files| files.count());
    drop((host, ledger));
    // The ledger, and nothing beside it once it is closed.
    assert!(left() <= 1, "{} files", left());
}

#[test]
fn calls_that_are_dropped_at_seven_hundred_moments_leave_nothing_behind() {
    let _ = of("a");
    cancel(140, None, "");
}

#[test]
fn nor_in_a_ledger_that_others_share_at_three_hundred_more() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("c.db").display().to_string();
    let ledger = block_on(async { open_limit_ledger(&location).await.unwrap() });
    cancel(60, Some(ledger), folder.path().to_str().unwrap());
}
