//! Secrets inside base64, at each of its three alignments, and inside hex; as Basic credentials too.
//!
//! What is encoded may be a document that escapes the secret before: JSON, a form, UTF-16.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use zeroize::Zeroizing;

use super::text::{SHORTEST_MASKED, Secret};

/// So many bytes of a form are enough to know it by; what follows is compared. It bounds the automaton.
const KNOWN_BY: usize = 256;

/// Encoded forms of secrets: one automaton over the beginnings of all of them.
pub(super) struct EncodedForms {
    patterns: Vec<Zeroizing<String>>,
    automaton: Option<AhoCorasick>,
}

impl EncodedForms {
    /// The forms of secrets and of Basic credentials (RFC 7617).
    pub(super) fn new<'s>(
        secrets: impl Iterator<Item = &'s Secret>,
        pairs: &[(Secret, Secret)],
    ) -> EncodedForms {
        let mut patterns = Vec::new();
        for secret in secrets {
            for written in written(secret.expose()) {
                in_base64(&written, &mut patterns);
                in_hex(&written, &mut patterns);
            }
        }
        for (user, password) in pairs {
            let pair = Zeroizing::new(format!("{}:{}", user.expose(), password.expose()));
            for engine in [&STANDARD, &URL_SAFE] {
                let encoded = engine.encode(pair.as_bytes());
                patterns.push(Zeroizing::new(encoded.trim_end_matches('=').to_owned()));
                patterns.push(Zeroizing::new(encoded));
            }
        }
        patterns.retain(|pattern| !pattern.is_empty());
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            // Its vector registers end up on the stack, with pieces of what they went over: nobody wipes that.
            .prefilter(false)
            .build(patterns.iter().map(beginning))
            .ok()
            .filter(|_| !patterns.is_empty());
        EncodedForms { patterns, automaton }
    }

    /// Where the forms stand.
    pub(super) fn find<'b>(&'b self, bytes: &'b [u8]) -> impl Iterator<Item = Range<usize>> + 'b {
        let found = self.automaton.iter().flat_map(move |automaton| automaton.find_iter(bytes));
        found.map(move |found| {
            let rest = &self.patterns[found.pattern()].as_bytes()[found.len()..];
            let same = rest.iter().zip(&bytes[found.end()..]).take_while(|(a, b)| a == b).count();
            found.start()..found.end() + same
        })
    }

    /// Where the beginning of a form stands at the end of the bytes.
    pub(super) fn begins_at_end(&self, bytes: &[u8]) -> Option<usize> {
        let longest = |pattern: &Zeroizing<String>| {
            let pattern = beginning(pattern);
            (1..pattern.len()).rev().find(|length| bytes.ends_with(&pattern[..*length]))
        };
        self.patterns.iter().filter_map(longest).max().map(|length| bytes.len() - length)
    }
}

fn beginning(pattern: &Zeroizing<String>) -> &[u8] {
    &pattern.as_bytes()[..pattern.len().min(KNOWN_BY)]
}

/// A secret as documents write it that are encoded as a whole, each different way once.
fn written(secret: &str) -> Vec<Zeroizing<Vec<u8>>> {
    // JSON, as most write it; with slashes escaped; in ASCII alone.
    let json = |c: char, slash: bool, ascii: bool, way: &mut Vec<u8>| match c {
        '"' | '\\' => way.extend([b'\\', c as u8]),
        '/' if slash => way.extend(b"\\/"),
        '\n' => way.extend(b"\\n"),
        '\r' => way.extend(b"\\r"),
        '\t' => way.extend(b"\\t"),
        c if c.is_control() || (ascii && !c.is_ascii()) => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                way.extend(b"\\u");
                way.extend(unit.to_be_bytes().map(digits).as_flattened());
            }
        }
        c => way.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
    };
    // A form.
    let form = |c: char, way: &mut Vec<u8>| {
        for piece in url::form_urlencoded::byte_serialize(c.encode_utf8(&mut [0; 4]).as_bytes()) {
            way.extend(piece.as_bytes());
        }
    };
    // UTF-16, as Windows has its texts.
    let utf16 = |c: char, bytes: fn(u16) -> [u8; 2], way: &mut Vec<u8>| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            way.extend(bytes(*unit));
        }
    };
    let mut ways: Vec<Zeroizing<Vec<u8>>> = Vec::new();
    let mut add = |one: &dyn Fn(char, &mut Vec<u8>)| {
        // Large enough from the beginning: what a block grows out of is not wiped.
        let mut way = Zeroizing::new(Vec::with_capacity(secret.len() * MOST_A_BYTE));
        secret.chars().for_each(|c| one(c, &mut way));
        if !ways.contains(&way) {
            ways.push(way);
        }
    };
    add(&|c, way| way.extend(c.encode_utf8(&mut [0; 4]).as_bytes()));
    add(&|c, way| json(c, false, false, way));
    add(&|c, way| json(c, true, false, way));
    add(&|c, way| json(c, false, true, way));
    add(&form);
    add(&|c, way| utf16(c, u16::to_le_bytes, way));
    add(&|c, way| utf16(c, u16::to_be_bytes, way));
    ways
}

