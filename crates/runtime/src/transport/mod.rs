//! Transports: the only part that sends. One file each.

mod body_sink;
mod brotli;
mod certificate;
mod coding;
mod connecting;
mod deflate;
pub mod egress;
mod fault;
mod gathered;
mod given;
mod gzip;
mod http;
mod keeping;
mod memory;
mod observer;
#[cfg(feature = "p521")]
mod p521;
mod packing;
mod pieces;
mod private_network;
mod proxies;
mod resolve;
mod room;
mod send;
mod stand_in;
mod tls;
mod undoing;
mod zip;
#[cfg(feature = "zstd")]
mod zstd;

pub use cardhost_core::call::Treatment;
pub use cardhost_core::request::RequestSpec;
pub use cardhost_core::response::{BodyEnd, Reply};
pub use cardhost_core::transport_fault::{
    Denied, OwnFault, TimeoutKind, TransportFault, TransportFaultKind,
};

pub use crate::connections::BoxFuture;
pub use body_sink::BodySink;
pub use egress::EgressPolicy;
pub(crate) use gathered::Gathered;
pub use http::HttpTransport;
pub(crate) use keeping::Keeping;
pub use memory::MemoryTransport;
pub use observer::Observer;
pub use private_network::PrivateNetwork;
pub use proxies::Proxies;
pub use resolve::{Resolve, SystemResolver};
pub use send::Transport;
pub use stand_in::StandIn;
