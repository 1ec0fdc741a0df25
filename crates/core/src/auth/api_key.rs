//! A key in a header or in the query.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{AuthFault, credential, set_sensitive};
use crate::inject::header::{HeaderFault, header_name};
use crate::inject::query::push_parameter;
use crate::request::RequestSpec;
use crate::template::{Scope, Template};

/// A key under a name of the service's choice.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// Where it goes.
    #[serde(rename = "in")]
    pub place: ApiKeyPlace,
    /// Name of the header or parameter.
    pub name: String,
    /// The key.
    pub value: Template,
}

/// Where an API key goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ApiKeyPlace {
    /// A header.
    Header,
    /// A query parameter, after the request's own.
    Query,
}

impl ApiKey {
    pub(super) fn apply(
        &self,
        request: &mut RequestSpec,
        scope: &dyn Scope,
    ) -> Result<(), AuthFault> {
        let value = credential(&self.value, scope)?;
        match self.place {
            ApiKeyPlace::Header => {
                let name = header_name(&self.name).map_err(|_| {
                    AuthFault::Header(HeaderFault::Name { name: self.name.clone() })
                })?;
                set_sensitive(request, name, &value)
            }
            ApiKeyPlace::Query => {
                let mut query = request.url.query().unwrap_or_default().to_owned();
                push_parameter(&self.name, &value, &mut query);
                request.url.set_query(Some(&query));
                Ok(())
            }
        }
    }
}
