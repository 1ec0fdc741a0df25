//! The sentences of the store of connections.

use std::fmt;

use crate::store_fault::{KeyFault, StoreFault};

/// What is wrong.
pub(super) fn message(fault: &StoreFault) -> String {
    match fault {
        StoreFault::Key(fault) => key(fault),
        StoreFault::WrongKey { wanted, given } => {
            let given = given.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>();
            format!("the store wants key `{wanted}`, and was given {}", given.join(", "))
        }
        StoreFault::Corrupt { place, reason } => {
            format!("the store `{place}` cannot be read: {reason}")
        }
        StoreFault::Tampered { tenant, connector, name, column } => format!(
            "the {column} of connection `{name}` of `{connector}` (tenant `{tenant}`) are not what was stored there"
        ),
        StoreFault::Unreachable { place, reason, .. } => {
            format!("the store `{place}` cannot be reached: {reason}")
        }
        StoreFault::Location { reason } => {
            format!("the location of the store cannot be used: {reason}")
        }
        StoreFault::NewerFormat { place, found, known } => {
            format!("the store `{place}` has format {found}; this cardhost knows up to {known}")
        }
        StoreFault::Exists { connector, name } => {
            format!("`{connector}` already has a connection `{name}`")
        }
        StoreFault::Missing { connection } => format!("there is no connection `{connection}`"),
        StoreFault::Name { what, found } => {
            let shown: String = found.chars().take(80).collect();
            format!("`{}` cannot be the name of a {what}", shown.escape_debug())
        }
        StoreFault::Conflict { connection, expected, found } => format!(
            "connection `{connection}` was changed in the meantime: revision {found}, not {expected}"
        ),
        StoreFault::LeaseLost { connection } => format!(
            "the lease on the tokens of connection `{connection}` ended before they were saved"
        ),
        StoreFault::Passphrase => {
            "the export does not open: the passphrase is another one, or the export was changed"
                .to_owned()
        }
        StoreFault::Export { reason } => {
            format!("this is no export of connections that can be read: {reason}")
        }
        StoreFault::TooLarge { limit } => {
            format!("the value is longer than the {limit} bytes that the store takes")
        }
    }
}

fn key(fault: &KeyFault) -> String {
    match fault {
        KeyFault::Malformed { place } if place.is_empty() => {
            "the key is not 32 bytes in base64 or hex".to_owned()
        }
        KeyFault::Malformed { place } => {
            format!("the key in `{place}` is not 32 bytes in base64 or hex")
        }
        KeyFault::File { path, reason } => {
            format!("the key file `{path}` cannot be used: {reason}")
        }
        KeyFault::Exposed { path, mode } => {
            format!("the key file `{path}` can be read by others (mode {mode:o})")
        }
        KeyFault::Missing { path } => {
            format!("there is no key for the store: none is given, and `{path}` is not there")
        }
        KeyFault::Keyring { reason } => {
            format!("the keyring of the system cannot be used: {reason}")
        }
        KeyFault::NoRandom => "the system gives no random bytes".to_owned(),
    }
}

/// What to do.
pub(super) fn hint(fault: &StoreFault) -> Option<String> {
    let text = match fault {
        StoreFault::Key(KeyFault::Malformed { .. }) => {
            "a key is 44 characters of base64 or 64 hex digits, for example from `openssl rand -base64 32`"
        }
        StoreFault::Key(KeyFault::File { .. }) => "check the path and who may read and write there",
        StoreFault::Key(KeyFault::Exposed { path, .. }) => {
            return Some(format!("`chmod 600 {path}`, and consider the key as seen by others"));
        }
        StoreFault::Key(KeyFault::Missing { .. }) => {
            "give the store's key with CARDHOST_KEY or --key-file; `connection add` makes one where there is no store yet"
        }
        StoreFault::Key(KeyFault::Keyring { .. }) => {
            "unlock the keyring, or give the store's key with CARDHOST_KEY or --key-file"
        }
        StoreFault::Key(KeyFault::NoRandom) => "check the system's random device",
        StoreFault::WrongKey { .. } => {
            "give the key that the store was sealed with; in a rotation give both, the old and the new one"
        }
        StoreFault::Corrupt { .. } => {
            "nothing was changed; restore it from a backup, or give another location"
        }
        StoreFault::Tampered { .. } => {
            "restore the store from a backup, or remove the connection and add it again"
        }
        StoreFault::Unreachable { .. } => "check that it is there and who may read and write it",
        StoreFault::Location { .. } => {
            "give a file path, or postgres://USER:PASSWORD@HOST/DATABASE with every special character percent-encoded"
        }
        StoreFault::NewerFormat { .. } => "use a newer cardhost",
        StoreFault::Exists { .. } => "choose another name, or change the one that is there",
        StoreFault::Missing { .. } => "list the connections to see what there is",
        StoreFault::Name { what: "tenant", .. } => {
            "it begins with a letter or digit and has up to 64 letters, digits, `.`, `_` and `-`"
        }
        StoreFault::Name { .. } => {
            "it begins with a letter or digit and has up to 64 letters, digits, `_` and `-`"
        }
        StoreFault::Conflict { .. } => "read the connection again, and change what is there now",
        StoreFault::LeaseLost { .. } => "read the tokens again: newer ones may be there",
        StoreFault::Passphrase => "give the passphrase that the export was made with",
        StoreFault::Export { .. } => "give what `connection export` wrote, whole and unchanged",
        StoreFault::TooLarge { .. } => "store less in one connection",
    };
    Some(text.to_owned())
}

