//! Transports: the only part that sends. One file each.

mod coding;
pub mod egress;
mod fault;
mod http;
mod memory;
mod observer;
mod resolve;
mod stand_in;
mod tls;

pub use cardhost_core::call::Treatment;
pub use cardhost_core::request::RequestSpec;
pub use cardhost_core::response::{BodyEnd, Reply};
pub use cardhost_core::transport_fault::{
    Denied, OwnFault, TimeoutKind, TransportFault, TransportFaultKind,
};

pub use crate::connections::BoxFuture;
pub use egress::EgressPolicy;
pub use http::HttpTransport;
pub use memory::MemoryTransport;
pub use observer::Observer;
pub use resolve::{Resolve, SystemResolver};
pub use stand_in::StandIn;

/// Sends a request and reads its reply.
pub trait Transport: Send + Sync {
    /// Sends one request, exactly as it is: no redirect is followed, nothing is sent twice.
    ///
    /// Where [`RequestSpec::host_from`] is a value, the host was checked as it stands in the URL; what it resolves to
    /// is checked by [`HttpTransport`], and to be checked by any other transport that opens connections
    /// ([`EgressPolicy::check_addresses`]).
    ///
    /// # Errors
    /// [`TransportFault`] where no reply came. A reply that ended early is a [`Reply`] that says so.
    fn send<'a>(
        &'a self,
        request: &'a RequestSpec,
        treatment: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>>;
}
