//! Templates: text with `<<references>>` and helper calls.
//!
//! ```text
//! source ─ parse ─▶ Template { parts: Text │ Reference │ Helper } ─ evaluate(scope) ─▶ typed value or text
//! ```
//! Parsed once, when the definition is loaded. Encoding for the place a value goes to is not done here
//! but in [`crate::inject`].

#[cfg(feature = "helpers")]
mod call;
#[cfg(not(feature = "helpers"))]
mod call_left_out;
mod evaluate;
mod fault;
mod helpers;
mod parse;
mod reference;
mod value;

#[cfg(feature = "helpers")]
pub use call::Helper;
#[cfg(not(feature = "helpers"))]
pub use call_left_out::Helper;
pub(crate) use evaluate::part_text;
pub use evaluate::{Found, SPREAD, Scope, TemplateValueError, scalar_text};
pub use helpers::{arity, gives_default, helper_names};
pub use parse::quoted_expression;
pub use parse::{MAX_DEPTH, MAX_TEMPLATE_BYTES, Part, Template, TemplateFault, TemplateProblem};
pub use reference::{Reference, Root};
pub use value::ValueTemplate;

/// Most bytes that one template may render.
pub const MAX_RENDERED_BYTES: usize = 1024 * 1024;
