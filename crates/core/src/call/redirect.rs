//! Redirects (RFC 9110, section 15.4): followed on the same origin, so that no credential leaves it; to another one only where a card
//! says so, and without any.

use std::sync::Arc;

use http::Method;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, USER_AGENT};
use url::Url;

use crate::plan::Plan;
use crate::request::{HostFrom, RequestSpec};
use crate::response::Reply;
use crate::secret::Secret;

/// Most redirects that one call follows.
pub const MAX_REDIRECTS: u8 = 5;

/// No signature is shorter.
const SHORTEST_SIGNATURE: usize = 16;

/// Where a reply sends the request.
pub(super) enum Redirect {
    /// Nowhere: it is the last.
    None,
    /// To another URL of the same origin.
    To(Url),
    /// To another origin; that is followed where the card says so, else the reply is the last.
    Elsewhere {
        /// Scheme, host and port.
        origin: String,
        /// The URL, where it could be followed.
        url: Option<Url>,
    },
    /// To a URL of the same origin that a GET would go to, where the request is a POST: what was to be done would be left
    /// undone, and look done. That is not followed either.
    AsAnother {
        /// The URL, as it is shown: without its query.
        url: String,
    },
    /// On, once too often.
    TooMany,
}

/// Where a reply to a request sends it after so many redirects.
pub(super) fn of(request: &RequestSpec, reply: &Reply, followed: u8) -> Redirect {
    if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
        return Redirect::None;
    }
    let location = reply.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let Some(mut url) = location.and_then(|location| request.url.join(location).ok()) else {
        return Redirect::None;
    };
    let plain = url.username().is_empty() && url.password().is_none();
    if url.origin() != request.url.origin() || !plain {
        let origin = url.origin().ascii_serialization();
        url.set_fragment(None);
        // Not from https to http: what was asked for in secret is not got in the open.
        let could = plain
            && followed < MAX_REDIRECTS
            && (url.scheme() == "https"
                || (url.scheme(), request.url.scheme()) == ("http", "http"));
        return Redirect::Elsewhere { origin, url: could.then_some(url) };
    }
    // Every client asks for such a URL with GET (RFC 9110, section 15.4.2), and RFC 9110 wishes the method had stayed.
    if matches!(reply.status, 301 | 302) && request.method == Method::POST {
        url.set_query(None);
        url.set_fragment(None);
        return Redirect::AsAnother { url: url.to_string() };
    }
    if followed == MAX_REDIRECTS {
        return Redirect::TooMany;
    }
    url.set_fragment(None);
    Redirect::To(url)
}

/// Makes the request the one that the redirect asks for.
pub(super) fn follow(request: &mut RequestSpec, url: Url, status: u16) {
    request.url = url;
    if status == 303 && request.method != Method::HEAD {
        request.method = Method::GET;
        request.body = None;
        request.headers.remove(CONTENT_TYPE);
        request.headers.remove(CONTENT_ENCODING);
    }
}

