//! Tests a platform's flow without the service: the run answers from a case that was recorded once, with
//! `cardhost record --flow`; six hours of waiting are over at once.
//!
//! ```text
//! cargo run --example replay_flow
//! ```
//! In a test, `insta::assert_snapshot!(ran.snapshot)` takes the place of printing.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use cardhost::cassette::Injection;
use cardhost::testing::FlowCase;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let case = FlowCase::load("examples/cases/warehouse-status")?;
    let ran = case.run(|host| host.cards(cardhost::Embedded)).await?;
    // What came out, and what was sent and came back on the way, are what the folder says.
    assert_eq!(ran.difference, None);
    print!("{}", ran.snapshot);

    // The same run when the service is busy at first: the flow gets over it.
    let busy = case.injecting(Injection::parse("429@1").into_iter().collect());
    let ran = busy.run(|host| host.cards(cardhost::Embedded)).await?;
    assert_eq!(ran.difference, None);
    let again = ran.snapshot.lines().filter(|line| line.contains("again in"));
    again.for_each(|line| println!("\nbusy: {line}"));
    Ok(())
}
