//! The URL of a request: a target's base, a path, a query; pinned to the base.
//!
//! Two independent locks. The text is checked before it is joined: whatever could be read as another
//! authority or as a way out of the base path is refused, in every encoding that some server undoes. Then the
//! parsed URL is compared with the parsed base, so that no parser quirk decides.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use url::Url;

use super::host::HostFault;
use crate::encoding::SEGMENT;
use crate::error::{Code, Fault};

/// How often a path is decoded when it is searched for tricks: proxies and frameworks each decode once.
const DECODINGS: usize = 3;

/// What no path or query may hold (RFC 3986, appendix A) and the URL parser would send as it is, or trims at the ends. The square
/// brackets stay: services want them.
const NOWHERE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Overlong UTF-8 of `.`, `/` and `\`, and `%u` escapes: ways to write what may not be written. Other bytes that are no UTF-8 are a
/// segment like any other.
const OVERLONG: [&str; 12] = [
    "%c0%ae",
    "%c0%af",
    "%c0%dc",
    "%c1%9c",
    "%c1%dc",
    "%e0%80%ae",
    "%e0%80%af",
    "%e0%81%9c",
    "%f0%80%80",
    "%u00",
    "%uff",
    "%u2",
];

/// Why a URL is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlFault {
    /// It would leave, or could be read as leaving, the target's origin or base path.
    #[error("the path would leave the base URL: {because}")]
    OutsideBase {
        /// What in the text does that.
        because: Outside,
    },
    /// It holds a control character, plain or percent-encoded.
    #[error("the path holds the control character U+{:04X}", u32::from(*found))]
    ControlCharacter {
        /// The character.
        found: char,
    },
    /// A path segment is `.` or `..` in some encoding.
    #[error("the path holds a `.` or `..` segment")]
    DotSegment,
    /// A value that makes up a path segment is empty: the request would go to another resource.
    #[error("`{reference}` is empty, but makes up a segment of the path")]
    EmptySegment {
        /// The reference that gave it.
        reference: String,
    },
    /// A value that decides the host cannot stand in one.
    #[error("`{reference}` cannot stand in the base URL: {fault}")]
    Host {
        /// The expression that gave it.
        reference: String,
        /// Why.
        fault: HostFault,
    },
    /// It cannot be parsed.
    #[error("the URL cannot be parsed: {reason}")]
    Invalid {
        /// The URL parser's reason.
        reason: String,
    },
}

impl Fault for UrlFault {
    fn code(&self) -> Code {
        match self {
            UrlFault::OutsideBase { .. } => Code::URL_OUTSIDE_BASE,
            UrlFault::ControlCharacter { .. } => Code::URL_CONTROL_CHARACTER,
            UrlFault::DotSegment => Code::URL_DOT_SEGMENT,
            UrlFault::EmptySegment { .. } => Code::URL_EMPTY_SEGMENT,
            UrlFault::Host { .. } => Code::URL_HOST,
            UrlFault::Invalid { .. } => Code::URL_INVALID,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            UrlFault::EmptySegment { .. } => {
                "an empty value would send the request to another resource"
            }
            UrlFault::OutsideBase { .. } => {
                "give a path below the base URL, for example \"/app/me\"; to reach another host, use another target"
            }
            UrlFault::DotSegment => "write the path without `.` and `..` segments",
            UrlFault::ControlCharacter { .. } => {
                "take line breaks, tabs and other control characters out"
            }
            UrlFault::Host { fault: HostFault::Scheme, .. } => {
                "give the whole URL, for example \"https://jira.example.com\""
            }
            UrlFault::Host { .. } => {
                "give letters, digits, `-`, `_` and `.` only; a user, query or fragment cannot be part of it"
            }
            UrlFault::Invalid { .. } => return None,
        };
        Some(text.to_owned())
    }
}

/// What makes a text leave its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Outside {
    /// It is no whole URL, and there is no base.
    #[error("it must be a whole URL, since the target has no base URL")]
    NotWhole,
    /// It is not encrypted.
    #[error("it must be a URL of `https`")]
    Unencrypted,
    /// It starts with two slashes: another host.
    #[error("it starts with two slashes, which name another host")]
    NetworkPath,
    /// It starts with `@`, `.` or `:`: glued to a base it would change the host.
    #[error("it starts with a character that would change the host")]
    Authority,
    /// Its first segment holds a colon: a scheme or a port.
    #[error("its first segment holds a colon, which names a scheme or port")]
    Scheme,
    /// It holds a backslash, which URL parsers read as a slash.
    #[error("it holds a backslash, which URLs read as a slash")]
    Backslash,
    /// After parsing, scheme, host, port or base path differ.
    #[error("the URL does not stay under the target's base")]
    Parsed,
}

/// Checks the text of a field of format `relative-url`.
///
/// # Errors
/// [`UrlFault`] for each trick described in the module.
pub fn check_relative(text: &str) -> Result<(), UrlFault> {
    if let Some(found) = text.chars().find(|c| is_control(*c)) {
        return Err(UrlFault::ControlCharacter { found });
    }
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let plain = path.bytes().all(|b| {
        b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'~' | b',' | b'=' | b'+')
    });
    if plain {
        // Nothing in it decodes, and only the slashes can matter.
        return if path.starts_with("//") { Err(outside(Outside::NetworkPath)) } else { Ok(()) };
    }
    let mut level = Cow::Borrowed(path);
    for decodings in 0..=DECODINGS {
        // `/%2Fkey` is a segment that begins with a slash, below the base.
        check_level(&level, decodings > 0 && path.starts_with('/'))?;
        let lower = level.chars().map(fold).collect::<String>().to_ascii_lowercase();
        if OVERLONG.iter().any(|trick| lower.contains(trick)) {
            return Err(UrlFault::DotSegment);
        }
        let level_folded: String = level.chars().map(fold).collect();
        let decoded = percent_decode_str(&level_folded).decode_utf8_lossy().into_owned();
        if decoded == *level {
            break;
        }
        level = Cow::Owned(decoded);
    }
    Ok(())
}

/// Checks a path at one level of decoding; `below` the base two slashes name no host.
fn check_level(path: &str, below: bool) -> Result<(), UrlFault> {
    if let Some(found) = path.chars().find(|c| is_control(*c)) {
        return Err(UrlFault::ControlCharacter { found });
    }
    let folded: String = path.chars().map(fold).collect::<String>().replace('\u{2025}', "..");
    let start = folded.trim_start();
    if folded.contains('\\') {
        return Err(outside(Outside::Backslash));
    }
    if !below && start.starts_with("//") {
        return Err(outside(Outside::NetworkPath));
    }
    check_dots(&folded)?;
    if start.starts_with(['@', '.', ':']) {
        return Err(outside(Outside::Authority));
    }
    if !start.starts_with('/') && start.split('/').next().is_some_and(|first| first.contains(':')) {
        return Err(outside(Outside::Scheme));
    }
    Ok(())
}

/// Refuses segments that are `.` or `..`, also with path parameters (`..;x`), what ends a path once it is decoded, or spaces around
/// them.
fn check_dots(path: &str) -> Result<(), UrlFault> {
    let dots = path.split('/').any(|segment| {
        let name = segment.split([';', '?', '#']).next().unwrap_or_default().trim();
        name == "." || name == ".."
    });
    if dots { Err(UrlFault::DotSegment) } else { Ok(()) }
}

/// Encodes a value as one path segment.
///
/// # Errors
/// [`UrlFault`] where the value is empty, or would be read as a way out of its segment.
pub fn push_segment(value: &str, reference: &str, out: &mut String) -> Result<(), UrlFault> {
    if value.is_empty() {
        return Err(UrlFault::EmptySegment { reference: reference.to_owned() });
    }
    let plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !plain {
        if let Some(found) = value.chars().find(|c| is_control(*c)) {
            return Err(UrlFault::ControlCharacter { found });
        }
        // A server that decodes %2F before it routes must find no way up either.
        let decoded = percent_decode_str(value).decode_utf8_lossy();
        let folded: String = decoded.chars().map(fold).collect();
        check_dots(&folded.replace('\\', "/"))?;
    }
    out.extend(utf8_percent_encode(value, SEGMENT));
    Ok(())
}

/// A joined URL.
#[derive(Debug)]
pub struct Joined {
    /// The URL, pinned to the base.
    pub url: Url,
    /// Whether the path carried a fragment, which is not sent.
    pub fragment_dropped: bool,
}

/// Joins base, path and query with exactly one slash between base and path; none where the path is empty or
/// starts with `?`. The path's own query is kept and `query` (already encoded) is put after it.
///
/// # Errors
/// [`UrlFault::OutsideBase`] where the parsed URL leaves the base; [`UrlFault::Invalid`] where it cannot be parsed.
pub fn join(base: &Url, base_text: &str, path: &str, query: &str) -> Result<Joined, UrlFault> {
    let (path, fragment_dropped) = match path.split_once('#') {
        Some((path, _)) => (path, true),
        None => (path, false),
    };
    let mut text = String::with_capacity(base_text.len() + path.len() + query.len() + 2);
    text.push_str(base_text.trim_end_matches('/'));
    if !path.is_empty() && !path.starts_with('?') {
        text.push('/');
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    text.extend(utf8_percent_encode(path, NOWHERE));
    if !query.is_empty() {
        let separator = match path.split_once('?') {
            None => "?",
            Some((_, own)) if own.is_empty() || own.ends_with('&') => "",
            Some(_) => "&",
        };
        text.push_str(separator);
        text.push_str(query);
    }
    let url =
        Url::parse(&text).map_err(|reason| UrlFault::Invalid { reason: reason.to_string() })?;
    pin(base, &url)?;
    Ok(Joined { url, fragment_dropped })
}

/// Compares a URL with the base it must stay under: scheme, host, port, no user, base path as whole segments.
///
/// # Errors
/// [`UrlFault::OutsideBase`].
pub fn pin(base: &Url, url: &Url) -> Result<(), UrlFault> {
    let same_origin = base.scheme() == url.scheme()
        && base.host() == url.host()
        && base.port_or_known_default() == url.port_or_known_default();
    let no_user = url.username().is_empty() && url.password().is_none();
    let base_path = base.path().trim_end_matches('/');
    let below = url
        .path()
        .strip_prefix(base_path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if same_origin && no_user && below && url.fragment().is_none() {
        Ok(())
    } else {
        Err(outside(Outside::Parsed))
    }
}

fn outside(because: Outside) -> UrlFault {
    UrlFault::OutsideBase { because }
}

/// Control characters, and the line and paragraph separators that some parsers treat as line ends.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Maps characters that a compatibility normalization (NFKC) turns into path syntax.
fn fold(c: char) -> char {
    match c {
        '\u{2024}' | '\u{FE52}' | '\u{FF0E}' | '\u{3002}' | '\u{FF61}' => '.',
        '\u{2044}' | '\u{2215}' | '\u{29F8}' | '\u{FF0F}' => '/',
        '\u{2216}' | '\u{29F5}' | '\u{FE68}' | '\u{FF3C}' => '\\',
        '\u{FE6B}' | '\u{FF20}' => '@',
        '\u{FE55}' | '\u{FF1A}' => ':',
        '\u{FE6A}' => '%',
        // Letters, digits and signs of full width, but for those above.
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://mixpanel.com/api";

    fn joined(path: &str, query: &str) -> Result<String, UrlFault> {
        check_relative(path)?;
        let base = Url::parse(BASE).unwrap();
        join(&base, BASE, path, query).map(|joined| joined.url.to_string())
    }

    #[test]
    fn one_slash_joins_base_and_path() {
        for (path, query, expected) in [
            ("/app/me", "", "https://mixpanel.com/api/app/me"),
            ("app/me", "", "https://mixpanel.com/api/app/me"),
            ("", "", "https://mixpanel.com/api"),
            ("", "a=1", "https://mixpanel.com/api?a=1"),
            ("?from=1", "to=2", "https://mixpanel.com/api?from=1&to=2"),
            ("/a?", "b=1", "https://mixpanel.com/api/a?b=1"),
            ("/a?x=%2F%2f&", "b=1", "https://mixpanel.com/api/a?x=%2F%2f&b=1"),
            ("/a b ", "", "https://mixpanel.com/api/a%20b%20"),
            ("/ä//b", "", "https://mixpanel.com/api/%C3%A4//b"),
            ("/.well-known/x", "", "https://mixpanel.com/api/.well-known/x"),
            ("/v1:run", "", "https://mixpanel.com/api/v1:run"),
            ("/%2Fkey", "", "https://mixpanel.com/api/%2Fkey"),
            ("/a/%C0", "", "https://mixpanel.com/api/a/%C0"),
            ("/a|b^c", "", "https://mixpanel.com/api/a%7Cb%5Ec"),
            (
                "/x?a={b}|c^`d\\e [f] \"<g>\"&h=%7B",
                "",
                "https://mixpanel.com/api/x?a=%7Bb%7D%7Cc%5E%60d%5Ce%20[f]%20%22%3Cg%3E%22&h=%7B",
            ),
        ] {
            assert_eq!(joined(path, query).as_deref(), Ok(expected), "{path}");
        }
    }

    #[test]
    fn every_trick_is_refused() {
        use Outside::{Authority, Backslash, NetworkPath, Scheme};
        for (path, because) in [
            ("@evil.example/x", Authority),
            (".evil.example", Authority),
            (":8080/x", Authority),
            ("%40evil.example", Authority),
            ("\u{FF20}evil.example", Authority),
            ("//evil.example", NetworkPath),
            ("%2F%2Fevil.example", NetworkPath),
            ("%252F%252Fevil.example", NetworkPath),
            ("\u{FF0F}\u{FF0F}evil.example", NetworkPath),
            ("\\evil", Backslash),
            ("/a\\..\\b", Backslash),
            ("/%5cevil", Backslash),
            ("https://evil.example/x", Scheme),
            ("javascript:alert(1)", Scheme),
            ("%68ttps%3a%2f%2fevil.example", Scheme),
        ] {
            assert_eq!(joined(path, ""), Err(outside(because)), "{path}");
        }
        for path in [
            "/%2e%2e/",
            "/..",
            "../x",
            "/a/../b",
            "/a/.%2E/b",
            "/%252e%252e/x",
            "/a/..;x/b",
            "/./a",
            "/\u{FF0E}\u{FF0E}/x",
            "/\u{2025}/x",
            "/a%2f..%2fb",
            "/..%3f/x",
            "/..%23x",
            "/..%253fx",
            "/\u{FF05}\u{FF12}\u{FF45}\u{FF05}\u{FF12}\u{FF25}/x",
            "/a/%c0%ae%c0%ae/b",
            "/a/%e0%80%ae./b",
            "..",
        ] {
            assert_eq!(joined(path, ""), Err(UrlFault::DotSegment), "{path}");
        }
        for path in [
            "/a\r\nHost: evil",
            "/a\tb",
            "/a\0",
            "/%0d%0aX: y",
            "/%00",
            "/%09",
            "/a\u{2028}b",
            "/x?a=\nb",
        ] {
            assert!(matches!(joined(path, ""), Err(UrlFault::ControlCharacter { .. })), "{path:?}");
        }
    }

    #[test]
    fn a_fragment_is_dropped_and_told() {
        let base = Url::parse(BASE).unwrap();
        let joined = join(&base, BASE, "/engage#profile-set", "").unwrap();
        assert_eq!(
            (joined.url.as_str(), joined.fragment_dropped),
            ("https://mixpanel.com/api/engage", true)
        );
    }

    #[test]
    fn a_segment_value_stays_one_segment() {
        let segment = |value: &str| {
            let mut out = String::new();
            push_segment(value, "input.Path.id", &mut out).map(|()| out)
        };
        assert_eq!(segment("a/b ?#é").as_deref(), Ok("a%2Fb%20%3F%23%C3%A9"));
        assert_eq!(segment("v1.2:x@y").as_deref(), Ok("v1.2:x@y"));
        assert_eq!(segment("%2e"), Err(UrlFault::DotSegment));
        assert_eq!(segment(".."), Err(UrlFault::DotSegment));
        assert_eq!(segment("../x"), Err(UrlFault::DotSegment));
        assert_eq!(segment("a\nb"), Err(UrlFault::ControlCharacter { found: '\n' }));
        assert_eq!(segment(""), Err(UrlFault::EmptySegment { reference: "input.Path.id".into() }));
    }

    #[test]
    fn the_parsed_url_is_pinned_to_whole_segments() {
        let base = Url::parse(BASE).unwrap();
        for (url, inside) in [
            ("https://mixpanel.com/api", true),
            ("https://mixpanel.com/api/x", true),
            ("https://mixpanel.com:443/api/x", true),
            ("https://mixpanel.com/apix", false),
            ("https://mixpanel.com/", false),
            ("http://mixpanel.com/api/x", false),
            ("https://mixpanel.com:8443/api/x", false),
            ("https://u@mixpanel.com/api/x", false),
            ("https://mixpanel.com.evil.example/api/x", false),
        ] {
            assert_eq!(pin(&base, &Url::parse(url).unwrap()).is_ok(), inside, "{url}");
        }
    }
}
