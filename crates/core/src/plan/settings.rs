//! What can be set for a run besides its invocation.

use std::sync::Arc;

use url::Url;

use crate::auth::CustomSchemes;
use crate::base_url::BaseUrl;

/// What can be set for a run besides its invocation.
#[derive(Clone, Debug, Default)]
pub struct PlanSettings {
    /// Replaces the target's base URL; the URL is pinned to it.
    pub base: Option<Arc<BaseOverride>>,
    /// The auth schemes that the embedding program brings.
    pub schemes: Arc<CustomSchemes>,
}

/// A base URL in place of the target's.
#[derive(Clone, Debug)]
pub struct BaseOverride {
    pub(super) text: String,
    pub(super) url: Url,
}

impl BaseOverride {
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
