//! `flow cancel`: a run is given up.

use cardhost::clock::{Clock as _, SystemClock};
use cardhost::flow::Journal;

use super::args::CancelArgs;
use crate::cli::console::{Console, Failure};

pub(crate) fn run(args: &CancelArgs, console: &Console) -> Result<(), Failure> {
    let now_ms = SystemClock.unix_seconds().saturating_mul(1_000);
    match Journal::cancel(&args.run, now_ms)? {
        true => {
            console.note(&format!("cancelled {}", args.run.display()));
            Ok(())
        }
        false => Err(Failure::Usage(format!("{}: the run is done", args.run.display()))),
    }
}
