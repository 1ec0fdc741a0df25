//! What every error has in common: its class, code and place, and the trait of what its owner knows about it.
//!
//! It imports nothing of this crate: each part says what can go wrong in it beside the code that finds it.

mod class;
mod code;
mod fault;
mod place;

pub use class::Class;
pub use code::Code;
pub use fault::{Fault, Internal, Retry, Unreadable};
pub use place::{Place, pointer, push_pointer};
