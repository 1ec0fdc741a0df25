//! What the permit of a call costs in CPU time: in memory, and in a ledger in a file that processes share.
//!
//! The same call, one after the other, over a transport in memory: without limits, with 60 an hour, with five at once as well. The clock goes on
//! by itself, so that each call goes at once and the window is full all the time. Prints a table; what is over the row without limits is
//! the permit.

#![allow(clippy::print_stdout, reason = "it is what this program is for")]

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cardhost::catalog::MemorySource;
use cardhost::clock::Clock;
use cardhost::limits::open_limit_ledger;
use cardhost::transport::{BoxFuture, MemoryTransport, Reply};
use cardhost::{Host, Invocation};
use cardhost_benches::Result;
use cardhost_benches::folder::Folder;

const CALLS: u32 = 20_000;
const ROUNDS: usize = 5;

/// Half a minute has gone by whenever somebody looks at it.
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn unix_seconds(&self) -> i64 {
        self.unix_milliseconds() / 1_000
    }

    fn unix_milliseconds(&self) -> i64 {
        self.0.fetch_add(30_000, Ordering::Relaxed)
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

fn main() -> Result<()> {
    let folder = Folder::new()?;
    println!("| limits | ledger | µs CPU a call | µs CPU a permit |");
    println!("|---|---|---:|---:|");
    let mut without = 0.0;
    let rate = r#""limits": { "rate": [{ "max": 60, "per": "1h" }] },"#;
    let both = r#""limits": { "concurrent": 5, "rate": [{ "max": 60, "per": "1h" }] },"#;
    for (name, limits, shared) in [
        ("none", "", false),
        ("60 an hour", rate, false),
        ("60 an hour", rate, true),
        ("60 an hour, five at once", both, false),
        ("60 an hour, five at once", both, true),
    ] {
        let mut rounds = Vec::new();
        for round in 0..ROUNDS {
            let file = folder.path().join(format!("{name}-{shared}-{round}"));
            rounds.push(cpu_of_a_call(limits, shared.then_some(&*file))?);
        }
        rounds.sort_by(f64::total_cmp);
        let median = rounds[ROUNDS / 2];
        if limits.is_empty() {
            without = median;
        }
        let place = if shared { "file" } else { "memory" };
        println!("| {name} | {place} | {median:.1} | {:.1} |", median - without);
    }
    Ok(())
}

/// Microseconds of all threads.
fn cpu_of_a_call(limits: &str, file: Option<&Path>) -> Result<f64> {
    let connector = format!(
        r#"{{ "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
        "connection": {{ "fields": {{}} }}, "auth": {{ "none": {{ "scheme": "none" }} }},
        "targets": {{ "api": {{ {limits} "auth": ["none"], "base": "https://api.example" }} }} }}"#
    );
    let card = r#"{ "format": 1, "name": "get", "version": "1.0.0", "title": "Get", "effect": "read",
        "request": { "target": "api", "method": "GET", "path": "/things" },
        "output": { "Reply": { "Status": { "type": "number", "value": "<<response.status>>" } } } }"#;
    let cards = MemorySource::new().with("demo/connector", connector).with("demo/get", card);
    let transport = MemoryTransport::new(|_| Ok(Reply::new(200, http::HeaderMap::new(), "")));
    let clock = Ticking(AtomicI64::new(0));
    let builder = Host::builder().cards(cards).transport(transport).clock(clock);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        let host = match file {
            Some(file) => {
                let ledger = open_limit_ledger(&file.display().to_string()).await?;
                builder.limit_ledger(ledger).build()
            }
            None => builder.build(),
        };
        for _ in 0..100 {
            host.run(Some("demo/get"), Invocation::default()).await?;
        }
        let before = cpu()?;
        for _ in 0..CALLS {
            host.run(Some("demo/get"), Invocation::default()).await?;
        }
        Ok((cpu()? - before).as_secs_f64() * 1e6 / f64::from(CALLS))
    })
}

/// The CPU time of all threads there are.
fn cpu() -> Result<Duration> {
    let mut all = Duration::ZERO;
    for task in std::fs::read_dir("/proc/self/task")? {
        let told = std::fs::read_to_string(task?.path().join("schedstat"))?;
        let nanoseconds = told.split(' ').next().unwrap_or_default().parse()?;
        all += Duration::from_nanos(nanoseconds);
    }
    Ok(all)
}
