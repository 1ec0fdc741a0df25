//! No credentials.

use serde::Deserialize;

use super::{Applying, AuthFault, AuthScheme, Pending};
use crate::request::RequestSpec;

/// No credentials.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NoAuth {}

impl AuthScheme for NoAuth {
    fn apply(
        &self,
        _: &mut RequestSpec,
        _: &mut Applying<'_>,
    ) -> Result<Option<Pending>, AuthFault> {
        Ok(None)
    }

    fn in_words(&self, _: fn(&str) -> String) -> String {
        "nothing is added".to_owned()
    }
}
