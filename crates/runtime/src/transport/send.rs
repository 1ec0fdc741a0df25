//! What every transport does.

use cardhost_core::call::Treatment;
use cardhost_core::request::RequestSpec;
use cardhost_core::response::{BodyEnd, Reply};
use cardhost_core::transport_fault::TransportFault;

use super::BodySink;
use crate::connections::BoxFuture;

/// Sends a request and reads its reply.
///
/// # Example: a transport around another one
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use cardhost_core::invocation::Invocation;
/// use cardhost_runtime::catalog::MemorySource;
/// use cardhost_runtime::host::Host;
/// use cardhost_runtime::transport::{
///     BoxFuture, MemoryTransport, Reply, RequestSpec, Transport, TransportFault, Treatment,
/// };
/// use serde_json::json;
///
/// /// Counts what is sent.
/// struct Counting<T> {
///     inner: T,
///     sent: Arc<AtomicUsize>,
/// }
///
/// impl<T: Transport> Transport for Counting<T> {
///     fn send<'a>(
///         &'a self,
///         request: &'a RequestSpec,
///         treatment: Treatment,
///     ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
///         self.sent.fetch_add(1, Ordering::Relaxed);
///         self.inner.send(request, treatment)
///     }
/// }
///
/// # let cards = MemorySource::new()
/// #     .with("shop/connector", r#"{
/// #         "format": 1, "name": "shop", "title": "Shop", "version": "1.0.0",
/// #         "connection": { "fields": { "Token": { "type": "secret", "required": true } } },
/// #         "auth": { "token": { "scheme": "bearer", "token": "<<connection.Token>>" } },
/// #         "targets": { "api": { "base": "https://shop.example/v1", "auth": ["token"] } }
/// #     }"#)
/// #     .with("shop/get-order", r#"{
/// #         "format": 1, "name": "get-order", "title": "Get order", "version": "1.0.0",
/// #         "input": { "Order": { "ID": { "type": "text", "required": true } } },
/// #         "request": { "target": "api", "method": "GET", "path": "/orders/<<input.Order.ID>>" },
/// #         "response": { "decoder": "json" }, "effect": "read",
/// #         "output": { "Order": { "State": { "type": "text", "value": "<<response.body.state>>" } } }
/// #     }"#);
/// # let invocation = Invocation::from_value(json!({
/// #     "connection": { "fields": { "Token": "t-1" } },
/// #     "input": { "Order": { "ID": "42" } },
/// # }))?;
/// let sent = Arc::new(AtomicUsize::new(0));
/// let inner =
///     MemoryTransport::new(|_| Ok(Reply::new(200, Default::default(), r#"{ "state": "paid" }"#)));
/// let transport = Counting { inner, sent: Arc::clone(&sent) };
/// let host = Host::builder().cards(cards).transport(transport).build();
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// runtime.block_on(host.run(Some("shop/get-order"), invocation))?;
/// assert_eq!(sent.load(Ordering::Relaxed), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Transport: Send + Sync {
    /// Sends one request, exactly as it is: no redirect is followed, nothing is sent twice.
    ///
    /// Where [`RequestSpec::host_from`] is a value, the host was checked as it stands in the URL; what it resolves to
    /// is checked by [`HttpTransport`](super::HttpTransport), and to be checked by any other transport that opens connections
    /// ([`EgressPolicy::check_addresses`](super::EgressPolicy::check_addresses)).
    ///
    /// # Errors
    /// [`TransportFault`] where no reply came. A reply that ended early is a [`Reply`] that says so.
    fn send<'a>(
        &'a self,
        request: &'a RequestSpec,
        treatment: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>>;

    /// As [`Transport::send`], with the body given to a sink that takes it piece by piece. One that does not say how holds the body in memory
    /// first, up to its limit.
    ///
    /// # Errors
    /// As [`Transport::send`], and where the sink cannot keep what it took.
    fn send_into<'a>(
        &'a self,
        request: &'a RequestSpec,
        treatment: Treatment,
        sink: &'a mut dyn BodySink,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        Box::pin(async move {
            let mut reply = self.send(request, treatment).await?;
            if reply.end == BodyEnd::Complete && sink.takes(reply.status, &reply.headers) {
                if let Err(end) = sink.push(std::mem::take(&mut reply.body)).await {
                    reply.end = end;
                }
                sink.finish(&mut reply).await?;
            }
            Ok(reply)
        })
    }
}
