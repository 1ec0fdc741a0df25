//! Tests a platform's use of a card without the service: the run answers from a cassette that was recorded once.
//!
//! ```text
//! cargo run --example replay
//! ```
//! In a test, `insta::assert_snapshot!(snapshot)` takes the place of printing.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use cardhost::Invocation;
use cardhost::cassette::Injection;
use cardhost::testing::{Replay, error_snapshot, read_cassette, snapshot};
use serde_json::json;

const CARD: &str = "mixpanel/custom-api-action";

fn invocation() -> Result<Invocation, cardhost::Error> {
    Ok(Invocation::from_value(json!({
        // Any text will do for a secret.
        "connection": { "fields": { "Service Account: Username": "sa", "Service Account: Secret": "any" } },
        "options": { "Request Type": "GET", "Select API": "Query API" },
        "input": { "Request": { "Relative URL": "/app/me" } },
    }))?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let replay = Replay::open("examples/cassettes/me.json")?;
    let host = replay.host().cards(cardhost::Embedded).build();
    let outcome = host.run(Some(CARD), invocation()?).await?;
    // Nothing recorded is left over, and no request was another one.
    replay.finish()?;
    print!("{}", snapshot(&outcome)?);

    // The same run when the service cannot be reached.
    let cassette = read_cassette("examples/cassettes/me.json".as_ref())?;
    let replay = Replay::injecting(cassette, Injection::parse("connect@1").into_iter().collect());
    let host = replay.host().cards(cardhost::Embedded).build();
    if let Err(error) = host.run(Some(CARD), invocation()?).await {
        print!("{}", error_snapshot(&error)?);
    }
    Ok(())
}
