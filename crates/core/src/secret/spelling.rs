//! A secret in any mix of the escapes that URLs, forms, JSON, HTML and header text use.
//!
//! Encoders differ in what they escape: `encodeURIComponent` leaves `'` alone, Python's `quote` leaves `/`, one writes
//! `%2f` and another `%2F`. So no list of whole spellings is enough: each character is matched in every way in
//! which it can be written, and the set of places where the match can stand is carried along.

use std::ops::Range;

use zeroize::Zeroizing;

use super::text::Secret;

/// So many characters are enough to know a secret by: a text that agrees with so many of them is masked as far as
/// it agrees. It bounds the work for long secrets that repeat themselves.
const KNOWN_BY: usize = 128;

/// How a secret can be written.
pub(super) struct Spelling {
    /// The characters, as indices into `encodings`.
    characters: Vec<usize>,
    /// The ways in which each different character can be written.
    encodings: Vec<Vec<Encoded>>,
    /// The bytes that a match can start with.
    starts: [bool; 256],
    /// The bytes that can follow the plain first character.
    seconds: [bool; 256],
    /// The plain first character.
    first: Vec<u8>,
    /// Most bytes that the secret can take.
    longest: usize,
}

/// A character as it can be written.
struct Encoded {
    bytes: Zeroizing<Vec<u8>>,
    any_case: bool,
}

/// Where the match of one character can end, and whether the text ended inside one.
#[derive(Default)]
struct Ends {
    at: Vec<usize>,
    ran_out: bool,
}

impl Spelling {
    /// The spellings of a secret, which is not empty.
    pub(super) fn new(secret: &Secret) -> Spelling {
        let mut known: Vec<char> = Vec::new();
        let mut encodings: Vec<Vec<Encoded>> = Vec::new();
        let mut characters = Vec::new();
        for c in secret.expose().chars() {
            let index = known.iter().position(|k| *k == c).unwrap_or_else(|| {
                let mut of_character = Vec::new();
                offer_character(c, &mut |bytes, any_case| {
                    of_character.push(Encoded { bytes: Zeroizing::new(bytes.to_vec()), any_case });
                });
                known.push(c);
                encodings.push(of_character);
                encodings.len() - 1
            });
            characters.push(index);
        }
        let mut starts = [false; 256];
        for encoded in
            characters.first().and_then(|first| encodings.get(*first)).into_iter().flatten()
        {
            starts[usize::from(encoded.bytes[0])] = true;
            if encoded.any_case {
                starts[usize::from(encoded.bytes[0].to_ascii_uppercase())] = true;
                starts[usize::from(encoded.bytes[0].to_ascii_lowercase())] = true;
            }
        }
        let mut seconds = [false; 256];
        match characters.get(1).and_then(|second| encodings.get(*second)) {
            None => seconds = [true; 256],
            Some(encodings) => {
                for encoded in encodings {
                    seconds[usize::from(encoded.bytes[0])] = true;
                    if encoded.any_case {
                        seconds[usize::from(encoded.bytes[0].to_ascii_uppercase())] = true;
                        seconds[usize::from(encoded.bytes[0].to_ascii_lowercase())] = true;
                    }
                }
            }
        }
        let first = secret.expose().chars().next().map(|c| c.to_string().into_bytes());
        let first = first.unwrap_or_default();
        let widest =
            |index: &usize| encodings[*index].iter().map(|encoded| encoded.bytes.len()).max();
        let longest = characters.iter().filter_map(widest).sum();
        Spelling { characters, encodings, starts, seconds, first, longest }
    }

    /// Where the secret stands.
    pub(super) fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let end = if self.may_start(text, at) { self.longest_at(text, at) } else { None };
            match end {
                Some(end) => {
                    found.push(at..end);
                    at = end;
                }
                None => at += 1,
            }
        }
        found
    }

    /// Where the beginning of the secret stands at the end of the text.
    pub(super) fn begins_at_end(&self, text: &[u8]) -> Option<usize> {
        let first = text.len().saturating_sub(self.longest);
        (first..text.len())
            .find(|at| self.starts[usize::from(text[*at])] && self.runs_out(text, *at))
    }

    /// A quick look at two characters, which is all that most places need.
    fn may_start(&self, text: &[u8], at: usize) -> bool {
        if !self.starts[usize::from(text[at])] {
            return false;
        }
        let plain = text[at..].starts_with(&self.first);
        let next = text.get(at + self.first.len());
        let escaped = matches!(text[at], b'%' | b'\\' | b'&' | b'+' | 0xC2 | 0xC3);
        escaped || !plain || next.is_none_or(|next| self.seconds[usize::from(*next)])
    }

    fn longest_at(&self, text: &[u8], at: usize) -> Option<usize> {
        let mut places = vec![at];
        for (index, character) in self.characters.iter().enumerate() {
            let next = self.step(text, &places, *character).at;
            if next.is_empty() {
                // What agrees for so long is the secret, cut off or changed at its end.
                return if index >= KNOWN_BY { places.into_iter().max() } else { None };
            }
            places = next;
        }
        places.into_iter().max()
    }

    /// Whether the text ends before the secret that starts here does.
    fn runs_out(&self, text: &[u8], at: usize) -> bool {
        let mut places = vec![at];
        for (index, character) in self.characters.iter().enumerate() {
            let ends = self.step(text, &places, *character);
            if index >= KNOWN_BY && !ends.at.is_empty()
                || ends.ran_out
                || ends.at.contains(&text.len())
            {
                return true;
            }
            places = ends.at;
            if places.is_empty() {
                return false;
            }
        }
        false
    }

    /// From each place, where the character can end.
    fn step(&self, text: &[u8], places: &[usize], character: usize) -> Ends {
        let mut ends = Ends::default();
        for at in places {
            let rest = &text[*at..];
            for encoded in &self.encodings[character] {
                let length = encoded.bytes.len().min(rest.len());
                let (written, encoded_bytes) = (&rest[..length], &encoded.bytes[..length]);
                let same = if encoded.any_case {
                    written.eq_ignore_ascii_case(encoded_bytes)
                } else {
                    written == encoded_bytes
                };
                if same && length == encoded.bytes.len() {
                    ends.at.push(at + length);
                } else if same {
                    ends.ran_out = true;
                }
            }
        }
        ends.at.sort_unstable();
        ends.at.dedup();
        ends
    }
}

