//! A secret in any mix of the escapes that URLs, forms, JSON, HTML and header text use.
//!
//! Encoders differ in what they escape: `encodeURIComponent` leaves `'` alone, Python's `quote` leaves `/`, one writes
//! `%2f` and another `%2F`. So no list of whole spellings is enough: each character is matched in every way in
//! which it can be written. All places where the secret may have begun are followed at once, as bits: what it costs is a
//! matter of the text's length alone, whatever secret and text are made of.

use std::ops::Range;

use zeroize::Zeroizing;

use super::text::Secret;

/// So many characters are enough to know a secret by: a text that agrees with so many of them is masked as far as
/// it agrees. It is also how many bits there are.
const KNOWN_BY: usize = 128;

/// More than the bytes that one character takes in any spelling.
const RING: usize = 32;

/// Most places that are followed where a secret is longer than it is known by.
const MOST_PLACES: usize = 16;

/// How a secret can be written.
pub(super) struct Spelling {
    /// The characters, as indices into `encodings`.
    characters: Vec<usize>,
    /// The ways in which each different character can be written.
    encodings: Vec<Vec<Encoded>>,
    /// Which of the first characters are the same: for each of `encodings` a bit for each place.
    places: Vec<u128>,
    /// The encodings by their first byte: character and which of its encodings.
    by_first: Vec<(u8, usize, usize)>,
    /// Where those of each byte begin in `by_first`; one more for the end.
    first: [u16; 257],
    /// The bytes that a match can start with.
    starts: [bool; 256],
    /// The bytes that can follow the plain first character.
    seconds: [bool; 256],
    /// The plain first character.
    plain: Vec<u8>,
}

/// A character as it can be written.
struct Encoded {
    bytes: Zeroizing<Vec<u8>>,
    any_case: bool,
}

impl Encoded {
    /// How much of it stands at the beginning of a text: all, a part that the text ends in, or nothing.
    fn at(&self, text: &[u8]) -> Agreement {
        let length = self.bytes.len().min(text.len());
        let (written, encoded) = (&text[..length], &self.bytes[..length]);
        let same = match self.any_case {
            true => written.eq_ignore_ascii_case(encoded),
            false => written == encoded,
        };
        match same {
            true if length == self.bytes.len() => Agreement::Whole,
            true => Agreement::Beginning,
            false => Agreement::None,
        }
    }
}

#[derive(PartialEq)]
enum Agreement {
    None,
    Beginning,
    Whole,
}

/// The matches under way, by where in the text they have come to.
struct UnderWay {
    /// For each place of the text, modulo the ring: how many characters agree so far, a bit each.
    bits: [u128; RING],
    /// For each of those, where the earliest of them began.
    begun: Vec<usize>,
    width: usize,
}

impl UnderWay {
    fn new(width: usize) -> UnderWay {
        UnderWay { bits: [0; RING], begun: vec![0; RING * width], width }
    }

    fn add(&mut self, at: usize, agreed: usize, since: usize) {
        let slot = at % RING;
        let begun = &mut self.begun[slot * self.width + agreed];
        let bit = 1 << agreed;
        *begun = if self.bits[slot] & bit == 0 { since } else { since.min(*begun) };
        self.bits[slot] |= bit;
    }

    fn since(&self, at: usize, agreed: usize) -> usize {
        self.begun[at % RING * self.width + agreed]
    }
}

