//! Stored connections, opened: kept for a few seconds, so that a call does not wait for the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cardhost_core::connection::Connection;
use cardhost_core::failure::Error;
use cardhost_core::token::{TokenSet, Tokens};
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use crate::connections::BoxFuture;
use crate::token::{Revised, Slot};
use cardhost_store::{LimitLedger, Store, TenantStore};

/// How long an opened connection is used before the store is asked again: what another process changes or removes is
/// seen after this time at the latest.
const KEPT_FOR: Duration = Duration::from_secs(5);

/// Most connections that are kept opened.
const MOST_KEPT: usize = 10_000;

/// Opens the store of a host when it is first needed; `None` where there is none.
pub(crate) type OpenStore =
    dyn Fn() -> BoxFuture<'static, Result<Option<TenantStore>, Error>> + Send + Sync;

/// Whose connections a host has.
pub(crate) enum Stores {
    /// Those of one tenant.
    One(LazyStore),
    /// Those of the tenant that each call names.
    Every(Store),
}

/// The connections of tenants.
pub(crate) struct StoredConnections {
    store: Stores,
    opened: Mutex<HashMap<Name, (Instant, Arc<Opened>)>>,
}

/// A store that is opened when it is first needed.
pub(crate) struct LazyStore {
    opened: OnceCell<TenantStore>,
    open: Option<Box<OpenStore>>,
}

impl LazyStore {
    /// One that is open.
    pub(crate) fn open(store: TenantStore) -> LazyStore {
        LazyStore { opened: OnceCell::new_with(Some(store)), open: None }
    }

    /// One that is opened later.
    pub(crate) fn closed(open: Box<OpenStore>) -> LazyStore {
        LazyStore { opened: OnceCell::new(), open: Some(open) }
    }

    /// The store, opened by whoever asks first; `None` where there is none. What fails, or is not there, is asked for
    /// again the next time.
    async fn get(&self) -> Result<Option<&TenantStore>, Error> {
        let open = || async {
            match &self.open {
                Some(open) => open().await.map_err(Some)?.ok_or(None),
                None => Err(None),
            }
        };
        match self.opened.get_or_try_init(open).await {
            Ok(store) => Ok(Some(store)),
            Err(None) => Ok(None),
            Err(Some(error)) => Err(error),
        }
    }
}

/// Tenant, connector and name; an empty tenant is that of the store.
type Name = (String, String, String);

