//! What can be set for a run besides its invocation.

use std::collections::BTreeMap;
use std::sync::Arc;

use url::Url;

use crate::auth::CustomSchemes;
use crate::base_url::BaseUrl;

/// What can be set for a run besides its invocation.
#[derive(Clone, Debug, Default)]
pub struct PlanSettings {
    /// Replaces the target's base URL; the URL is pinned to it.
    pub base: Option<Arc<BaseOverride>>,
    /// The same for the targets of single connectors, by their names: before [`PlanSettings::base`].
    pub bases: BTreeMap<String, Arc<BaseOverride>>,
    /// The auth schemes that the embedding program brings.
    pub schemes: Arc<CustomSchemes>,
}

impl PlanSettings {
    /// What replaces the base URLs of a connector's targets.
    #[must_use]
    pub fn base_of(&self, connector: &str) -> Option<&Arc<BaseOverride>> {
        match self.bases.is_empty() {
            true => self.base.as_ref(),
            false => self.bases.get(connector).or(self.base.as_ref()),
        }
    }
}

/// A base URL in place of the target's.
#[derive(Clone, Debug)]
pub struct BaseOverride {
    pub(super) text: String,
    pub(super) url: Url,
}

impl BaseOverride {
    /// The URL as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Why a text is no base URL, in words; where it may hold a password it is not repeated.
    #[must_use]
    pub fn refusal(text: &str) -> String {
        match text.contains('@') {
            true => "holds a user or password, which no base URL has: leave them out; credentials are those of a connection".to_owned(),
            false => format!("`{text}` is not a base URL: give http or https, a host, and a path"),
        }
    }

    /// Reads a base URL: `http` or `https`, a host, a path; no user, query or fragment.
    #[must_use]
    pub fn parse(text: &str) -> Option<BaseOverride> {
        let base = BaseUrl::new(text);
        let url = base.url()?.clone();
        Some(BaseOverride { text: text.to_owned(), url })
    }

    /// The base URL as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}
