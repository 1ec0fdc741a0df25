//! `Authorization: Bearer` (RFC 6750, section 2.1).

use http::header::AUTHORIZATION;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::credential::{check_token, credential, set_sensitive};
use super::scheme::keyed;
use super::{Applying, AuthFault, AuthScheme, CredentialPlace, Keyed, Pending};
use crate::request::RequestSpec;
use crate::template::Template;

/// A token that whoever holds it may use.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Bearer {
    /// The token.
    pub token: Template,
}

impl AuthScheme for Bearer {
    fn templates(&self) -> Keyed<'_> {
        keyed([("token", &self.token)]).collect()
    }

    fn puts(&self) -> Vec<(CredentialPlace, &str)> {
        vec![(CredentialPlace::Header, "Authorization")]
    }

    fn apply(
        &self,
        request: &mut RequestSpec,
        with: &mut Applying<'_>,
    ) -> Result<Option<Pending>, AuthFault> {
        let token = credential(&self.token, with.scope)?;
        check_token(&token, "Bearer ")?;
        set_sensitive(request, AUTHORIZATION, &Zeroizing::new(format!("Bearer {token}")))?;
        Ok(None)
    }

    fn in_words(&self, _: fn(&str) -> String) -> String {
        "Bearer token".to_owned()
    }
}
