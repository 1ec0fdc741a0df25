//! What can go wrong with the store of connections: facts that the store reports.
//!
//! None of them holds a secret: names, key ids and the place of a store may be shown.

use cardhost_core::error::{Code, Fault, Retry};

/// Why the store did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreFault {
    /// A key cannot be used.
    #[error(transparent)]
    Key(KeyFault),
    /// The store is sealed under a key that is not among those given.
    #[error("the store wants key `{wanted}`, and was given {}", quoted(given))]
    WrongKey {
        /// The id of the key that is wanted, 16 hex digits.
        wanted: String,
        /// The ids of the keys that were given.
        given: Vec<String>,
    },
    /// The place is no store, or is damaged. It is left as it is.
    #[error("the store `{place}` cannot be read: {reason}")]
    Corrupt {
        /// A path, or host and database.
        place: String,
        /// What is wrong, in words.
        reason: String,
    },
    /// A sealed value is not the one that belongs there: damaged, edited or moved.
    #[error(
        "the {column} of connection `{name}` of `{connector}` (tenant `{tenant}`) are not what was stored there"
    )]
    Tampered {
        /// The tenant.
        tenant: String,
        /// The connector.
        connector: String,
        /// The connection.
        name: String,
        /// `fields` or `tokens`.
        column: &'static str,
    },
    /// The store does not answer.
    #[error("the store `{place}` cannot be reached: {reason}")]
    Unreachable {
        /// A path, or host and database.
        place: String,
        /// What happened, in words.
        reason: String,
        /// Whether it may answer later without anything being changed.
        transient: bool,
    },
    /// Where the store is to be found cannot be understood. The text itself is not kept: it may hold a password.
    #[error("the location of the store cannot be used: {reason}")]
    Location {
        /// What is wrong, in words.
        reason: String,
    },
    /// A newer cardhost made the store.
    #[error("the store `{place}` has format {found}; this cardhost knows up to {known}")]
    NewerFormat {
        /// A path, or host and database.
        place: String,
        /// The store's format.
        found: i64,
        /// The newest format that is understood; inclusive.
        known: i64,
    },
    /// There is a connection of that name.
    #[error("`{connector}` already has a connection `{name}`")]
    Exists {
        /// The connector.
        connector: String,
        /// The connection.
        name: String,
    },
    /// There is no such connection.
    #[error("there is no connection `{connection}`")]
    Missing {
        /// Its name or its id.
        connection: String,
    },
    /// It cannot be a name.
    #[error("`{}` cannot be the name of a {what}", shown(found))]
    Name {
        /// `connection`, `tenant` or `connector`.
        what: &'static str,
        /// What was given.
        found: String,
    },
    /// The connection was changed in the meantime.
    #[error(
        "connection `{connection}` was changed in the meantime: revision {found}, not {expected}"
    )]
    Conflict {
        /// Its id.
        connection: String,
        /// The revision that the change was made from.
        expected: i64,
        /// The revision that there is.
        found: i64,
    },
    /// The lease on the tokens ended before the new ones were saved: somebody else took it over or logged in.
    #[error("the lease on the tokens of connection `{connection}` ended before they were saved")]
    LeaseLost {
        /// The connection's id.
        connection: String,
    },
    /// An export does not open: another passphrase, or it was changed.
    #[error("the export does not open: the passphrase is another one, or the export was changed")]
    Passphrase,
    /// It is no export of connections that can be read.
    #[error("this is no export of connections that can be read: {reason}")]
    Export {
        /// What is wrong, in words.
        reason: String,
    },
    /// The value is larger than the store takes.
    #[error("the value is longer than the {limit} bytes that the store takes")]
    TooLarge {
        /// In bytes; inclusive.
        limit: usize,
    },
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// The text is not 32 bytes in base64 or hex. The text itself is not kept.
    #[error("the key{} is not 32 bytes in base64 or hex", kept_in(place))]
    Malformed {
        /// Where it came from: a path; empty where the text was given.
        place: String,
    },
    /// The file cannot be read or written.
    #[error("the key file `{path}` cannot be used: {reason}")]
    File {
        /// The path.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// Others than the owner may read the file.
    #[error("the key file `{path}` can be read by others (mode {mode:o})")]
    Exposed {
        /// The path.
        path: String,
        /// The permission bits, such as 0o644.
        mode: u32,
    },
    /// There is none.
    #[error("there is no key for the store: none is given, and `{path}` is not there")]
    Missing {
        /// The path where one is looked for when no other is named.
        path: String,
    },
    /// The keyring of the system cannot be used.
    #[error("the keyring of the system cannot be used: {reason}")]
    Keyring {
        /// Its words.
        reason: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandom,
}

impl From<KeyFault> for StoreFault {
    fn from(fault: KeyFault) -> StoreFault {
        StoreFault::Key(fault)
    }
}

fn quoted(ids: &[String]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}

/// The beginning of what was given, with everything that a terminal would act on escaped.
fn shown(found: &str) -> String {
    found.chars().take(80).collect::<String>().escape_debug().to_string()
}

/// Where a key came from, as it stands in a sentence.
fn kept_in(place: &str) -> String {
    match place {
        "" => String::new(),
        place => format!(" in `{place}`"),
    }
}

impl Fault for StoreFault {
    fn code(&self) -> Code {
        match self {
            StoreFault::Key(_) | StoreFault::WrongKey { .. } => Code::STORE_KEY,
            StoreFault::Corrupt { .. } => Code::STORE_CORRUPT,
            StoreFault::Tampered { .. } => Code::STORE_TAMPERED,
            StoreFault::Unreachable { .. } => Code::STORE_UNREACHABLE,
            StoreFault::Location { .. } => Code::STORE_LOCATION,
            StoreFault::NewerFormat { .. } => Code::STORE_FORMAT,
            StoreFault::TooLarge { .. } => Code::STORE_TOO_LARGE,
            StoreFault::Passphrase => Code::STORE_PASSPHRASE,
            StoreFault::Export { .. } => Code::STORE_EXPORT,
            StoreFault::Exists { .. } => Code::CONNECTION_EXISTS,
            StoreFault::Missing { .. } => Code::CONNECTION_UNKNOWN,
            StoreFault::Name { .. } => Code::CONNECTION_NAME,
            StoreFault::Conflict { .. } | StoreFault::LeaseLost { .. } => Code::CONNECTION_CONFLICT,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            StoreFault::Key(fault) => return fault.hint(),
            StoreFault::WrongKey { .. } => {
                "give the key that the store was sealed with; in a rotation give both, the old and the new one"
            }
            StoreFault::Corrupt { .. } => {
                "nothing was changed; restore it from a backup, or give another location"
            }
            StoreFault::Tampered { .. } => {
                "restore the store from a backup, or remove the connection and add it again"
            }
            StoreFault::Unreachable { .. } => {
                "check that it is there and who may read and write it"
            }
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
            StoreFault::Conflict { .. } => {
                "read the connection again, and change what is there now"
            }
            StoreFault::LeaseLost { .. } => "read the tokens again: newer ones may be there",
            StoreFault::Passphrase => "give the passphrase that the export was made with",
            StoreFault::Export { .. } => "give what was exported, whole and unchanged",
            StoreFault::TooLarge { .. } => "store less in one connection",
        };
        Some(text.to_owned())
    }

    fn retry(&self) -> Option<Retry> {
        match self {
            StoreFault::Unreachable { transient, .. } => {
                Some(Retry { again: *transient, after_s: None })
            }
            StoreFault::LeaseLost { .. } => Some(Retry::AGAIN),
            _ => None,
        }
    }
}

impl Fault for KeyFault {
    fn code(&self) -> Code {
        Code::STORE_KEY
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            KeyFault::Malformed { .. } => {
                "a key is 44 characters of base64 or 64 hex digits, for example from `openssl rand -base64 32`"
            }
            KeyFault::File { .. } => "check the path and who may read and write there",
            KeyFault::Exposed { path, .. } => {
                return Some(format!("`chmod 600 {path}`, and consider the key as seen by others"));
            }
            KeyFault::Missing { .. } => {
                "give the key that the store was sealed with, or make one where there is no store yet"
            }
            KeyFault::Keyring { .. } => "unlock the keyring, or give the store's key itself",
            KeyFault::NoRandom => "check the system's random device",
        };
        Some(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use cardhost_core::failure::Error;

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
