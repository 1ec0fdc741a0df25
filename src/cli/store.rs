//! The store of connections as the command line names it: where it is, its key, its tenant.
//!
//! | what | first | then | else |
//! |---|---|---|---|
//! | store | `--store` | `CARDHOST_STORE` | a file in the user's data folder |
//! | key | `CARDHOST_KEY` | `--key-file`, `CARDHOST_KEY_FILE` | a file in the user's configuration folder |
//! | tenant | `--tenant` | `CARDHOST_TENANT` | `default` |
//!
//! A build with the feature `keyring` looks for the key in the keyring of the system last.
//!
//! Only what adds connections makes a store, and only `connection add` makes a key.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cardhost::Error;
use cardhost::limits::{LimitLedger, open_limit_ledger};
use cardhost::store::StoreFault;
use cardhost::store::{DEFAULT_TENANT, Key, KeyFault, KeySet, Store, TenantStore};
use clap::Args;

use super::console::Console;

/// Where the store of connections is.
#[derive(Clone, Debug, Args)]
pub(crate) struct StoreArgs {
    /// Path of a file, or postgres://USER@HOST/DATABASE; also CARDHOST_STORE, where a password is not seen by other users
    #[arg(long, global = true, help_heading = "Store of connections", value_name = "LOCATION")]
    pub(crate) store: Option<String>,
    /// File with the store's key; also CARDHOST_KEY_FILE, or the key itself in CARDHOST_KEY, which goes first
    #[arg(long, global = true, help_heading = "Store of connections", value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Whose connections; also CARDHOST_TENANT
    #[arg(long, global = true, help_heading = "Store of connections", value_name = "NAME")]
    pub(crate) tenant: Option<String>,
}

/// What is done where there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoKey {
    /// It is an error.
    Refuse,
    /// One is made at the default place.
    Make,
}

/// An opened store, and what was made for it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) connections: TenantStore,
    /// The key file that was made.
    pub(crate) made_key: Option<PathBuf>,
}

impl StoreArgs {
    /// The store; `None` where there is none.
    pub(crate) async fn open(&self) -> Result<Option<TenantStore>, Error> {
        match self.open_store(None).await? {
            Some(store) => Ok(Some(store.tenant(&self.tenant()?)?)),
            None => Ok(None),
        }
    }

    /// As [`StoreArgs::open`]. A database for which there is no key may hold no store yet: `None` too.
    pub(crate) async fn open_unless_new(&self) -> Result<Option<TenantStore>, Error> {
        let is_database = self.location()?.is_some_and(|location| is_url(&location));
        if is_database && self.keys()?.is_none() { Ok(None) } else { self.open().await }
    }

    /// The store of every tenant; `None` where there is none.
    pub(crate) async fn open_store(&self, further: Option<Key>) -> Result<Option<Store>, Error> {
        let Some(location) = self.location()?.filter(|location| exists(location)) else {
            return Ok(None);
        };
        let Some(mut keys) = self.keys()? else { return Err(no_key()) };
        if let Some(key) = further {
            keys = keys.with_previous(key);
        }
        Ok(Some(Store::open(&location, keys).await?))
    }

    /// The store, made where there is none.
    pub(crate) async fn open_or_make(&self, no_key_yet: NoKey) -> Result<Opened, Error> {
        let location = self.location()?.ok_or_else(no_home)?;
        let tenant = self.tenant()?;
        let (keys, made_key) = match self.keys()? {
            Some(keys) => (keys, None),
            None if no_key_yet == NoKey::Refuse => return Err(no_key()),
            None => {
                let (key, path) = make_key()?;
                (KeySet::new(key), Some(path))
            }
        };
        let opened = match Store::open(&location, keys).await {
            Ok(store) => store.tenant(&tenant),
            Err(fault) => Err(fault),
        };
        match (opened, made_key) {
            (Ok(connections), made_key) => Ok(Opened { connections, made_key }),
            (Err(fault), None) => Err(fault.into()),
            (Err(fault), Some(path)) => {
                // A key that opens nothing is not left behind.
                let _ = std::fs::remove_file(path);
                Err(match fault {
                    StoreFault::WrongKey { .. } => no_key(),
                    fault => fault.into(),
                })
            }
        }
    }

    /// The ledger of limits that belongs to the store, which need not be there; `None` where no place is given and the user has no home folder.
    pub(crate) async fn limit_ledger(&self) -> Result<Option<Arc<dyn LimitLedger>>, Error> {
        let Some(location) = self.location()? else { return Ok(None) };
        Ok(Some(open_limit_ledger(&location).await?))
    }

    /// Warns where others than its owner can read or write the store's file: what is in it is sealed, but they could put another
    /// one, or an older one, in its place.
    pub(crate) fn warn_of_others(&self, console: &Console) {
        let Ok(Some(location)) = self.location() else { return };
        if is_url(&location) {
            return;
        }
        if let Some(mode) = mode_of(Path::new(&location)).filter(|mode| mode & 0o077 != 0) {
            let message = format!(
                "the store `{location}` can be read or written by others (mode {mode:04o}): `chmod 600` keeps it to its owner"
            );
            console.warn("store.exposed", &message);
        }
    }

    /// A path or URL; `None` where none is given and the user has no home folder.
    pub(crate) fn location(&self) -> Result<Option<String>, StoreFault> {
        if let Some(given) = &self.store {
            return Ok(Some(given.clone()));
        }
        if let Some(given) = text_of("CARDHOST_STORE")? {
            return Ok(Some(given));
        }
        let Some(folder) = data_folder() else { return Ok(None) };
        let path = folder.join("cardhost").join("connections.db");
        let reason = || "the data folder's name is not UTF-8".to_owned();
        path.into_os_string()
            .into_string()
            .map(Some)
            .map_err(|_| StoreFault::Location { reason: reason() })
    }

