//! Keys and certificates in PEM (RFC 7468), as forms, spreadsheets and environment variables leave them.
//!
//! What stands between BEGIN and END is unambiguous however it is laid out: line ends may be spaces, missing or written `\n`,
//! lines may be indented, and any text may stand around. What a key is, its bytes say: labels are often wrong.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

/// Why a text has no key or certificate that can be used.
pub type Reason = &'static str;

/// The first private key of a text, in PKCS #8, PKCS #1 or SEC 1; one in PKCS #8 may be encrypted with a passphrase.
///
/// # Errors
/// Why there is none, without what is in it.
pub fn private_key(text: &str, passphrase: Option<&str>) -> Result<PrivateKeyDer<'static>, Reason> {
    let text = laid_out(text);
    let blocks = blocks(&text)?;
    let Some(key) = blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY")) else {
        let has = |what: &str| blocks.iter().any(|block| block.label.ends_with(what));
        return Err(match () {
            () if has("PUBLIC KEY") => "it holds a public key; the private key is needed",
            () if has("CERTIFICATE") => "it holds a certificate; the private key is needed",
            () => "it holds no private key in PEM",
        });
    };
    if key.body.contains("Proc-Type") {
        return Err(
            "it is encrypted in a way from before PKCS #8; `openssl pkey -in KEY -out PLAIN` decrypts it",
        );
    }
    if key.label.starts_with("ENCRYPTED") {
        let Some(passphrase) = passphrase else {
            return Err(
                "it is encrypted with a passphrase; give that too, or decrypt it with `openssl pkey -in KEY -out PLAIN`",
            );
        };
        return decrypted(&key.der()?, passphrase);
    }
    if key.label.starts_with("OPENSSH") {
        return Err(
            "it is in the format of OpenSSH; `ssh-keygen -p -m PKCS8 -f KEY` turns it into PKCS #8",
        );
    }
    let der = key.der()?;
    match form_of(&der) {
        Some(Form::Pkcs8) => Ok(PrivateKeyDer::Pkcs8(der.to_vec().into())),
        Some(Form::Pkcs1) => Ok(PrivateKeyDer::Pkcs1(der.to_vec().into())),
        Some(Form::Sec1) => Ok(PrivateKeyDer::Sec1(der.to_vec().into())),
        None => Err("it is no private key in PKCS #8, PKCS #1 or SEC 1"),
    }
}

/// A key in PKCS #8 without its encryption (RFC 8018, PBES2).
#[cfg(feature = "encrypted-keys")]
fn decrypted(der: &[u8], passphrase: &str) -> Result<PrivateKeyDer<'static>, Reason> {
    let key = pkcs8::EncryptedPrivateKeyInfoRef::try_from(der)
        .map_err(|_| "it is no encrypted private key in PKCS #8")?;
    let plain = key.decrypt(passphrase).map_err(
        |_| "it cannot be decrypted: another passphrase, or encrypted in another way than PBES2",
    )?;
    Ok(PrivateKeyDer::Pkcs8(plain.as_bytes().to_vec().into()))
}

#[cfg(not(feature = "encrypted-keys"))]
fn decrypted(_: &[u8], _: &str) -> Result<PrivateKeyDer<'static>, Reason> {
    Err(
        "it is encrypted with a passphrase, which this build does not read (feature `encrypted-keys`)",
    )
}

/// The certificates of a text, in order.
///
/// # Errors
/// Why there is none, or one that is damaged.
pub fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, Reason> {
    let text = laid_out(text);
    let mut found = Vec::new();
    for block in blocks(&text)?.iter().filter(|block| block.label.ends_with("CERTIFICATE")) {
        found.push(CertificateDer::from(block.der()?.to_vec()));
    }
    if found.is_empty() { Err("it holds no certificate in PEM") } else { Ok(found) }
}

/// What stands between a BEGIN and its END.
struct Block<'t> {
    label: String,
    body: &'t str,
}

impl Block<'_> {
    /// The bytes; lines with a colon are headers (RFC 1421).
    fn der(&self) -> Result<Zeroizing<Vec<u8>>, Reason> {
        const LENIENT: GeneralPurpose = GeneralPurpose::new(
            &STANDARD,
            GeneralPurposeConfig::new()
                .with_decode_padding_mode(DecodePaddingMode::Indifferent)
                .with_decode_allow_trailing_bits(true),
        );
        let mut digits = Zeroizing::new(String::with_capacity(self.body.len()));
        for line in self.body.lines().filter(|line| !line.contains(':')) {
            digits.extend(line.chars().filter(|char| !is_layout(*char)));
        }
        let der = LENIENT.decode(digits.as_bytes()).map(Zeroizing::new);
        let der = der.map_err(|_| "what stands between its BEGIN and its END is not base64")?;
        if der.is_empty() { Err("nothing stands between its BEGIN and its END") } else { Ok(der) }
    }
}

/// The text with `\n`, `\r` and `\t` of two characters as what they stand for.
fn laid_out(text: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut escaped = false;
    for char in text.chars() {
        match (escaped, char) {
            (_, '\\') => escaped = true,
            (true, 'n' | 'r' | 't') => {
                plain.push('\n');
                escaped = false;
            }
            _ => {
                plain.push(char);
                escaped = false;
            }
        }
    }
    plain
}

/// What copying adds between the digits.
fn is_layout(char: char) -> bool {
    char.is_whitespace()
        || char.is_control()
        || matches!(char, '"' | '\'' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
}

fn blocks(text: &str) -> Result<Vec<Block<'_>>, Reason> {
    const BEGIN: &str = "-----BEGIN";
    const END: &str = "-----END";
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, from)) = rest.split_once(BEGIN) {
        let (label, inside) = from.split_once("-----").ok_or("its BEGIN line is cut off")?;
        let (body, after) = inside.split_once(END).ok_or("it is cut off: it has no END line")?;
        let label = label.split_whitespace().collect::<Vec<_>>().join(" ");
        found.push(Block { label, body });
        rest = after;
    }
    Ok(found)
}