/// The numbers of the bits that are set.
fn set_bits(mut bits: u128) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let next = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
        bits &= bits - 1;
        Some(next)
    })
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
        let mut places = vec![0; encodings.len()];
        for (place, character) in characters.iter().take(KNOWN_BY).enumerate() {
            places[*character] |= 1 << place;
        }
        let mut by_first = Vec::new();
        for (character, ways) in encodings.iter().enumerate() {
            for (way, encoded) in ways.iter().enumerate() {
                by_first.extend(firsts(encoded).map(|first| (first, character, way)));
            }
        }
        by_first.sort_unstable();
        let mut first = [0; 257];
        for (byte, begin) in (0_u16..).zip(&mut first) {
            let begins = by_first.partition_point(|(first, ..)| u16::from(*first) < byte);
            *begin = u16::try_from(begins).unwrap_or(u16::MAX);
        }
        let any_of = |character: Option<&usize>| {
            let mut bytes = [false; 256];
            for encoded in character.and_then(|index| encodings.get(*index)).into_iter().flatten() {
                firsts(encoded).for_each(|first| bytes[usize::from(first)] = true);
            }
            bytes
        };
        let starts = any_of(characters.first());
        let seconds = if characters.len() > 1 { any_of(characters.get(1)) } else { [true; 256] };
        let plain = secret.expose().chars().next().map(|c| c.to_string().into_bytes());
        let plain = plain.unwrap_or_default();
        Spelling { characters, encodings, places, by_first, first, starts, seconds, plain }
    }

    /// Where the secret stands; ranges may overlap.
    pub(super) fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        self.scan(text).0
    }

    /// Where the beginning of the secret stands at the end of the text.
    pub(super) fn begins_at_end(&self, text: &[u8]) -> Option<usize> {
        self.scan(text).1
    }

    /// Where the secret stands, and where it has begun when the text ends.
    fn scan(&self, text: &[u8]) -> (Vec<Range<usize>>, Option<usize>) {
        let known_by = self.characters.len().min(KNOWN_BY);
        let mut found: Vec<Range<usize>> = Vec::new();
        let mut begun: Option<usize> = None;
        let mut under_way: Option<UnderWay> = None;
        for at in 0..text.len() {
            let before = under_way.as_ref().map_or(0, |under_way| under_way.bits[at % RING]);
            let starts = self.may_start(text, at);
            if before == 0 && !starts {
                continue;
            }
            let under_way = under_way.get_or_insert_with(|| UnderWay::new(known_by));
            if starts {
                under_way.add(at, 0, at);
            }
            let agreed = under_way.bits[at % RING];
            let byte = usize::from(text[at]);
            let ways = usize::from(self.first[byte])..usize::from(self.first[byte + 1]);
            for (_, character, way) in &self.by_first[ways] {
                let here = agreed & self.places[*character];
                if here == 0 {
                    continue;
                }
                let encoded = &self.encodings[*character][*way];
                let agreement = encoded.at(&text[at..]);
                if agreement == Agreement::None {
                    continue;
                }
                let end = at + encoded.bytes.len();
                for count in set_bits(here) {
                    let since = under_way.since(at, count);
                    if agreement == Agreement::Beginning {
                        begun = Some(begun.map_or(since, |begun| begun.min(since)));
                    } else if count + 1 < known_by {
                        under_way.add(end, count + 1, since);
                    } else {
                        self.matched(text, since..end, &mut found);
                    }
                }
            }
            under_way.bits[at % RING] = 0;
        }
        if let Some(under_way) = &under_way {
            for count in set_bits(under_way.bits[text.len() % RING]) {
                let since = under_way.since(text.len(), count);
                begun = Some(begun.map_or(since, |begun| begun.min(since)));
            }
        }
        // A secret that is known by its beginning, and goes on where the text ends.
        if self.characters.len() > known_by
            && let Some(last) = found.last().filter(|last| last.end == text.len())
        {
            begun = Some(begun.map_or(last.start, |begun| begun.min(last.start)));
        }
        (found, begun)
    }

    /// Takes note of a match, as far as the text agrees.
    fn matched(&self, text: &[u8], range: Range<usize>, found: &mut Vec<Range<usize>>) {
        let seen = found.last().is_some_and(|last| range.end <= last.end);
        let end = if seen { range.end } else { self.agrees_until(text, range.end) };
        match found.last_mut() {
            Some(last) if range.start <= last.end => {
                last.start = last.start.min(range.start);
                last.end = last.end.max(end);
            }
            _ => found.push(range.start..end),
        }
    }

    /// How far the characters agree beyond those that the secret is known by.
    fn agrees_until(&self, text: &[u8], from: usize) -> usize {
        let (mut places, mut end) = (vec![from], from);
        for character in self.characters.iter().skip(KNOWN_BY) {
            let mut next: Vec<usize> = Vec::new();
            for at in &places {
                for encoded in &self.encodings[*character] {
                    if encoded.at(&text[*at..]) == Agreement::Whole {
                        next.push(at + encoded.bytes.len());
                    }
                }
            }
            next.sort_unstable();
            next.dedup();
            next.drain(..next.len().saturating_sub(MOST_PLACES));
            let Some(last) = next.last() else { break };
            end = end.max(*last);
            places = next;
        }
        end
    }

    /// A quick look at two characters, which is all that most places need.
    fn may_start(&self, text: &[u8], at: usize) -> bool {
        if !self.starts[usize::from(text[at])] {
            return false;
        }
        let plain = text[at..].starts_with(&self.plain);
        let next = text.get(at + self.plain.len());
        let escaped = matches!(text[at], b'%' | b'\\' | b'&' | b'+' | 0xC2 | 0xC3);
        escaped || !plain || next.is_none_or(|next| self.seconds[usize::from(*next)])
    }
}

