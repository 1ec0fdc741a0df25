//! Digests and how their bytes are written. HMAC itself is `ring`'s.

use md5::Digest as _;
use ring::digest;

/// A digest algorithm that some scheme names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha512,
    /// SHA-512/256 of FIPS 180-4, which has initial values of its own: not SHA-512 cut short.
    Sha512Slash256,
}

impl Hash {
    /// The digest's bytes.
    pub(super) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Hash::Md5 => return md5::Md5::digest(bytes).to_vec(),
            Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha512 => &digest::SHA512,
            Hash::Sha512Slash256 => &digest::SHA512_256,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }

    /// The digest in lower-case hexadecimal digits.
    pub(super) fn hex(self, bytes: &[u8]) -> String {
        hex(&self.digest(bytes))
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(DIGITS[usize::from(half)]));
        }
    }
    text
}

/// The bytes of hexadecimal digits in either case; `None` where the text is something else.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `abc` of RFC 1321, A.5, and of the examples of FIPS 180-4.
    #[test]
    fn digests_of_abc_are_those_of_their_standards() {
        assert_eq!(Hash::Md5.hex(b"abc"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(Hash::Sha1.hex(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(
            Hash::Sha256.hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            Hash::Sha512.hex(b"abc"),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        );
        assert_eq!(
            Hash::Sha512Slash256.hex(b"abc"),
            "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"
        );
    }

    #[test]
    fn hexadecimal_text_is_read_in_either_case() {
        assert_eq!(from_hex("00fFa9"), Some(vec![0, 255, 169]));
        assert_eq!(from_hex(""), Some(Vec::new()));
        for odd in ["0", "0g", "+1", "é0"] {
            assert_eq!(from_hex(odd), None, "{odd}");
        }
    }
}