    /// The tenant's name.
    fn tenant(&self) -> Result<String, StoreFault> {
        let named = match &self.tenant {
            Some(tenant) => Some(tenant.clone()),
            None => text_of("CARDHOST_TENANT")?,
        };
        Ok(named.unwrap_or_else(|| DEFAULT_TENANT.to_owned()))
    }

    /// Whether the key is the file at the default place.
    pub(crate) fn uses_default_key(&self) -> bool {
        let named = ["CARDHOST_KEY", "CARDHOST_KEY_FILE"];
        self.key_file.is_none() && named.iter().all(|name| value_of(name).is_none())
    }

    /// The keys that are given, or that of the default place.
    fn keys(&self) -> Result<Option<KeySet>, StoreFault> {
        let Some(current) = self.key()? else { return Ok(None) };
        let keys = KeySet::new(current);
        Ok(Some(match key_of("CARDHOST_PREVIOUS_KEY")? {
            Some(previous) => keys.with_previous(previous),
            None => keys,
        }))
    }

    fn key(&self) -> Result<Option<Key>, StoreFault> {
        if let Some(key) = key_of("CARDHOST_KEY")? {
            return Ok(Some(key));
        }
        let named = self.key_file.clone().or_else(|| Some(value_of("CARDHOST_KEY_FILE")?.into()));
        if let Some(path) = named {
            return Ok(Some(Key::read_file(path)?));
        }
        match default_key_file() {
            Some(path) if path.exists() => Ok(Some(Key::read_file(path)?)),
            _ => key_of_keyring(),
        }
    }
}

/// A key in an environment variable.
pub(crate) fn key_of(variable: &str) -> Result<Option<Key>, StoreFault> {
    let Some(text) = text_of(variable)? else { return Ok(None) };
    match Key::parse(&text) {
        Err(KeyFault::Malformed { .. }) => {
            Err(KeyFault::Malformed { place: variable.to_owned() }.into())
        }
        parsed => Ok(Some(parsed?)),
    }
}

/// The key in the keyring of the system, where this build knows one.
#[cfg(feature = "keyring")]
fn key_of_keyring() -> Result<Option<Key>, StoreFault> {
    Ok(Key::from_keyring("cardhost", "store")?)
}

#[cfg(not(feature = "keyring"))]
fn key_of_keyring() -> Result<Option<Key>, StoreFault> {
    Ok(None)
}

/// Makes the key at the default place, with its folder; another process may be faster.
fn make_key() -> Result<(Key, PathBuf), StoreFault> {
    let path = default_key_file().ok_or_else(no_home)?;
    if let Some(folder) = path.parent() {
        make_folder(folder).map_err(|error| KeyFault::File {
            path: path.display().to_string(),
            reason: error.to_string(),
        })?;
    }
    Ok((Key::create_file(&path)?, path))
}

fn make_folder(path: &Path) -> std::io::Result<()> {
    let mut folders = std::fs::DirBuilder::new();
    folders.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
    folders.create(path)
}

/// The permissions of a file that may be a store: an SQLite database.
fn mode_of(path: &Path) -> Option<u32> {
    const BEGINNING: &[u8; 16] = b"SQLite format 3\0";
    let found = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let mut begins = [0; BEGINNING.len()];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut begins)).ok()?;
    if begins != *BEGINNING {
        return None;
    }
    #[cfg(unix)]
    return Some(std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o777);
    #[cfg(not(unix))]
    return found.permissions().readonly().then_some(0);
}

/// Whether there may be a store: of a database only its server knows.
fn exists(location: &str) -> bool {
    is_url(location) || Path::new(location).try_exists().unwrap_or(true)
}

fn is_url(location: &str) -> bool {
    location.contains("://")
}

fn no_key() -> Error {
    let path = default_key_file().map(|path| path.display().to_string());
    Error::from(KeyFault::Missing { path: path.unwrap_or_default() })
}

fn no_home() -> StoreFault {
    let reason = "none is given, and the environment names no home folder".to_owned();
    StoreFault::Location { reason }
}

/// A variable's value, where it is not empty.
fn value_of(variable: &str) -> Option<OsString> {
    std::env::var_os(variable).filter(|value| !value.is_empty())
}

fn text_of(variable: &str) -> Result<Option<String>, StoreFault> {
    let Some(value) = value_of(variable) else { return Ok(None) };
    let reason = || format!("{variable} is not UTF-8");
    value.into_string().map(Some).map_err(|_| StoreFault::Location { reason: reason() })
}

/// A folder that a variable names; a relative one counts for nothing (XDG Base Directory Specification).
fn folder_of(variable: &str) -> Option<PathBuf> {
    value_of(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Where the user's data is.
fn data_folder() -> Option<PathBuf> {
    if cfg!(windows) {
        return folder_of("LOCALAPPDATA");
    }
    folder_of("XDG_DATA_HOME").or_else(|| {
        let below =
            if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/share" };
        Some(folder_of("HOME")?.join(below))
    })
}

/// Where the user's configuration is; not where the data is, so that a copy of the one is not a copy of both.
fn default_key_file() -> Option<PathBuf> {
    let folder = if cfg!(windows) {
        folder_of("APPDATA")?
    } else {
        match folder_of("XDG_CONFIG_HOME") {
            Some(folder) => folder,
            None => folder_of("HOME")?.join(".config"),
        }
    };
    Some(folder.join("cardhost").join("key"))
}
