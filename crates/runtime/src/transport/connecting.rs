//! Whether a request went out over a connection that was opened for it.
//!
//! reqwest does not say. It opens connections through a service that others may stand before, in the task of the request that it
//! opens one for; a connection of its pool is taken without that.

use std::cell::Cell;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

tokio::task_local! {
    /// Whether the request of this task has a connection opened.
    static OPENED: Cell<bool>;
}

/// Does what sends a request; whether a connection was opened for it.
pub(super) async fn noted<T>(sending: impl Future<Output = T>) -> (T, bool) {
    let noting = async { (sending.await, OPENED.with(Cell::get)) };
    OPENED.scope(Cell::new(false), noting).await
}

/// Takes note of the connections that are opened.
#[derive(Clone, Copy)]
pub(super) struct Noting;

impl<S> Layer<S> for Noting {
    type Service = Noted<S>;

    fn layer(&self, inner: S) -> Noted<S> {
        Noted(inner)
    }
}

/// What opens connections, noted.
#[derive(Clone)]
pub(super) struct Noted<S>(S);

impl<S: Service<R>, R> Service<R> for Noted<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: R) -> S::Future {
        // Outside of a request, as when one is opened ahead, there is nobody to tell.
        let _ = OPENED.try_with(|opened| opened.set(true));
        self.0.call(request)
    }
}
