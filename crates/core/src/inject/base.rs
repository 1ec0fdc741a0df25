//! A value that is a whole base URL.

use super::host::{HostFault, check_authority};
use super::path::{self, UrlFault};

/// Why a value is not a whole base URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WholeFault {
    /// Its beginning.
    Host(HostFault),
    /// Its path.
    Path(UrlFault),
}

/// Checks a value that is a whole base URL: `http` or `https`, a host, perhaps a port and a path; no user, query or
/// fragment. Gives it back without slashes at its end.
///
/// # Errors
/// [`WholeFault`].
pub fn check_whole(value: &str) -> Result<&str, WholeFault> {
    if value.is_empty() {
        return Err(WholeFault::Host(HostFault::Empty));
    }
    let begins = |scheme: &str| {
        value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let scheme = ["https://", "http://"].into_iter().find(|scheme| begins(scheme));
    let Some(rest) = scheme.and_then(|scheme| value.get(scheme.len()..)) else {
        return Err(WholeFault::Host(HostFault::Scheme));
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let ends = |c: &char| matches!(c, '@' | '\\' | '?' | '#');
    let refused = |c: &char| !c.is_ascii_graphic() || ends(c);
    let found = authority.chars().find(ends).or_else(|| path.chars().find(refused));
    if let Some(found) = found {
        return Err(WholeFault::Host(HostFault::Character { found }));
    }
    check_authority(authority, true).map_err(WholeFault::Host)?;
    path::check_relative(path).map_err(WholeFault::Path)?;
    Ok(value.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_url_is_scheme_host_port_and_path() {
        for (value, base) in [
            ("https://a.example", "https://a.example"),
            ("HTTP://a.example:8080/x/y//", "HTTP://a.example:8080/x/y"),
            ("http://[::1]:80/", "http://[::1]:80"),
            ("https://a.example/%20", "https://a.example/%20"),
        ] {
            assert_eq!(check_whole(value), Ok(base), "{value}");
        }
        let host = |fault| Err(WholeFault::Host(fault));
        for value in ["a.example", "ftp://a", "//a", "javascript:1", "https:/a", " https://a"] {
            assert_eq!(check_whole(value), host(HostFault::Scheme), "{value}");
        }
        for (value, found) in [
            ("https://u@a", '@'),
            ("https://u:p@a", '@'),
            ("https://a?q", '?'),
            ("https://a/x#f", '#'),
            ("https://a\\b", '\\'),
            ("https://a b", ' '),
            ("https://a/\t", '\t'),
            ("https://a%2eb", '%'),
            ("https://[::1", '['),
            ("https://[v1.x]", '['),
        ] {
            assert_eq!(check_whole(value), host(HostFault::Character { found }), "{value}");
        }
        assert_eq!(check_whole(""), host(HostFault::Empty));
        assert_eq!(check_whole("https://"), host(HostFault::Empty));
        assert_eq!(check_whole("https:///x"), host(HostFault::Empty));
        assert_eq!(check_whole("https://a./x"), host(HostFault::Dot));
        assert_eq!(check_whole("https://[::1]x"), host(HostFault::Port));
        for value in ["https://a/../x", "https://a/%2e%2e/x", "https://a/x/.."] {
            assert_eq!(check_whole(value), Err(WholeFault::Path(UrlFault::DotSegment)), "{value}");
        }
    }
}