/// Makes the request one to another origin: with nothing in it of the first but what says how it may be answered. Whoever redirects
/// decides the host, so that the egress policy applies; what stands in the query of a signed URL is as good as a credential.
pub(super) fn leave(plan: &mut Plan, url: Url) {
    let secrets: Vec<Secret> = url
        .query_pairs()
        .filter(|(_, value)| value.len() >= SHORTEST_SIGNATURE)
        .map(|(_, value)| Secret::from(&*value))
        .collect();
    let mut request = RequestSpec::new(plan.request.method.clone(), url);
    request.host_from = HostFrom::Value;
    for name in [ACCEPT, ACCEPT_ENCODING, USER_AGENT] {
        if let Some(value) = plan.request.headers.get(&name).filter(|value| !value.is_sensitive()) {
            request.headers.insert(name, value.clone());
        }
    }
    request.redactor = Arc::new(plan.request.redactor.with(secrets));
    request.reply_secrets = Arc::clone(&plan.request.reply_secrets);
    request.decoding = Arc::clone(&plan.request.decoding);
    plan.request = request;
    plan.pending = None;
    plan.rendered_base = None;
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::request::{Body, BodyKind};

    fn answered(status: u16, location: Option<&'static str>) -> Reply {
        let location = location.map(|text| (LOCATION, HeaderValue::from_static(text)));
        Reply::new(status, HeaderMap::from_iter(location), "")
    }

    #[test]
    fn only_the_same_origin_is_followed_and_only_so_often() {
        let request = RequestSpec::get("https://api.example/v1/a?x=1").unwrap();
        for (status, location, followed, expected) in [
            (200, Some("/b"), 0, "none"),
            (304, Some("/b"), 0, "none"),
            (302, None, 0, "none"),
            (302, Some("https://"), 0, "none"),
            (301, Some("/b"), 0, "https://api.example/b"),
            (302, Some("b?y=2"), 4, "https://api.example/v1/b?y=2"),
            (303, Some("https://API.example:443/b#part"), 0, "https://api.example/b"),
            (307, Some("//other.example/b"), 0, "elsewhere https://other.example"),
            (308, Some("http://api.example/b"), 0, "elsewhere http://api.example, never"),
            (302, Some("https://api.example:8443/"), 0, "elsewhere https://api.example:8443"),
            (302, Some("https://a:b@api.example/"), 0, "elsewhere https://api.example, never"),
            (302, Some("/b"), MAX_REDIRECTS, "too many"),
            (
                302,
                Some("https://other.example"),
                MAX_REDIRECTS,
                "elsewhere https://other.example, never",
            ),
        ] {
            let found = match of(&request, &answered(status, location), followed) {
                Redirect::None => "none".to_owned(),
                Redirect::To(url) => url.to_string(),
                Redirect::Elsewhere { origin, url } => {
                    let could = if url.is_some() { "" } else { ", never" };
                    format!("elsewhere {origin}{could}")
                }
                Redirect::AsAnother { url } => format!("as a GET {url}"),
                Redirect::TooMany => "too many".to_owned(),
            };
            assert_eq!(found, expected, "{status} {location:?} after {followed}");
        }
    }

    #[test]
    fn a_post_that_would_become_a_get_is_not_followed() {
        for (method, status, expected) in [
            (Method::POST, 301, true),
            (Method::POST, 302, true),
            (Method::POST, 303, false),
            (Method::POST, 307, false),
            (Method::POST, 308, false),
            (Method::GET, 301, false),
            (Method::HEAD, 302, false),
            (Method::PUT, 301, false),
            (Method::DELETE, 302, false),
        ] {
            let request = RequestSpec::new(method, "https://api.example/b".parse().unwrap());
            let found = match of(&request, &answered(status, Some("/b/?x=1#y")), 0) {
                Redirect::AsAnother { url } => Some(url),
                _ => None,
            };
            let expected = expected.then(|| "https://api.example/b/".to_owned());
            assert_eq!(found, expected, "{} {status}", request.method);
        }
    }

    #[test]
    fn the_method_stays_but_where_a_get_is_asked_for() {
        for (status, method, expected) in [
            (303, Method::POST, Method::GET),
            (303, Method::PUT, Method::GET),
            (303, Method::HEAD, Method::HEAD),
            (302, Method::PUT, Method::PUT),
            (307, Method::POST, Method::POST),
            (308, Method::POST, Method::POST),
        ] {
            let url: Url = "https://api.example/b".parse().unwrap();
            let mut request = RequestSpec::new(method.clone(), url.clone());
            request.body = Some(Body::new(BodyKind::Text, "x"));
            request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            follow(&mut request, url, status);
            let stays = method == expected;
            assert_eq!(request.method, expected, "{status} {method}");
            assert_eq!(request.body.is_some(), stays, "{status} {method}");
            assert_eq!(request.headers.contains_key(CONTENT_TYPE), stays, "{status} {method}");
        }
    }
}