impl fmt::Display for StoreFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&message(self))
    }
}

impl std::error::Error for StoreFault {}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&key(self))
    }
}

impl std::error::Error for KeyFault {}

#[cfg(test)]
mod tests {
    use crate::error::Code;
    use crate::failure::Error;

    use super::*;

    /// Each fault with its code, what it says, and the beginning of what to do.
    #[test]
    fn every_fault_has_a_code_a_sentence_and_a_hint() {
        let text = str::to_owned;
        let table = [
            (
                StoreFault::Key(KeyFault::Malformed { place: String::new() }),
                Code::STORE_KEY,
                "the key is not 32 bytes in base64 or hex",
                "a key is 44 characters",
            ),
            (
                StoreFault::Key(KeyFault::Malformed { place: text("key") }),
                Code::STORE_KEY,
                "the key in `key` is not 32 bytes in base64 or hex",
                "a key is 44 characters",
            ),
            (
                StoreFault::Key(KeyFault::File { path: text("key"), reason: text("gone") }),
                Code::STORE_KEY,
                "the key file `key` cannot be used: gone",
                "check the path",
            ),
            (
                StoreFault::Key(KeyFault::Exposed { path: text("key"), mode: 0o644 }),
                Code::STORE_KEY,
                "the key file `key` can be read by others (mode 644)",
                "`chmod 600 key`",
            ),
            (
                StoreFault::Key(KeyFault::Keyring { reason: text("locked") }),
                Code::STORE_KEY,
                "the keyring of the system cannot be used: locked",
                "unlock the keyring",
            ),
            (
                StoreFault::Key(KeyFault::NoRandom),
                Code::STORE_KEY,
                "the system gives no random bytes",
                "check the system's random device",
            ),
            (
                StoreFault::WrongKey { wanted: text("a"), given: vec![text("b"), text("c")] },
                Code::STORE_KEY,
                "the store wants key `a`, and was given `b`, `c`",
                "give the key that",
            ),
            (
                StoreFault::Corrupt { place: text("p"), reason: text("r") },
                Code::STORE_CORRUPT,
                "the store `p` cannot be read: r",
                "nothing was changed",
            ),
            (
                StoreFault::Tampered {
                    tenant: text("t"),
                    connector: text("c"),
                    name: text("n"),
                    column: "tokens",
                },
                Code::STORE_TAMPERED,
                "the tokens of connection `n` of `c` (tenant `t`) are not what was stored there",
                "restore the store",
            ),
            (
                StoreFault::Unreachable { place: text("p"), reason: text("r"), transient: true },
                Code::STORE_UNREACHABLE,
                "the store `p` cannot be reached: r",
                "check that it is there",
            ),
            (
                StoreFault::Location { reason: text("r") },
                Code::STORE_LOCATION,
                "the location of the store cannot be used: r",
                "give a file path",
            ),
            (
                StoreFault::NewerFormat { place: text("p"), found: 2, known: 1 },
                Code::STORE_FORMAT,
                "the store `p` has format 2; this cardhost knows up to 1",
                "use a newer cardhost",
            ),
            (
                StoreFault::TooLarge { limit: 5 },
                Code::STORE_TOO_LARGE,
                "the value is longer than the 5 bytes that the store takes",
                "store less",
            ),
            (
                StoreFault::Exists { connector: text("c"), name: text("n") },
                Code::CONNECTION_EXISTS,
                "`c` already has a connection `n`",
                "choose another name",
            ),
            (
                StoreFault::Missing { connection: text("n") },
                Code::CONNECTION_UNKNOWN,
                "there is no connection `n`",
                "list the connections",
            ),
            (
                StoreFault::Name { what: "tenant", found: text("a\u{1b}[0m") },
                Code::CONNECTION_NAME,
                "`a\\u{1b}[0m` cannot be the name of a tenant",
                "it begins with a letter or digit and has up to 64 letters, digits, `.`",
            ),
            (
                StoreFault::Name { what: "connection", found: text("a b") },
                Code::CONNECTION_NAME,
                "`a b` cannot be the name of a connection",
                "it begins with a letter or digit and has up to 64 letters, digits, `_`",
            ),
            (
                StoreFault::Conflict { connection: text("i"), expected: 1, found: 2 },
                Code::CONNECTION_CONFLICT,
                "connection `i` was changed in the meantime: revision 2, not 1",
                "read the connection again",
            ),
            (
                StoreFault::LeaseLost { connection: text("i") },
                Code::CONNECTION_CONFLICT,
                "the lease on the tokens of connection `i` ended before they were saved",
                "read the tokens again",
            ),
        ];
        for (fault, code, said, to_do) in table {
            assert_eq!(fault.to_string(), said);
            let error = Error::from(fault);
            assert_eq!((error.code(), error.message().as_str()), (&code, said));
            assert!(error.hint().unwrap_or_default().starts_with(to_do), "{error}");
        }
    }
}