/// Every spelling of one character; the flag says whether the case of its letters is free.
fn offer_character(c: char, offer: &mut dyn FnMut(&[u8], bool)) {
    let mut buffer = [0; 4];
    let raw = c.encode_utf8(&mut buffer).as_bytes();
    offer(raw, false);
    // Percent-encoded, once and twice.
    for percent in ["%", "%25"] {
        let encoded: String = raw.iter().map(|byte| format!("{percent}{byte:02X}")).collect();
        offer(encoded.as_bytes(), true);
    }
    // UTF-8 bytes read as ISO 8859-1, as header values are where they are not UTF-8.
    if !c.is_ascii() {
        let misread: String = raw.iter().map(|byte| char::from(*byte)).collect();
        offer(misread.as_bytes(), false);
    }
    let code = u32::from(c);
    let units: Vec<u16> = c.encode_utf16(&mut [0; 2]).to_vec();
    // JSON, also inside a text that is itself escaped.
    for backslashes in ["\\", "\\\\"] {
        let unicode: String =
            units.iter().map(|unit| format!("{backslashes}u{unit:04x}")).collect();
        offer(unicode.as_bytes(), true);
    }
    let short = match c {
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        '"' | '\\' | '/' | '\'' => Some(c),
        _ => None,
    };
    if let Some(short) = short {
        for backslashes in 1..8 {
            offer(format!("{}{short}", "\\".repeat(backslashes)).as_bytes(), false);
        }
    }
    // HTML.
    let name = match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&apos;"),
        _ => None,
    };
    if let Some(name) = name {
        offer(name.as_bytes(), true);
    }
    if !c.is_alphanumeric() || !c.is_ascii() {
        for number in [
            format!("&#{code};"),
            format!("&#{code:02};"),
            format!("&#x{code:x};"),
            format!("&#0{code};"),
        ] {
            offer(number.as_bytes(), true);
        }
    }
    if c == ' ' {
        offer(b"+", false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(secret: &str, text: &str) -> Option<String> {
        let found = Spelling::new(&Secret::from(secret)).find(text.as_bytes());
        found.first().map(|range| text[range.clone()].to_owned())
    }

    #[test]
    fn every_mix_of_escapes_is_found_whole() {
        let secret = "q\"/Ké \\<&>'+";
        for text in [
            "q\"/Ké \\<&>'+",
            "q%22%2FK%C3%A9%20%5C%3C%26%3E%27%2B",
            "q%22/K%c3%a9+%5c%3C%26%3E'%2b",
            "q%2522%252FK%25C3%25A9%2520%255C%253C%2526%253E%2527%252B",
            "q\\\"/Ké \\\\<&>'+",
            "q\\\"\\/K\\u00e9 \\\\\\u003c\\u0026\\u003E'+",
            "q\\\\\\\"/K\\\\u00e9 \\\\\\\\<&>'+",
            "q&quot;/K&#233; \\&lt;&amp;&gt;&#39;+",
            "q\"/KÃ© \\<&>'+",
        ] {
            assert_eq!(finds(secret, &format!("<{text}>")).as_deref(), Some(text), "{text}");
        }
        assert_eq!(finds(secret, "q\"/Ke \\<&>'+"), None);
    }

    #[test]
    fn the_beginning_of_a_secret_at_the_end_is_found() {
        let spelling = Spelling::new(&Secret::from("abc/é"));
        for (text, start) in [
            ("xx ab", Some(3)),
            ("xx abc%2", Some(3)),
            ("xx abc%2f%C3", Some(3)),
            ("xx abc\\/\\u00", Some(3)),
            ("xx a", Some(3)),
            ("xx abd", None),
            ("", None),
        ] {
            assert_eq!(spelling.begins_at_end(text.as_bytes()), start, "{text}");
        }
    }

    #[test]
    fn a_long_secret_is_masked_as_far_as_the_text_agrees() {
        let secret = "a".repeat(5000);
        assert_eq!(finds(&secret, &"a".repeat(4999)), Some("a".repeat(4999)));
        assert_eq!(finds(&secret, &"a".repeat(100)), None);
    }

    #[test]
    fn many_backslashes_take_no_time() {
        let secret = "\\".repeat(200);
        assert!(finds(&secret, &"\\".repeat(400)).is_some());
    }
}
