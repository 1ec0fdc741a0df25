//! One ledger for all who use it: in one file, in one database.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cardhost::limits::{LimitLedger, open_limit_ledger};
use cardhost::store::{KeySet, Store};
use cardhost::transport::{MemoryTransport, Reply};
use cardhost::{Host, Invocation, Policy};
use http::HeaderMap;
use serde_json::{Value, json};

use super::{Jumping, Slow, cards, code, of};
use crate::postgres::postgres;
use crate::schemes::block_on;
use crate::store::{KEY, key};

/// A host that waits for nothing.
fn host(limits: &Value, clock: &Jumping) -> cardhost::HostBuilder {
    let transport = MemoryTransport::new(|_| Ok(Reply::new(200, HeaderMap::new(), "")));
    let policy = Policy { limit_wait: Some(Duration::ZERO), ..Policy::default() };
    let builder = Host::builder().cards(cards(limits)).transport(transport).policy(policy);
    builder.clock(clock.clone())
}

/// Two hosts with one ledger, that of the store at a location.
fn counts_together(location: &str) {
    let limits = json!({ "rate": [{ "max": 3, "per": "1h" }] });
    let clock = Jumping::default();
    block_on(async {
        let open = || async { open_limit_ledger(location).await.unwrap() };
        let one = host(&limits, &clock).limit_ledger(open().await).build();
        let other = host(&limits, &clock).limit_ledger(open().await).build();
        let mut told = Vec::new();
        for (host, account) in
            [(&one, "a"), (&other, "a"), (&other, "b"), (&one, "a"), (&other, "a")]
        {
            told.push(code(&host.run(Some("demo/get"), of(account)).await));
        }
        assert_eq!(told, ["200", "200", "200", "200", "limit.wait in 3600 s"]);
    });
}

#[test]
fn hosts_of_one_file_count_together() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("below/connections.db");
    counts_together(&file.display().to_string());
    // A file of its own, which only its owner can read.
    assert!(!file.exists());
    let ledger = folder.path().join("below/connections.db.limits");
    let mode = std::os::unix::fs::PermissionsExt::mode(&ledger.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let bytes = std::fs::read(ledger).unwrap();
    assert!(!bytes.is_empty());
}

#[test]
fn hosts_of_one_database_count_together() {
    let Some(server) = postgres() else { return };
    let database = server.database();
    counts_together(&database.url());
    assert_eq!(database.sql("SELECT count(*) FROM cardhost_limits"), "2");
    assert_eq!(database.sql("SELECT to_regclass('cardhost_store') IS NULL"), "t");
}

/// A store of an embedder has its ledger with it.
#[test]
fn a_host_with_a_store_shares_its_limits_and_names_its_connections() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("c.db").display().to_string();
    let limits = json!({ "rate": [{ "max": 1, "per": "1h" }] });
    let clock = Jumping::default();
    block_on(async {
        let mut told = Vec::new();
        for round in 0..2 {
            let store = Store::open(&location, KeySet::new(key(KEY))).await.unwrap();
            let tenant = store.tenant("default").unwrap();
            if round == 0 {
                for name in ["prod", "test"] {
                    let fields = json!({ "Account": "a" }).as_object().cloned().unwrap();
                    tenant.add("demo", name, &fields).await.unwrap();
                }
            }
            let host = host(&limits, &clock).store(tenant).build();
            for name in ["prod", "test"] {
                let invocation = Invocation::of("demo/get").with_connection(name);
                told.push(code(&host.run(None, invocation).await));
            }
        }
        assert_eq!(told, ["200", "200", "limit.wait in 3600 s", "limit.wait in 3600 s"]);
    });
}

#[test]
fn without_a_limit_no_ledger_is_opened() {
    let opened = Arc::new(AtomicUsize::new(0));
    let clock = Jumping::default();
    for (limits, expected) in [(Value::Null, 0), (json!({ "concurrent": 1 }), 1)] {
        let seen = Arc::clone(&opened);
        let host = host(&limits, &clock)
            .limit_ledger_with(move || {
                seen.fetch_add(1, Ordering::Relaxed);
                std::future::ready(Ok(None))
            })
            .build();
        for _ in 0..3 {
            assert_eq!(code(&block_on(host.run(Some("demo/get"), of("a")))), "200");
        }
        assert_eq!(opened.load(Ordering::Relaxed), expected);
    }
}

#[test]
fn a_ledger_that_cannot_be_made_here_leaves_the_host_counting_for_itself() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let location = folder.path().join("file/c.db").display().to_string();
    let limits = json!({ "rate": [{ "max": 1, "per": "1h" }] });
    let clock = Jumping::default();
    let host = host(&limits, &clock)
        .limit_ledger_with(move || {
            let location = location.clone();
            async move { Ok(Some(open_limit_ledger(&location).await?)) }
        })
        .build();
    let told = || code(&block_on(host.run(Some("demo/get"), of("a"))));
    assert_eq!([told(), told()], ["200", "limit.wait in 3600 s"]);
}

#[test]
fn a_ledger_that_cannot_be_asked_lets_nothing_go() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("c.db").display().to_string();
    std::fs::write(format!("{location}.limits"), "no database").unwrap();
    let limits = json!({ "rate": [{ "max": 1, "per": "1h" }] });
    let host = host(&limits, &Jumping::default())
        .limit_ledger_with(move || {
            let location = location.clone();
            async move { Ok(Some(open_limit_ledger(&location).await?)) }
        })
        .build();
    let error = block_on(host.run(Some("demo/get"), of("a"))).unwrap_err();
    assert_eq!(error.code().as_str(), "store.corrupt");
}

/// Hosts of one ledger never have more under way together than may be.
#[test]
fn no_more_are_under_way_in_all_hosts_than_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("c.db").display().to_string();
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let limits = json!({ "concurrent": 3 });
    block_on(async {
        let mut hosts = Vec::new();
        for _ in 0..4 {
            let slow = Slow { now: Arc::clone(&now), most: Arc::clone(&most) };
            let ledger = open_limit_ledger(&location).await.unwrap();
            let builder = Host::builder().cards(cards(&limits)).transport(slow);
            hosts.push(builder.limit_ledger(ledger).build());
        }
        let calls =
            hosts.iter().flat_map(|host| (0..8).map(|_| host.run(Some("demo/get"), of("a"))));
        let ended = futures_util::future::join_all(calls).await;
        assert!(ended.iter().all(|ended| code(ended) == "200"));
        assert_eq!(held(&*open_limit_ledger(&location).await.unwrap()).await, 0);
    });
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)));
}

/// How many requests of the connection `a` of `demo` are under way, by a question that changes nothing.
pub(super) async fn held(ledger: &dyn LimitLedger) -> usize {
    let key = account_a();
    let found = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&found);
    let change = Arc::new(move |ledger: &mut cardhost::limits::Ledger| {
        count.store(ledger.under_way(), Ordering::Relaxed);
        Some(cardhost::limits::Turn::Full)
    });
    ledger.change(&key, change).await.unwrap();
    found.load(Ordering::Relaxed)
}

/// The key of the connection `a`.
fn account_a() -> String {
    let host = host(&Value::Null, &Jumping::default()).build();
    let prepared = block_on_apart(async move { host.prepare(Some("demo/get"), of("a")).await });
    let digest = prepared.unwrap().connection.fingerprint("demo");
    let fields = format!("fields {:02x}{:02x}", digest[0], digest[1]);
    json!(["", "demo", "api", fields]).to_string()
}

/// On a thread of its own: this one may have a runtime.
fn block_on_apart<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    std::thread::spawn(|| block_on(work)).join().unwrap()
}
