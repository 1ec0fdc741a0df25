//! Why there is no token.

use crate::secret::Redactor;
use crate::transport_fault::TransportFault;

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantFault {
    /// A person has to log in first.
    LoginRequired,
    /// The grant is no longer good: revoked, expired, or its refresh token was used twice (`invalid_grant`).
    Revoked(Refused),
    /// The server does not accept the client or what it asks for.
    Refused(Refused),
    /// The server is not well: 429, 5xx, or `temporarily_unavailable`.
    Unavailable(Refused),
    /// No reply came, or not all of it.
    Transport {
        /// Scheme, host and port of the server.
        origin: String,
        /// What happened.
        fault: TransportFault,
    },
    /// A reply that says it is one and holds no token.
    Unusable {
        /// The HTTP status.
        status: u16,
        /// Why.
        reason: &'static str,
    },
    /// A device code that nobody has allowed yet (RFC 8628, section 3.5).
    Pending {
        /// Whether the server asks for longer pauses.
        slow_down: bool,
    },
    /// A person did not allow it.
    Denied,
    /// The time to allow it is over.
    Expired,
    /// Somebody else is renewing the token and has not finished in time.
    Busy,
}

/// What an authorization server says about a request that it refuses (RFC 6749, section 5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// `error`, such as `invalid_client`.
    pub error: Option<String>,
    /// `error_description`, on one line.
    pub description: Option<String>,
    /// Seconds to wait, where the server says.
    pub retry_after_s: Option<u64>,
    /// How far this clock is ahead of the server's, in seconds, where that is a minute or more.
    pub clock_ahead_s: Option<i64>,
}

impl Refused {
    /// With the server's own words, each on one line and not too long. Redacted first: folding and cutting would hide a
    /// secret from the redactor and not from the reader.
    #[must_use]
    pub fn saying(
        self,
        error: Option<&str>,
        description: Option<&str>,
        redactor: &Redactor,
    ) -> Refused {
        Refused {
            error: error.map(|error| one_line(&redactor.redact(error), 100)),
            description: description.map(|text| one_line(&redactor.redact(text), 300)),
            ..self
        }
    }
}

fn one_line(text: &str, longest: usize) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(longest).collect()
}
