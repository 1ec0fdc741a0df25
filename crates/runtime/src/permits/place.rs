//! Where it is kept what is counted: in memory, or in a ledger that others share.

use std::sync::{Arc, Mutex};

use cardhost_core::failure::Error;
use cardhost_core::limits::Ledger;
use cardhost_store::{LimitLedger, StoreFault};
use tokio::sync::OnceCell;

use crate::transport::BoxFuture;

/// Opens the ledger of a host when the first limit is met; `None` where there is none to share.
pub(crate) type OpenLedger =
    dyn Fn() -> BoxFuture<'static, Result<Option<Arc<dyn LimitLedger>>, Error>> + Send + Sync;

/// Where the ledgers of a host are.
pub(super) struct Source {
    open: Option<Box<OpenLedger>>,
    opened: OnceCell<Option<Arc<dyn LimitLedger>>>,
}

/// Where one ledger is.
pub(super) enum Place {
    /// In memory: for the calls of this host.
    Here(Mutex<Ledger>),
    /// With others.
    Shared(Arc<dyn LimitLedger>),
}

impl Source {
    pub(super) fn new(open: Option<Box<OpenLedger>>) -> Source {
        Source { open, opened: OnceCell::new() }
    }

    /// The place of one ledger. A shared one that cannot be opened here, as on a disk that can only be read, is none, and said so; one that
    /// cannot be reached for now is an error, and is tried again for the next request.
    pub(super) async fn place(&self) -> Result<Place, Error> {
        let Some(open) = &self.open else { return Ok(Place::Here(Mutex::default())) };
        let opened = self.opened.get_or_try_init(|| async {
            match open().await {
                Err(error) if is_lasting(&error) => {
                    let reason = error.message();
                    tracing::warn!(%reason, "limits are counted for this process alone");
                    Ok(None)
                }
                opened => opened,
            }
        });
        Ok(match opened.await? {
            Some(shared) => Place::Shared(Arc::clone(shared)),
            None => Place::Here(Mutex::default()),
        })
    }
}

/// Whether trying again does not mend it.
fn is_lasting(error: &Error) -> bool {
    let fault = error.fault().downcast_ref();
    matches!(fault, Some(StoreFault::Unreachable { transient: false, .. }))
}
