//! What the store of connections costs: looking one up among many, and opening the store.
//!
//! `cargo run --release -p cardhost-benches --features store --bin store` prints Markdown. With `CARDHOST_BENCH_POSTGRES=postgres://…`, a
//! database that holds no store yet, that is measured too.
#![allow(clippy::print_stdout, reason = "the tables on stdout are what this program is for")]

use std::path::Path;
use std::time::{Duration, Instant};

use cardhost_benches::Result;
use cardhost_benches::folder::Folder;
use cardhost_benches::report::Table;
use cardhost_store::{Key, KeySet, Store, TenantStore};
use serde_json::{Map, Value, json};

/// How many connections there are, one after the other.
const SIZES: [usize; 3] = [10, 1_000, 100_000];
/// How many look-ups are timed, and how often a store is opened.
const LOOKUPS: usize = 5_000;
const OPENINGS: usize = 101;

const KEY: &str = "6bf1c9de0a3c4a7d2f58e0b9c1743d6618ab90cf52ed7e04396b7fa1d02c8e55";

/// What is measured at one size.
struct Measured {
    lookups: Vec<Duration>,
    openings: Vec<Duration>,
    openings_with_lookup: Vec<Duration>,
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut table = Table::new(
        "Store of connections",
        &[
            "back end",
            "connections",
            "look-up p50, µs",
            "look-up p99, µs",
            "open p50, ms",
            "open and first look-up p50, ms",
        ],
    );
    runtime.block_on(async {
        // A disk of memory fills fast: each `add` is one durable write.
        let memory = Path::new("/dev/shm");
        let filling = if memory.is_dir() { Folder::within(memory)? } else { Folder::new()? };
        let measured_in = Folder::new()?;
        let mut filled = 0;
        for size in SIZES {
            let from = filling.path().join("connections.db");
            fill(&from.display().to_string(), filled, size).await?;
            filled = size;
            // Closed, so that all of it is in the one file.
            let to = measured_in.path().join(format!("{size}.db"));
            std::fs::copy(&from, &to)?;
            row(&mut table, "SQLite", size, &measure(&to.display().to_string(), size).await?);
        }
        if let Ok(location) = std::env::var("CARDHOST_BENCH_POSTGRES") {
            let mut filled = 0;
            for size in SIZES {
                fill(&location, filled, size).await?;
                filled = size;
                row(&mut table, "PostgreSQL", size, &measure(&location, size).await?);
            }
        }
        Ok::<(), Box<dyn std::error::Error>>(())
    })?;
    println!("{table}");
    println!("{LOOKUPS} look-ups and {OPENINGS} openings of each; fields of about 300 bytes.");
    Ok(())
}

async fn open(location: &str) -> Result<TenantStore> {
    Ok(Store::open(location, KeySet::new(Key::parse(KEY)?)).await?.tenant("default")?)
}

fn name(index: usize) -> String {
    format!("connection-{index}")
}

fn fields(index: usize) -> Map<String, Value> {
    let fields = json!({
        "API Server Location": "Standard", "Service Account: Username": format!("user-{index}"),
        "Service Account: Secret": "x".repeat(64), "Notes": "y".repeat(120),
    });
    fields.as_object().cloned().unwrap_or_default()
}

async fn fill(location: &str, from: usize, to: usize) -> Result<()> {
    let store = open(location).await?;
    for index in from..to {
        store.add("mixpanel", &name(index), &fields(index)).await?;
    }
    Ok(())
}

async fn measure(location: &str, size: usize) -> Result<Measured> {
    let mut openings = Vec::new();
    let mut openings_with_lookup = Vec::new();
    for _ in 0..OPENINGS {
        let since = Instant::now();
        let store = open(location).await?;
        openings.push(since.elapsed());
        store.get("mixpanel", &name(0)).await?.ok_or("it is gone")?;
        openings_with_lookup.push(since.elapsed());
    }
    let store = open(location).await?;
    let mut lookups = Vec::new();
    for count in 0..LOOKUPS {
        // Spread over all of them, no two neighbours.
        let name = name(count.wrapping_mul(7919) % size);
        let since = Instant::now();
        store.get("mixpanel", &name).await?.ok_or("it is gone")?;
        lookups.push(since.elapsed());
    }
    Ok(Measured { lookups, openings, openings_with_lookup })
}

fn row(table: &mut Table, back_end: &str, size: usize, measured: &Measured) {
    let us = |time: Duration| format!("{:.0}", time.as_secs_f64() * 1e6);
    let ms = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1e3);
    table.row([
        back_end.to_owned(),
        size.to_string(),
        us(percentile(&measured.lookups, 50)),
        us(percentile(&measured.lookups, 99)),
        ms(percentile(&measured.openings, 50)),
        ms(percentile(&measured.openings_with_lookup, 50)),
    ]);
}

/// The value that so many of a hundred do not exceed.
fn percentile(values: &[Duration], percent: usize) -> Duration {
    let mut values = values.to_vec();
    values.sort_unstable();
    let at = (values.len() * percent).div_ceil(100).saturating_sub(1);
    values.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values: Vec<Duration> = (1..=200).rev().map(Duration::from_micros).collect();
        assert_eq!(percentile(&values, 50), Duration::from_micros(100));
        assert_eq!(percentile(&values, 99), Duration::from_micros(198));
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }
}
