//! Redirects (RFC 9110, section 15.4): followed on the same origin only, so that no credential leaves it.

use http::Method;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use url::Url;

use crate::request::RequestSpec;
use crate::response::Reply;

/// Most redirects that one call follows.
pub const MAX_REDIRECTS: u8 = 5;

/// Where a reply sends the request.
pub(super) enum Redirect {
    /// Nowhere: it is the last.
    None,
    /// To another URL of the same origin.
    To(Url),
    /// To another origin; that is not followed, and the reply is the last.
    Elsewhere {
        /// Scheme, host and port.
        origin: String,
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
        return Redirect::Elsewhere { origin: url.origin().ascii_serialization() };
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
    let becomes_get = match status {
        303 => request.method != Method::HEAD,
        // What every client does, and RFC 9110 allows, though the method should have stayed.
        301 | 302 => request.method == Method::POST,
        _ => false,
    };
    if becomes_get {
        request.method = Method::GET;
        request.body = None;
        request.headers.remove(CONTENT_TYPE);
        request.headers.remove(CONTENT_ENCODING);
    }
}
