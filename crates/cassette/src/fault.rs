//! What can go wrong with a cassette besides a request that does not match: facts without secrets.
//!
//! A request that has no reply in a cassette is a [`ReplayFault`] of the transport that replays it.

use cardhost_core::error::{Code, Fault};
use cardhost_core::transport_fault::{OwnFault, TransportFault, TransportFaultKind};

/// Most unused exchanges that are named.
const MOST_NAMED: usize = 5;

/// What is wrong with a cassette, with a test case, or with what was replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CassetteFault {
    /// The file is no cassette.
    #[error("this is not a cassette: {reason}")]
    Syntax {
        /// The reader's words, without place.
        reason: String,
    },
    /// The file is no test case.
    #[error("this is not a test case: {reason}")]
    Case {
        /// What is wrong, in words.
        reason: String,
    },
    /// A value in a test case is not what it must be.
    #[error("this is not a test case: {reason}")]
    Entry {
        /// What is wrong, in words.
        reason: String,
    },
    /// The file is no HTTP archive (HAR 1.2).
    #[error("this is not an HTTP archive (HAR 1.2): {reason}")]
    Har {
        /// What is wrong, in words.
        reason: String,
    },
    /// A newer cardhost made the file.
    #[error("the file has format {found}; this cardhost knows up to {known}")]
    NewerFormat {
        /// The file's format.
        found: u64,
        /// The newest format that is understood; inclusive.
        known: u64,
    },
    /// The run ended and these exchanges were not asked for.
    #[error("the run did not use the recorded {}", named(exchanges))]
    Unused {
        /// Each with its number, from 1 on, its method and its URL.
        exchanges: Vec<(usize, String)>,
    },
    /// The file cannot be written.
    #[error("the cassette `{path}` cannot be written: {reason}")]
    Unwritable {
        /// Its path.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// The result is not the expected one.
    #[error("the result is not the expected one\n{difference}")]
    Result {
        /// What differs, line by line.
        difference: String,
    },
    /// The text of a flow holds a secret of its run: it cannot be part of a case.
    #[error("the text of the flow holds a secret of the run: it cannot be part of a case")]
    Confidential,
}

/// Exchanges as they stand in a sentence.
fn named(exchanges: &[(usize, String)]) -> String {
    let named: Vec<String> = exchanges
        .iter()
        .take(MOST_NAMED)
        .map(|(number, request)| format!("{number} (`{request}`)"))
        .collect();
    let more = exchanges.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let what = if exchanges.len() == 1 { "exchange" } else { "exchanges" };
    format!("{what} {}{more}", named.join(", "))
}

impl Fault for CassetteFault {
    fn code(&self) -> Code {
        match self {
            CassetteFault::Syntax { .. } | CassetteFault::Har { .. } => Code::CASSETTE_SYNTAX,
            CassetteFault::Case { .. } => Code::DEFINITION_SYNTAX,
            CassetteFault::Entry { .. } => Code::DEFINITION_VALUE,
            CassetteFault::NewerFormat { .. } => Code::CASSETTE_FORMAT,
            CassetteFault::Unused { .. } => Code::CASSETTE_UNUSED,
            CassetteFault::Unwritable { .. } => Code::CASSETTE_UNWRITABLE,
            CassetteFault::Result { .. } => Code::TEST_FAILED,
            CassetteFault::Confidential => Code::CASSETTE_SECRET,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            CassetteFault::Syntax { .. } => {
                "record it anew, or restore it; see docs/cassettes.md for the format"
            }
            CassetteFault::Case { .. } | CassetteFault::Entry { .. } => {
                "docs/cassettes.md describes the file, and schemas/case.schema.json completes it in an editor"
            }
            CassetteFault::Har { .. } => {
                "export it anew: the browser's network panel has `Save all as HAR`"
            }
            CassetteFault::NewerFormat { .. } => "use a newer cardhost, or record it anew",
            CassetteFault::Unused { .. } => {
                "the run sends less than it did: record the cassette anew where that is meant"
            }
            CassetteFault::Unwritable { .. } => "check the path and who may write there",
            CassetteFault::Result { .. } => "where the change is meant, accept it",
            CassetteFault::Confidential => {
                "take it from a connection or from `$secrets`, and record again; change it, if others have seen the flow"
            }
        };
        Some(text.to_owned())
    }
}

/// Why a replay has no reply for a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayFault {
    /// It is not the request that was recorded.
    #[error("the request is not the recorded one of exchange {exchange}\n{difference}")]
    Mismatch {
        /// The recorded exchange, from 1 on.
        exchange: usize,
        /// What differs, line by line.
        difference: String,
    },
    /// Every recorded exchange has been used.
    #[error("the cassette {}: no reply to `{request}`", held(*recorded))]
    Exhausted {
        /// How many there are.
        recorded: usize,
        /// Method and URL.
        request: String,
    },
    /// The recorded run gave the request up before its reply came, and the replay goes on waiting for it.
    #[error("the recorded run gave the request of exchange {exchange} up: no reply to `{request}`")]
    GivenUp {
        /// The recorded exchange, from 1 on.
        exchange: usize,
        /// Method and URL.
        request: String,
    },
}

impl ReplayFault {
    /// The fault of the transport that replays.
    #[must_use]
    pub fn of_transport(self) -> TransportFault {
        let kind = TransportFaultKind::Own(OwnFault(std::sync::Arc::new(self)));
        TransportFault { kind, not_sent: true, detail: String::new() }
    }
}

/// A cassette's content as it stands in a sentence.
fn held(recorded: usize) -> String {
    match recorded {
        0 => "holds no exchange".to_owned(),
        1 => "holds one exchange, which is used".to_owned(),
        _ => format!("holds {recorded} exchanges, which are all used"),
    }
}

impl Fault for ReplayFault {
    fn code(&self) -> Code {
        match self {
            ReplayFault::Mismatch { .. } => Code::CASSETTE_MISMATCH,
            ReplayFault::Exhausted { .. } | ReplayFault::GivenUp { .. } => Code::CASSETTE_EXHAUSTED,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = "record the cassette anew where the change is meant; what may differ is listed under its `ignore`";
        Some(text.to_owned())
    }
}
