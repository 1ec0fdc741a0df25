//! How a request is to be sent and its reply to be read.

use std::time::Duration;

use super::end::End;
use crate::card::Packed;
use crate::plan::Plan;
use crate::span::Span;

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
    /// How the body of a good reply is packed, where its headers do not say it.
    pub packed: Option<Packed>,
    /// Whether it goes over a connection of its own: the one before was stale.
    pub fresh: bool,
    /// Whether its reply has room for many headers from the start: sending it again for them would do harm.
    pub roomy: bool,
}

impl Default for Treatment {
    /// What holds where neither card nor connector says another limit.
    fn default() -> Treatment {
        Treatment {
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(120),
            max_body_bytes: 16 * 1024 * 1024,
            packed: None,
            fresh: false,
            roomy: false,
        }
    }
}

impl Treatment {
    /// As the plan says, with what is said of the body.
    pub(super) fn of(plan: &Plan, end: &End, fresh: bool) -> Treatment {
        let (max_body_bytes, packed) = (end.max_body_bytes(), end.packed());
        let default = Treatment::default();
        let or = |span: Option<Span>, default| span.map_or(default, |span| span.0);
        Treatment {
            connect_timeout: or(plan.timeouts.connect, default.connect_timeout),
            idle_timeout: or(plan.timeouts.idle, default.idle_timeout),
            total_timeout: or(plan.timeouts.total, default.total_timeout),
            max_body_bytes: max_body_bytes.unwrap_or(default.max_body_bytes),
            packed,
            fresh,
            roomy: false,
        }
    }

    /// The same with so long at most for the whole exchange, and no longer for any part of it.
    #[must_use]
    pub fn within(self, total: Duration) -> Treatment {
        let total_timeout = self.total_timeout.min(total);
        Treatment {
            connect_timeout: self.connect_timeout.min(total_timeout),
            idle_timeout: self.idle_timeout.min(total_timeout),
            total_timeout,
            ..self
        }
    }
}
