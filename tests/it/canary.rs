//! Canaries that are in no file and no binary: made of a label when they are needed, and found again in any bytes, whole or
//! in pieces, in every spelling.

use std::collections::HashMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::digest::{SHA256, digest};

/// So many bytes of a spelling are enough to know a canary by.
const PIECE: usize = 16;

/// A canary that can stand in a header and a token: 64 hex digits with a few other characters between them.
pub fn token(label: &str) -> String {
    let hex = hex(digest(&SHA256, format!("canary {label}").as_bytes()).as_ref());
    format!("{}-{}/{}+{}", &hex[..20], &hex[20..40], &hex[40..60], &hex[60..])
}

/// A canary with characters that JSON, URLs and HTML write in other ways.
pub fn text(label: &str) -> String {
    let hex = hex(digest(&SHA256, format!("canary {label}").as_bytes()).as_ref());
    format!("é\"{}/ +&{}\\<{}", &hex[..24], &hex[24..44], &hex[44..])
}

/// A canary of 32 bytes.
pub fn bytes(label: &str) -> Vec<u8> {
    digest(&SHA256, format!("canary {label}").as_bytes()).as_ref().to_vec()
}

/// Lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Finds canaries.
pub struct Hunt {
    pieces: HashMap<[u8; PIECE], Piece>,
    /// A bit for the first three bytes of each piece: most places are passed over by one look.
    starts: Vec<u64>,
}

/// What a piece is of: the canary's label and the spelling.
pub type Piece = (String, &'static str);

/// A piece that was found.
#[derive(Debug)]
pub struct Found {
    pub piece: Piece,
    pub at: usize,
    /// What stands around it.
    pub around: String,
}

impl Hunt {
    pub fn new() -> Hunt {
        Hunt { pieces: HashMap::new(), starts: vec![0; (1 << 24) / 64] }
    }

    /// Also looks for a text, in every spelling.
    pub fn text(mut self, label: &str, text: &str) -> Hunt {
        let json = serde_json::to_string(text).unwrap();
        let escaped: String = text
            .chars()
            .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) })
            .collect();
        let percent = percent_encoding(text);
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (spelling, bytes) in [
            ("plain", text.as_bytes()),
            ("upper case", text.to_uppercase().as_bytes()),
            ("JSON", json.as_bytes()),
            ("JSON in ASCII", escaped.as_bytes()),
            ("percent", percent.as_bytes()),
            ("UTF-16", &utf16),
        ] {
            self.add(label, spelling, bytes);
        }
        self.encoded(label, text.as_bytes())
    }

    /// Also looks for bytes that are no text, and for their encodings.
    pub fn bytes(mut self, label: &str, bytes: &[u8]) -> Hunt {
        self.add(label, "bytes", bytes);
        let turned: Vec<u8> = bytes.iter().rev().copied().collect();
        self.add(label, "bytes, the last one first", &turned);
        self.encoded(label, bytes)
    }

    fn encoded(mut self, label: &str, bytes: &[u8]) -> Hunt {
        let digits = hex(bytes);
        self.add(label, "hex", digits.as_bytes());
        self.add(label, "hex", digits.to_uppercase().as_bytes());
        for skip in 0..3 {
            let mut padded = vec![0; skip];
            padded.extend_from_slice(bytes);
            let encoded = BASE64_STANDARD.encode(&padded);
            // Without the characters that depend on what stands beside it.
            let inner = &encoded[[0, 2, 3][skip]..padded.len() / 3 * 4];
            self.add(label, "base64", inner.as_bytes());
            let url_safe = inner.replace('+', "-").replace('/', "_");
            self.add(label, "base64 for URLs", url_safe.as_bytes());
        }
        self
    }

    fn add(&mut self, label: &str, spelling: &'static str, bytes: &[u8]) {
        for piece in bytes.windows(PIECE) {
            let piece: [u8; PIECE] = piece.try_into().unwrap();
            let start = start(&piece);
            self.starts[start / 64] |= 1 << (start % 64);
            self.pieces.entry(piece).or_insert_with(|| (label.to_owned(), spelling));
        }
    }

    /// Every place where a piece of a canary stands; of those that touch, the first.
    pub fn find(&self, bytes: &[u8]) -> Vec<Found> {
        /// Most of a process's memory was never written to.
        const ZEROS: [u8; 4096] = [0; 4096];
        let mut found = Vec::new();
        let mut last = None;
        let (mut at, end) = (0, bytes.len().saturating_sub(PIECE - 1));
        while at < end {
            if at % ZEROS.len() == 0 && bytes[at..].starts_with(&ZEROS) {
                at += ZEROS.len();
                continue;
            }
            let (here, start) = (at, start(&bytes[at..]));
            at += 1;
            if self.starts[start / 64] & 1 << (start % 64) == 0 {
                continue;
            }
            let at = here;
            let Some(piece) = self.pieces.get(&bytes[at..at + PIECE]) else { continue };
            if last.is_none_or(|last| at > last + 1) {
                let around = &bytes[at.saturating_sub(48)..(at + 80).min(bytes.len())];
                let around = around.iter().map(|byte| match byte {
                    0x20..0x7F => char::from(*byte),
                    _ => '.',
                });
                found.push(Found { piece: piece.clone(), at, around: around.collect() });
            }
            last = Some(at);
        }
        found
    }
}

fn start(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 16 | usize::from(bytes[1]) << 8 | usize::from(bytes[2])
}

/// Percent-encodes all but letters and digits.
fn percent_encoding(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match char::from(byte) {
        c if c.is_ascii_alphanumeric() => c.to_string(),
        _ => format!("%{byte:02X}"),
    });
    bytes.collect()
}

#[test]
fn a_canary_is_found_in_every_spelling_and_in_pieces() {
    let canary = text("one");
    let hunt = Hunt::new().text("one", &canary).text("two", &token("two"));
    let finds = |bytes: &[u8]| hunt.find(bytes).iter().any(|found| found.piece.0 == "one");
    assert!(finds(canary.as_bytes()));
    assert!(finds(&canary.as_bytes()[20..40]), "{canary}");
    for before in ["", "a", "ab"] {
        let encoded = BASE64_STANDARD.encode(format!("{before}{canary}:x"));
        assert!(finds(encoded.as_bytes()));
    }
    assert!(finds(percent_encoding(&canary).as_bytes()));
    assert!(finds(hex(canary.as_bytes()).as_bytes()));
    assert!(finds(&canary.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()));
    assert!(finds(
        serde_json::to_string(&serde_json::to_string(&canary).unwrap()).unwrap().as_bytes()
    ));
    assert!(!finds(token("two").as_bytes()));
    assert!(!finds(text("three").as_bytes()));
}
