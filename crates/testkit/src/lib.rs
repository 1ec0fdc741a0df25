//! Tests of cards and flows without the service.
//!
//! Transports that record, replay and mock stand where the network would be; cases in folders say what must come out.
//! In the crate `cardhost` this is `cardhost::testing`.

mod case;
mod cassette;
pub mod formats;
mod mock;

pub use cardhost_cassette::{Head, Order, Seed};
pub use case::{
    AnyCase, CaseFolder, CaseRun, FlowCase, FlowCaseRun, Golden, Replay, error_snapshot, snapshot,
};
pub use cassette::{Recorder, RecordingTransport, ReplayTransport, read_cassette};
pub use mock::{MockTransport, Mocks, NoExample};
