//! Keys and where they come from: a text (of an environment variable) or a file that only its owner can read.
//!
//! What is done with a key is the business of `cipher`; `keyring` has keys in a keyring of the system.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::Path;

use crate::fault::KeyFault;
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cardhost_core::secret::MASK;
use ring::digest::{Context, SHA256};
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::{ExposeSecret as _, ExposeSecretMut as _, SecretBox};
use zeroize::Zeroizing;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// Bytes of a key's id.
pub(super) const ID_BYTES: usize = 8;
/// More than any spelling of a key, with white space around it.
const MOST_FILE_BYTES: u64 = 1024;

/// A key of the store: 32 random bytes. It is wiped when dropped and prints as `[redacted]` with its id.
pub struct Key(SecretBox<[u8; KEY_BYTES]>);

impl Key {
    /// Reads a key from text: base64 (standard or URL-safe, padded or not) or 64 hex digits; white space around it is
    /// ignored.
    ///
    /// # Errors
    /// [`KeyFault::Malformed`] where it is not 32 bytes.
    ///
    /// # Example: two spellings of one key
    /// ```
    /// use cardhost_store::Key;
    ///
    /// let hex = Key::parse(&"00".repeat(32))?;
    /// let base64 = Key::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")?;
    /// assert_eq!(hex.id(), base64.id());
    /// # Ok::<(), cardhost_store::KeyFault>(())
    /// ```
    pub fn parse(text: &str) -> Result<Key, KeyFault> {
        let text = text.trim();
        let bytes = hex(text).or_else(|| base64(text));
        let malformed = || KeyFault::Malformed { place: String::new() };
        Key::of(&bytes.ok_or_else(malformed)?).ok_or_else(malformed)
    }

    /// A new random key.
    ///
    /// # Errors
    /// [`KeyFault::NoRandom`] where the system gives no random bytes.
    pub fn generate() -> Result<Key, KeyFault> {
        let mut key = SecretBox::new(Box::new([0; KEY_BYTES]));
        SystemRandom::new().fill(key.expose_secret_mut()).map_err(|_| KeyFault::NoRandom)?;
        Ok(Key(key))
    }

    /// Reads a key file: one key as text. On Unix a file that its group or others may read or write is refused.
    ///
    /// # Errors
    /// [`KeyFault::File`], [`KeyFault::Exposed`] or [`KeyFault::Malformed`].
    pub fn read_file(path: impl AsRef<Path>) -> Result<Key, KeyFault> {
        let path = path.as_ref();
        let fault = |error: std::io::Error| file_fault(path, &error);
        let file = File::open(path).map_err(fault)?;
        // Of the open file, so that it cannot be another one by the time it is read.
        refuse_exposed(&file, path)?;
        let mut text = Zeroizing::new(String::with_capacity(MOST_FILE_BYTES as usize));
        file.take(MOST_FILE_BYTES).read_to_string(&mut text).map_err(fault)?;
        Key::parse(&text).map_err(|_| KeyFault::Malformed { place: path.display().to_string() })
    }

    /// Makes a key file with a new random key, readable by its owner only. A file that is there is left as it is.
    ///
    /// # Errors
    /// [`KeyFault::File`], also where there is a file; [`KeyFault::NoRandom`].
    pub fn create_file(path: impl AsRef<Path>) -> Result<Key, KeyFault> {
        let path = path.as_ref();
        let key = Key::generate()?;
        let fault = |error: std::io::Error| file_fault(path, &error);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(fault)?;
        let written = file.write_all(key.text().as_bytes()).and_then(|()| file.sync_all());
        if let Err(error) = written {
            // Half a key is no key.
            let _ = std::fs::remove_file(path);
            return Err(fault(error));
        }
        sync_folder(path);
        Ok(key)
    }

    /// The key as text: base64 with padding, and a line feed.
    pub(super) fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        base64::engine::general_purpose::STANDARD.encode_string(self.0.expose_secret(), &mut text);
        text.push('\n');
        text
    }

    /// The key's id, 16 hex digits: says which key it is without saying the key.
    #[must_use]
    pub fn id(&self) -> String {
        id_text(self.id_bytes())
    }

    pub(super) fn id_bytes(&self) -> [u8; ID_BYTES] {
        let mut context = Context::new(&SHA256);
        context.update(b"cardhost store key id v1\0");
        context.update(self.0.expose_secret());
        let mut id = [0; ID_BYTES];
        id.copy_from_slice(&context.finish().as_ref()[..ID_BYTES]);
        id
    }

    /// Opens the key, for `cipher`.
    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        self.0.expose_secret()
    }

    fn of(bytes: &[u8]) -> Option<Key> {
        // Copied where it stays: an array that is moved leaves itself behind.
        let bytes: &[u8; KEY_BYTES] = bytes.try_into().ok()?;
        Some(Key(SecretBox::init_with_mut(|key: &mut [u8; KEY_BYTES]| key.copy_from_slice(bytes))))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, {MASK})", self.id())
    }
}

