//! **cardhost** hosts connector cards: a card is a JSON file that declares one action of a third-party API,
//! and cardhost validates it, plans the exact request, attaches the credential, sends it, and maps the reply.
//!
//! # Example: plan and run a card without a network
//! ```
//! use cardhost::transport::MemoryTransport;
//! use cardhost::{Host, Invocation, Reply};
//! use serde_json::json;
//!
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
//! runtime.block_on(async {
//!     let host = Host::builder()
//!         .cards(cardhost::Embedded)
//!         .transport(MemoryTransport::new(|request| {
//!             assert_eq!(request.url.as_str(), "https://eu.mixpanel.com/api/app/me");
//!             Ok(Reply::new(204, Default::default(), ""))
//!         }))
//!         .build();
//!     let invocation = Invocation::from_value(json!({
//!         "connection": { "fields": {
//!             "API Server Location": "EU",
//!             "Service Account: Username": "sa", "Service Account: Secret": "secret",
//!         } },
//!         "options": { "Request Type": "GET", "Select API": "Query API" },
//!         "input": { "Request": { "Relative URL": "/app/me" } },
//!     }))?;
//!     let outcome = host.run(Some("mixpanel/custom-api-action"), invocation).await?;
//!     assert_eq!(outcome.output.to_value()?["Response"]["Status Code"], 204);
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Host`] is `Send`, `Sync` and cheap to clone; one is enough for a process. It runs on any tokio runtime
//! with time and I/O enabled.

#[cfg(feature = "embedded-cards")]
mod embedded;

#[cfg(feature = "author")]
pub use cardhost_author as author;
#[cfg(feature = "testing")]
pub use cardhost_cassette as cassette;
pub use cardhost_core as core;
pub use cardhost_core::call::Outcome;
pub use cardhost_core::error::{Class, Code, Place};
pub use cardhost_core::failure::{Error, FailedResponse};
pub use cardhost_core::invocation::{ConnectionRef, Invocation};
pub use cardhost_core::plan::{BaseOverride, Plan, Warning};
pub use cardhost_core::request::{HostFrom, RequestSpec};
pub use cardhost_core::response::{Output, OutputValue, Reply};
pub use cardhost_runtime::host::{Host, HostBuilder, Policy, Prepared};
pub use cardhost_runtime::{catalog, clock, connections, entropy, login, store, transport};
#[cfg(feature = "testing")]
pub use cardhost_testkit as testing;

#[cfg(feature = "embedded-cards")]
pub use embedded::Embedded;
#[cfg(all(feature = "embedded-cards", feature = "flow"))]
pub use embedded::EmbeddedFlows;

/// Flows: several cards in sequence. The language, and the runner that carries flows out.
#[cfg(feature = "flow")]
pub mod flow {
    pub use cardhost_flow::*;
    pub use cardhost_runtime::flow::*;
}
