//! What takes a body piece by piece.

use bytes::Bytes;
use cardhost_core::response::{BodyEnd, Reply};
use cardhost_core::transport_fault::TransportFault;
use http::HeaderMap;

use crate::connections::BoxFuture;

/// Takes the body of a reply piece by piece, its content codings undone: a piece is not read before the one before it was taken.
pub trait BodySink: Send {
    /// Whether it takes the body of a reply with this head; one that it does not take is held in memory, up to its limit.
    fn takes(&mut self, status: u16, headers: &HeaderMap) -> bool;

    /// Takes a piece.
    ///
    /// # Errors
    /// How the body ends for it, where it takes no more: [`BodyEnd::Complete`] where it has enough.
    fn push(&mut self, piece: Bytes) -> BoxFuture<'_, Result<(), BodyEnd>>;

    /// The body has ended as the reply says; puts into the reply what there is of it.
    ///
    /// # Errors
    /// [`TransportFault`] where it cannot be kept.
    fn finish<'s>(&'s mut self, reply: &'s mut Reply) -> BoxFuture<'s, Result<(), TransportFault>>;
}