/// The keys that a host holds: the one that a new store is sealed under, and others that values may still be under.
///
/// An existing store knows itself which of them it is sealed under.
#[derive(Debug)]
pub struct KeySet {
    current: Key,
    previous: Vec<Key>,
}

impl KeySet {
    /// One key.
    #[must_use]
    pub fn new(current: Key) -> KeySet {
        KeySet { current, previous: Vec::new() }
    }

    /// Also another key, older or newer.
    #[must_use]
    pub fn with_previous(mut self, key: Key) -> KeySet {
        self.previous.push(key);
        self
    }

    /// The current one first.
    pub(super) fn into_keys(self) -> impl Iterator<Item = Key> {
        std::iter::once(self.current).chain(self.previous)
    }
}

/// A key's id as text.
pub(super) fn id_text(id: [u8; ID_BYTES]) -> String {
    hex::encode(id)
}

fn hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; KEY_BYTES]);
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

fn base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    // 32 bytes are 43 characters without padding.
    if text.len() > 44 {
        return None;
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(false);
    [&STANDARD, &URL_SAFE].into_iter().find_map(|alphabet| {
        let mut bytes = Zeroizing::new(Vec::with_capacity(64));
        GeneralPurpose::new(alphabet, config).decode_vec(text, &mut bytes).ok()?;
        Some(bytes)
    })
}

#[cfg(unix)]
fn refuse_exposed(file: &File, path: &Path) -> Result<(), KeyFault> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = file.metadata().map_err(|error| file_fault(path, &error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyFault::Exposed { path: path.display().to_string(), mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_exposed(_: &File, _: &Path) -> Result<(), KeyFault> {
    Ok(())
}

/// Makes the new entry of a folder durable, where the system can.
pub(super) fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Ok(folder) = File::open(folder.unwrap_or_else(|| Path::new("."))) {
        let _ = folder.sync_all();
    }
}

fn file_fault(path: &Path, error: &std::io::Error) -> KeyFault {
    KeyFault::File { path: path.display().to_string(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1dfbff";
    const STANDARD_TEXT: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd+/8=";

    #[test]
    fn every_spelling_of_a_key_is_the_same_key() {
        let id = Key::parse(HEX).unwrap().id();
        for text in [
            STANDARD_TEXT,
            STANDARD_TEXT.trim_end_matches('='),
            &STANDARD_TEXT.replace('+', "-").replace('/', "_"),
            &format!("  {STANDARD_TEXT}\n"),
            &HEX.to_uppercase(),
        ] {
            assert_eq!(Key::parse(text).unwrap().id(), id, "{text}");
        }
        assert_eq!(id.len(), 16);
    }

    #[test]
    fn what_is_not_32_bytes_is_no_key() {
        for text in ["", "secret", "AAEC", &HEX[2..], &format!("{HEX}00"), &HEX.replace('0', "g")] {
            let fault = Key::parse(text).unwrap_err();
            assert_eq!(fault, KeyFault::Malformed { place: String::new() }, "{text}");
        }
    }

    #[test]
    fn generated_keys_differ_and_print_their_id_only() {
        let (a, b) = (Key::generate().unwrap(), Key::generate().unwrap());
        assert_ne!(a.id(), b.id());
        assert_eq!(format!("{a:?}"), format!("Key({}, [redacted])", a.id()));
    }

    #[test]
    fn a_key_file_is_made_once_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let made = Key::create_file(&path).unwrap();
        assert_eq!(Key::read_file(&path).unwrap().id(), made.id());
        assert!(matches!(Key::create_file(&path), Err(KeyFault::File { .. })));
        assert_eq!(Key::read_file(&path).unwrap().id(), made.id());
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        Key::create_file(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o660] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let shown = path.display().to_string();
            let fault = Key::read_file(&path).unwrap_err();
            assert_eq!(fault, KeyFault::Exposed { path: shown, mode });
        }
    }

    #[test]
    fn a_key_file_with_something_else_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        Key::create_file(&path).unwrap();
        std::fs::write(&path, "not a key").unwrap();
        let place = path.display().to_string();
        assert_eq!(Key::read_file(&path).unwrap_err(), KeyFault::Malformed { place });
    }
}
