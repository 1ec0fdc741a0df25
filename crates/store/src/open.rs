//! The store as it is opened. Nothing is kept or read but through a tenant.

use std::fmt;
use std::sync::Arc;

use super::backend::{Backend, KeyState};
use super::cipher::Ring;
use super::sealed::SealedBackend;
use super::{KeySet, LimitLedger, StoreFault, TenantStore, name};

/// A store of connections. Cheap to clone; `Send` and `Sync`; one is enough for a process.
///
/// Its functions run on a Tokio runtime of any kind; PostgreSQL needs the runtime's I/O and time.
/// Where one of them returns [`StoreFault::Unreachable`], whatever it was to write may have been written or not.
///
/// # Example: the connections of two tenants, and another key
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```no_run")]
/// use cardhost_store::{Key, KeySet, Store, StoreFault};
/// use serde_json::json;
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let file = folder.path().join("connections.db").display().to_string();
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let store = Store::open(&file, KeySet::new(Key::generate()?)).await?;
/// let fields = json!({ "Token": "t-1" }).as_object().cloned().unwrap_or_default();
/// store.tenant("ada")?.add("shop", "prod", &fields).await?;
///
/// // Nobody sees what another tenant has.
/// assert!(store.tenant("bob")?.get("shop", "prod").await?.is_none());
/// let found = store.tenant("ada")?.get("shop", "prod").await?.unwrap();
/// assert_eq!(found.fields["Token"], "t-1");
///
/// // From here on everything is sealed under another key; whoever has only another one opens nothing.
/// let resealed = store.rotate(Key::generate()?).await?;
/// assert_eq!(resealed, 1);
/// let other = Store::open(&file, KeySet::new(Key::generate()?)).await;
/// assert!(matches!(other, Err(StoreFault::WrongKey { .. })));
/// # Ok::<(), StoreFault>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Store(pub(super) Arc<SealedBackend>);

impl Store {
    /// Opens a store, makes it where there is none, and brings one of an older cardhost to today's format.
    ///
    /// `location` is `postgres://USER:PASSWORD@HOST/DATABASE` (or `postgresql://…`), or else the path of a file, which is
    /// made with its folders, readable by its owner only.
    ///
    /// A new store is sealed under the first key of `keys`. Another knows the id of its key, which must be among `keys`.
    ///
    /// # Errors
    /// [`StoreFault::WrongKey`], [`StoreFault::Corrupt`], [`StoreFault::NewerFormat`], [`StoreFault::Unreachable`] and
    /// [`StoreFault::Location`]. Nothing is changed then.
    pub async fn open(location: &str, keys: KeySet) -> Result<Store, StoreFault> {
        Store::open_migrated(location, keys, &[]).await
    }

    /// Opens a store whose format has further steps, in the SQL of its back end: for tests of the way to a newer format.
    #[doc(hidden)]
    pub async fn open_migrated(
        location: &str,
        keys: KeySet,
        later: &[&'static str],
    ) -> Result<Store, StoreFault> {
        let ring = Ring::new(keys)?;
        let backend = backend(location, later)?;
        let key = ring.first();
        let check = ring.check(&key)?;
        let state = backend.open(KeyState { key, check }).await?;
        ring.verify(backend.place(), &state.key, &state.check)?;
        Ok(Store(Arc::new(SealedBackend::new(backend, ring, state.key))))
    }

    /// The connections of a tenant; [`DEFAULT_TENANT`](super::DEFAULT_TENANT) where there is only one.
    ///
    /// # Errors
    /// [`StoreFault::Name`] where it cannot be a tenant's name.
    pub fn tenant(&self, tenant: &str) -> Result<TenantStore, StoreFault> {
        name::tenant(tenant)?;
        Ok(TenantStore { store: Arc::clone(&self.0), tenant: tenant.into() })
    }

    /// Opens the ledger of limits that all who use the store share: see [`open_limit_ledger`](super::open_limit_ledger).
    ///
    /// # Errors
    /// As there.
    pub async fn limit_ledger(&self) -> Result<Arc<dyn LimitLedger>, StoreFault> {
        self.0.backend().limit_ledger().await
    }
}

/// Opens the ledger of limits that belongs to the store at a location: a file beside the store's, which is made with its folders where it is
/// not there, or a table in its database. It needs no key, and the store need not be there yet.
///
/// # Errors
/// [`StoreFault::Location`], [`StoreFault::Unreachable`], [`StoreFault::Corrupt`] and [`StoreFault::NewerFormat`].
pub async fn open_limit_ledger(location: &str) -> Result<Arc<dyn LimitLedger>, StoreFault> {
    backend(location, &[])?.limit_ledger().await
}

#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    expect(unused_variables, reason = "a build without back ends migrates nothing")
)]
fn backend(location: &str, later: &[&'static str]) -> Result<Box<dyn Backend>, StoreFault> {
    let fault = |reason: &str| StoreFault::Location { reason: reason.to_owned() };
    match location.split_once("://") {
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", _)) => {
            Ok(Box::new(super::postgres::Postgres::new(location, later)?))
        }
        #[cfg(not(feature = "postgres"))]
        Some(("postgres" | "postgresql", _)) => Err(fault("this build has no PostgreSQL")),
        Some(_) => Err(fault("it is a URL, but not of PostgreSQL")),
        None if location.is_empty() => Err(fault("it is empty")),
        #[cfg(feature = "sqlite")]
        None => Ok(Box::new(super::sqlite::Sqlite::new(location, later))),
        #[cfg(not(feature = "sqlite"))]
        None => Err(fault("this build has no SQLite")),
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.0.place())
    }
}
