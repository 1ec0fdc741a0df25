//! A URL that the service gave, as a path below a base, so that it is pinned like any other.

use url::{Position, Url};

use super::path::{Outside, UrlFault, check_relative, pin};

/// The path and query below a base of a URL that is absolute, relative to the origin, or relative to the base.
///
/// # Errors
/// [`UrlFault`] where it leaves the base.
pub fn below_base(base: &Url, value: &str) -> Result<String, UrlFault> {
    let base_path = base.path().trim_end_matches('/');
    let relative = match whole(value) {
        Some(url) => {
            let url = url?;
            pin(base, &url)?;
            // As the parser writes it: nothing in it is read in two ways.
            let path = &url[Position::BeforePath..Position::AfterQuery];
            path.strip_prefix(base_path).unwrap_or(path).to_owned()
        }
        None => match value.strip_prefix(base_path) {
            Some(rest) if !base_path.is_empty() && rest.starts_with(['/', '?']) => rest.to_owned(),
            _ => value.to_owned(),
        },
    };
    check_relative(&relative)?;
    Ok(relative)
}

/// The origin of a whole URL as a base, and the path and query below it.
///
/// # Errors
/// [`UrlFault`] where it is no URL of `https`, or has a user.
pub fn origin_and_path(value: &str) -> Result<(Url, String), UrlFault> {
    let outside = |because| UrlFault::OutsideBase { because };
    let url = whole(value).ok_or_else(|| outside(Outside::NotWhole))??;
    if url.scheme() != "https" {
        return Err(outside(Outside::Unencrypted));
    }
    let origin = Url::parse(&format!("{}/", &url[..Position::BeforePath]))
        .map_err(|reason| UrlFault::Invalid { reason: reason.to_string() })?;
    pin(&origin, &url)?;
    let path = url[Position::BeforePath..Position::AfterQuery].to_owned();
    check_relative(&path)?;
    Ok((origin, path))
}

/// The URL, where a text begins with a scheme of the web.
fn whole(value: &str) -> Option<Result<Url, UrlFault>> {
    let is_whole = ["https://", "http://"].iter().any(|scheme| {
        value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    is_whole.then(|| {
        let url = Url::parse(value);
        let mut url = url.map_err(|reason| UrlFault::Invalid { reason: reason.to_string() })?;
        // It is for who shows the page, and never sent.
        url.set_fragment(None);
        Ok(url)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_the_service_is_below_its_base_or_refused() {
        let base = Url::parse("https://acme.example/api/v1/").unwrap();
        for (value, expected) in [
            ("https://acme.example/api/v1/items?page=2", Some("/items?page=2")),
            ("HTTPS://ACME.example:443/api/v1/a%2Fb", Some("/a%2Fb")),
            ("/api/v1/items?page=2", Some("/items?page=2")),
            ("/items", Some("/items")),
            ("items?page=2", Some("items?page=2")),
            ("?page=2", Some("?page=2")),
            ("https://acme.example/api/v1", Some("")),
            ("https://acme.example/api/v10/items", None),
            ("https://acme.example/other", None),
            ("http://acme.example/api/v1/items", None),
            ("https://evil.example/api/v1/items", None),
            ("https://acme.example@evil.example/api/v1/x", None),
            ("https://u:p@acme.example/api/v1/x", None),
            ("https://acme.example/api/v1/../secret", None),
            ("https://acme.example/api/v1/..%2fsecret", None),
            ("//evil.example/api/v1", None),
            ("/api/v1/../../x", None),
            ("javascript:alert(1)", None),
        ] {
            assert_eq!(below_base(&base, value).ok().as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn a_whole_url_is_its_origin_and_a_path() {
        let (origin, path) =
            origin_and_path("https://files.acme.example:8443/a/b?sig=1#x").unwrap();
        assert_eq!(
            (origin.as_str(), path.as_str()),
            ("https://files.acme.example:8443/", "/a/b?sig=1")
        );
        for value in [
            "http://files.acme.example/a",
            "/a",
            "ftp://files.acme.example/",
            "https://u@files.acme.example/",
            "https://",
        ] {
            assert!(origin_and_path(value).is_err(), "{value}");
        }
    }
}
