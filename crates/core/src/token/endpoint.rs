//! A request to an endpoint that the definition names.

use http::Method;

use crate::auth::AuthFault;
use crate::base_url::{BaseFault, BaseUrl};
use crate::connection::Connection;
use crate::inject::query::push_parameter;
use crate::request::{Body, BodyKind, RequestSpec};
use crate::template::Decision;

/// A request to an endpoint.
pub(super) fn endpoint(
    key: &'static str,
    url: &Decision<BaseUrl>,
    method: Method,
    connection: &Connection,
) -> Result<RequestSpec, AuthFault> {
    let fault = |reason| AuthFault::Endpoint { key, reason };
    let no_row = |_| fault("its table has no row for the connection");
    let url = url.decide(connection).map_err(no_row)?;
    if let Some(literal) = url.url() {
        return Ok(RequestSpec::new(method, literal.clone()));
    }
    let rendered = url.render(connection).map_err(|error| match error {
        BaseFault::Value { error, .. } => AuthFault::Template(error),
        BaseFault::Url { .. } => fault("a value of the connection cannot stand in it"),
        BaseFault::Malformed => fault("it is no URL without user, query and fragment"),
    })?;
    let rendered =
        rendered.ok_or_else(|| fault("it is no URL without user, query and fragment"))?;
    let host_from = rendered.host_from;
    Ok(RequestSpec { host_from, ..RequestSpec::new(method, rendered.url) })
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
    Body { kind: BodyKind::Form, bytes: text.into() }
}
