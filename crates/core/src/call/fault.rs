//! What can be wrong with a whole reply.

use crate::error::{Code, Fault};

/// Why a reply gives no outputs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyFault {
    /// The body is longer than the limit.
    #[error("the reply's body is longer than {limit} bytes")]
    TooLarge {
        /// In bytes; inclusive.
        limit: u64,
    },
    /// The body is longer than what is held in memory, and there is no folder to keep it in.
    #[error("the reply is a file of more than {limit} bytes, which is not held in memory")]
    NoFolder {
        /// In bytes; inclusive.
        limit: u64,
    },
    /// Too many redirects.
    #[error("more than {max} redirects")]
    Redirects {
        /// Inclusive.
        max: u8,
    },
    /// The service asks to wait longer than the call has time.
    #[error("{said}; it is to be tried again in {asked_s} s, and the call has {:.0} s left", left.as_secs_f64())]
    Later {
        /// Seconds.
        asked_s: u64,
        /// What is left of the call's time.
        left: std::time::Duration,
        /// What the reply is otherwise.
        said: String,
    },
    /// The service answered with an error.
    #[error("the service answered {status}{}", said(message.as_deref()))]
    Service {
        /// The HTTP status.
        status: u16,
        /// The service's own words.
        message: Option<String>,
        /// By the connector's rules, or `http.status`.
        code: Code,
    },
}

fn said(message: Option<&str>) -> String {
    message.map(|message| format!(": {message}")).unwrap_or_default()
}

impl Fault for ReplyFault {
    fn code(&self) -> Code {
        match self {
            ReplyFault::TooLarge { .. } | ReplyFault::NoFolder { .. } => Code::RESPONSE_TOO_LARGE,
            ReplyFault::Redirects { .. } => Code::REDIRECT_LIMIT,
            ReplyFault::Later { .. } => Code::HTTP_RETRY_LATER,
            ReplyFault::Service { code, .. } => code.clone(),
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            ReplyFault::TooLarge { .. } => {
                "ask for less at once, or raise `response.maxBodyBytes` of the card"
            }
            ReplyFault::NoFolder { .. } => {
                "give the host a folder for files; a file that comes packed is unpacked in memory all the same"
            }
            ReplyFault::Redirects { .. } => {
                "check the URL: the service sends the request in circles"
            }
            ReplyFault::Later { .. } => {
                "try again then, or give the call more time with `retries.budget`"
            }
            ReplyFault::Service { code, .. } => match code.as_str() {
                "auth.refused" => {
                    "check the connection's credentials and what they may do at the service"
                }
                "http.rate_limited" => "the service asks to slow down; try again later",
                "http.transient" => "the service is not well at the moment; try again later",
                "http.not_found" => "check the path and the ids in it",
                _ => return None,
            },
        };
        Some(text.to_owned())
    }
}
