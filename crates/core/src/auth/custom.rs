//! A scheme of the embedder's own: the definition names it, the host brings it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::credential::credential;
use super::pending::Signer;
use super::scheme::entries;
use super::{Applying, AuthFault, AuthScheme, InCurl, Keyed, Pending};
use crate::moment::Moment;
use crate::request::RequestSpec;
use crate::secret::Secret;
use crate::template::Template;

/// A scheme that the embedding program brings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Custom {
    /// The name under which the host was given the scheme.
    pub name: String,
    /// What the scheme is given, by names of its own.
    #[schemars(with = "std::collections::BTreeMap<String, Template>")]
    pub values: IndexMap<String, Template>,
}

/// A scheme of an embedder's own.
///
/// It is asked once for each sending, after everything else of the request is there, and must not do I/O: what it needs
/// comes in.
pub trait CustomScheme: Send + Sync {
    /// Adds the credentials to the request, and gives back what they look like there, so that it is redacted.
    ///
    /// # Errors
    /// Why that cannot be done: a lower-case fragment without secrets.
    fn apply(
        &self,
        request: &mut RequestSpec,
        values: &CustomValues,
        moment: &Moment,
    ) -> Result<Vec<Secret>, String>;
}

/// The values of a custom scheme by name.
pub type CustomValues = IndexMap<String, Secret>;

/// The schemes that a host was given, by name.
#[derive(Clone, Default)]
pub struct CustomSchemes {
    known: HashMap<String, Arc<dyn CustomScheme>>,
    any: bool,
}

impl CustomSchemes {
    /// Schemes of every name that add nothing: for examples, which no host runs.
    #[must_use]
    pub fn any() -> CustomSchemes {
        CustomSchemes { known: HashMap::new(), any: true }
    }

    fn get(&self, name: &str) -> Option<Arc<dyn CustomScheme>> {
        let nothing = || self.any.then(|| Arc::new(Nothing) as Arc<dyn CustomScheme>);
        self.known.get(name).cloned().or_else(nothing)
    }

    /// Adds a scheme.
    pub fn add(&mut self, name: &str, scheme: Arc<dyn CustomScheme>) {
        self.known.insert(name.to_owned(), scheme);
    }
}

impl fmt::Debug for CustomSchemes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.known.keys()).finish()
    }
}

/// Adds nothing.
struct Nothing;

impl CustomScheme for Nothing {
    fn apply(
        &self,
        _: &mut RequestSpec,
        _: &CustomValues,
        _: &Moment,
    ) -> Result<Vec<Secret>, String> {
        Ok(Vec::new())
    }
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
