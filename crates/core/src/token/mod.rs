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
mod session;
mod tokens;

use url::Url;

pub use fault::{GrantFault, Refused};
pub use oauth2::{
    Authorization, DeviceCode, authorization_url, device_poll, device_request, exchange,
};
pub use oauth2::{has_revocation, read_device, revocations};
pub use pkce::Pkce;
pub use tokens::{TokenSet, Tokens};

use crate::auth::{AuthFault, TokenScheme};
use crate::connection::Connection;
use crate::decision::Decision;
use crate::inject::query::push_parameter;
use crate::moment::Moment;
use crate::request::{Body, BodyKind, RequestSpec};
use crate::response::Reply;
use crate::template::Template;

/// The request that gets a token without a person: with the refresh token, where there is one, or as the grant says.
/// `None` where a person has to log in.
///
/// # Errors
/// [`AuthFault`] where a value is missing or unusable.
pub fn request(
    scheme: TokenScheme<'_>,
    connection: &Connection,
    current: Option<&Tokens>,
    moment: &Moment,
) -> Result<Option<RequestSpec>, AuthFault> {
    match scheme {
        TokenScheme::OAuth2(oauth2) => oauth2::request(oauth2, connection, current, moment),
        TokenScheme::Session(session) => session::request(session, connection).map(Some),
    }
}

/// Whether the token can be got anew without a person, when the refresh token is no longer good.
#[must_use]
pub fn starts_alone(scheme: TokenScheme<'_>) -> bool {
    match scheme {
        TokenScheme::OAuth2(oauth2) => !oauth2.grant.needs_person(),
        TokenScheme::Session(_) => true,
    }
}

/// What the reply to a [`request`] gives. `now` is in seconds since 1970, by the clock that expiry is judged by.
///
/// # Errors
/// [`GrantFault`].
pub fn read(
    scheme: TokenScheme<'_>,
    reply: &Reply,
    current: Option<&Tokens>,
    now: i64,
) -> Result<Tokens, GrantFault> {
    match scheme {
        TokenScheme::OAuth2(oauth2) => {
            reply::tokens(reply, current, oauth2.lifetime.map(|span| span.0), now)
        }
        TokenScheme::Session(session) => session::read(session, reply, now),
    }
}

/// A literal endpoint: `https`, or `http` on this machine; no user and no fragment (RFC 6749, section 3.1).
#[must_use]
pub fn plain_endpoint(text: &str) -> Option<Url> {
    let url = endpoint_url(text)?;
    let here = match url.host()? {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(address) => address.is_loopback(),
        url::Host::Ipv6(address) => address.is_loopback(),
    };
    (url.scheme() == "https" || here).then_some(url)
}

fn endpoint_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "https" | "http")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    plain.then_some(url)
}

/// The URL of an endpoint.
fn endpoint(
    key: &'static str,
    url: &Decision<Template>,
    connection: &Connection,
) -> Result<Url, AuthFault> {
    let fault = |reason| AuthFault::Endpoint { key, reason };
    let template =
        url.decide(connection).map_err(|_| fault("the table has no row for the connection"))?;
    let text = crate::auth::credential(template, connection)?;
    endpoint_url(&text).ok_or_else(|| fault("it is no URL without user and fragment"))
}

/// A form body (the `application/x-www-form-urlencoded` of RFC 6749, appendix B).
fn form_body<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Body {
    let mut text = String::new();
    for (name, value) in pairs {
        push_parameter(name, value, &mut text);
    }
    Body { kind: BodyKind::Form, bytes: text.into() }
}
