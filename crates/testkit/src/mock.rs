//! A transport that answers from the cards' examples.

use std::sync::Arc;

use cardhost_author::mock::Mock;
use cardhost_core::call::Treatment;
use cardhost_core::request::RequestSpec;
use cardhost_core::response::Reply;
use cardhost_core::transport_fault::TransportFault;

use cardhost_runtime::catalog::Catalog;
use cardhost_runtime::transport::{BoxFuture, StandIn, Transport};

/// Answers one connector's requests from its cards' examples.
pub struct MockTransport {
    mock: Mock,
}

impl MockTransport {
    /// The mock of one connector; cards that do not load are left out.
    #[must_use]
    pub fn new(catalog: &Catalog, connector: &str) -> MockTransport {
        let names = catalog.cards(connector);
        let definitions = names.iter().filter_map(|name| catalog.definition(name).ok()).collect();
        MockTransport { mock: Mock::new(definitions) }
    }

    /// What it answers with.
    #[must_use]
    pub fn mock(&self) -> &Mock {
        &self.mock
    }
}

impl Transport for MockTransport {
    fn send<'a>(
        &'a self,
        request: &'a RequestSpec,
        _: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        let body = request.body.as_ref().map(|body| &*body.bytes).unwrap_or_default();
        let reply = self.mock.answer(&request.method, &request.url, &request.headers, body);
        Box::pin(async move { Ok(reply) })
    }
}

/// The mocks of every connector, as what stands in for their services.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mocks;

impl StandIn for Mocks {
    fn transport(&self, catalog: &Catalog, connector: &str) -> Arc<dyn Transport> {
        Arc::new(MockTransport::new(catalog, connector))
    }
}
