//! The facts of an error of a run: one enum over what each part of the core can find wrong.

use crate::cassette_fault::CassetteFault;
use crate::connection::ConnectionFault;
use crate::decoder::DecodeFault;
use crate::flow_fault::FlowFault;
use crate::invocation::InvocationFault;
use crate::plan::PlanFault;
use crate::response::OutputFault;
use crate::store_fault::StoreFault;
use crate::token::GrantFault;
use crate::transport_fault::TransportFault;

/// The facts of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The invocation is malformed.
    Invocation(InvocationFault),
    /// The connection cannot be used.
    Connection(ConnectionFault),
    /// The store of connections.
    Store(StoreFault),
    /// A cassette, or what was replayed from it.
    Cassette(CassetteFault),
    /// No request can be planned.
    Plan(PlanFault),
    /// There is no token.
    Grant {
        /// The auth method.
        method: String,
        /// Why.
        fault: GrantFault,
    },
    /// The reply did not come, or not whole.
    Transport {
        /// Scheme, host and port of the service.
        origin: String,
        /// What happened.
        fault: TransportFault,
    },
    /// The body is longer than the limit.
    TooLarge {
        /// In bytes; inclusive.
        limit: u64,
    },
    /// Too many redirects.
    Redirects {
        /// Inclusive.
        max: u8,
    },
    /// The body cannot be decoded.
    Decode(DecodeFault),
    /// The outputs cannot be made.
    Output(OutputFault),
    /// The service answered with an error.
    Service {
        /// The HTTP status.
        status: u16,
        /// The service's own words.
        message: Option<String>,
    },
    /// The definition does not load; `check` shows every fault.
    Definition {
        /// The reader's words.
        reason: String,
    },
    /// No such connector or card.
    Unknown {
        /// `connector`, `card` or `connection`.
        what: &'static str,
        /// Its name.
        name: String,
        /// The nearest name.
        nearest: Option<String>,
    },
    /// The connector declares no test of its connections.
    NoTest {
        /// The connector.
        connector: String,
    },
    /// A named file cannot be read.
    Unreadable {
        /// The system's words.
        reason: String,
    },
    /// An invocation points at the environment or a file, and the policy does not allow it.
    SecretReference {
        /// The field.
        field: String,
    },
    /// The text of an invocation is longer than the limit.
    InvocationTooLong {
        /// In bytes; inclusive.
        limit: usize,
    },
    /// A run of a flow.
    Flow(FlowFault),
    /// A bug in cardhost.
    Internal {
        /// What was found to be broken.
        what: &'static str,
    },
}
