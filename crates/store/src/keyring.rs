//! Keys in a keyring of the system: that of the Linux kernel, or any other that the program has chosen with
//! `keyring_core::set_default_store`, such as the desktop's Secret Service.

use crate::fault::KeyFault;
use keyring_core::{CredentialStore, Entry, Error, get_default_store};
use std::sync::Arc;
use zeroize::Zeroizing;

use super::key::Key;

impl Key {
    /// The key that a keyring of the system holds for a service and a user; `None` where it holds none.
    ///
    /// It is the keyring that the program has chosen with `keyring_core::set_default_store`, else that of the Linux kernel,
    /// which forgets its keys when the system is started anew.
    ///
    /// # Errors
    /// [`KeyFault::Keyring`], [`KeyFault::Malformed`] where something else is kept there.
    pub fn from_keyring(service: &str, user: &str) -> Result<Option<Key>, KeyFault> {
        from(&*chosen()?, service, user)
    }

    /// Keeps the key in the keyring of [`Key::from_keyring`], in place of what is there for the service and the user.
    ///
    /// # Errors
    /// [`KeyFault::Keyring`].
    pub fn store_in_keyring(&self, service: &str, user: &str) -> Result<(), KeyFault> {
        into(&*chosen()?, service, user, self)
    }
}

fn from(keyring: &CredentialStore, service: &str, user: &str) -> Result<Option<Key>, KeyFault> {
    let text = match entry(keyring, service, user)?.get_secret() {
        Ok(secret) => Zeroizing::new(secret),
        Err(Error::NoEntry) => return Ok(None),
        Err(error) => return Err(fault(&error)),
    };
    let malformed = || KeyFault::Malformed { place: format!("the keyring: {service}, {user}") };
    let text = std::str::from_utf8(&text).map_err(|_| malformed())?;
    Key::parse(text).map(Some).map_err(|_| malformed())
}

fn into(keyring: &CredentialStore, service: &str, user: &str, key: &Key) -> Result<(), KeyFault> {
    let text = key.text();
    entry(keyring, service, user)?.set_secret(text.trim_end().as_bytes()).map_err(|e| fault(&e))
}

fn entry(keyring: &CredentialStore, service: &str, user: &str) -> Result<Entry, KeyFault> {
    keyring.build(service, user, None).map_err(|error| fault(&error))
}

/// The keyring that the program has chosen, or the system's.
fn chosen() -> Result<Arc<CredentialStore>, KeyFault> {
    get_default_store().map_or_else(system, Ok)
}

#[cfg(target_os = "linux")]
fn system() -> Result<Arc<CredentialStore>, KeyFault> {
    let kernel = linux_keyutils_keyring_store::Store::new().map_err(|error| fault(&error))?;
    Ok(kernel)
}

#[cfg(not(target_os = "linux"))]
fn system() -> Result<Arc<CredentialStore>, KeyFault> {
    Err(KeyFault::Keyring { reason: "the program has chosen none".to_owned() })
}

/// The error in words; those that hold what was kept do not say it.
fn fault(error: &Error) -> KeyFault {
    KeyFault::Keyring { reason: error.to_string() }
}

#[cfg(test)]
#[path = "../../../tests/it/support/skipped.rs"]
mod skipped;

#[cfg(test)]
mod tests {
    use keyring_core::mock;

    use super::skipped::skipped;
    use super::*;

    #[test]
    fn a_key_comes_back_from_a_keyring() {
        let keyring: Arc<CredentialStore> = mock::Store::new().unwrap();
        assert!(from(&*keyring, "cardhost", "store").unwrap().is_none());
        let (key, other) = (Key::generate().unwrap(), Key::generate().unwrap());
        into(&*keyring, "cardhost", "store", &key).unwrap();
        into(&*keyring, "cardhost", "other", &other).unwrap();
        assert_eq!(from(&*keyring, "cardhost", "store").unwrap().unwrap().id(), key.id());
        into(&*keyring, "cardhost", "store", &other).unwrap();
        assert_eq!(from(&*keyring, "cardhost", "store").unwrap().unwrap().id(), other.id());
    }

    #[test]
    fn what_is_no_key_and_a_keyring_that_refuses_are_told_without_what_is_kept() {
        let keyring: Arc<CredentialStore> = mock::Store::new().unwrap();
        let entry = keyring.build("cardhost", "store", None).unwrap();
        for kept in [&b"not-a-key"[..], b"\xFF"] {
            entry.set_secret(kept).unwrap();
            let place = "the keyring: cardhost, store".to_owned();
            let found = from(&*keyring, "cardhost", "store").unwrap_err();
            assert_eq!(found, KeyFault::Malformed { place });
        }
        let mock: &mock::Cred = entry.as_any().downcast_ref().unwrap();
        mock.set_error(Error::BadEncoding(b"not-a-key".to_vec()));
        let KeyFault::Keyring { reason } = from(&*keyring, "cardhost", "store").unwrap_err() else {
            panic!("another fault")
        };
        assert!(!reason.contains("not-a-key"), "{reason}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_keyring_of_the_kernel_keeps_a_key() {
        let (service, user) = ("cardhost-test", std::process::id().to_string());
        let key = Key::generate().unwrap();
        if let Err(fault) = key.store_in_keyring(service, &user) {
            skipped("machine", &format!("the keyring of the kernel cannot be used: {fault:?}"));
            return;
        }
        let found = Key::from_keyring(service, &user).unwrap().unwrap();
        system().unwrap().build(service, &user, None).unwrap().delete_credential().unwrap();
        assert_eq!(found.id(), key.id());
        assert!(Key::from_keyring(service, &user).unwrap().is_none());
    }
}
