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
mod limits;
mod parse;
mod reference;
mod scope;
mod value;

#[cfg(feature = "helpers")]
pub use call::Helper;
#[cfg(not(feature = "helpers"))]
pub use call_left_out::Helper;
pub use evaluate::SPREAD;
pub(crate) use evaluate::part_text;
pub use fault::{TemplateFault, TemplateProblem, TemplateValueError, quoted_expression};
pub use helpers::{arity, gives_default, helper_names};
pub use limits::{MAX_DEPTH, MAX_RENDERED_BYTES, MAX_TEMPLATE_BYTES};
pub use parse::{Part, Template};
pub use reference::{Reference, Root};
pub use scope::{Found, Scope, scalar_text};
pub use value::ValueTemplate;
