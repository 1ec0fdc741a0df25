//! Which characters are percent-encoded where (RFC 3986), and which are escaped in XML.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// Everything but the unreserved characters of RFC 3986, section 2.3: for query names and values.
pub const UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Everything that may not stand as it is in one path segment (RFC 3986, section 3.3: pchar).
pub const SEGMENT: &AsciiSet = &UNRESERVED
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Text for the content or an attribute of XML and HTML; `None` where it holds a character that XML cannot hold (XML 1.0,
/// section 2.2).
#[must_use]
pub fn xml_text(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // It would be read as another line end, and these in an attribute as spaces (XML 1.0, section 3.3.3).
            '\r' => out.push_str("&#13;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            ' '..='\u{fffd}' | '\u{10000}'.. => out.push(c),
            _ => return None,
        }
    }
    Some(out)
}
