//! What can go wrong with a cassette besides a request that does not match: facts without secrets.
//!
//! A request that has no reply in a cassette is a fault of the transport that replays it:
//! [`crate::transport_fault::ReplayProblem`].

/// What is wrong with a cassette, with a test case, or with what was replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CassetteFault {
    /// The file is no cassette.
    Syntax {
        /// The reader's words, without place.
        reason: String,
    },
    /// The file is no test case.
    Case {
        /// What is wrong, in words.
        reason: String,
    },
    /// The file is no HTTP archive (HAR 1.2).
    Har {
        /// What is wrong, in words.
        reason: String,
    },
    /// A newer cardhost made the file.
    NewerFormat {
        /// The file's format.
        found: u64,
        /// The newest format that is understood; inclusive.
        known: u64,
    },
    /// The run ended and these exchanges were not asked for.
    Unused {
        /// Each with its number, from 1 on, its method and its URL.
        exchanges: Vec<(usize, String)>,
    },
    /// The file cannot be written.
    Unwritable {
        /// Its path.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// The result is not the expected one.
    Result {
        /// What differs, line by line.
        difference: String,
    },
    /// The text of a flow holds a secret of its run: it cannot be part of a case.
    Confidential,
}
