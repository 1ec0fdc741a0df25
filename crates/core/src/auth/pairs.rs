//! Names and values of a query or a form, written as signatures want them: each byte that is not an
//! unreserved character is percent-encoded, in capitals (RFC 3986, section 2.3; RFC 5849, section 3.6).

use percent_encoding::{percent_decode, percent_encode};

use crate::encoding::UNRESERVED;

/// The pairs of `a=1&b=2`, decoded and encoded anew. A `+` is a space; a name without `=` has an empty value.
pub(super) fn encoded_pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (again(name), again(value))
    })
}

/// Percent-encodes a text.
pub(super) fn encoded(text: &str) -> String {
    percent_encode(text.as_bytes(), UNRESERVED).to_string()
}

/// Decoded as bytes: what is not UTF-8 stays what it is.
fn again(text: &str) -> String {
    let spaced = text.replace('+', " ");
    let bytes: Vec<u8> = percent_decode(spaced.as_bytes()).collect();
    percent_encode(&bytes, UNRESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        encoded_pairs(text).collect()
    }

    #[test]
    fn pairs_are_encoded_once_whatever_they_were_before() {
        let expected =
            [("a%20b", "1%2B%21"), ("c", ""), ("d", ""), ("%E2%98%83", "%FF"), ("e", "%3D%3D")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pairs("a+b=1%2b!&c&d=&&☃=%ff&e==%3D"), expected);
        assert_eq!(pairs(""), []);
    }
}
