//! A transport without a network: a function answers. For tests and for embedders' own tests.

use cardhost_core::call::Treatment;
use cardhost_core::request::RequestSpec;
use cardhost_core::response::{BodyEnd, Reply};
use cardhost_core::transport_fault::TransportFault;

use super::{BoxFuture, Transport};

type Answer = dyn Fn(&RequestSpec) -> Result<Reply, TransportFault> + Send + Sync;

/// A transport without a network: a function answers.
pub struct MemoryTransport {
    answer: Box<Answer>,
}

impl MemoryTransport {
    /// Answers every request with what the function gives.
    pub fn new(
        answer: impl Fn(&RequestSpec) -> Result<Reply, TransportFault> + Send + Sync + 'static,
    ) -> MemoryTransport {
        MemoryTransport { answer: Box::new(answer) }
    }
}

impl Transport for MemoryTransport {
    fn send<'a>(
        &'a self,
        request: &'a RequestSpec,
        treatment: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        Box::pin(async move {
            let mut reply = (self.answer)(request)?;
            let limit = treatment.max_body_bytes;
            if u64::try_from(reply.body.len()).unwrap_or(u64::MAX) > limit {
                reply.body.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
                reply.end = BodyEnd::TooLarge { limit };
            }
            Ok(reply)
        })
    }
}
