//! What flows cost: ten cards in a flow beside ten calls of a host, and steps that only compute.
//!
//! `cargo run --release -p cardhost-benches --features flows --bin flows` prints Markdown. With valgrind, instructions are
//! counted: as the slope between few and many runs in one process, so that start and loading cancel out.
#![allow(clippy::print_stdout, reason = "the tables on stdout are what this program is for")]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cardhost::catalog::MemorySource;
use cardhost::flow::{Flow, FlowRunner};
use cardhost::transport::MemoryTransport;
use cardhost::{Host, Invocation, Reply};
use cardhost_benches::measure::{Check, Job};
use cardhost_benches::report::{Table, ratio};
use cardhost_benches::{Result, callgrind};
use serde_json::{Value, json};

/// Cards of the flow.
const CARDS: usize = 10;
const FEW: u64 = 20;
const MANY: u64 = 120;
const SETS: u64 = 10_000;

/// What one process does.
const WORK: [(&str, &str); 5] = [
    ("calls", "ten calls, outputs not looked into"),
    ("calls-read", "ten calls, outputs read as values"),
    ("flow", "a flow of ten cards, the last output read"),
    ("flow-read", "a flow of ten cards, each reading the output before"),
    ("sets", "a flow of 10,000 `set`, one run"),
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [work, times] = arguments.as_slice() {
        return runtime()?.block_on(work_for(work, times.parse()?));
    }
    counted()?;
    timed()
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

async fn work_for(work: &str, times: u64) -> Result<()> {
    let host = host();
    let runner = FlowRunner::new(host.clone());
    let cards = flow_of_cards("7")?;
    let reading = flow_of_cards("${ .Response.Body.id // 7 | tostring }")?;
    let sets = flow_of_sets(SETS)?;
    for _ in 0..times {
        match work {
            "calls" | "calls-read" => {
                for _ in 0..CARDS {
                    let outcome =
                        host.run(Some("bench/get"), Invocation::from_value(with())?).await?;
                    if work == "calls-read" {
                        check(&outcome.output.to_value()?)?;
                    }
                }
            }
            "flow" => check(&runner.run(&cards, json!({})).await?)?,
            "flow-read" => check(&runner.run(&reading, json!({})).await?)?,
            _ => {
                let output = runner.run(&sets, json!({ "n": 0 })).await?;
                if output["n"] != SETS {
                    return Err(format!("{output}").into());
                }
            }
        }
    }
    println!("done");
    Ok(())
}

fn check(output: &Value) -> Result<()> {
    match output["Response"]["Body"]["id"] == 7 {
        true => Ok(()),
        false => Err(format!("{output}").into()),
    }
}

/// Instructions of one more run.
fn counted() -> Result<()> {
    if !callgrind::is_installed() {
        println!("skipped: valgrind is not on the PATH, so no instruction was counted");
        return Ok(());
    }
    let own = std::env::current_exe()?;
    let mut table = Table::new(
        "Flows: instructions of one more run",
        &["what", "instructions", "/ ten calls", "/ ten calls, read"],
    );
    let mut counts = Vec::new();
    for (work, what) in WORK {
        let (few, many) = if work == "sets" { (1, 3) } else { (FEW, MANY) };
        let job = |times: u64| job(&own, work, times);
        counts
            .push((what, callgrind::instructions_a_call((&job(few), few), (&job(many), many), 3)?));
    }
    let (plain, read) = (counts[0].1, counts[1].1);
    for (what, count) in counts {
        let times = |of: u64| format!("{:.3}", ratio(count, of));
        table.row([what.to_owned(), count.to_string(), times(plain), times(read)]);
    }
    println!("{table}");
    Ok(())
}

fn job(own: &PathBuf, work: &str, times: u64) -> Job {
    let arguments = vec![work.to_owned(), times.to_string()];
    Job::new(own, arguments, Check::Contains("done".to_owned(), 1))
}

/// Wall time, the median of some runs.
fn timed() -> Result<()> {
    let mut table = Table::new("Flows: time", &["what", "p50, ms"]);
    for (work, what) in WORK {
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..21 {
            let id = if work == "flow" { "7" } else { "${ .Response.Body.id // 7 | tostring }" };
            let (host, cards, sets) = (host(), flow_of_cards(id)?, flow_of_sets(SETS)?);
            let runner = FlowRunner::new(host.clone());
            let runtime = runtime()?;
            runtime.block_on(async {
                // What is made at the first use is made.
                host.run(Some("bench/get"), Invocation::from_value(with())?).await?;
                let since = Instant::now();
                match work {
                    "flow" | "flow-read" => drop(runner.run(&cards, json!({})).await?),
                    "sets" => drop(runner.run(&sets, json!({ "n": 0 })).await?),
                    _ => {
                        for _ in 0..CARDS {
                            let outcome = host
                                .run(Some("bench/get"), Invocation::from_value(with())?)
                                .await?;
                            if work == "calls-read" {
                                drop(outcome.output.to_value()?);
                            }
                        }
                    }
                }
                times.push(since.elapsed());
                Ok::<(), Box<dyn std::error::Error>>(())
            })?;
        }
        times.sort();
        table.row([what.to_owned(), format!("{:.3}", times[times.len() / 2].as_secs_f64() * 1e3)]);
    }
    println!("{table}");
    Ok(())
}

fn with() -> Value {
    json!({ "input": { "Order": { "ID": "7" } } })
}

/// Cards one after the other; the id of each is text or an expression.
fn flow_of_cards(id: &str) -> Result<Flow> {
    let mut text =
        "document: { dsl: '1.0.3', namespace: bench, name: cards, version: 1.0.0 }\ndo:\n"
            .to_owned();
    for n in 0..CARDS {
        writeln!(
            text,
            "  - c{n}: {{ call: get@bench, with: {{ input: {{ Order: {{ ID: '{id}' }} }} }} }}"
        )?;
    }
    load(&text)
}

/// A loop of tasks that count.
fn flow_of_sets(sets: u64) -> Result<Flow> {
    let text = format!(
        "document: {{ dsl: '1.0.3', namespace: bench, name: sets, version: 1.0.0 }}\n\
         do: [ {{ each: {{ for: {{ in: '[range({sets})]' }}, do: [ {{ s: {{ set: {{ n: '${{ .n + 1 }}' }} }} }} ] }} }} ]\n"
    );
    load(&text)
}

fn load(text: &str) -> Result<Flow> {
    Flow::load("flow.yaml", text).map_err(|findings| format!("{findings:?}").into())
}

/// A host over a transport in memory, whose reply has 1 KB.
fn host() -> Host {
    let connector = json!({
        "format": 1, "name": "bench", "title": "Bench", "version": "1.0.0",
        "connection": { "fields": { "Token": { "type": "secret", "required": true } } },
        "auth": { "token": { "scheme": "bearer", "token": "<<connection.Token>>" } },
        "targets": { "api": { "base": "https://bench.example/v1", "auth": ["token"] } },
    });
    let card = json!({
        "format": 1, "name": "get", "title": "Get", "version": "1.0.0",
        "input": { "Order": { "ID": { "type": "text", "required": true } } },
        "request": { "target": "api", "method": "GET", "path": "/<<input.Order.ID>>" },
        "effect": "read",
        "output": { "Response": {
            "Status Code": { "type": "number", "value": "<<response.status>>" },
            "Headers": { "type": "object", "value": "<<response.headers>>" },
            "Body": { "type": "any", "value": "<<response.body>>" },
        } },
    });
    let items: Vec<Value> = (0..16)
        .map(|n| json!({ "n": n, "name": format!("item {n}"), "on": true, "price": 1.5 }))
        .collect();
    let body = json!({ "id": 7, "items": items }).to_string();
    let fields = [("Token".to_owned(), json!("bench-token"))].into_iter().collect();
    Host::builder()
        .cards(
            MemorySource::new()
                .with("bench/connector", connector.to_string())
                .with("bench/get", card.to_string()),
        )
        .transport(MemoryTransport::new(move |_| {
            let mut reply = Reply::new(200, Default::default(), body.clone());
            let json = http::HeaderValue::from_static("application/json");
            reply.headers.insert(http::header::CONTENT_TYPE, json);
            Ok(reply)
        }))
        .default_connection("bench.json", fields)
        .build()
}
