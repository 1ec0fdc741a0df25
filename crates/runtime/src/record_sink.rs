//! What takes the records of pages.

use cardhost_core::failure::Error;
use cardhost_core::pages::{Got, Records};

use crate::transport::BoxFuture;

/// Takes the records of pages, one page after the other: the next page is not asked for before it is ready for it.
pub trait RecordSink: Send {
    /// Takes the records of a page; told what was had with them.
    fn put(&mut self, records: Records, got: &Got) -> BoxFuture<'_, Result<(), Error>>;
}
