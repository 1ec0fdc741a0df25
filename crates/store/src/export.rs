//! Exports: connections sealed with a passphrase, to be kept or taken to another store.
//!
//! ```text
//! passphrase ─ PBKDF2-HMAC-SHA256 (salt, iterations) ─▶ key ─ ChaCha20-Poly1305 ─▶ {"format", "kdf", "cipher", …}
//! ```
//! One JSON object; all but the ciphertext can be read by everybody, and is authenticated. What the bytes mean is the
//! business of whoever exports: [`ExportedConnection`] is what the command writes.

use cardhost_core::text::unmarked_bytes;
use std::num::NonZeroU32;

use crate::fault::{KeyFault, StoreFault};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::pbkdf2::{PBKDF2_HMAC_SHA256, derive};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::KEY_BYTES;

/// How often the passphrase is hashed: what the OWASP Password Storage Cheat Sheet asks of PBKDF2-HMAC-SHA256.
pub const ITERATIONS: u32 = 600_000;
/// Most iterations that are done to read an export: some seconds.
pub const MOST_ITERATIONS: u32 = 10_000_000;
/// Most bytes of an export.
pub const MOST_EXPORT_BYTES: usize = 256 * 1024 * 1024;

const FORMAT: u32 = 1;
const KDF: &str = "PBKDF2-HMAC-SHA256";
const CIPHER: &str = "CHACHA20-POLY1305";
const SALT_BYTES: usize = 16;

/// An export as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    /// The version of this format.
    #[serde(rename = "cardhost-export")]
    format: u32,
    kdf: Kdf,
    cipher: String,
    nonce: String,
    ciphertext: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kdf {
    name: String,
    iterations: u32,
    salt: String,
}

/// A connection inside an export.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedConnection {
    /// The connector.
    pub connector: String,
    /// The name.
    pub name: String,
    /// The fields, secrets included.
    pub fields: Map<String, Value>,
    /// The tokens, in base64, where there are any and they are taken along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<String>,
    /// When the tokens end: seconds since 1970-01-01T00:00:00Z.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_end: Option<i64>,
}

impl ExportedConnection {
    /// The tokens' bytes.
    ///
    /// # Errors
    /// [`StoreFault::Export`] where they are not base64.
    pub fn token_bytes(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault> {
        let decode = |text| STANDARD.decode(text).map(Zeroizing::new);
        self.tokens.as_ref().map(decode).transpose().map_err(|_| fault("its tokens are not base64"))
    }

    /// Takes tokens along.
    pub fn put_tokens(&mut self, bytes: &[u8], end: Option<i64>) {
        self.tokens = Some(STANDARD.encode(bytes));
        self.tokens_end = end;
    }
}

impl std::fmt::Debug for ExportedConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ExportedConnection({}/{})", self.connector, self.name)
    }
}

/// Connections as one sealed JSON object.
///
/// # Errors
/// [`StoreFault::Key`] where the system gives no random bytes.
pub fn seal_connections(
    connections: &[ExportedConnection],
    passphrase: &str,
) -> Result<String, StoreFault> {
    // Texts, numbers and maps of them can always be written.
    let bytes = serde_json::to_vec(connections).map(Zeroizing::new);
    seal(&bytes.map_err(|error| fault(&error.to_string()))?, passphrase)
}

/// Reads what [`seal_connections`] wrote.
///
/// # Errors
/// As [`open`]; [`StoreFault::Export`] also where it holds something else than connections.
pub fn open_connections(
    text: &[u8],
    passphrase: &str,
) -> Result<Vec<ExportedConnection>, StoreFault> {
    let bytes = open(text, passphrase)?;
    // The error's words may quote what was sealed.
    serde_json::from_slice(&bytes).map_err(|_| fault("what it holds are not connections"))
}

/// Seals bytes with a passphrase.
///
/// # Errors
/// [`StoreFault::Key`] where the system gives no random bytes.
pub fn seal(bytes: &[u8], passphrase: &str) -> Result<String, StoreFault> {
    seal_with(bytes, passphrase, ITERATIONS)
}