/// The bytes that an encoding can begin with.
fn firsts(encoded: &Encoded) -> impl Iterator<Item = u8> + use<> {
    let first = encoded.bytes[0];
    let other = match encoded.any_case {
        true if first.is_ascii_uppercase() => first.to_ascii_lowercase(),
        true => first.to_ascii_uppercase(),
        false => first,
    };
    [first].into_iter().chain((other != first).then_some(other))
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
            ("abc/ ab", Some(5)),
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

    /// What would take hours, were each place of the text tried by itself.
    #[test]
    fn hostile_secrets_take_no_longer_than_others() {
        for (secret, unit) in
            [("a", "a"), ("\\", "\\"), ("%", "%25"), (" ", "+"), ("&", "&amp;"), ("\"", "\\\"")]
        {
            let text = unit.repeat(10_000);
            let (last, long) = (format!("{}x", secret.repeat(127)), secret.repeat(5_000));
            let last = Spelling::new(&Secret::from(last.as_str()));
            assert!(last.find(text.as_bytes()).is_empty(), "{unit}");
            let found = Spelling::new(&Secret::from(long.as_str())).find(text.as_bytes());
            assert_eq!((found.len(), &found[0]), (1, &(0..text.len())), "{unit}");
        }
    }

    /// Each way to write some characters of a small alphabet, one after the other, against a search that tries every place and way.
    #[test]
    fn it_finds_what_a_patient_search_finds() {
        let alphabet = ['a', '\\', '/', '%', '2', '&', 'é', '+', ' ', '"'];
        let mut number = 0x2545_f491_4f6c_dd1d_u64;
        let mut below = |limit: usize| {
            number ^= number << 13;
            number ^= number >> 7;
            number ^= number << 17;
            usize::try_from(number >> 33).unwrap() % limit
        };
        let (mut matches, mut beginnings) = (0, 0);
        for _ in 0..4_000 {
            let secret: String = (0..1 + below(5)).map(|_| alphabet[below(10)]).collect();
            let spelling = Spelling::new(&Secret::from(secret.as_str()));
            let mut text = Vec::new();
            for _ in 0..below(4) {
                text.push(b"a%\\&2"[below(5)]);
            }
            for character in &spelling.characters {
                let ways = &spelling.encodings[*character];
                text.extend_from_slice(&ways[below(ways.len())].bytes);
            }
            text.truncate(text.len() - below(3).min(text.len()));
            for _ in 0..below(3) {
                text.push(b"a%\\&2"[below(5)]);
            }
            let mut masked = vec![false; text.len()];
            let mut begun = None;
            for start in 0..text.len() {
                let mut places = vec![start];
                for character in &spelling.characters {
                    let mut next = Vec::new();
                    for at in places {
                        for encoded in &spelling.encodings[*character] {
                            match encoded.at(&text[at..]) {
                                Agreement::Whole => next.push(at + encoded.bytes.len()),
                                Agreement::Beginning => begun = begun.or(Some(start)),
                                Agreement::None => {}
                            }
                        }
                    }
                    places = next;
                    places.sort_unstable();
                    places.dedup();
                }
                if let Some(end) = places.last() {
                    masked[start..*end].fill(true);
                }
            }
            let mut seen = vec![false; text.len()];
            for range in spelling.find(&text) {
                seen[range].fill(true);
            }
            let shown = String::from_utf8_lossy(&text);
            assert_eq!(seen, masked, "{secret:?} in {shown:?}");
            assert_eq!(spelling.begins_at_end(&text), begun, "{secret:?} in {shown:?}");
            matches += usize::from(masked.contains(&true));
            beginnings += usize::from(begun.is_some());
        }
        assert!(matches > 1_000 && beginnings > 300, "{matches} {beginnings}");
    }
}
