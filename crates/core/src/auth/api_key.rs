//! A key in a header, in the query or in a cookie.

use serde::Deserialize;

use super::credential::credential;
use super::placement::put;
use super::scheme::keyed;
use super::{Applying, AuthFault, AuthScheme, CredentialPlace, Demand, Keyed, Pending};
use crate::request::RequestSpec;
use crate::template::Template;

/// A key under a name of the service's choice.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// Where it goes.
    #[serde(rename = "in")]
    pub place: CredentialPlace,
    /// Name of the header, parameter or cookie.
    pub name: String,
    /// The key.
    pub value: Template,
}

impl AuthScheme for ApiKey {
    fn templates(&self) -> Keyed<'_> {
        keyed([("value", &self.value)]).collect()
    }

    fn puts(&self) -> Vec<(CredentialPlace, &str)> {
        vec![(self.place, &self.name)]
    }

    fn apply(
        &self,
        request: &mut RequestSpec,
        with: &mut Applying<'_>,
    ) -> Result<Option<Pending>, AuthFault> {
        put(self.place, &self.name, &credential(&self.value, with.scope)?, request)?;
        Ok(None)
    }

    fn demands(&self) -> Vec<(String, Demand<'_>)> {
        vec![("name".to_owned(), Demand::Name(self.place, &self.name))]
    }

    fn in_words(&self, code: fn(&str) -> String) -> String {
        let place = match self.place {
            CredentialPlace::Header => "header",
            CredentialPlace::Query => "query parameter",
            CredentialPlace::Cookie => "cookie",
        };
        format!("key in the {place} {}", code(&self.name))
    }
}
