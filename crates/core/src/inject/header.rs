//! Header fields: names are tokens, values hold no control characters (RFC 9110, sections 5.1 and 5.5).

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Code, Fault};
use crate::text::article;

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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderFault {
    /// The name is not a token.
    #[error("`{}` is not a header name", name.escape_default())]
    Name {
        /// The name.
        name: String,
    },
    /// The value holds CR, LF, NUL or another control character.
    #[error("header `{name}` holds the control character U+{:04X}", u32::from(*found))]
    Value {
        /// The name.
        name: String,
        /// The character.
        found: char,
    },
    /// The value is an object, or a list inside a list.
    #[error(
        "header `{name}` must be text, a number, true-false or a list of them, not {}",
        article(found)
    )]
    Type {
        /// The name.
        name: String,
        /// The type that was found.
        found: &'static str,
    },
    /// The name is on the field's deny list, or reserved.
    #[error("header `{name}` may not be set")]
    Denied {
        /// The name, in lower case.
        name: String,
    },
}

impl Fault for HeaderFault {
    fn code(&self) -> Code {
        match self {
            HeaderFault::Name { .. } => Code::HEADER_NAME,
            HeaderFault::Value { .. } | HeaderFault::Type { .. } => Code::HEADER_VALUE,
            HeaderFault::Denied { .. } => Code::HEADER_DENIED,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            HeaderFault::Value { .. } => {
                "a header is one line: take line breaks and control characters out"
            }
            HeaderFault::Denied { .. } => "the connector and the transport set it themselves",
            HeaderFault::Name { .. } => {
                "a header name is letters, digits and `-`, for example `X-Request-Id`"
            }
            HeaderFault::Type { .. } => return None,
        };
        Some(text.to_owned())
    }
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
