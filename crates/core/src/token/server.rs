//! What an authorization server says of itself: RFC 8414, and OpenID Connect Discovery 1.0 before it.

use std::sync::Arc;

use http::header::ACCEPT;
use http::{HeaderValue, Method};
use serde_json::{Map, Value};
use url::{Host, Url};

use super::answer::Answer;
use super::endpoint::endpoint;
use super::fault::GrantFault;
use crate::auth::{AuthFault, OAuth2};
use crate::connection::Connection;
use crate::request::{HostFrom, RequestSpec};
use crate::secret::Redactor;
use crate::text::unmarked_bytes;

/// What an authorization server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    issuer: Url,
    host_from: HostFrom,
    said: Map<String, Value>,
}

/// The requests for the description of a server, in the order in which they are tried; none where the definition names no issuer.
///
/// # Errors
/// [`AuthFault`] where the issuer is no URL for the connection.
pub fn server_requests(
    oauth2: &OAuth2,
    connection: &Connection,
) -> Result<Vec<RequestSpec>, AuthFault> {
    let Some(issuer) = &oauth2.issuer else { return Ok(Vec::new()) };
    let mut request = endpoint("issuer", issuer, Method::GET, connection)?;
    request.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let mut redactor = Redactor::new();
    connection.add_secrets(&mut redactor);
    request.redactor = Arc::new(redactor);
    let path = request.url.path().trim_end_matches('/').to_owned();
    // RFC 8414, section 3.1, puts it before the issuer's path; OpenID Connect Discovery, section 4, after it.
    let paths = [
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("{path}/.well-known/openid-configuration"),
    ];
    Ok(paths
        .into_iter()
        .map(|path| {
            let mut request = request.clone();
            request.url.set_path(&path);
            request.url.set_query(None);
            request
        })
        .collect())
}

/// What the reply to one of [`server_requests`] says; `None` where there is no description at that place.
///
/// # Errors
/// [`GrantFault::Server`] where the description is not of the issuer, or none that can be used.
pub fn read_server(
    oauth2: &OAuth2,
    connection: &Connection,
    answer: &Answer<'_>,
) -> Result<Option<Server>, GrantFault> {
    let fault = |reason: String| GrantFault::Server { reason };
    let asked = oauth2.issuer.as_ref().map(|issuer| {
        endpoint("issuer", issuer, Method::GET, connection).map(|it| (it.url, it.host_from))
    });
    let Some(Ok((issuer, host_from))) = asked else { return Ok(None) };
    let found = serde_json::from_slice(unmarked_bytes(&answer.reply.body));
    let said: Map<String, Value> = match found {
        Ok(Value::Object(said)) if (200..300).contains(&answer.reply.status) => said,
        _ => return Ok(None),
    };
    let told = said.get("issuer").and_then(Value::as_str).unwrap_or_default();
    // What one server says of another is worth nothing (RFC 8414, section 3.3). A slash at the end is nobody else's.
    let same = |text: &str| text.trim_end_matches('/') == issuer.as_str().trim_end_matches('/');
    if !same(told) {
        let told = answer.redactor.redact(told);
        return Err(fault(format!("it is of the issuer `{told}`, not of `{issuer}`")));
    }
    Ok(Some(Server { issuer, host_from, said }))
}

impl Server {
    /// Whether it has an endpoint, such as `revocation_endpoint`.
    pub(super) fn has(&self, endpoint: &str) -> bool {
        self.said.get(endpoint).is_some_and(Value::is_string)
    }

    /// A request to an endpoint.
    pub(super) fn request(&self, endpoint: &'static str) -> Result<RequestSpec, AuthFault> {
        let fault = |reason| AuthFault::Endpoint { key: endpoint, reason };
        let text = self.said.get(endpoint).and_then(Value::as_str);
        let text = text.ok_or(fault("the server's description does not say it"))?;
        let url = Url::parse(text).ok().filter(|url| {
            let plain = url.username().is_empty() && url.password().is_none();
            plain && url.fragment().is_none() && url.has_host()
        });
        let url = url.ok_or(fault("the server's description has no URL there"))?;
        if url.scheme() != "https" && !(is_here(&url) && is_here(&self.issuer)) {
            return Err(fault("the server's description has no https URL there"));
        }
        let own = url.origin() == self.issuer.origin();
        let host_from = if own { self.host_from } else { HostFrom::Value };
        Ok(RequestSpec { host_from, ..RequestSpec::new(Method::POST, url) })
    }

    /// Whether it takes a way in which clients prove who they are; one that says nothing takes `client_secret_basic` (RFC 8414,
    /// section 2).
    pub(super) fn takes(&self, method: &str) -> bool {
        match self.said.get("token_endpoint_auth_methods_supported").and_then(Value::as_array) {
            Some(methods) => methods.iter().any(|known| known == method),
            None => method == "client_secret_basic",
        }
    }
}

/// Whether a URL leads to this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
