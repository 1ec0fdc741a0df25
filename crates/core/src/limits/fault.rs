//! A limit that leaves no time.

use std::time::Duration;

use crate::error::{Code, Fault, Retry};

/// The limits of a service let a request go later than its call has time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the limits of `{target}` let the next request go in {:.0} s, and it may wait {:.0} s", wait.as_secs_f64().ceil(), most.as_secs_f64())]
pub struct LimitFault {
    /// The target that has them.
    pub target: String,
    /// How long it would have to wait.
    pub wait: Duration,
    /// How long it may wait.
    pub most: Duration,
}

impl Fault for LimitFault {
    fn code(&self) -> Code {
        Code::LIMIT_WAIT
    }

    fn hint(&self) -> Option<String> {
        Some("nothing was sent: try again then, or let it wait longer".to_owned())
    }

    fn retry(&self) -> Option<Retry> {
        let after_s = Some(self.wait.as_secs() + u64::from(self.wait.subsec_nanos() > 0));
        Some(Retry { again: true, after_s })
    }
}
