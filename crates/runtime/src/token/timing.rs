//! How long it may take to get a token.

use std::time::Duration;

use cardhost_core::call::Treatment;

/// How long one host may take to renew a token before another one may, where nothing else is said.
pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// How long things may take.
#[derive(Clone, Copy)]
pub(crate) struct Timing {
    /// How long one host may take to renew a token before another one may.
    pub(super) lease: Duration,
    /// How long the others wait for it: its lease, and a renewal of their own.
    pub(super) patience: Duration,
    /// How token requests are sent: nobody's is under way when its lease ends.
    pub(super) treatment: Treatment,
}

impl Timing {
    /// By how long a lease stands; a second at least.
    pub(crate) fn new(lease: Duration) -> Timing {
        let lease = lease.max(Duration::from_secs(1));
        // In whole milliseconds: messages name it.
        let part = u64::try_from(lease.as_millis() * 2 / 3).unwrap_or(u64::MAX);
        let treatment = Treatment {
            idle_timeout: Duration::from_secs(15),
            total_timeout: Duration::from_secs(20),
            max_body_bytes: 1024 * 1024,
            // A refresh token may be good for one request.
            roomy: true,
            ..Treatment::default()
        };
        let treatment = treatment.within(Duration::from_millis(part));
        Timing { lease, patience: lease * 2, treatment }
    }
}
