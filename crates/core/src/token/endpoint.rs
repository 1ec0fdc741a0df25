//! A request to an endpoint that the definition names.

use http::Method;
use indexmap::IndexMap;
use serde::{Serialize, Serializer};
use url::Url;
use zeroize::Zeroizing;

use crate::auth::AuthFault;
use crate::base_url::BaseFault;
use crate::endpoint_url::EndpointUrl;
use crate::inject::query::push_parameter;
use crate::request::{Body, BodyKind, RequestSpec};
use crate::template::{Decision, Scope};

/// A request to an endpoint.
pub(super) fn endpoint(
    key: &'static str,
    url: &Decision<EndpointUrl>,
    method: Method,
    scope: &dyn Scope,
) -> Result<RequestSpec, AuthFault> {
    let fault = |reason| AuthFault::Endpoint { key, reason };
    let no_row = |_| fault("its table has no row for the connection");
    let url = url.decide(scope).map_err(no_row)?;
    let (url, host_from) = url.render(scope).map_err(|error| match error {
        BaseFault::Value { error, .. } => AuthFault::Template(error),
        BaseFault::Url { .. } => fault("a value of the connection cannot stand in it"),
        BaseFault::Malformed => fault("it is no URL without user and fragment"),
    })?;
    Ok(RequestSpec { host_from, ..RequestSpec::new(method, url) })
}

/// A form body (the `application/x-www-form-urlencoded` of RFC 6749, appendix B).
pub(super) fn form_body<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Body {
    // Large enough from the start: a text that grows leaves what it held behind.
    let pairs: Vec<_> = pairs.collect();
    let longest = pairs.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
    let mut text = String::with_capacity(longest);
    for (name, value) in pairs {
        push_parameter(name, value, &mut text);
    }
    Body::new(BodyKind::Form, text)
}

/// One JSON object of texts, and of lists of them where a name stands several times.
pub(super) fn json_body<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Body {
    // Escaped, no text is longer than six times its length.
    let pairs: Vec<_> = pairs.collect();
    let longest: usize = pairs.iter().map(|(name, value)| 6 * (name.len() + value.len()) + 8).sum();
    let mut bytes = Vec::with_capacity(longest + 2);
    let mut serializer = serde_json::Serializer::new(&mut bytes);
    // Texts can always be written.
    let mut named: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for (name, value) in pairs {
        named.entry(name).or_default().push(value);
    }
    let _ = serializer.collect_map(named.iter().map(|(name, values)| (name, Values(values))));
    Body::new(BodyKind::Json, bytes)
}

/// One text, or a list of them.
struct Values<'a>(&'a [&'a str]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

/// Adds parameters to the query that a URL has.
pub(super) fn add_to_query<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>, url: &mut Url) {
    let mut query = Zeroizing::new(url.query().unwrap_or_default().to_owned());
    for (name, value) in pairs {
        push_parameter(name, value, &mut query);
    }
    url.set_query(Some(query.as_str()).filter(|query| !query.is_empty()));
}