/// How a private key is written.
enum Form {
    Pkcs8,
    Pkcs1,
    Sec1,
}

/// What follows the version tells the forms apart: an algorithm (RFC 5208), a modulus (RFC 8017), the key itself (RFC 5915).
fn form_of(der: &[u8]) -> Option<Form> {
    let inside = match der {
        [0x30, length, rest @ ..] if *length < 0x80 => rest,
        [0x30, length, rest @ ..] => rest.get(usize::from(length & 0x7f)..)?,
        _ => return None,
    };
    match inside {
        [0x02, 0x01, _, 0x30, ..] => Some(Form::Pkcs8),
        [0x02, 0x01, _, 0x02, ..] => Some(Form::Pkcs1),
        [0x02, 0x01, _, 0x04, ..] => Some(Form::Sec1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginnings of keys: nothing here reads further.
    const PKCS8: &[u8] = &[0x30, 0x0a, 2, 1, 0, 0x30, 0, 4, 3, 1, 2, 3];
    const PKCS1: &[u8] = &[0x30, 0x82, 0, 6, 2, 1, 0, 2, 1, 9];
    const SEC1: &[u8] = &[0x30, 0x81, 6, 2, 1, 1, 4, 1, 9];

    fn pem(label: &str, der: &[u8]) -> String {
        let digits = base64::engine::general_purpose::STANDARD.encode(der);
        let (first, second) = digits.split_at(digits.len() / 2);
        format!("-----BEGIN {label}-----\n{first}\n{second}\n-----END {label}-----\n")
    }

    #[test]
    fn a_key_is_read_however_it_was_laid_out() {
        let plain = pem("PRIVATE KEY", PKCS8);
        let indented = plain.replace('\n', "\n    ");
        let layouts = [
            plain.replace('\n', " "),
            plain.replace('\n', ""),
            plain.replace('\n', "\\n"),
            plain.replace('\n', "\\r\\n"),
            plain.replace('\n', "\\\\n"),
            plain.replace('\n', "\r\n"),
            plain.replace('\n', "\n\n"),
            plain.replace('\n', "\u{a0}"),
            plain.replace(' ', "\u{a0}"),
            format!("\u{feff}{plain}"),
            format!("\"{}\"", plain.replace('\n', "\\n")),
            format!("{{\"private_key\": \"{}\"}}", plain.replace('\n', "\\n")),
            format!("Bag Attributes\n    localKeyID: 01\n{plain}and so on"),
            plain.replace('=', ""),
            indented,
            plain,
        ];
        for layout in layouts {
            let key = private_key(&layout, None);
            assert_eq!(key.map(|key| key.secret_der().to_vec()), Ok(PKCS8.to_vec()), "{layout:?}");
        }
    }

    #[test]
    fn the_bytes_say_what_a_key_is() {
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
            assert!(matches!(private_key(&pem(label, PKCS8), None), Ok(PrivateKeyDer::Pkcs8(_))));
            assert!(matches!(private_key(&pem(label, PKCS1), None), Ok(PrivateKeyDer::Pkcs1(_))));
            assert!(matches!(private_key(&pem(label, SEC1), None), Ok(PrivateKeyDer::Sec1(_))));
        }
        let parameters = pem("EC PARAMETERS", &[6, 1, 1]) + &pem("EC PRIVATE KEY", SEC1);
        assert!(matches!(private_key(&parameters, None), Ok(PrivateKeyDer::Sec1(_))));
    }

    #[test]
    fn what_is_no_key_is_told_apart() {
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----";
        for (text, words) in [
            (String::new(), "no private key in PEM"),
            ("hunter2".to_owned(), "no private key in PEM"),
            (pem("CERTIFICATE", PKCS8), "holds a certificate"),
            (pem("PUBLIC KEY", PKCS8), "holds a public key"),
            (pem("ENCRYPTED PRIVATE KEY", PKCS8), "encrypted with a passphrase"),
            (old.to_owned(), "encrypted in a way from before"),
            (old.replace('\n', " "), "encrypted in a way from before"),
            (pem("OPENSSH PRIVATE KEY", PKCS8), "format of OpenSSH"),
            (pem("PRIVATE KEY", b"openssl"), "no private key in PKCS #8"),
            ("-----BEGIN PRIVATE KEY-----\nAAAA".to_owned(), "has no END line"),
            ("-----BEGIN PRIVATE KEY".to_owned(), "BEGIN line is cut off"),
            ("-----BEGIN PRIVATE KEY----- -----END PRIVATE KEY-----".to_owned(), "nothing stands"),
            ("-----BEGIN PRIVATE KEY-----\n*\n-----END".to_owned(), "not base64"),
        ] {
            let reason = private_key(&text, None).unwrap_err();
            assert!(reason.contains(words), "{text:?}: {reason}");
        }
    }

    #[test]
    fn several_certificates_stay_several() {
        let (one, two) = (pem("CERTIFICATE", &[1, 2, 3]), pem("TRUSTED CERTIFICATE", &[4, 5, 6]));
        let both = format!("subject=CN: one\n{one}{two}{}", pem("PRIVATE KEY", PKCS8));
        for text in [both.replace('\n', " "), both.replace('\n', "\\n"), both] {
            let read = certificates(&text).unwrap();
            assert_eq!(
                read,
                [CertificateDer::from(&[1, 2, 3][..]), CertificateDer::from(&[4, 5, 6][..])]
            );
        }
        assert_eq!(certificates("none"), Err("it holds no certificate in PEM"));
    }
}
