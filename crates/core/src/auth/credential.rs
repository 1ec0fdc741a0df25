//! The text of a credential, and the header it is put into.

use std::borrow::Cow;

use http::HeaderName;

use super::AuthFault;
use crate::inject::header::header_value;
use crate::request::RequestSpec;
use crate::secret::Secret;
use crate::template::{Scope, Template};

/// The text of a credential's template.
pub(crate) fn credential<'s>(
    template: &'s Template,
    scope: &'s dyn Scope,
) -> Result<Cow<'s, str>, AuthFault> {
    template.text(scope).map(Option::unwrap_or_default).map_err(AuthFault::Template)
}

/// The text of a credential that may be left out; empty text counts as left out.
pub(super) fn optional_credential(
    template: Option<&Template>,
    scope: &dyn Scope,
) -> Result<Option<Secret>, AuthFault> {
    let Some(template) = template else { return Ok(None) };
    let text = credential(template, scope)?;
    Ok((!text.is_empty()).then(|| Secret::from(&*text)))
}

/// Sets a header that carries a credential: marked sensitive, so that no layer below prints it.
pub(crate) fn set_sensitive(
    request: &mut RequestSpec,
    name: HeaderName,
    value: &str,
) -> Result<(), AuthFault> {
    let mut value = header_value(name.as_str(), value).map_err(AuthFault::Header)?;
    value.set_sensitive(true);
    request.headers.insert(name, value);
    Ok(())
}
