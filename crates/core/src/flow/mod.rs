//! Flows.
pub mod datum;
pub mod document;
pub mod expression;
mod findings;
mod interpreter;
mod load;
pub mod node;
mod problem;

pub use document::{Document, schema};
pub use findings::Finding;
pub use interpreter::http::{HttpAuthentication, HttpReply, HttpRequest};
pub use interpreter::step::{Action, CardCall, Step, StepId, SubFlow, WaitReason};
pub use interpreter::{DEFAULT_MAX_TASKS, Event, Happened, MAX_FRAMES, Options, Run};
pub use load::{Loaded, MAX_DOCUMENT_BYTES, load};
pub use problem::{Problem, Standard, same_type};
