//! Runtime expressions: jq, compiled once, evaluated under limits, and without the outside world.
//!
//! ```text
//! "${ .a + $b }" ─ compile (names in scope) ─▶ Expression ─ evaluate (`.`, values, limits) ─▶ Datum
//! {"k": "${ … }"} ─────────────────────────▶ Shaped     ─ evaluate ─▶ Datum
//! "https://h/pet/{id}" ────────────────────▶ UriTemplate ─ expand ─▶ text
//! ```
//! An expression has no environment, no further input, no file, no clock but the time it is given and
//! always an end: too many steps, too large a value and too deep a call are `flow.expression_limit`.

mod compiled;
mod engine;
mod fault;
mod known;
mod library;
mod natives;
mod nesting;
mod path;
mod program;
mod recursion;
mod scope;
mod secrets;
mod shaped;
mod terms;
mod uri;

pub use compiled::{DEFAULT_STEPS, Expression, MAX_EXPRESSION_BYTES, inner};
pub use fault::ExpressionFault;
pub use program::SyntaxFault;
pub use scope::{ARGUMENTS, Scope};
pub use shaped::Shaped;
pub use uri::UriTemplate;

#[cfg(test)]
mod tests;
