//! What a store's back end keeps: rows of sealed bytes. It knows no secret and no key, only the id of the key that values
//! must be sealed under.
//!
//! Each function is atomic by itself, and each that takes a `key` writes nothing unless the store is sealed under the key
//! of that id: so no value is written under a key that a rotation has replaced.

use std::pin::Pin;
use std::sync::Arc;

use crate::fault::StoreFault;

use super::{LimitLedger, Summary};

/// What a back end answers with.
pub(super) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreFault>> + Send + 'a>>;

/// The key that the store is sealed under.
#[derive(Clone, Debug)]
pub(super) struct KeyState {
    /// Its id.
    pub(super) key: String,
    /// A known text sealed under it.
    pub(super) check: Vec<u8>,
}

/// A connection's row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) tenant: String,
    pub(super) id: String,
    pub(super) connector: String,
    pub(super) name: String,
    pub(super) fields: Vec<u8>,
    /// Of the fields; from 1.
    pub(super) revision: i64,
    pub(super) tokens: Option<Vec<u8>>,
    /// Of the tokens; 0 where there never were any.
    pub(super) tokens_revision: i64,
    pub(super) token_expires_at: Option<i64>,
}

/// A column of sealed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Fields,
    Tokens,
}

/// A value that is put in place of another, if that is still there.
#[derive(Clone, Debug)]
pub(super) struct Resealed {
    pub(super) id: String,
    pub(super) column: Column,
    pub(super) old: Vec<u8>,
    pub(super) new: Vec<u8>,
}

/// Whether a write's conditions held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrote {
    /// They did.
    Yes,
    /// One did not; whoever wants to know which one reads the row.
    No,
    /// The name is taken.
    Exists,
}

/// What came of asking for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leased {
    Granted,
    Held { left_ms: i64 },
    Missing,
}

/// New tokens for a row.
#[derive(Clone, Debug)]
pub(super) struct NewTokens {
    pub(super) tenant: String,
    pub(super) id: String,
    /// The name that they were sealed for.
    pub(super) name: String,
    /// The lease that must still stand; `None` writes without one.
    pub(super) holder: Option<String>,
    /// `None` clears.
    pub(super) tokens: Option<Vec<u8>>,
    pub(super) expires_at: Option<i64>,
}

/// A renamed row.
#[derive(Clone, Debug)]
pub(super) struct Renamed {
    /// The row as it was: tenant, id, name and both revisions must still be the same.
    pub(super) from: Row,
    pub(super) name: String,
    pub(super) fields: Vec<u8>,
    pub(super) tokens: Option<Vec<u8>>,
}

/// Where the rows are.
pub(super) trait Backend: Send + Sync {
    /// A path, or host and database; never a password.
    fn place(&self) -> &str;

    /// The key that the store is sealed under; a new store is made, sealed as `fresh` says, and one of an
    /// older format is brought to the newest.
    fn open(&self, fresh: KeyState) -> Answer<'_, KeyState>;

    /// The key that the store is sealed under now.
    fn key_state(&self) -> Answer<'_, KeyState>;

    /// Seals the store under another key from now on.
    fn turn(&self, from: String, to: KeyState) -> Answer<'_, Wrote>;

    /// A new row, with revision 1 and no tokens.
    fn insert(&self, key: String, row: Row) -> Answer<'_, Wrote>;

    /// The row of a name.
    fn by_name(&self, tenant: &str, connector: &str, name: &str) -> Answer<'_, Option<Row>>;

    /// The row of an id.
    fn by_id(&self, tenant: &str, id: &str) -> Answer<'_, Option<Row>>;

    /// What there is, in any order.
    fn list(&self, tenant: &str, connector: Option<&str>) -> Answer<'_, Vec<Summary>>;

    /// New fields for the row that has this name and revision.
    fn set_fields(&self, key: String, row: Row, fields: Vec<u8>) -> Answer<'_, Wrote>;

    /// Another name.
    fn rename(&self, key: String, renamed: Renamed) -> Answer<'_, Wrote>;

    /// Removes the row; whether there was one.
    fn remove(&self, tenant: &str, connector: &str, name: &str) -> Answer<'_, bool>;

    /// Leases the row's tokens, where no lease stands.
    fn lease(&self, tenant: &str, id: &str, holder: &str, for_ms: i64) -> Answer<'_, Leased>;

    /// Writes tokens and ends any lease; the new revision, or `None` where a condition did not hold.
    fn write_tokens(&self, key: String, new: NewTokens) -> Answer<'_, Option<i64>>;

    /// Ends a lease, if it is still the holder's.
    fn release(&self, tenant: &str, id: &str, holder: &str) -> Answer<'_, ()>;

    /// Rows of all tenants in the order of their ids, those after one id; for rotation.
    fn page(&self, after: &str) -> Answer<'_, Vec<Row>>;

    /// Puts resealed values in place of those that are still there; how many.
    fn reseal(&self, key: String, values: Vec<Resealed>) -> Answer<'_, usize>;

    /// Milliseconds since 1970 by the store's clock.
    fn now_ms(&self) -> Answer<'_, i64>;

    /// Opens the ledger of limits that belongs to the store; the store itself need not be open.
    fn limit_ledger(&self) -> Answer<'_, Arc<dyn LimitLedger>>;
}

/// Rows that are looked at together in a rotation.
pub(super) const PAGE: i64 = 100;
