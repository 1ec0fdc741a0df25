//! Transports: the only part that sends. One file each.

mod coding;
mod http;
mod memory;
mod mock;

pub use cardhost_core::call::Treatment;
pub use cardhost_core::request::RequestSpec;
pub use cardhost_core::response::{BodyEnd, Reply};
pub use cardhost_core::transport_fault::{TimeoutKind, TransportFault, TransportFaultKind};

pub use crate::connections::BoxFuture;
pub use http::HttpTransport;
pub use memory::MemoryTransport;
pub use mock::MockTransport;

/// Sends a request and reads its reply.
pub trait Transport: Send + Sync {
    /// Sends one request, exactly as it is: no redirect is followed, nothing is sent twice.
    ///
    /// # Errors
    /// [`TransportFault`] where no reply came. A reply that ended early is a [`Reply`] that says so.
    fn send<'a>(
        &'a self,
        request: &'a RequestSpec,
        treatment: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>>;
}
