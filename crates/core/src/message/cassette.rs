//! The sentences of cassettes and their replay.

use std::fmt;

use crate::cassette_fault::CassetteFault;
use crate::transport_fault::ReplayProblem;

/// Most unused exchanges that are named.
const MOST_NAMED: usize = 5;

/// What is wrong.
pub(super) fn message(fault: &CassetteFault) -> String {
    match fault {
        CassetteFault::Syntax { reason } => format!("this is not a cassette: {reason}"),
        CassetteFault::Case { reason } => format!("this is not a test case: {reason}"),
        CassetteFault::Har { reason } => format!("this is not an HTTP archive (HAR 1.2): {reason}"),
        CassetteFault::NewerFormat { found, known } => {
            format!("the file has format {found}; this cardhost knows up to {known}")
        }
        CassetteFault::Unused { exchanges } => {
            let named: Vec<String> = exchanges
                .iter()
                .take(MOST_NAMED)
                .map(|(number, request)| format!("{number} (`{request}`)"))
                .collect();
            let more = exchanges.len().saturating_sub(MOST_NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let what = if exchanges.len() == 1 { "exchange" } else { "exchanges" };
            format!("the run did not use the recorded {what} {}{more}", named.join(", "))
        }
        CassetteFault::Unwritable { path, reason } => {
            format!("the cassette `{path}` cannot be written: {reason}")
        }
        CassetteFault::Result { difference } => {
            format!("the result is not the expected one\n{difference}")
        }
        CassetteFault::Confidential => {
            "the text of the flow holds a secret of the run: it cannot be part of a case".to_owned()
        }
    }
}

/// Why a replay has no reply.
pub(super) fn replay(problem: ReplayProblem, detail: &str) -> String {
    match problem {
        ReplayProblem::Mismatch { exchange } => {
            format!("the request is not the recorded one of exchange {exchange}\n{detail}")
        }
        ReplayProblem::Exhausted { recorded } => {
            let held = match recorded {
                0 => "holds no exchange".to_owned(),
                1 => "holds one exchange, which is used".to_owned(),
                _ => format!("holds {recorded} exchanges, which are all used"),
            };
            format!("the cassette {held}: no reply to `{detail}`")
        }
        ReplayProblem::GivenUp { exchange } => format!(
            "the recorded run gave the request of exchange {exchange} up: no reply to `{detail}`"
        ),
    }
}

/// What to do where a replay has no reply.
pub(super) const REPLAY_HINT: &str = "record the cassette anew where the change is meant; what may differ is listed under its `ignore`";

/// What to do.
pub(super) fn hint(fault: &CassetteFault) -> String {
    match fault {
        CassetteFault::Syntax { .. } => {
            "record it anew, or restore it; see docs/cassettes.md for the format"
        }
        CassetteFault::Case { .. } => "docs/cassettes.md describes the file, and schemas/case.schema.json completes it in an editor",
        CassetteFault::Har { .. } => {
            "export it anew: the browser's network panel has `Save all as HAR`"
        }
        CassetteFault::NewerFormat { .. } => "use a newer cardhost, or record it anew",
        CassetteFault::Unused { .. } => {
            "the run sends less than it did: record the cassette anew where that is meant"
        }
        CassetteFault::Unwritable { .. } => "check the path and who may write there",
        CassetteFault::Result { .. } => {
            "where the change is meant, `cardhost test --accept` writes it"
        }
        CassetteFault::Confidential => {
            "take it from a connection or from `$secrets`, and record again; change it, if others have seen the flow"
        }
    }
    .to_owned()
}

impl fmt::Display for CassetteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&message(self))
    }
}

impl std::error::Error for CassetteFault {}
