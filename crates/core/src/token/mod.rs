//! Tokens: the requests that get, renew and revoke them, and what their replies mean. Who may send them and when is the
//! business of the runtime.
//!
//! ```text
//! TokenScheme ─ request(connection, tokens, moment) ─▶ RequestSpec ─ reply ─▶ read ─▶ Tokens │ GrantFault
//! ```

mod fault;
mod jwt;
mod oauth2;
mod pkce;
mod reply;
mod scheme;
mod session;
mod tokens;

use http::Method;

pub use fault::{GrantFault, NoToken, Refused};
pub use oauth2::{
    Authorization, DeviceCode, authorization_url, device_poll, device_request, exchange,
};
pub use oauth2::{has_revocation, read_device, revocations};
pub use pkce::Pkce;
pub use scheme::{TokenScheme, read, request, starts_alone};
pub use tokens::{TokenSet, Tokens};

use crate::auth::AuthFault;
use crate::base_url::{BaseFault, BaseUrl};
use crate::connection::Connection;
use crate::decision::Decision;
use crate::inject::query::push_parameter;
use crate::request::{Body, BodyKind, RequestSpec};
use crate::response::Reply;
use crate::secret::Redactor;

/// A reply to a request for tokens, and what is needed to read it.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// The reply.
    pub reply: &'a Reply,
    /// What of the request must not be shown: servers repeat it in what they say.
    pub redactor: &'a Redactor,
    /// When it came.
    pub now: Now,
}

/// Now, in seconds since 1970, by two clocks that may differ.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// By the clock that the ends of tokens are judged by: hosts that share a store share its clock.
    pub shared: i64,
    /// By this machine's clock, which assertions are dated by: where they are refused, a reply's `Date` is held against it.
    pub here: i64,
}

/// What a reply that refuses something means.
#[must_use]
pub fn refusal(answer: &Answer<'_>) -> GrantFault {
    reply::granted(answer).err().unwrap_or(GrantFault::Denied)
}

/// A request to an endpoint.
fn endpoint(
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
fn form_body<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Body {
    // Large enough from the start: a text that grows leaves what it held behind.
    let pairs: Vec<_> = pairs.collect();
    let longest = pairs.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
    let mut text = String::with_capacity(longest);
    for (name, value) in pairs {
        push_parameter(name, value, &mut text);
    }
    Body { kind: BodyKind::Form, bytes: text.into() }
}