/// A stored connection, opened.
pub(crate) struct Opened {
    pub(crate) connection: Arc<Connection>,
    pub(crate) id: String,
    revision: i64,
    store: TenantStore,
    /// As last read with the connection.
    tokens: Mutex<Revised>,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

impl StoredConnections {
    pub(crate) fn new(store: Stores) -> StoredConnections {
        StoredConnections { store, opened: Mutex::default() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Name, (Instant, Arc<Opened>)>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connections of a tenant, or of the one that the store was opened for; `None` where the host has none of theirs.
    async fn store_of(&self, tenant: Option<&str>) -> Result<Option<TenantStore>, Error> {
        let opened = match (&self.store, tenant) {
            (Stores::Every(store), Some(tenant)) => return Ok(Some(store.tenant(tenant)?)),
            (Stores::Every(_), None) => return Ok(None),
            (Stores::One(store), _) => store.get().await?,
        };
        Ok(opened.filter(|store| tenant.is_none_or(|tenant| tenant == store.tenant())).cloned())
    }

    /// The ledger of limits that belongs to the store; `None` where there is no store.
    pub(crate) async fn limit_ledger(&self) -> Result<Option<Arc<dyn LimitLedger>>, Error> {
        let ledger = match &self.store {
            Stores::One(store) => match store.get().await? {
                Some(store) => store.limit_ledger().await?,
                None => return Ok(None),
            },
            Stores::Every(store) => store.limit_ledger().await?,
        };
        Ok(Some(ledger))
    }

    /// The names of a connector's connections, where the store is open: looking one up has opened it.
    pub(crate) async fn names(
        &self,
        tenant: Option<&str>,
        connector: &str,
    ) -> Result<Vec<String>, Error> {
        let is_open = match &self.store {
            Stores::One(store) => store.opened.initialized(),
            Stores::Every(_) => true,
        };
        let store = if is_open { self.store_of(tenant).await? } else { None };
        let Some(store) = store else { return Ok(Vec::new()) };
        let stored = store.list(Some(connector)).await?;
        Ok(stored.into_iter().map(|stored| stored.name).collect())
    }

    /// The connection, where there is one of that name.
    pub(crate) async fn open<'s>(
        &self,
        tenant: Option<&str>,
        connector: &str,
        name: &str,
        settle: &(dyn Fn(Map<String, Value>) -> BoxFuture<'s, Result<Connection, Error>> + Sync),
    ) -> Result<Option<Arc<Opened>>, Error> {
        let of = |text: &str| text.to_owned();
        let key = (of(tenant.unwrap_or_default()), of(connector), of(name));
        let before = self.lock().get(&key).cloned();
        if let Some((since, opened)) = &before
            && since.elapsed() < KEPT_FOR
        {
            return Ok(Some(Arc::clone(opened)));
        }
        let Some(store) = self.store_of(tenant).await? else { return Ok(None) };
        let Some(found) = store.get(connector, name).await? else {
            self.lock().remove(&key);
            return Ok(None);
        };
        let same =
            |opened: &&Arc<Opened>| opened.id == found.id && opened.revision == found.revision;
        // What is known of its tokens stays, and with it the gate that lets one task renew them.
        let opened = match before.as_ref().map(|(_, opened)| opened).filter(same) {
            Some(opened) => {
                opened.see(Revised::read(found.tokens.as_ref()));
                Arc::clone(opened)
            }
            None => Arc::new(Opened {
                connection: Arc::new(settle(found.fields).await?),
                id: found.id,
                revision: found.revision,
                store: store.clone(),
                tokens: Mutex::new(Revised::read(found.tokens.as_ref())),
                slots: Mutex::default(),
            }),
        };
        let mut kept = self.lock();
        if kept.len() >= MOST_KEPT {
            kept.retain(|_, (since, _)| since.elapsed() < KEPT_FOR);
        }
        // Two tasks that opened it at the same time go on with the same one.
        let entry = kept.entry(key).or_insert_with(|| (Instant::now(), Arc::clone(&opened)));
        if !same_connection(&entry.1, &opened) {
            entry.1 = opened;
        }
        entry.0 = Instant::now();
        Ok(Some(Arc::clone(&entry.1)))
    }
}

fn same_connection(one: &Opened, other: &Opened) -> bool {
    (&one.id, one.revision) == (&other.id, other.revision)
}

impl Opened {
    /// Takes over tokens that another host has stored.
    fn see(&self, found: Revised) {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.values().for_each(|slot| slot.see(&found));
        *self.tokens.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }

    /// The tokens as they are stored now.
    pub(crate) async fn load_tokens(&self) -> Result<TokenSet, Error> {
        Ok(Revised::read(self.store.tokens(&self.id).await?.as_ref()).set)
    }

    /// Stores the tokens of a login. A renewal of the older ones that is under way loses.
    pub(crate) async fn put_tokens(&self, method: &str, tokens: Tokens) -> Result<(), Error> {
        let mut set = self.load_tokens().await?;
        set.put(method, tokens.clone());
        let revision = self.store.put_tokens(&self.id, &set.to_bytes(), tokens.expires_at).await?;
        self.slot(method).keep(&tokens, revision);
        Ok(())
    }

    /// Now, by the store's clock, in seconds since 1970.
    pub(crate) async fn now(&self) -> Result<i64, Error> {
        Ok(self.store.now().await?)
    }

    /// The tokens of an auth method.
    pub(crate) fn slot(&self, method: &str) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = slots.get(method) {
            return Arc::clone(found);
        }
        let slot = Arc::new(Slot::in_store(method, self.store.clone(), self.id.clone()));
        slot.see(&self.tokens.lock().unwrap_or_else(PoisonError::into_inner));
        slots.insert(method.to_owned(), Arc::clone(&slot));
        slot
    }
}
