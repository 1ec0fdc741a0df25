//! Why there is no token.

use std::fmt;

use crate::error::{Class, Code, Fault, Place, Retry};
use crate::secret::Redactor;
use crate::transport_fault::TransportFault;

/// An auth method has no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("auth method `{method}`: {fault}")]
pub struct NoToken {
    /// The auth method.
    pub method: String,
    /// Why.
    pub fault: GrantFault,
}

impl Fault for NoToken {
    fn code(&self) -> Code {
        match &self.fault {
            GrantFault::LoginRequired => Code::AUTH_LOGIN_REQUIRED,
            GrantFault::Revoked(_) => Code::AUTH_GRANT_REVOKED,
            GrantFault::Refused(_) => Code::AUTH_GRANT_REFUSED,
            GrantFault::Denied(_)
            | GrantFault::Redirect { .. }
            | GrantFault::Expired
            | GrantFault::Pending { .. } => Code::AUTH_DENIED,
            GrantFault::Transport { fault, .. } if fault.is_final() => fault.code(),
            GrantFault::Unusable { .. } | GrantFault::LookUp { .. } | GrantFault::Server { .. } => {
                Code::AUTH_TOKEN_REPLY
            }
            GrantFault::Choices { .. } => Code::AUTH_CHOICE,
            GrantFault::Unavailable(_) | GrantFault::Transport { .. } | GrantFault::Busy => {
                Code::AUTH_UNAVAILABLE
            }
        }
    }

    fn place(&self) -> Place {
        Place::invocation(&["connection"])
    }

    fn hint(&self) -> Option<String> {
        let refused = match &self.fault {
            GrantFault::Revoked(refused) | GrantFault::Refused(refused) => Some(refused),
            _ => None,
        };
        if let Some(seconds) = refused.and_then(|refused| refused.clock_ahead_s) {
            let direction = if seconds > 0 { "ahead of" } else { "behind" };
            return Some(format!(
                "this machine's clock is {} s {direction} the server's: set it, then try again",
                seconds.abs()
            ));
        }
        let text = match &self.fault {
            GrantFault::LoginRequired => "log in",
            GrantFault::Revoked(_) => "log in again, or give the connection new credentials",
            GrantFault::Refused(_) => "check the client's id and secret, and what it may ask for",
            GrantFault::Unavailable(_) | GrantFault::Transport { .. } | GrantFault::Busy => {
                "the stored connection is unharmed; try again later"
            }
            GrantFault::Unusable { .. } => {
                "check the URL of the token endpoint; the stored connection is unharmed"
            }
            GrantFault::Server { .. } => "check `issuer` of the connector's auth method",
            GrantFault::LookUp { .. } => {
                "check what the account may use at the service, and the connector's `lookUp`"
            }
            GrantFault::Choices { .. } => "log in and choose one",
            GrantFault::Redirect { .. } => {
                "log in again; if it stays, check the client and its redirect URI at the service"
            }
            GrantFault::Pending { .. } | GrantFault::Denied(_) | GrantFault::Expired => {
                "log in again and allow the access"
            }
        };
        Some(text.to_owned())
    }

