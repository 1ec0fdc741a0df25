//! Header fields: names are tokens, values hold no control characters (RFC 9110, sections 5.1 and 5.5).

use http::{HeaderMap, HeaderName, HeaderValue};

/// Header names that no template and no input may set: they are the transport's, or carry credentials.
pub const RESERVED: &[&str] = &[
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Why a header is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderFault {
    /// The name is not a token.
    Name {
        /// The name.
        name: String,
    },
    /// The value holds CR, LF, NUL or another control character.
    Value {
        /// The name.
        name: String,
        /// The character.
        found: char,
    },
    /// The value is an object, or a list inside a list.
    Type {
        /// The name.
        name: String,
        /// The type that was found.
        found: &'static str,
    },
    /// The name is on the field's deny list, or reserved.
    Denied {
        /// The name, in lower case.
        name: String,
    },
}

/// Checks a name and a value and makes the header; a name given twice is sent twice.
///
/// # Errors
/// [`HeaderFault`].
pub fn push_header(name: &str, value: &str, headers: &mut HeaderMap) -> Result<(), HeaderFault> {
    let header = header_name(name)?;
    let value = header_value(name, value)?;
    headers.append(header, value);
    Ok(())
}

/// The name, where it is a token and not reserved.
///
/// # Errors
/// [`HeaderFault::Name`], [`HeaderFault::Denied`].
pub fn header_name(name: &str) -> Result<HeaderName, HeaderFault> {
    let header = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| HeaderFault::Name { name: name.to_owned() })?;
    if RESERVED.contains(&header.as_str()) {
        return Err(HeaderFault::Denied { name: header.as_str().to_owned() });
    }
    Ok(header)
}

/// The value, where no character of it could end the header line. Non-ASCII text goes out as UTF-8.
///
/// # Errors
/// [`HeaderFault::Value`].
pub fn header_value(name: &str, value: &str) -> Result<HeaderValue, HeaderFault> {
    if let Some(found) = value.chars().find(|c| c.is_control() && *c != '\t') {
        return Err(HeaderFault::Value { name: name.to_owned(), found });
    }
    // What is left are visible characters, spaces and tabs: `from_bytes` takes them all.
    HeaderValue::from_bytes(value.as_bytes())
        .map_err(|_| HeaderFault::Value { name: name.to_owned(), found: '\u{7f}' })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_bad_names_are_refused() {
        let mut headers = HeaderMap::new();
        assert_eq!(push_header("X-A", "b\tc é", &mut headers), Ok(()));
        assert_eq!(
            push_header("X-A", "b\r\nEvil: 1", &mut headers),
            Err(HeaderFault::Value { name: "X-A".into(), found: '\r' })
        );
        assert_eq!(
            push_header("X A", "b", &mut headers),
            Err(HeaderFault::Name { name: "X A".into() })
        );
        assert_eq!(
            push_header("Transfer-Encoding", "chunked", &mut headers),
            Err(HeaderFault::Denied { name: "transfer-encoding".into() })
        );
        assert_eq!(headers.len(), 1);
    }
}
