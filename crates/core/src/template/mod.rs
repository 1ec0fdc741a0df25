//! Templates: text with `<<references>>` and helper calls.
//!
//! ```text
//! source ─ parse ─▶ Template { parts: Text │ Reference │ Helper } ─ evaluate(scope) ─▶ typed value or text
//! ```
//! Parsed once, when the definition is loaded. Encoding for the place a value goes to is not done here
//! but in [`crate::inject`].

mod evaluate;
mod fault;
mod helpers;
mod parse;
mod reference;
mod value;

pub(crate) use evaluate::part_text;
pub use evaluate::{Found, SPREAD, Scope, TemplateValueError, scalar_text};
pub use helpers::gives_default;
pub use helpers::{Helper, arity, helper_names};
pub use parse::quoted_expression;
pub use parse::{MAX_DEPTH, MAX_TEMPLATE_BYTES, Part, Template, TemplateFault, TemplateProblem};
pub use reference::{Reference, Root};
pub use value::ValueTemplate;

/// Most bytes that one template may render.
pub const MAX_RENDERED_BYTES: usize = 1024 * 1024;
