//! Redirects (RFC 9110, section 15.4): followed on the same origin only, so that no credential leaves it.

use http::Method;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};

use crate::plan::{Plan, Warning};
use crate::response::Reply;

/// Most redirects that one call follows.
pub const MAX_REDIRECTS: u8 = 5;

/// What a reply means for the call.
pub(super) enum Next {
    /// The plan's request was changed and is to be sent.
    Send,
    /// The reply is the last.
    Finish,
    /// It redirects once too often.
    TooMany,
}

/// The statuses that are followed.
pub(super) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Follows a redirect on the same origin by changing the plan's request.
pub(super) fn follow(plan: &mut Plan, reply: &Reply, redirects: &mut u8) -> Next {
    if !is_redirect(reply.status) {
        return Next::Finish;
    }
    let request = &mut plan.request;
    let location = reply.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let Some(mut url) = location.and_then(|location| request.url.join(location).ok()) else {
        return Next::Finish;
    };
    let plain = url.username().is_empty() && url.password().is_none();
    if url.origin() != request.url.origin() || !plain {
        let origin = url.origin().ascii_serialization();
        plan.warnings.push(Warning::RedirectNotFollowed { origin });
        return Next::Finish;
    }
    if *redirects == MAX_REDIRECTS {
        return Next::TooMany;
    }
    *redirects += 1;
    url.set_fragment(None);
    request.url = url;
    let becomes_get = match reply.status {
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
    Next::Send
}
