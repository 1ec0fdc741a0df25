//! The plan: the exact request an invocation would send.
//!
//! ```text
//! defaults → options → inputs → target → render → pin → auth
//! ```
//! The first fault wins.

mod body;
mod circumstances;
mod credentials;
mod fault;
mod forms;
mod given;
mod idempotency;
mod limits;
mod login;
mod make;
mod multipart;
mod planned;
mod reach;
mod scope;
mod settings;
mod url;
mod warning;

pub use circumstances::Circumstances;
pub use fault::{HostNotAllowed, PlanFault, RequestPart};
pub use given::plan_request;
pub use limits::{MAX_BODY_BYTES, METHODS};
pub use make::{plan, plan_in};
pub use planned::{Plan, Refusal};
pub use reach::unreachable_base;
pub use settings::{BaseOverride, PlanSettings};
pub use url::{input_field, is_relative_url};
pub use warning::Warning;
