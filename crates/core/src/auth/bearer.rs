//! `Authorization: Bearer` (RFC 6750, section 2.1).

use http::header::AUTHORIZATION;
use schemars::JsonSchema;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{AuthFault, credential, set_sensitive};
use crate::request::RequestSpec;
use crate::template::{Scope, Template};

/// A token that whoever holds it may use.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bearer {
    /// The token.
    pub token: Template,
}

impl Bearer {
    pub(super) fn apply(
        &self,
        request: &mut RequestSpec,
        scope: &dyn Scope,
    ) -> Result<(), AuthFault> {
        let token = credential(&self.token, scope)?;
        set_sensitive(request, AUTHORIZATION, &Zeroizing::new(format!("Bearer {token}")))
    }
}
