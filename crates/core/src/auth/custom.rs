//! A scheme of the embedder's own: the definition names it, the host brings it.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::Deserialize;

use super::credential::credential;
use super::pending::Signer;
use super::scheme::entries;
use super::{Applying, AuthFault, AuthScheme, CustomScheme, CustomValues, InCurl, Keyed, Pending};
use crate::moment::Moment;
use crate::request::RequestSpec;
use crate::secret::Secret;
use crate::template::Template;

/// A scheme that the embedding program brings.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Custom {
    /// The name under which the host was given the scheme.
    pub name: String,
    /// What the scheme is given, by names of its own.
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, Template>")
    )]
    pub values: IndexMap<String, Template>,
}

/// A custom scheme with its values.
struct CustomCredentials {
    name: String,
    values: CustomValues,
    scheme: Arc<dyn CustomScheme>,
}

impl fmt::Debug for CustomCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomCredentials({})", self.name)
    }
}

impl AuthScheme for Custom {
    fn templates(&self) -> Keyed<'_> {
        entries("values", &self.values).collect()
    }

    fn apply(
        &self,
        _: &mut RequestSpec,
        with: &mut Applying<'_>,
    ) -> Result<Option<Pending>, AuthFault> {
        let unknown = || AuthFault::UnknownScheme { name: self.name.clone() };
        let scheme = with.schemes.get(&self.name).ok_or_else(unknown)?;
        let mut values = CustomValues::new();
        for (name, template) in &self.values {
            values.insert(name.clone(), Secret::from(&*credential(template, with.scope)?));
        }
        let name = self.name.clone();
        Ok(Some(Pending::new(CustomCredentials { name, values, scheme })))
    }

    fn in_words(&self, code: fn(&str) -> String) -> String {
        format!("scheme {} of the host", code(&self.name))
    }

    fn in_curl(&self) -> InCurl<'_> {
        InCurl::LeftOut
    }
}

impl Signer for CustomCredentials {
    fn sign(
        &self,
        request: &mut RequestSpec,
        _: Option<&Secret>,
        moment: &Moment,
    ) -> Result<Vec<Secret>, AuthFault> {
        self.scheme
            .apply(request, &self.values, moment)
            .map_err(|reason| AuthFault::Custom { name: self.name.clone(), reason })
    }
}
