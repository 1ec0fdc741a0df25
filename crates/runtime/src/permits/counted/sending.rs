//! A request that may be sent, until it is over.

use std::sync::Arc;
use std::time::Duration;

use cardhost_core::limits::Permit;

use super::Counted;

/// How long a place among those under way stays taken where its holder is gone without a word.
pub(super) const LEASE: Duration = Duration::from_secs(10);

/// Between two renewals: two may fail.
const RENEWAL: Duration = Duration::from_secs(3);

/// The right to send one request. Dropping it gives back what is to be given back: all of it before it is sent, then its place among those
/// under way.
pub(crate) struct Sending {
    counted: Arc<Counted>,
    permit: Permit,
    /// Whether only so many may be under way.
    is_placed: bool,
    is_sent: bool,
    is_over: bool,
}

impl Sending {
    pub(super) fn new(counted: &Arc<Counted>, permit: Permit, is_placed: bool) -> Sending {
        let counted = Arc::clone(counted);
        Sending { counted, permit, is_placed, is_sent: false, is_over: false }
    }

    /// Sends, and then gives its place back.
    pub(crate) async fn during<T>(mut self, sending: impl Future<Output = T>) -> T {
        self.is_sent = true;
        let mut sending = std::pin::pin!(sending);
        let sent = if self.is_placed && self.counted.look().is_some() {
            loop {
                match tokio::time::timeout(RENEWAL, sending.as_mut()).await {
                    Ok(sent) => break sent,
                    Err(_) => self.counted.renew(self.permit).await,
                }
            }
        } else {
            sending.await
        };
        if self.is_placed {
            self.counted.give_back(self.permit).await;
        }
        self.is_over = true;
        sent
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if !self.is_over && (self.is_placed || !self.is_sent) {
            self.counted.let_go(self.permit, self.is_sent);
        }
    }
}
