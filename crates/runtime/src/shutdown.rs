//! The orderly end of what a host does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cardhost_core::transport_fault::{TransportFault, TransportFaultKind};
use tokio::sync::Notify;

/// Ends the work of a host in two steps: nothing new is begun, then what is under way is cut off. Cheap to clone.
///
/// What is begun by a [`Host`](crate::host::Host) is up to its caller, who watches [`Shutdown::begun`]; a flow begins no
/// further step by itself, and stops with `flow.interrupted` once those under way are over. After [`Shutdown::cut_off`] every
/// call ends at once with `transport.interrupted`, which says whether its request may have arrived.
///
/// # Example: a call whose service never answers
/// ```
/// use cardhost_core::invocation::Invocation;
/// use cardhost_runtime::catalog::MemorySource;
/// use cardhost_runtime::host::Host;
/// use cardhost_runtime::shutdown::Shutdown;
/// use cardhost_runtime::transport::{BoxFuture, Reply, RequestSpec, Transport, TransportFault, Treatment};
///
/// struct Silent;
///
/// impl Transport for Silent {
///     fn send<'a>(&'a self, _: &'a RequestSpec, _: Treatment) -> BoxFuture<'a, Result<Reply, TransportFault>> {
///         Box::pin(std::future::pending())
///     }
/// }
///
/// # let cards = MemorySource::new()
/// #     .with("shop/connector", r#"{
/// #         "format": 1, "name": "shop", "title": "Shop", "version": "1.0.0",
/// #         "connection": { "fields": {} }, "auth": { "none": { "scheme": "none" } },
/// #         "targets": { "api": { "base": "https://shop.example/v1", "auth": ["none"] } }
/// #     }"#)
/// #     .with("shop/order", r#"{
/// #         "format": 1, "name": "order", "title": "Order", "version": "1.0.0",
/// #         "request": { "target": "api", "method": "POST", "path": "/orders" },
/// #         "response": { "decoder": "json" }, "effect": "write",
/// #         "output": { "Order": { "ID": { "type": "text", "value": "<<response.body.id>>" } } }
/// #     }"#);
/// let shutdown = Shutdown::default();
/// let host = Host::builder().cards(cards).transport(Silent).shutdown(shutdown.clone()).build();
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// let error = runtime.block_on(async {
///     let call = host.run(Some("shop/order"), Invocation::default());
///     let end = async { shutdown.cut_off() };
///     tokio::join!(biased; call, end).0.unwrap_err()
/// });
/// assert_eq!(error.code().as_str(), "transport.interrupted");
/// assert_eq!(error.retryable(), Some(false), "the order may have been taken");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Shutdown(Arc<State>);

#[derive(Debug, Default)]
struct State {
    has_begun: AtomicBool,
    is_cut_off: AtomicBool,
    beginning: Notify,
    cutting_off: Notify,
}

impl Shutdown {
    /// Lets what is under way come to its end, and nothing new begin.
    pub fn begin(&self) {
        self.0.has_begun.store(true, Ordering::SeqCst);
        self.0.beginning.notify_waiters();
    }

    /// Ends what is under way, now.
    pub fn cut_off(&self) {
        self.begin();
        self.0.is_cut_off.store(true, Ordering::SeqCst);
        self.0.cutting_off.notify_waiters();
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.has_begun.load(Ordering::SeqCst)
    }

    /// Waits until it begins; losing this future loses nothing.
    pub async fn begun(&self) {
        // It hears what is said from now on; what was said before is looked up after that.
        let said = self.0.beginning.notified();
        if !self.has_begun() {
            said.await;
        }
    }

    /// Waits until what is under way is cut off; losing this future loses nothing.
    pub async fn is_cut_off(&self) {
        let said = self.0.cutting_off.notified();
        if !self.0.is_cut_off.load(Ordering::SeqCst) {
            said.await;
        }
    }

    /// Does something unless it is cut off meanwhile. `not_sent`: what is cut off then has sent nothing.
    pub(crate) async fn guard<T>(
        &self,
        not_sent: bool,
        work: impl Future<Output = T>,
    ) -> Result<T, TransportFault> {
        let fault = |not_sent| TransportFault {
            kind: TransportFaultKind::Interrupted,
            not_sent,
            detail: String::new(),
        };
        if self.0.is_cut_off.load(Ordering::SeqCst) {
            return Err(fault(true));
        }
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = self.is_cut_off() => Err(fault(not_sent)),
        }
    }
}
