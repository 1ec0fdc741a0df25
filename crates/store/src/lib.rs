//! The store of connections: their fields and tokens, sealed, for one or many tenants.
//!
//! ```text
//! Store ─ tenant ─▶ TenantStore ─ cipher ─▶ sealed bytes ─▶ Backend: SQLite (one file) │ PostgreSQL (many hosts)
//! ```
//! Beside them it keeps what was sent under the limits of services ([`LimitLedger`]), in a file or table of its own.
//! It knows neither what the fields mean nor how tokens are renewed; it keeps them, and sees to it that of many who want
//! to renew tokens one does ([`TenantStore::try_lease`]).

#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    expect(dead_code, reason = "a build without back ends has nobody who reads the rows")
)]
mod backend;
mod cipher;
mod connection;
pub mod export;
pub mod fault;
mod key;
#[cfg(feature = "keyring")]
mod keyring;
mod lease;
mod limit_ledger;
mod limits;
#[cfg(feature = "sqlite")]
pub mod migrations;
mod name;
mod open;
#[cfg(feature = "postgres")]
mod postgres;
mod rotation;
mod sealed;
#[cfg(feature = "sqlite")]
mod sqlite;
mod tenant;
mod tokens;

pub use connection::{StoredConnection, StoredTokens, Summary};
pub use fault::{KeyFault, StoreFault};
pub use key::{KEY_BYTES, Key, KeySet};
pub use lease::{Lease, LeaseAnswer};
pub use limit_ledger::{Change, Changed, LimitLedger};
pub use limits::{DEFAULT_TENANT, LONGEST_LEASE, MOST_VALUE_BYTES};
pub use name::{MOST_NAME_BYTES, is_connection_name, is_tenant_name};
pub use open::{Store, open_limit_ledger};
pub use tenant::TenantStore;
