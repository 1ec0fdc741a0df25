//! A transport that answers from the cards' examples.

use std::fmt;
use std::sync::Arc;

use cardhost_author::mock::Mock;
use cardhost_core::call::Treatment;
use cardhost_core::definition::Definition;
use cardhost_core::error::{Code, Fault};
use cardhost_core::failure::Error;
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
        let body = request.body.as_ref().and_then(|body| body.bytes());
        let body = body.map(|bytes| &**bytes).unwrap_or_default();
        let reply = self.mock.answer(&request.method, &request.url, &request.headers, body);
        Box::pin(async move { Ok(reply) })
    }
}

/// The mocks of every connector, as what stands in for their services.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mocks;

/// A card that no mock can answer for: it has no example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoExample {
    /// The card's full name.
    pub card: String,
}

impl fmt::Display for NoExample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` has no example with a reply: there is nothing to answer with", self.card)
    }
}

impl std::error::Error for NoExample {}

impl Fault for NoExample {
    fn code(&self) -> Code {
        Code::MOCK_NO_EXAMPLE
    }

    fn hint(&self) -> Option<String> {
        let text = "its author can add one to `examples`; a recorded case (docs/cassettes.md) is another way to run it offline";
        Some(text.to_owned())
    }
}

impl StandIn for Mocks {
    fn admits(&self, definition: &Definition) -> Result<(), Error> {
        // Examples that cannot be read are told of where they are used.
        let examples = definition.examples().unwrap_or_default();
        match examples.iter().any(|example| example.reply.is_some()) {
            true => Ok(()),
            false => Err(NoExample { card: definition.full_name() }.into()),
        }
    }

    fn transport(&self, catalog: &Catalog, connector: &str) -> Arc<dyn Transport> {
        Arc::new(MockTransport::new(catalog, connector))
    }
}