/// Opens what [`seal`] sealed.
///
/// # Errors
/// [`StoreFault::Passphrase`] where it does not open with this passphrase, [`StoreFault::Export`] where it is something
/// else.
pub fn open(text: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, StoreFault> {
    let text = unmarked_bytes(text);
    let export: Export = serde_json::from_slice(text).map_err(|error| {
        if serde_json::from_slice::<serde::de::IgnoredAny>(text).is_err() {
            fault("it is not JSON")
        } else {
            fault(&error.to_string())
        }
    })?;
    if export.format != FORMAT {
        return Err(fault(&format!(
            "format {} is not known; this is format {FORMAT}",
            export.format
        )));
    }
    if export.kdf.name != KDF || export.cipher != CIPHER {
        return Err(fault(&format!("it is not sealed with {KDF} and {CIPHER}")));
    }
    let decoded = |text: &str, what: &str| {
        STANDARD.decode(text).map_err(|_| fault(&format!("its {what} is not base64")))
    };
    let iterations = NonZeroU32::new(export.kdf.iterations)
        .filter(|iterations| iterations.get() <= MOST_ITERATIONS)
        .ok_or_else(|| {
            fault(&format!(
                "it wants {} iterations; from 1 to {MOST_ITERATIONS} are done",
                export.kdf.iterations
            ))
        })?;
    let salt = decoded(&export.kdf.salt, "salt")?;
    if salt.len() != SALT_BYTES {
        return Err(fault(&format!("its salt is not {SALT_BYTES} bytes")));
    }
    let nonce = decoded(&export.nonce, "nonce")?;
    let nonce = Nonce::try_assume_unique_for_key(&nonce)
        .map_err(|_| fault(&format!("its nonce is not {NONCE_LEN} bytes")))?;
    let mut bytes = Zeroizing::new(decoded(&export.ciphertext, "ciphertext")?);
    let key = key(passphrase, &salt, iterations)?;
    let opened = key.open_in_place(nonce, associated(iterations, &salt), &mut bytes);
    let length = opened.map_err(|_| StoreFault::Passphrase)?.len();
    bytes.truncate(length);
    Ok(bytes)
}

fn seal_with(bytes: &[u8], passphrase: &str, iterations: u32) -> Result<String, StoreFault> {
    let random = SystemRandom::new();
    let mut salt = [0; SALT_BYTES];
    let mut nonce = [0; NONCE_LEN];
    random
        .fill(&mut salt)
        .and_then(|()| random.fill(&mut nonce))
        .map_err(|_| KeyFault::NoRandom)?;
    let iterations = NonZeroU32::new(iterations).unwrap_or(NonZeroU32::MIN);
    let key = key(passphrase, &salt, iterations)?;
    let mut sealed = Zeroizing::new(Vec::with_capacity(bytes.len() + CHACHA20_POLY1305.tag_len()));
    sealed.extend_from_slice(bytes);
    let once = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(once, associated(iterations, &salt), &mut *sealed)
        .map_err(|_| StoreFault::TooLarge { limit: MOST_EXPORT_BYTES })?;
    let export = Export {
        format: FORMAT,
        kdf: Kdf {
            name: KDF.to_owned(),
            iterations: iterations.get(),
            salt: STANDARD.encode(salt),
        },
        cipher: CIPHER.to_owned(),
        nonce: STANDARD.encode(nonce),
        ciphertext: STANDARD.encode(&*sealed),
    };
    serde_json::to_string(&export).map_err(|error| fault(&error.to_string()))
}

fn key(passphrase: &str, salt: &[u8], iterations: NonZeroU32) -> Result<LessSafeKey, StoreFault> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    derive(PBKDF2_HMAC_SHA256, iterations, salt, passphrase.as_bytes(), &mut *bytes);
    // 32 bytes are what the algorithm takes.
    let key = UnboundKey::new(&CHACHA20_POLY1305, &*bytes);
    key.map(LessSafeKey::new).map_err(|_| KeyFault::Malformed { place: String::new() }.into())
}

/// What is authenticated beside the ciphertext.
fn associated(iterations: NonZeroU32, salt: &[u8]) -> Aad<Vec<u8>> {
    let mut bytes = b"cardhost export v1\0".to_vec();
    bytes.extend_from_slice(&iterations.get().to_le_bytes());
    bytes.extend_from_slice(salt);
    Aad::from(bytes)
}

