//! Cookies that a service sets on the way of one call (RFC 6265). They live as long as the call, and go where they came from: a
//! redirect that sets one is followed with it.

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use http::header::{COOKIE, SET_COOKIE};
use url::Url;
use zeroize::Zeroizing;

use crate::auth::is_cookie_name;
use crate::http_date::is_over;
use crate::request::RequestSpec;
use crate::response::Reply;
use crate::secret::Secret;

/// Most cookies that are kept.
const MOST: usize = 50;

/// The cookies of one call, or of the steps of a login on one origin. Its redirects stay on one origin, so that a cookie's host and scheme are that of the next request.
#[derive(Debug, Default)]
pub(crate) struct Cookies(Vec<Cookie>);

struct Cookie {
    name: String,
    /// `None` where it is over.
    value: Option<Zeroizing<String>>,
    path: String,
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cookie({:?})", self.name)
    }
}

impl Cookies {
    /// Takes the cookies of a reply.
    pub(crate) fn take(&mut self, url: &Url, reply: &Reply, now: i64) {
        for line in reply.headers.get_all(SET_COOKIE) {
            let Ok(line) = line.to_str() else { continue };
            let Some(cookie) = read(line, url, now) else { continue };
            self.0.retain(|known| known.name != cookie.name || known.path != cookie.path);
            if self.0.len() < MOST {
                self.0.push(cookie);
            }
        }
    }

    /// Puts them into the next request, in place of those of the same name.
    pub(crate) fn put(&self, request: &mut RequestSpec) {
        if self.0.is_empty() {
            return;
        }
        let own = request.headers.get(COOKIE).and_then(|own| own.to_str().ok()).unwrap_or_default();
        let is_set = |pair: &str| {
            let name = pair.split('=').next().unwrap_or_default();
            self.0.iter().any(|cookie| cookie.name == name)
        };
        let own = own.split("; ").filter(|pair| !pair.is_empty() && !is_set(pair));
        let mut pairs: Vec<String> = own.map(str::to_owned).collect();
        let mut secrets = Vec::new();
        for cookie in &self.0 {
            if let Some(value) = &cookie.value
                && is_below(request.url.path(), &cookie.path)
            {
                pairs.push(format!("{}={}", cookie.name, value.as_str()));
                secrets.push(Secret::from(value.as_str()));
            }
        }
        request.headers.remove(COOKIE);
        if let Ok(mut header) = HeaderValue::from_str(&pairs.join("; "))
            && !pairs.is_empty()
        {
            header.set_sensitive(true);
            request.headers.insert(COOKIE, header);
            request.redactor = Arc::new(request.redactor.with(secrets));
        }
    }
}

/// Reads a `Set-Cookie`; `None` for one that is of another host, or none.
fn read(line: &str, url: &Url, now: i64) -> Option<Cookie> {
    let mut parts = line.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let mut path = default_path(url);
    let mut is_gone = false;
    for attribute in parts {
        let (key, text) = attribute.split_once('=').unwrap_or((attribute, ""));
        let text = text.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "path" if text.starts_with('/') => text.clone_into(&mut path),
            "domain" => {
                let domain = text.trim_start_matches('.').to_ascii_lowercase();
                let host = url.host_str()?;
                let is_ours = host
                    .strip_suffix(domain.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
                if !domain.is_empty() && !is_ours {
                    return None;
                }
            }
            // Over http it would not come back.
            "secure" if url.scheme() != "https" => return None,
            _ => is_gone |= is_over(attribute, now),
        }
    }
    let value = (!is_gone).then(|| Zeroizing::new(value.to_owned()));
    is_cookie_name(name).then(|| Cookie { name: name.to_owned(), value, path })
}

/// Up to the last slash (RFC 6265, section 5.1.4).
fn default_path(url: &Url) -> String {
    match url.path().rsplit_once('/') {
        Some(("", _)) | None => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
    }
}

/// Whether a path is a cookie's, or lies below it (RFC 6265, section 5.1.4).
fn is_below(path: &str, of: &str) -> bool {
    path.strip_prefix(of)
        .is_some_and(|rest| rest.is_empty() || of.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    /// The cookies of a next request after replies to `from` with `Set-Cookie` lines.
    fn sent(own: &str, lines: &[&str], from: &str, to: &str) -> String {
        let mut request = RequestSpec::get(to).unwrap();
        if !own.is_empty() {
            request.headers.insert(COOKIE, own.parse().unwrap());
        }
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(SET_COOKIE, line.parse().unwrap());
        }
        let mut cookies = Cookies::default();
        cookies.take(&from.parse().unwrap(), &Reply::new(302, headers, ""), 1_767_225_600);
        cookies.put(&mut request);
        request
            .headers
            .get(COOKIE)
            .map(|header| header.to_str().unwrap().to_owned())
            .unwrap_or_default()
    }

    #[test]
    fn cookies_go_where_they_came_from() {
        let (a, b) = ("https://api.example/v1/a", "https://api.example/v1/b?x=1");
        for (own, lines, expected) in [
            ("", &["sid=1; HttpOnly; Path=/; Secure"][..], "sid=1"),
            ("own=0; sid=old", &["sid=1", "other=2; path=/v1"], "own=0; sid=1; other=2"),
            ("", &["sid=1", "sid=2"], "sid=2"),
            ("sid=old", &["sid=1; Max-Age=0"], ""),
            ("", &["sid=1; Expires=Wed, 21-Oct-2015 07:28:00 GMT"], ""),
            ("", &["sid=1; Path=/v2", "x=1; Path=/v"], ""),
            ("", &["sid=1; Domain=.example", "x=2; Domain=other.example"], "sid=1"),
            ("", &["no pair", "b d=1", "=1"], ""),
            ("", &["q=\"a b\""], "q=\"a b\""),
        ] {
            assert_eq!(sent(own, lines, a, b), expected, "{lines:?}");
        }
        assert_eq!(sent("", &["sid=1; Secure"], "http://api.example/", "http://api.example/b"), "");
        assert_eq!(sent("own=0", &[], a, b), "own=0");
    }
}
