//! The architecture's invariants, read off the parsed sources.

mod contents;
mod crates;
mod cycles;
mod places;
mod purity;
mod source;

pub use source::files;
