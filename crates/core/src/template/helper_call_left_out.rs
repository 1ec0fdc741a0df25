//! A build without helper calls: a template that holds one is refused when it is loaded.

use std::convert::Infallible;

use serde_json::Value;

use super::fault::{TemplateProblem, TemplateValueError};
use super::reference::Reference;
use super::scope::Scope;

/// A compiled helper call; there is none in this build.
#[derive(Clone, Debug)]
pub struct Helper(Infallible);

impl Helper {
    pub(super) fn parse(_: &str) -> Result<Helper, TemplateProblem> {
        Err(TemplateProblem::LeftOut)
    }

    /// The call as written.
    #[must_use]
    pub fn source(&self) -> &str {
        match self.0 {}
    }

    /// The references among its parameters.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        match self.0 {}
    }

    /// Whether the helper `default` is somewhere in the call: it is there for values that may be absent.
    #[must_use]
    pub fn gives_default(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn value(&self, _: &dyn Scope) -> Result<Option<Value>, TemplateValueError> {
        match self.0 {}
    }
}
