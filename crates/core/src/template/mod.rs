//! Templates: text with `<<references>>` and helper calls.
//!
//! ```text
//! source ─ parse ─▶ Template { parts: Text │ Reference │ Helper } ─ evaluate(scope) ─▶ typed value or text
//! ```
//! Parsed once, when the definition is loaded. Encoding for the place a value goes to is not done here
//! but in [`crate::inject`].

mod decision;
mod evaluate;
mod fault;
#[cfg(feature = "helpers")]
mod helper_call;
#[cfg(not(feature = "helpers"))]
mod helper_call_left_out;
mod helpers;
mod limits;
mod parse;
mod reference;
mod scope;
mod value;

pub use decision::{Decision, NoRow};
pub use evaluate::SPREAD;
pub(crate) use evaluate::part_text;
pub use fault::{TemplateFault, TemplateProblem, TemplateValueError, quoted_expression};
#[cfg(feature = "helpers")]
pub use helper_call::Helper;
#[cfg(not(feature = "helpers"))]
pub use helper_call_left_out::Helper;
pub use helpers::{HelperDef, Kind, gives_default, helper, helper_names};
pub use limits::{MAX_DEPTH, MAX_RENDERED_BYTES, MAX_TEMPLATE_BYTES};
pub use parse::{Part, Template};
pub(crate) use reference::split as split_segments;
pub use reference::{Reference, Root};
pub use scope::{Found, Scope, scalar_text};
pub use value::{Each, Entry, Key, ValueTemplate, output_value, text_or_jq};
#[cfg(feature = "schemas")]
pub use value::{TextOrJq, ValueOrJq};
