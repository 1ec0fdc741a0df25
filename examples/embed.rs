//! Embeds cardhost in a program: one [`Host`] for the whole process, many invocations at once, two tenants.
//!
//! ```text
//! cargo run --example embed
//! ```
//! It needs no network: [`Service`] stands in for Mixpanel. Without the line `.transport(Service)` the same
//! program sends its requests over HTTPS.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it does")]

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use cardhost::connections::MemoryConnections;
use cardhost::core::call::Treatment;
use cardhost::core::transport_fault::TransportFault;
use cardhost::transport::{BoxFuture, Transport};
use cardhost::{Host, Invocation, Outcome, Reply, RequestSpec};
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

const INVOCATIONS: usize = 1_000;
/// More than this many are never on their way at once.
const AT_ONCE: usize = 64;

/// Answers each request for a warehouse source with a source of the id that was asked for.
struct Service;

impl Transport for Service {
    fn send<'a>(
        &'a self,
        request: &'a RequestSpec,
        _: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        Box::pin(async move {
            // Gives the other invocations their turn, as waiting for a network would.
            tokio::task::yield_now().await;
            let host = request.url.host_str().unwrap_or_default();
            let id = request.url.path().rsplit('/').next().unwrap_or_default();
            let source =
                json!({ "id": id, "name": format!("source at {host}"), "type": "snowflake" });
            let mut reply = Reply::new(200, Default::default(), source.to_string());
            if let Ok(json) = "application/json".parse() {
                reply.headers.insert("content-type", json);
            }
            Ok(reply)
        })
    }
}

/// The fields of a tenant's connection. Secrets of a real program come from its own store.
fn connection(location: &str, user: &str) -> Map<String, Value> {
    Map::from_iter([
        ("API Server Location".to_owned(), json!(location)),
        ("Service Account: Username".to_owned(), json!(user)),
        ("Service Account: Secret".to_owned(), json!("an-example")),
    ])
}

/// A host with the shipped cards and the connections of two tenants.
fn host() -> Host {
    let connections = MemoryConnections::new()
        .with("mixpanel", "acme", connection("Standard", "acme-robot"))
        .with("mixpanel", "globex", connection("EU", "globex-robot"));
    Host::builder().cards(cardhost::Embedded).connections(connections).transport(Service).build()
}

/// Asks for one warehouse source of one tenant.
async fn source(host: Host, number: usize) -> Result<Outcome, Box<dyn Error + Send + Sync>> {
    let tenant = if number.is_multiple_of(2) { "acme" } else { "globex" };
    let invocation = Invocation::from_value(json!({
        "connection": tenant,
        "input": { "Path": { "projectId": 2195193, "sourceId": format!("wh_{number}") } },
    }))
    .map_err(cardhost::Error::from)?;
    Ok(host.run(Some("mixpanel/get-warehouse-source"), invocation).await?)
}

async fn run() -> Result<(), Box<dyn Error + Send + Sync>> {
    let host = host();
    let since = Instant::now();
    let mut running = JoinSet::new();
    let mut outcomes = Vec::with_capacity(INVOCATIONS);
    for number in 0..INVOCATIONS {
        if running.len() == AT_ONCE
            && let Some(finished) = running.join_next().await
        {
            outcomes.push(finished??);
        }
        // A clone of a host is one more handle to the same host.
        running.spawn(source(host.clone(), number));
    }
    while let Some(finished) = running.join_next().await {
        outcomes.push(finished??);
    }

    println!("{} of {INVOCATIONS} succeeded in {} ms", outcomes.len(), since.elapsed().as_millis());
    if let Some(outcome) = outcomes.first() {
        println!("{}", serde_json::to_string(&outcome.output)?);
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
