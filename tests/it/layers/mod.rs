//! The architecture's invariants, read off the parsed sources.

mod contents;
mod crates;
mod cycles;
mod places;
mod purity;
pub mod source;

pub use source::files;
