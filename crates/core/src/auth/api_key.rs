//! A key in a header, in the query or in a cookie.

use schemars::JsonSchema;
use serde::Deserialize;

use super::placement::{Place, put};
use super::{AuthFault, credential};
use crate::request::RequestSpec;
use crate::template::{Scope, Template};

/// A key under a name of the service's choice.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// Where it goes.
    #[serde(rename = "in")]
    pub place: Place,
    /// Name of the header, parameter or cookie.
    pub name: String,
    /// The key.
    pub value: Template,
}

impl ApiKey {
    pub(super) fn apply(
        &self,
        request: &mut RequestSpec,
        scope: &dyn Scope,
    ) -> Result<(), AuthFault> {
        put(self.place, &self.name, &credential(&self.value, scope)?, request)
    }
}
