//! The errors of a call, with what is known about them: the reply, the secrets, whether it may be sent again.

use std::time::Duration;

use super::signed::Signed;
use crate::error::Fault;
use crate::failure::{Error, FailedResponse};
use crate::response::{BodyEnd, Reply};
use crate::transport_fault::{ExchangeFault, TimeoutKind, TransportFault, TransportFaultKind};

impl Signed {
    /// The error of an exchange that did not come to its end.
    pub(super) fn transport_error(&self, fault: TransportFault) -> Error {
        let sending = self.course.plan.sending();
        let retryable =
            !fault.is_final() && sending.after_fault(fault.not_sent, self.course.redirects > 0);
        let origin = self.request().url.origin().ascii_serialization();
        let is_own = fault.is_own();
        let error = Error::new(ExchangeFault { origin, fault }).redacted_by(self.redactor());
        if is_own { error } else { error.with_retry(retryable, None) }
    }

    /// The error of a reply that broke off.
    pub(super) fn broken(&self, fault: TransportFault, reply: &Reply) -> Error {
        self.transport_error(fault).with_response(kept(reply))
    }

    /// The error of a reply that came, and was not read before the time for the whole exchange was over.
    #[must_use]
    pub fn out_of_time(&self, reply: &Reply, limit: Duration) -> Error {
        let kind = TransportFaultKind::Timeout { which: TimeoutKind::Total, after: limit };
        let fault = TransportFault { kind, not_sent: false, detail: String::new() };
        self.broken(fault, reply)
    }

    /// The error of a reply that came and is not what it should be.
    pub(super) fn failed(&self, fault: impl Fault, reply: &Reply) -> Error {
        Error::new(fault).with_response(kept(reply)).redacted_by(self.redactor())
    }
}

fn kept(reply: &Reply) -> FailedResponse {
    FailedResponse {
        status: reply.status,
        headers: reply.headers.clone(),
        body: reply.body.clone(),
        truncated: reply.end != BodyEnd::Complete,
    }
}
