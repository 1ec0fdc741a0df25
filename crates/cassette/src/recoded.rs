//! Secrets in bodies of other character sets than UTF-8: masked in the body's own, so that a replay reads it as it was.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// What was done about the secrets of a body in another character set.
pub(super) enum Recoded {
    /// There are none in any.
    None,
    /// Masked in their places.
    Masked(Vec<u8>),
    /// They stand in what is no text as a whole: nothing of it can be shown.
    Hidden,
}

/// A way in which characters become bytes, each the same number of them or a pair of those.
#[derive(Clone, Copy)]
struct Units {
    width: usize,
    big_endian: bool,
}

const WIDE: [Units; 4] = [
    Units { width: 2, big_endian: false },
    Units { width: 2, big_endian: true },
    Units { width: 4, big_endian: false },
    Units { width: 4, big_endian: true },
];

/// Masks secrets that stand in a body as UTF-16, UTF-32, in the character set that it is said to be in, or in that of the West.
/// `redact` masks them in a text.
pub(super) fn masked(
    bytes: &[u8],
    charset: Option<&str>,
    redact: &dyn Fn(&str) -> String,
) -> Recoded {
    if bytes.is_ascii() && !bytes.contains(&0) {
        return Recoded::None;
    }
    // What every reader takes it for is masked as that.
    if std::str::from_utf8(bytes).is_err() {
        let declared = charset.and_then(|label| Encoding::for_label(label.as_bytes()));
        for encoding in declared.into_iter().chain([WINDOWS_1252]) {
            if encoding == UTF_8 || encoding.output_encoding() != encoding {
                continue;
            }
            let (text, broken) = encoding.decode_without_bom_handling(bytes);
            let shown = redact(&text);
            if shown != text {
                let (masked, _, lossy) = encoding.encode(&shown);
                return if broken || lossy {
                    Recoded::Hidden
                } else {
                    Recoded::Masked(masked.into_owned())
                };
            }
        }
    }
    if !bytes.contains(&0) {
        return wide(bytes, &WIDE[..2], redact);
    }
    wide(bytes, &WIDE, redact)
}

fn wide(bytes: &[u8], units: &[Units], redact: &dyn Fn(&str) -> String) -> Recoded {
    // Text from the first byte on comes first: one unit further it looks like the other byte order.
    for skip in 0..bytes.len().min(4) {
        for units in units.iter().filter(|units| skip < units.width) {
            let (text, whole) = units.read(&bytes[skip..]);
            let shown = redact(&text);
            if shown != text {
                return match skip == 0 && whole {
                    true => Recoded::Masked(units.write(&shown)),
                    false => Recoded::Hidden,
                };
            }
        }
    }
    Recoded::None
}

impl Units {
    /// The text, and whether that is all that the bytes say.
    fn read(self, bytes: &[u8]) -> (String, bool) {
        let units = bytes.chunks_exact(self.width);
        let mut whole = units.remainder().is_empty();
        let number = |unit: &[u8]| {
            let shift = |number, byte: &u8| number << 8 | u32::from(*byte);
            match self.big_endian {
                true => unit.iter().fold(0, shift),
                false => unit.iter().rev().fold(0, shift),
            }
        };
        let mut replaced = || {
            whole = false;
            char::REPLACEMENT_CHARACTER
        };
        let text = match self.width {
            2 => char::decode_utf16(
                units.map(|unit| u16::try_from(number(unit)).unwrap_or_default()),
            )
            .map(|c| c.unwrap_or_else(|_| replaced()))
            .collect(),
            _ => units
                .map(|unit| char::from_u32(number(unit)).unwrap_or_else(&mut replaced))
                .collect(),
        };
        (text, whole)
    }

    fn write(self, text: &str) -> Vec<u8> {
        let bytes = |number: u32| {
            let all = number.to_be_bytes();
            let mut unit = all[4 - self.width..].to_vec();
            if !self.big_endian {
                unit.reverse();
            }
            unit
        };
        match self.width {
            2 => text.encode_utf16().flat_map(|unit| bytes(u32::from(unit))).collect(),
            _ => text.chars().flat_map(|c| bytes(u32::from(c))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redact(text: &str) -> String {
        text.replace("geheim-ä1", "[redacted]").replace("plain-99", "[redacted]")
    }

    fn encoded(units: Units, text: &str) -> Vec<u8> {
        units.write(text)
    }

    #[test]
    fn secrets_are_masked_in_the_character_set_of_the_body() {
        for secret in ["geheim-ä1", "plain-99"] {
            let (text, shown) =
                (format!("\u{feff}{{\"key\":\"{secret}\"}}"), "\u{feff}{\"key\":\"[redacted]\"}");
            for units in WIDE {
                match masked(&encoded(units, &text), None, &redact) {
                    Recoded::Masked(bytes) => assert_eq!(bytes, encoded(units, shown)),
                    _ => panic!("{secret} in {} bytes", units.width),
                }
            }
        }
        let latin1 = b"key=geheim-\xe41;\xa0";
        assert!(
            matches!(masked(latin1, None, &redact), Recoded::Masked(bytes) if bytes == b"key=[redacted];\xa0")
        );
        let cyrillic = |text: &str| encoding_rs::KOI8_R.encode(text).0.into_owned();
        let declared =
            |text: &str| redact(text).replace("\u{43a}\u{43b}\u{44e}\u{447}", "[redacted]");
        match masked(&cyrillic("key: \u{43a}\u{43b}\u{44e}\u{447}!"), Some("koi8-r"), &declared) {
            Recoded::Masked(bytes) => assert_eq!(bytes, b"key: [redacted]!"),
            _ => panic!("koi8-r"),
        }
    }

    #[test]
    fn a_secret_in_the_middle_of_bytes_hides_them() {
        let mut bytes = vec![0xff, 0xd8, 0x00];
        bytes.extend(encoded(WIDE[0], "plain-99"));
        assert!(matches!(masked(&bytes, None, &redact), Recoded::Hidden));
        assert!(matches!(masked(&bytes[..9], None, &redact), Recoded::None));
        assert!(matches!(masked("geheim-ä1".as_bytes(), None, &redact), Recoded::None));
    }
}
