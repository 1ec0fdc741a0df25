//! What comes of asking whether a request may go.

use std::time::Duration;

/// What comes of asking whether a request may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It goes now, and is counted from here on.
    Go(Permit),
    /// It does not go before so long; at once where others are asked first.
    Later {
        /// How long, by what is known now.
        wait: Duration,
    },
    /// As many as may be are under way. How long they will take nobody knows.
    Full,
}

/// The right to send one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    /// Its number in the ledger.
    pub id: u64,
    /// When it was given, in milliseconds since 1970.
    pub at: i64,
}