    fn retry(&self) -> Option<Retry> {
        let after_s = match &self.fault {
            GrantFault::Unavailable(refused) => refused.retry_after_s,
            _ => None,
        };
        let class = self.code().class();
        (class != Class::Test).then_some(Retry { again: class == Class::Later, after_s })
    }
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantFault {
    /// A person has to log in first.
    #[error("nobody has logged in yet")]
    LoginRequired,
    /// The grant is no longer good: revoked, expired, or its refresh token was used twice (`invalid_grant`).
    #[error("the grant is no longer good: {0}")]
    Revoked(Refused),
    /// The server does not accept the client or what it asks for.
    #[error("the authorization server gives no token: {0}")]
    Refused(Refused),
    /// The server is not well: 429, 5xx, or `temporarily_unavailable`.
    #[error("the authorization server is not well: {0}")]
    Unavailable(Refused),
    /// No reply came, or not all of it.
    #[error("{}", fault.at(origin))]
    Transport {
        /// Scheme, host and port of the server.
        origin: String,
        /// What happened.
        fault: TransportFault,
    },
    /// A reply that says it is one and holds no token.
    #[error("the token reply (status {status}) cannot be used: {reason}")]
    Unusable {
        /// The HTTP status.
        status: u16,
        /// Why.
        reason: &'static str,
    },
    /// What an authorization server says of itself cannot be used.
    #[error("the description of the authorization server cannot be used: {reason}")]
    Server {
        /// Why.
        reason: String,
    },
    /// The reply to a look-up after the login is not what the connector says.
    #[error("what is looked up after the login (status {status}) cannot be used: {reason}")]
    LookUp {
        /// The HTTP status.
        status: u16,
        /// Why.
        reason: String,
    },
    /// A look-up has found several, and none of them was chosen.
    #[error("{}", choices(chosen.as_deref(), offered))]
    Choices {
        /// What was chosen and is not there.
        chosen: Option<String>,
        /// The value of each, and what a person is shown of it.
        offered: Vec<(String, String)>,
    },
    /// A device code that nobody has allowed yet (RFC 8628, section 3.5).
    #[error("nobody has allowed it yet")]
    Pending {
        /// Whether the server asks for longer pauses.
        slow_down: bool,
    },
    /// A person did not allow it.
    #[error("the access was not allowed{}", .0.reason())]
    Denied(Refused),
    /// The browser came back with nothing that can be used.
    #[error("the browser came back, but {reason}")]
    Redirect {
        /// Why.
        reason: &'static str,
    },
    /// The time to allow it is over.
    #[error("the time to allow the access is over")]
    Expired,
    /// Somebody else is renewing the token and has not finished in time.
    #[error("the token is being renewed elsewhere, and that did not end in time")]
    Busy,
}

/// What an authorization server says about a request that it refuses (RFC 6749, section 5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// The HTTP status; `None` where a browser brought the error by the redirect.
    pub status: Option<u16>,
    /// `error`, such as `invalid_client`.
    pub error: Option<String>,
    /// `error_description`, on one line.
    pub description: Option<String>,
    /// `error_uri`: a page about it.
    pub page: Option<String>,
    /// Seconds to wait, where the server says.
    pub retry_after_s: Option<u64>,
    /// How far this clock is ahead of the server's, in seconds, where that is a minute or more.
    pub clock_ahead_s: Option<i64>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.status, &self.error) {
            (Some(status), Some(error)) => write!(f, "it answered {status} `{error}`"),
            (Some(status), None) => write!(f, "it answered {status}"),
            (None, Some(error)) => write!(f, "it says `{error}`"),
            (None, None) => f.write_str("it does not say why"),
        }?;
        f.write_str(&self.reason())
    }
}

impl Refused {
    /// Why, in the server's words, behind a colon; nothing where it has none.
    fn reason(&self) -> String {
        match (&self.description, &self.page) {
            (Some(description), Some(page)) => format!(": {description} (see {page})"),
            (Some(description), None) => format!(": {description}"),
            (None, Some(page)) => format!(": see {page}"),
            (None, None) => String::new(),
        }
    }

    /// With the server's own words, each on one line and not too long. Redacted first: folding and cutting would hide a
    /// secret from the redactor and not from the reader.
    #[must_use]
    pub fn saying(
        self,
        error: Option<&str>,
        description: Option<&str>,
        page: Option<&str>,
        redactor: &Redactor,
    ) -> Refused {
        Refused {
            error: error.map(|error| one_line(&redactor.redact(error), 100)),
            description: description.map(|text| one_line(&redactor.redact(text), 300)),
            page: page.map(|page| one_line(&redactor.redact(page), 300)),
            ..self
        }
    }
}

/// What can be chosen, in words.
fn choices(chosen: Option<&str>, offered: &[(String, String)]) -> String {
    const MOST: usize = 20;
    let shown = |(value, title): &(String, String)| match value == title {
        true => format!("`{}`", one_line(value, 100)),
        false => format!("`{}` ({})", one_line(value, 100), one_line(title, 100)),
    };
    let mut list: Vec<String> = offered.iter().take(MOST).map(shown).collect();
    if offered.len() > MOST {
        list.push(format!("{} more", offered.len() - MOST));
    }
    let begin = match chosen {
        Some(chosen) => format!("`{}` is none of those that", one_line(chosen, 100)),
        None => "one of several must be chosen that".to_owned(),
    };
    format!("{begin} this login may use: {}", list.join(", "))
}

fn one_line(text: &str, longest: usize) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(longest).collect()
}
