//! What can go wrong with the store of connections: facts that the store reports and the core turns into errors.
//!
//! None of them holds a secret: names, key ids and the place of a store may be shown.

/// Why the store did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// A key cannot be used.
    Key(KeyFault),
    /// The store is sealed under a key that is not among those given.
    WrongKey {
        /// The id of the key that is wanted, 16 hex digits.
        wanted: String,
        /// The ids of the keys that were given.
        given: Vec<String>,
    },
    /// The place is no store, or is damaged. It is left as it is.
    Corrupt {
        /// A path, or host and database.
        place: String,
        /// What is wrong, in words.
        reason: String,
    },
    /// A sealed value is not the one that belongs there: damaged, edited or moved.
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
    Unreachable {
        /// A path, or host and database.
        place: String,
        /// What happened, in words.
        reason: String,
        /// Whether it may answer later without anything being changed.
        transient: bool,
    },
    /// Where the store is to be found cannot be understood. The text itself is not kept: it may hold a password.
    Location {
        /// What is wrong, in words.
        reason: String,
    },
    /// A newer cardhost made the store.
    NewerFormat {
        /// A path, or host and database.
        place: String,
        /// The store's format.
        found: i64,
        /// The newest format that is understood; inclusive.
        known: i64,
    },
    /// There is a connection of that name.
    Exists {
        /// The connector.
        connector: String,
        /// The connection.
        name: String,
    },
    /// There is no such connection.
    Missing {
        /// Its name or its id.
        connection: String,
    },
    /// It cannot be a name.
    Name {
        /// `connection`, `tenant` or `connector`.
        what: &'static str,
        /// What was given.
        found: String,
    },
    /// The connection was changed in the meantime.
    Conflict {
        /// Its id.
        connection: String,
        /// The revision that the change was made from.
        expected: i64,
        /// The revision that there is.
        found: i64,
    },
    /// The lease on the tokens ended before the new ones were saved: somebody else took it over or logged in.
    LeaseLost {
        /// The connection's id.
        connection: String,
    },
    /// An export does not open: another passphrase, or it was changed.
    Passphrase,
    /// It is no export of connections that can be read.
    Export {
        /// What is wrong, in words.
        reason: String,
    },
    /// The value is larger than the store takes.
    TooLarge {
        /// In bytes; inclusive.
        limit: usize,
    },
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// The text is not 32 bytes in base64 or hex. The text itself is not kept.
    Malformed {
        /// Where it came from: a path; empty where the text was given.
        place: String,
    },
    /// The file cannot be read or written.
    File {
        /// The path.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// Others than the owner may read the file.
    Exposed {
        /// The path.
        path: String,
        /// The permission bits, such as 0o644.
        mode: u32,
    },
    /// There is none.
    Missing {
        /// The path where one is looked for when no other is named.
        path: String,
    },
    /// The keyring of the system cannot be used.
    Keyring {
        /// Its words.
        reason: String,
    },
    /// The system gives no random bytes.
    NoRandom,
}

impl From<KeyFault> for StoreFault {
    fn from(fault: KeyFault) -> StoreFault {
        StoreFault::Key(fault)
    }
}
