//! How a request is to be sent and its reply to be read.

use std::time::Duration;

use crate::plan::Plan;
use crate::span::Span;

/// Most bytes of a decoded body, unless the card says another limit: 16 MiB.
pub const DEFAULT_MAX_BODY_BYTES: u64 = 16 * 1024 * 1024;

/// How a request is to be sent and its reply to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Treatment {
    /// For the connection to stand.
    pub connect_timeout: Duration,
    /// Between two bytes of the reply.
    pub idle_timeout: Duration,
    /// For the whole exchange.
    pub total_timeout: Duration,
    /// Most bytes of the body, content codings undone.
    pub max_body_bytes: u64,
}

impl Treatment {
    /// As the plan says, with the limit of the body.
    pub(super) fn of(max_body_bytes: u64, plan: &Plan) -> Treatment {
        let or =
            |span: Option<Span>, seconds| span.map_or(Duration::from_secs(seconds), |span| span.0);
        Treatment {
            connect_timeout: or(plan.timeouts.connect, 10),
            idle_timeout: or(plan.timeouts.idle, 30),
            total_timeout: or(plan.timeouts.total, 120),
            max_body_bytes,
        }
    }
}