/// Most bytes that a byte of a secret is written with: `\\u0001`.
const MOST_A_BYTE: usize = 6;

/// The hexadecimal digits of a byte.
fn digits(byte: u8) -> [u8; 2] {
    let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
    [digit(byte >> 4), digit(byte & 15)]
}

/// Hex in both cases. What is short stands for much else.
fn in_hex(text: &[u8], patterns: &mut Vec<Zeroizing<String>>) {
    const SHORTEST_IN_HEX: usize = 8;
    if text.len() < SHORTEST_IN_HEX {
        return;
    }
    patterns.push(Zeroizing::new(hex::encode(text)));
    patterns.push(Zeroizing::new(hex::encode_upper(text)));
}

/// Base64 of the text at each alignment, without the characters that depend on its neighbours.
fn in_base64(text: &[u8], patterns: &mut Vec<Zeroizing<String>>) {
    for skip in 0..3 {
        let mut padded = Zeroizing::new(Vec::with_capacity(skip + text.len()));
        padded.resize(skip, 0);
        padded.extend_from_slice(text);
        let start = [0, 2, 3][skip];
        let end = padded.len() / 3 * 4 + [0, 1, 2][padded.len() % 3];
        for engine in [&STANDARD, &URL_SAFE] {
            let encoded = Zeroizing::new(engine.encode(padded.as_slice()));
            if let Some(inner) = encoded.get(start..end)
                && inner.len() >= SHORTEST_MASKED
            {
                patterns.push(Zeroizing::new(inner.to_owned()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(secret: &str, text: &str) -> String {
        let secret = Secret::from(secret);
        let forms = EncodedForms::new([&secret].into_iter(), &[]);
        let mut shown = text.to_owned();
        let found: Vec<Range<usize>> = forms.find(text.as_bytes()).collect();
        for range in found.into_iter().rev() {
            shown.replace_range(range, "*");
        }
        shown
    }

    /// What is left of a document in base64 or hex must not hold the secret's own part of it.
    #[test]
    fn a_secret_inside_an_encoded_document_is_found_however_it_is_written_there() {
        let secret = "Key/\"é+1";
        let utf16 =
            |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        for document in [
            secret.as_bytes().to_vec(),
            br#"{"token":"Key/\"\u00e9+1"}"#.to_vec(),
            "{\"token\":\"Key/\\\"é+1\"}".as_bytes().to_vec(),
            "{\"token\":\"Key\\/\\\"é+1\"}".as_bytes().to_vec(),
            b"a=1&token=Key%2F%22%C3%A9%2B1&b=2".to_vec(),
            utf16("x Key/\"é+1 y"),
        ] {
            for shift in 0..3 {
                let shifted = [&b"???"[..shift], &document].concat();
                for text in [STANDARD.encode(&shifted), URL_SAFE.encode(&shifted)] {
                    let shown = masked(secret, &text);
                    assert!(
                        shown.contains('*') && shown.len() + 9 <= text.len(),
                        "{text}: {shown}"
                    );
                }
                for text in [hex::encode(&shifted), hex::encode_upper(&shifted)] {
                    let shown = masked(secret, &text);
                    assert!(
                        shown.contains('*') && shown.len() + 17 <= text.len(),
                        "{text}: {shown}"
                    );
                }
            }
        }
    }

    #[test]
    fn seven_bytes_in_hex_are_left() {
        assert_eq!(masked("1234567", &hex::encode("1234567")), hex::encode("1234567"));
        assert_eq!(masked("12345678", &hex::encode("12345678")), "*");
    }
}
