//! A value in the host of a URL. What it may hold is so little that no parser can read it as anything but a piece
//! of a name: it cannot end the host, begin a path, or name a user.

use core::net::Ipv6Addr;

/// Most bytes of a host (RFC 1035, section 2.3.4).
pub const MAX_HOST_BYTES: usize = 253;

/// Why a value cannot stand in the host of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostFault {
    /// It is empty.
    #[error("it gives no host")]
    Empty,
    /// It holds something else than letters of any alphabet, digits, `-`, `_` and `.`.
    #[error("it holds {}", shown(*found))]
    Character {
        /// The first such character.
        found: char,
    },
    /// It starts or ends with a dot, or has two in a row.
    #[error("a host neither starts nor ends with a dot, nor has two in a row")]
    Dot,
    /// It is no port from 1 to 65535.
    #[error("a port is a number from 1 to 65535")]
    Port,
    /// It is a whole URL, and does not begin with `http://` or `https://`.
    #[error("it does not begin with `https://` or `http://`")]
    Scheme,
    /// The host is longer than [`MAX_HOST_BYTES`].
    #[error("the host is longer than {MAX_HOST_BYTES} bytes")]
    TooLong,
    /// The URL that it makes cannot be parsed, or has another host than was written.
    #[error("{}", invalid(*reason))]
    Invalid {
        /// The URL parser's reason; `None` where it has none.
        reason: Option<url::ParseError>,
    },
}

/// A character as it stands in a sentence.
fn shown(found: char) -> String {
    match found.is_ascii_graphic() {
        true => format!("`{found}`"),
        false => format!("U+{:04X}", u32::from(found)),
    }
}

/// Why a URL is none.
fn invalid(reason: Option<url::ParseError>) -> String {
    match reason {
        Some(reason) => reason.to_string(),
        None => "the host is read otherwise than it is written".to_owned(),
    }
}

/// Checks a value that is a host or a piece of one, or an IPv6 address in brackets; where it ends the authority it may also bring a
/// port.
///
/// # Errors
/// [`HostFault`].
pub fn check_authority(value: &str, may_have_port: bool) -> Result<(), HostFault> {
    let Some(bracketed) = value.strip_prefix('[') else {
        return check_host(value, may_have_port);
    };
    let address = bracketed.split_once(']');
    let Some((_, after)) = address.filter(|(address, _)| address.parse::<Ipv6Addr>().is_ok())
    else {
        return Err(HostFault::Character { found: '[' });
    };
    match after.strip_prefix(':') {
        Some(port) if may_have_port => check_port(port),
        None if after.is_empty() => Ok(()),
        _ => Err(HostFault::Port),
    }
}

/// Checks a value that is a piece of a host; where it ends the authority it may also bring a port.
///
/// # Errors
/// [`HostFault`].
pub fn check_host(value: &str, may_have_port: bool) -> Result<(), HostFault> {
    let (host, port) = match value.split_once(':') {
        Some((host, port)) if may_have_port => (host, Some(port)),
        _ => (value, None),
    };
    if host.is_empty() {
        return Err(HostFault::Empty);
    }
    if host.len() > MAX_HOST_BYTES {
        return Err(HostFault::TooLong);
    }
    // Letters of other alphabets are those of an international name, which the URL has in another spelling (RFC 5891).
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
    if let Some(found) = host.chars().find(|c| !allowed(*c)) {
        return Err(HostFault::Character { found });
    }
    if host.starts_with('.') || host.ends_with('.') || host.contains("..") {
        return Err(HostFault::Dot);
    }
    port.map_or(Ok(()), check_port)
}

/// Checks a value that is a port.
///
/// # Errors
/// [`HostFault::Port`].
pub fn check_port(value: &str) -> Result<(), HostFault> {
    // The standard library's reader of numbers takes a plus sign.
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    match value.parse::<u16>() {
        Ok(port) if digits && port != 0 => Ok(()),
        _ => Err(HostFault::Port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_a_host_is_letters_digits_hyphens_underscores_and_dots() {
        for value in [
            "acme",
            "a.b",
            "a-b.c1",
            "search_api",
            "_x.example",
            "xn--bcher-kva",
            "127.0.0.1",
            "2130706433",
            "bücher",
            "例え.example",
        ] {
            assert_eq!(check_host(value, false), Ok(()), "{value}");
        }
        for (value, found) in [
            ("evil.example/x", '/'),
            ("evil.example\\x", '\\'),
            ("a@b", '@'),
            ("a?b", '?'),
            ("a#b", '#'),
            ("a%2eb", '%'),
            ("a b", ' '),
            ("a\n", '\n'),
            ("a\0", '\0'),
            ("a。b", '。'),
            ("a:1", ':'),
            ("[::1]", '['),
        ] {
            assert_eq!(check_host(value, false), Err(HostFault::Character { found }), "{value:?}");
        }
        for value in [".a", "a.", "a..b", "."] {
            assert_eq!(check_host(value, false), Err(HostFault::Dot), "{value}");
        }
        assert_eq!(check_host("", false), Err(HostFault::Empty));
        assert_eq!(check_host(&"a".repeat(254), false), Err(HostFault::TooLong));
    }

    #[test]
    fn a_port_is_a_number_at_the_end_of_the_authority() {
        assert_eq!(check_host("a.example:8443", true), Ok(()));
        for value in ["a:", "a:0", "a:65536", "a:+1", "a:1:2", "a:1x", "a: 1", "a:1.b"] {
            assert_eq!(check_host(value, true), Err(HostFault::Port), "{value}");
        }
        assert_eq!(check_host(":80", true), Err(HostFault::Empty));
    }

    #[test]
    fn an_address_in_brackets_is_a_whole_host() {
        for value in ["[::1]", "[2001:db8::1]", "[::ffff:127.0.0.1]"] {
            assert_eq!(check_authority(value, false), Ok(()), "{value}");
            assert_eq!(check_authority(&format!("{value}:8080"), true), Ok(()), "{value}");
        }
        let bracket = Err(HostFault::Character { found: '[' });
        for value in ["[::1", "[a.example]", "[]", "[127.0.0.1]", "[fe80::1%eth0]"] {
            assert_eq!(check_authority(value, true), bracket, "{value}");
        }
        assert_eq!(check_authority("[::1]:80", false), Err(HostFault::Port));
        assert_eq!(check_authority("[::1]x", true), Err(HostFault::Port));
    }
}
