//! Seals and opens values. The one place of the runtime that uses key material.
//!
//! ```text
//! sealed value = version (1) ‖ key id (8) ‖ nonce (12) ‖ ciphertext ‖ tag (16)
//! ```
//! ChaCha20-Poly1305 (RFC 8439) with random nonces. What a value belongs to is authenticated with it ([`Binding`]): one
//! that was moved to another row, column or tenant does not open. A value's length can be seen; an older value of the
//! same row and column, put back, cannot be told from the newest.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

use crate::fault::{KeyFault, StoreFault};
use cardhost_core::secret::MASK;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use super::key::{ID_BYTES, Key, KeySet, id_text};

/// The only version of a sealed value.
const VERSION: u8 = 1;
const NONCE_AT: usize = 1 + ID_BYTES;
const HEAD_BYTES: usize = NONCE_AT + NONCE_LEN;
const TAG_BYTES: usize = 16;
/// What the key check holds.
const CHECK: &[u8] = b"cardhost store";

/// What a sealed value belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binding<'a> {
    pub(super) tenant: &'a str,
    pub(super) id: &'a str,
    pub(super) connector: &'a str,
    pub(super) name: &'a str,
    /// `fields`, `tokens` or `check`.
    pub(super) column: &'static str,
}

impl Binding<'_> {
    const CHECK: Binding<'static> =
        Binding { tenant: "", id: "", connector: "", name: "", column: "check" };

    /// Each part with its length before it: no two bindings have the same bytes.
    fn bytes(&self) -> Vec<u8> {
        let parts = [self.column, self.tenant, self.id, self.connector, self.name];
        let mut bytes = b"cardhost sealed value v1\0".to_vec();
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

/// A key that can seal and open.
#[derive(Clone)]
struct Held {
    id: [u8; ID_BYTES],
    /// On the heap, and shared: there is one copy.
    key: Arc<LessSafeKey>,
}

/// The keys that are held.
#[derive(Clone)]
pub(super) struct Ring(Vec<Held>);

impl Ring {
    pub(super) fn new(keys: KeySet) -> Result<Ring, StoreFault> {
        keys.into_keys().try_fold(Ring(Vec::new()), |ring, key| ring.with(&key))
    }

    /// With one key more, if it is not held yet.
    pub(super) fn with(mut self, key: &Key) -> Result<Ring, StoreFault> {
        let id = key.id_bytes();
        if self.held(id).is_none() {
            let made = leaving_nothing(|| {
                let unbound = UnboundKey::new(&CHACHA20_POLY1305, key.bytes()).ok()?;
                Some(Arc::new(LessSafeKey::new(unbound)))
            });
            // 32 bytes are what the algorithm takes.
            let key = made.ok_or_else(|| KeyFault::Malformed { place: String::new() })?;
            self.0.push(Held { id, key });
        }
        Ok(self)
    }

    /// The id of the key that a new store is sealed under.
    pub(super) fn first(&self) -> String {
        self.0.first().map(|held| id_text(held.id)).unwrap_or_default()
    }

    fn held(&self, id: [u8; ID_BYTES]) -> Option<&Held> {
        self.0.iter().find(|held| held.id == id)
    }

    fn named(&self, id: &str) -> Result<&Held, StoreFault> {
        self.0.iter().find(|held| id_text(held.id) == id).ok_or_else(|| self.wrong(id.to_owned()))
    }

    fn wrong(&self, wanted: String) -> StoreFault {
        StoreFault::WrongKey { wanted, given: self.0.iter().map(|held| id_text(held.id)).collect() }
    }

    /// Seals a value under the key of an id.
    pub(super) fn seal(
        &self,
        key: &str,
        to: &Binding<'_>,
        value: &[u8],
    ) -> Result<Vec<u8>, StoreFault> {
        let held = self.named(key)?;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| KeyFault::NoRandom)?;
        // Large enough from the start: a vector that grows leaves what it held behind.
        let mut sealed = Vec::with_capacity(HEAD_BYTES + value.len() + TAG_BYTES);
        sealed.push(VERSION);
        sealed.extend_from_slice(&held.id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(value);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let (binding, text) = (Aad::from(to.bytes()), &mut sealed[HEAD_BYTES..]);
        let tag = leaving_nothing(|| held.key.seal_in_place_separate_tag(nonce, binding, text))
            // Only for values of many gigabytes.
            .map_err(|_| StoreFault::TooLarge { limit: super::MOST_VALUE_BYTES })?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens a sealed value.
    pub(super) fn open(
        &self,
        of: &Binding<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreFault> {
        let tampered = || StoreFault::Tampered {
            tenant: of.tenant.to_owned(),
            connector: of.connector.to_owned(),
            name: of.name.to_owned(),
            column: of.column,
        };
        let id = key_id(sealed).ok_or_else(tampered)?;
        let held = self.held(id).ok_or_else(|| self.wrong(id_text(id)))?;
        let nonce = sealed.get(NONCE_AT..HEAD_BYTES).ok_or_else(tampered)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| tampered())?;
        let mut value = Zeroizing::new(sealed[HEAD_BYTES..].to_vec());
        let (binding, text) = (Aad::from(of.bytes()), value.as_mut_slice());
        let opened =
            leaving_nothing(|| held.key.open_in_place(nonce, binding, text).map(|text| text.len()));
        value.truncate(opened.map_err(|_| tampered())?);
        Ok(value)
    }

    /// A new key check.
    pub(super) fn check(&self, key: &str) -> Result<Vec<u8>, StoreFault> {
        self.seal(key, &Binding::CHECK, CHECK)
    }

    /// Whether the key of an id is held and opens the store's key check.
    pub(super) fn verify(&self, place: &str, key: &str, check: &[u8]) -> Result<(), StoreFault> {
        self.named(key)?;
        match self.open(&Binding::CHECK, check) {
            Ok(value) if *value == CHECK => Ok(()),
            Err(StoreFault::WrongKey { wanted, given }) => {
                Err(StoreFault::WrongKey { wanted, given })
            }
            _ => Err(StoreFault::Corrupt {
                place: place.to_owned(),
                reason: "its key check is damaged".to_owned(),
            }),
        }
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.0.iter().map(|held| format!("{} {MASK}", id_text(held.id)));
        f.debug_list().entries(ids).finish()
    }
}

/// Does something with a key, and clears what it left behind: ring's keys are moved and copied on the stack, and stand in
/// registers of the processor until something else does.
#[inline(never)]
fn leaving_nothing<T>(work: impl FnOnce() -> T) -> T {
    let done = apart(work);
    apart(seal_zeros);
    clear_stack();
    done
}

/// Takes a key of zeros through the same registers.
fn seal_zeros() {
    // Long enough for the way in which ring works on many blocks at once.
    let mut zeros = [0; 1024];
    if let Ok(key) = UnboundKey::new(&CHACHA20_POLY1305, &[0; 32]) {
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        let key = LessSafeKey::new(key);
        let _ = black_box(key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut zeros));
    }
}

/// A frame of its own, so that it lies where [`clear_stack`] clears.
#[inline(never)]
fn apart<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn clear_stack() {
    // Several times what ring and its callers use.
    const BYTES: usize = 16 * 1024;
    black_box(&mut [0_u8; BYTES]);
}

/// Whether a sealed value is under the key of an id.
pub(super) fn is_under(sealed: &[u8], key: &str) -> bool {
    key_id(sealed).is_some_and(|id| id_text(id) == key)
}

fn key_id(sealed: &[u8]) -> Option<[u8; ID_BYTES]> {
    let (version, rest) = sealed.split_first()?;
    if *version != VERSION || sealed.len() < HEAD_BYTES + TAG_BYTES {
        return None;
    }
    rest.get(..ID_BYTES)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINDING: Binding<'static> =
        Binding { tenant: "default", id: "1", connector: "c", name: "n", column: "fields" };

    fn ring() -> (Ring, String) {
        let key = Key::generate().unwrap();
        let id = key.id();
        (Ring::new(KeySet::new(key)).unwrap(), id)
    }

    #[test]
    fn a_value_opens_where_it_belongs_and_nowhere_else() {
        let (ring, key) = ring();
        let sealed = ring.seal(&key, &BINDING, b"secret").unwrap();
        assert_eq!(*ring.open(&BINDING, &sealed).unwrap(), b"secret");
        for elsewhere in [
            Binding { tenant: "other", ..BINDING },
            Binding { id: "2", ..BINDING },
            Binding { connector: "d", ..BINDING },
            Binding { name: "m", ..BINDING },
            Binding { column: "tokens", ..BINDING },
            // The same letters, cut elsewhere.
            Binding { connector: "", name: "cn", ..BINDING },
        ] {
            let fault = ring.open(&elsewhere, &sealed).unwrap_err();
            assert!(matches!(fault, StoreFault::Tampered { .. }), "{fault:?}");
        }
    }

    #[test]
    fn each_byte_of_a_sealed_value_counts() {
        let (ring, key) = ring();
        let sealed = ring.seal(&key, &BINDING, b"secret").unwrap();
        assert_eq!(sealed.len(), 1 + 8 + 12 + 6 + 16);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(ring.open(&BINDING, &changed).is_err(), "byte {at}");
            assert!(ring.open(&BINDING, &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn the_same_value_is_sealed_differently_each_time() {
        let (ring, key) = ring();
        let seal = || ring.seal(&key, &BINDING, b"secret").unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn another_key_is_named() {
        let (ours, key) = ring();
        let (theirs, other) = ring();
        let sealed = ours.seal(&key, &BINDING, b"secret").unwrap();
        assert_eq!(
            theirs.open(&BINDING, &sealed).unwrap_err(),
            StoreFault::WrongKey { wanted: key, given: vec![other] }
        );
    }

    #[test]
    fn nothing_prints_a_key() {
        let (ring, key) = ring();
        assert_eq!(format!("{ring:?}"), format!("[\"{key} [redacted]\"]"));
    }
}