fn fault(reason: &str) -> StoreFault {
    StoreFault::Export { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Enough for a test.
    const FEW: u32 = 10;

    fn edited(text: &str, edit: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut value = serde_json::from_str(text).unwrap();
        edit(&mut value);
        value.to_string().into_bytes()
    }

    fn reason(result: Result<Zeroizing<Vec<u8>>, StoreFault>) -> String {
        match result {
            Err(StoreFault::Export { reason }) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_sealed_opens_with_its_passphrase_only() {
        let sealed = seal_with(b"canary", "correct horse", FEW).unwrap();
        assert_eq!(&**open(sealed.as_bytes(), "correct horse").unwrap(), b"canary");
        for wrong in ["", "Correct horse", "correct horse "] {
            assert_eq!(open(sealed.as_bytes(), wrong), Err(StoreFault::Passphrase));
        }
        assert!(!sealed.contains("canary") && !sealed.contains(&STANDARD.encode("canary")));
        assert_ne!(sealed, seal_with(b"canary", "correct horse", FEW).unwrap());
    }

    #[test]
    fn an_export_says_how_it_is_sealed() {
        let sealed: Value = serde_json::from_str(&seal(b"", "p").unwrap()).unwrap();
        assert_eq!(sealed["cardhost-export"], 1);
        assert_eq!(sealed["kdf"]["name"], "PBKDF2-HMAC-SHA256");
        assert_eq!(sealed["kdf"]["iterations"], 600_000);
        assert_eq!(STANDARD.decode(sealed["kdf"]["salt"].as_str().unwrap()).unwrap().len(), 16);
        assert_eq!(sealed["cipher"], "CHACHA20-POLY1305");
    }

    #[test]
    fn the_key_is_that_of_rfc_7914() {
        // Section 11: PBKDF2-HMAC-SHA-256 (P="passwd", S="salt", c=1, dkLen=64), its first half.
        let mut bytes = [0; KEY_BYTES];
        derive(PBKDF2_HMAC_SHA256, NonZeroU32::MIN, b"salt", b"passwd", &mut bytes);
        assert_eq!(
            hex::encode(bytes),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
        );
    }

    #[test]
    fn whatever_is_changed_does_not_open() {
        let sealed = seal_with(b"value", "p", FEW).unwrap();
        let other = |text: &Value| {
            let mut bytes = STANDARD.decode(text.as_str().unwrap()).unwrap();
            bytes[0] ^= 1;
            Value::String(STANDARD.encode(bytes))
        };
        for pointer in ["/nonce", "/ciphertext", "/kdf/salt"] {
            let changed = edited(&sealed, |value| {
                let at = value.pointer_mut(pointer).unwrap();
                *at = other(at);
            });
            assert_eq!(open(&changed, "p"), Err(StoreFault::Passphrase), "{pointer}");
        }
        let changed = edited(&sealed, |value| value["kdf"]["iterations"] = json!(FEW + 1));
        assert_eq!(open(&changed, "p"), Err(StoreFault::Passphrase));
        let changed = edited(&sealed, |value| value["ciphertext"] = json!(""));
        assert_eq!(open(&changed, "p"), Err(StoreFault::Passphrase));
    }

    #[test]
    fn what_is_no_export_is_refused_before_anything_is_hashed() {
        let sealed = seal_with(b"value", "p", FEW).unwrap();
        assert_eq!(reason(open(b"", "p")), "it is not JSON");
        assert_eq!(reason(open(b"{", "p")), "it is not JSON");
        assert!(reason(open(b"{}", "p")).starts_with("missing field `cardhost-export`"));
        for (pointer, value, expected) in [
            ("/cardhost-export", json!(2), "format 2 is not known; this is format 1"),
            (
                "/cipher",
                json!("ROT13"),
                "it is not sealed with PBKDF2-HMAC-SHA256 and CHACHA20-POLY1305",
            ),
            (
                "/kdf/name",
                json!("MD5"),
                "it is not sealed with PBKDF2-HMAC-SHA256 and CHACHA20-POLY1305",
            ),
            ("/kdf/iterations", json!(0), "it wants 0 iterations; from 1 to 10000000 are done"),
            (
                "/kdf/iterations",
                json!(10_000_001),
                "it wants 10000001 iterations; from 1 to 10000000 are done",
            ),
            ("/kdf/salt", json!("AAAA"), "its salt is not 16 bytes"),
            ("/kdf/salt", json!("!"), "its salt is not base64"),
            ("/nonce", json!("AAAA"), "its nonce is not 12 bytes"),
            ("/ciphertext", json!("!"), "its ciphertext is not base64"),
        ] {
            let changed = edited(&sealed, |sealed| *sealed.pointer_mut(pointer).unwrap() = value);
            assert_eq!(reason(open(&changed, "p")), expected, "{pointer}");
        }
    }

    #[test]
    fn connections_come_back_as_they_were() {
        let fields = json!({ "Big": 7615917337495251231_u64, "Token": "t" });
        let mut connection = ExportedConnection {
            connector: "acme".to_owned(),
            name: "prod".to_owned(),
            fields: fields.as_object().cloned().unwrap(),
            tokens: None,
            tokens_end: None,
        };
        connection.put_tokens(b"\0tokens", Some(7));
        let sealed = seal_connections(&[connection], "p").unwrap();
        let opened = open_connections(sealed.as_bytes(), "p").unwrap();
        let [connection] = &opened[..] else { panic!("one connection") };
        assert_eq!((connection.connector.as_str(), connection.name.as_str()), ("acme", "prod"));
        assert_eq!(Value::Object(connection.fields.clone()), fields);
        assert_eq!(&**connection.token_bytes().unwrap().unwrap(), b"\0tokens");
        assert_eq!(connection.tokens_end, Some(7));
        assert_eq!(format!("{connection:?}"), "ExportedConnection(acme/prod)");
        let other = seal_with(b"{\"canary\":1}", "p", FEW).unwrap();
        let fault = open_connections(other.as_bytes(), "p").unwrap_err();
        assert_eq!(fault, super::fault("what it holds are not connections"));
    }
}
