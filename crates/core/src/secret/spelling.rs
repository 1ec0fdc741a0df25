//! A secret in any mix of the escapes that URLs, forms, JSON, HTML and header text use.
//!
//! Encoders differ in what they escape: `encodeURIComponent` leaves `'` alone, Python's `quote` leaves `/`, one writes
//! `%2f` and another `%2F`. So no list of whole spellings is enough: each character is matched in every way in
//! which it can be written, and the set of places where the match can stand is carried along.

use std::ops::Range;

use super::Secret;

/// How a secret can be written.
pub(super) struct Spelling {
    secret: Secret,
    /// The bytes that a match can start with.
    starts: [bool; 256],
}

/// Where the match of one character can end, and whether the text ended inside one.
#[derive(Default)]
struct Ends {
    at: Vec<usize>,
    ran_out: bool,
}

impl Spelling {
    /// The spellings of a secret, which is not empty.
    pub(super) fn new(secret: Secret) -> Spelling {
        let mut starts = [false; 256];
        if let Some(first) = secret.expose().chars().next() {
            starts[usize::from(first.to_string().as_bytes()[0])] = true;
            for byte in [b'%', b'\\', b'&', 0xC2, 0xC3] {
                starts[usize::from(byte)] = true;
            }
            starts[usize::from(b'+')] |= first == ' ';
        }
        Spelling { secret, starts }
    }

    /// Where the secret stands.
    pub(super) fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let end =
                if self.starts[usize::from(text[at])] { self.longest_at(text, at) } else { None };
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
        // A character takes at most `&#x10FFFF;`, or as many as its bytes escaped twice.
        let longest = self.secret.expose().len() * 12;
        let first = text.len().saturating_sub(longest);
        (first..text.len())
            .find(|at| self.starts[usize::from(text[*at])] && self.runs_out(text, *at))
    }

    fn longest_at(&self, text: &[u8], at: usize) -> Option<usize> {
        let mut places = vec![at];
        for c in self.secret.expose().chars() {
            places = step(text, &places, c).at;
            if places.is_empty() {
                return None;
            }
        }
        places.into_iter().max()
    }

    /// Whether the text ends before the secret that starts here does.
    fn runs_out(&self, text: &[u8], at: usize) -> bool {
        let mut places = vec![at];
        for c in self.secret.expose().chars() {
            let ends = step(text, &places, c);
            if ends.ran_out || ends.at.contains(&text.len()) {
                return true;
            }
            places = ends.at;
            if places.is_empty() {
                return false;
            }
        }
        false
    }
}

/// From each place, where the character can end.
fn step(text: &[u8], places: &[usize], c: char) -> Ends {
    let mut ends = Ends::default();
    for at in places {
        let rest = &text[*at..];
        let mut offer = |spelling: &[u8], fold: bool| {
            let length = spelling.len().min(rest.len());
            let same = if fold {
                rest[..length].eq_ignore_ascii_case(&spelling[..length])
            } else {
                rest[..length] == spelling[..length]
            };
            if same && length == spelling.len() {
                ends.at.push(at + length);
            } else if same {
                ends.ran_out = true;
            }
        };
        offer_character(c, &mut offer);
    }
    ends.at.sort_unstable();
    ends.at.dedup();
    ends
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
        let found = Spelling::new(Secret::from(secret)).find(text.as_bytes());
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
        let spelling = Spelling::new(Secret::from("abc/é"));
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
    fn many_backslashes_take_no_time() {
        let secret = "\\".repeat(200);
        assert_eq!(finds(&secret, &format!("{}x", "\\".repeat(199))), None);
        assert!(finds(&secret, &"\\".repeat(400)).is_some());
    }
}
