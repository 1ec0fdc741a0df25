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

pub use cardhost_core::call::Outcome;
pub use cardhost_core::error::{Class, Code, Place};
pub use cardhost_core::failure::{Error, FailedResponse};
pub use cardhost_core::invocation::{ConnectionRef, Invocation};
pub use cardhost_core::plan::{BaseOverride, Plan, Warning};
pub use cardhost_core::request::{HostFrom, RequestSpec};
pub use cardhost_core::response::{Output, OutputValue, Reply};
pub use cardhost_runtime::caller::Caller;
pub use cardhost_runtime::host::{Host, HostBuilder, Policy, Prepared};
#[cfg(feature = "embedded-cards")]
pub use embedded::Embedded;
#[cfg(all(feature = "embedded-cards", feature = "flow"))]
pub use embedded::EmbeddedFlows;

/// The types of methods, headers and statuses, of the version that transports are given.
pub use http;

/// Where cards come from.
pub mod catalog {
    pub use cardhost_runtime::catalog::{CardSource, Catalog, Folder, MemorySource};
}

/// Pages: which are asked for, what takes their records, what was had of them.
pub mod pages {
    pub use cardhost_core::failure::SoFar;
    pub use cardhost_core::pages::{Cursor, Ended, Got, Records, Wanted};
    pub use cardhost_runtime::record_sink::RecordSink;
}

/// What fields of cards offer, and which keys they have.
pub mod choices {
    pub use cardhost_core::choices::{ChoicesFault, Offered};
    pub use cardhost_core::described::DescribedField;
    pub use cardhost_runtime::host::{Choices, DescribedFields};
}

/// The time, as a host sees it.
pub mod clock {
    pub use cardhost_runtime::clock::{Clock, FixedClock, SystemClock, WaitingClock};
}

/// Where random values come from.
pub mod entropy {
    pub use cardhost_runtime::entropy::{Entropy, FixedEntropy, SeededEntropy, SystemEntropy};
}

/// The orderly end of what a host does.
pub mod shutdown {
    pub use cardhost_runtime::shutdown::Shutdown;
}

/// Connections that the embedding program gives.
pub mod connections {
    pub use cardhost_core::connection::SecretSource;
    pub use cardhost_runtime::connections::{
        BoxFuture, ConnectionProvider, MemoryConnections, read_secret,
    };
}

/// Auth schemes that the embedding program brings.
pub mod auth {
    pub use cardhost_core::auth::{CustomScheme, CustomValues};
    pub use cardhost_core::moment::Moment;
    pub use cardhost_core::secret::Secret;
}

/// The store of connections: sealed, in one file or in PostgreSQL.
pub mod store {
    pub use cardhost_store::{
        DEFAULT_TENANT, KEY_BYTES, Key, KeyFault, KeySet, LONGEST_LEASE, Lease, LeaseAnswer,
        MOST_NAME_BYTES, MOST_VALUE_BYTES, Store, StoreFault, StoredConnection, StoredTokens,
        Summary, TenantStore, export, is_connection_name, is_tenant_name,
    };
}

/// What was sent under the limits of services, for all who share it.
pub mod limits {
    pub use cardhost_core::limits::{Ledger, LimitFault, Permit, Turn};
    pub use cardhost_store::{Change, Changed, LimitLedger, open_limit_ledger};
}

/// Logging in: the grants for which a person is needed.
pub mod login {
    pub use cardhost_runtime::login::{
        BrowserLogin, DeviceCode, DeviceLogin, Login, Revoked, TestOutcome,
    };
    pub use cardhost_runtime::login::{Choice, LoginEnd, OpenChoice};
}

/// What sends requests, and what may stand around it or in its place.
pub mod transport {
    pub use cardhost_runtime::transport::{
        BodyEnd, BodySink, BoxFuture, Denied, EgressPolicy, HttpTransport, MemoryTransport,
        Observer, OwnFault, PrivateNetwork, Proxies, Reply, RequestSpec, Resolve, StandIn,
        SystemResolver, TimeoutKind, Transport, TransportFault, TransportFaultKind, Treatment,
        egress,
    };
}

/// The facts of errors: [`Error::fault`](crate::Error::fault) gives one of these, for `downcast_ref`.
pub mod fault {
    #[cfg(feature = "testing")]
    pub use cardhost_cassette::{CassetteFault, ReplayFault};
    pub use cardhost_core::auth::AuthFault;
    pub use cardhost_core::call::ReplyFault;
    pub use cardhost_core::connection::ConnectionFault;
    pub use cardhost_core::connection_test::{NoIdentity, NoTest};
    pub use cardhost_core::decoder::DecodeFault;
    pub use cardhost_core::error::{Fault, Internal, Retry, Unreadable};
    pub use cardhost_core::inject::header::HeaderFault;
    pub use cardhost_core::inject::host::HostFault;
    pub use cardhost_core::inject::path::UrlFault;
    pub use cardhost_core::invocation::InvocationFault;
    pub use cardhost_core::load::LoadFault;
    pub use cardhost_core::pages::PageFault;
    pub use cardhost_core::plan::PlanFault;
    pub use cardhost_core::response::OutputFault;
    pub use cardhost_core::settle::{FieldFault, FieldProblem, FieldRoot};
    pub use cardhost_core::template::TemplateValueError;
    pub use cardhost_core::token::{GrantFault, NoToken};
    pub use cardhost_core::transport_fault::ExchangeFault;
    pub use cardhost_store::{KeyFault, StoreFault};
    #[cfg(feature = "flow")]
    pub use {
        cardhost_flow::FlowFault,
        cardhost_runtime::flow::{JournalProblem, RunFault},
    };
}

/// Flows: several cards in sequence. The language, and the runner that carries flows out.
#[cfg(feature = "flow")]
pub mod flow {
    #[doc(hidden)]
    pub use cardhost_flow::*;
    pub use cardhost_flow::{
        DEFAULT_MAX_TASKS, Document, Finding, FlowFault, Head, MAX_DOCUMENT_BYTES, Problem, Source,
        Standard, Surroundings, Way, check, load,
    };
    pub use cardhost_runtime::flow::{
        Busy, Flow, FlowFolder, FlowRunner, FlowSecrets, FlowSource, Journal, JournalProblem,
        MAX_FLOWS_DEEP, MemoryFlows, MemorySecrets, News, NotReady, RecordingTimer, RunFault,
        SystemTimer, Timer, Unfinished, VirtualTimer, WatchedCall, Watcher, What,
    };
    #[cfg(feature = "sqlite")]
    pub use cardhost_runtime::flow::{RunState, Stage};
}

/// Tests of cards and flows without the service.
#[cfg(feature = "testing")]
pub mod testing {
    #[doc(hidden)]
    pub use cardhost_testkit::formats;
    pub use cardhost_testkit::{
        AnyCase, CaseFolder, CaseRun, FlowCase, FlowCaseRun, Golden, Head, MockTransport, Mocks,
        Order, Recorder, RecordingTransport, Replay, ReplayTransport, Seed, error_snapshot,
        read_cassette, snapshot,
    };
}

// What the command and our own tests use besides. Not part of the interface: it may change with any version.
#[cfg(feature = "author")]
#[doc(hidden)]
pub use cardhost_author as author;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub use cardhost_cassette as cassette;
#[doc(hidden)]
pub use cardhost_core as core;
#[cfg(any(feature = "author", feature = "flow"))]
#[doc(hidden)]
pub use cardhost_document as document;
