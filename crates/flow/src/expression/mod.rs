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
mod functions;
mod known;
mod library;
mod nesting;
mod path;
mod program;
mod recursion;
mod rewrite;
mod scope;
mod secrets;
mod shaped;
mod syntax;
mod terms;
mod uri;

pub use compiled::{Expression, MAX_EXPRESSION_BYTES, inner};
pub use fault::ExpressionFault;
pub use scope::{ARGUMENTS, Scope};
pub(crate) use secrets::named as secret_names;
pub use shaped::Shaped;
pub use syntax::SyntaxFault;
pub use uri::UriTemplate;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod tests;
