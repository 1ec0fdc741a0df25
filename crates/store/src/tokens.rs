//! The tokens of one tenant's connections: read, leased, saved and given back.

use std::time::{Duration, Instant};

use super::backend::{Column, Leased, NewTokens, Row};
use super::limits::TRIES;
use super::tenant::{binding, is_id, missing, open_tokens, random_id};
use super::{
    LONGEST_LEASE, Lease, LeaseAnswer, MOST_VALUE_BYTES, StoreFault, StoredTokens, TenantStore,
};

impl TenantStore {
    /// The tokens of a connection as they are in the store now; `None` where it has none.
    ///
    /// # Errors
    /// [`StoreFault::Missing`] where there is no such connection, [`StoreFault::Tampered`], [`StoreFault::WrongKey`], and
    /// those of the store.
    pub async fn tokens(&self, id: &str) -> Result<Option<StoredTokens>, StoreFault> {
        let row = self.row(id).await?;
        let (ring, _) = self.store.keys();
        open_tokens(&ring, &row)
    }

    /// Asks for the right to renew the tokens of a connection. Of all who ask at the same time one gets it; a lease that
    /// ran out is given to the next who asks. The time is the store's, from milliseconds up to [`LONGEST_LEASE`].
    ///
    /// Read the tokens again once it is granted: whoever had the lease before may have renewed them.
    ///
    /// # Errors
    /// [`StoreFault::Missing`], and those of the store.
    pub async fn try_lease(&self, id: &str, for_: Duration) -> Result<LeaseAnswer, StoreFault> {
        let for_ = for_.min(LONGEST_LEASE);
        let holder = random_id()?;
        let for_ms = i64::try_from(for_.as_millis()).unwrap_or_default();
        let until = Instant::now() + for_;
        if !is_id(id) {
            return Err(missing(id));
        }
        Ok(match self.backend().lease(&self.tenant, id, &holder, for_ms).await? {
            Leased::Granted => LeaseAnswer::Granted(Lease { id: id.to_owned(), holder, until }),
            Leased::Held { left_ms } => {
                let left = Duration::from_millis(left_ms.max(1).unsigned_abs());
                LeaseAnswer::Held { left }
            }
            Leased::Missing => return Err(missing(id)),
        })
    }

    /// Saves renewed tokens and ends the lease; returns the tokens' new revision.
    ///
    /// A lease that ran out still saves as long as nobody else took it: what the service gave must not be lost.
    ///
    /// # Errors
    /// [`StoreFault::LeaseLost`] where somebody else took the lease over, or new tokens were put;
    /// [`StoreFault::Missing`], [`StoreFault::TooLarge`], and those of the store. After [`StoreFault::Unreachable`] save
    /// the same tokens again: where they were saved after all, that is [`StoreFault::LeaseLost`].
    pub async fn save_tokens(
        &self,
        lease: &Lease,
        bytes: &[u8],
        expires_at: Option<i64>,
    ) -> Result<i64, StoreFault> {
        self.write_tokens(&lease.id, Some(&lease.holder), Some(bytes), expires_at).await
    }

    /// Puts tokens, as after a login, and ends any lease: a renewal of older tokens that is under way loses. Returns the
    /// tokens' new revision.
    ///
    /// # Errors
    /// [`StoreFault::Missing`], [`StoreFault::TooLarge`], and those of the store.
    pub async fn put_tokens(
        &self,
        id: &str,
        bytes: &[u8],
        expires_at: Option<i64>,
    ) -> Result<i64, StoreFault> {
        self.write_tokens(id, None, Some(bytes), expires_at).await
    }

    /// Removes the tokens of a connection and ends any lease. Returns the tokens' new revision.
    ///
    /// # Errors
    /// [`StoreFault::Missing`], and those of the store.
    pub async fn clear_tokens(&self, id: &str) -> Result<i64, StoreFault> {
        self.write_tokens(id, None, None, None).await
    }

    /// Gives a lease back; one that is lost already is nobody's concern.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn release(&self, lease: Lease) -> Result<(), StoreFault> {
        self.backend().release(&self.tenant, &lease.id, &lease.holder).await
    }

    async fn write_tokens(
        &self,
        id: &str,
        holder: Option<&str>,
        bytes: Option<&[u8]>,
        expires_at: Option<i64>,
    ) -> Result<i64, StoreFault> {
        if bytes.is_some_and(|bytes| bytes.len() > MOST_VALUE_BYTES) {
            return Err(StoreFault::TooLarge { limit: MOST_VALUE_BYTES });
        }
        let mut before = None;
        for _ in 0..TRIES {
            let row = self.row(id).await?;
            let (ring, key) = self.store.keys();
            // The name and the key are as they were, so it was the lease that did not hold.
            let unchanged = Some((row.name.clone(), key.clone()));
            if holder.is_some() && before == unchanged {
                return Err(StoreFault::LeaseLost { connection: id.to_owned() });
            }
            before = unchanged;
            let seal = |bytes| ring.seal(&key, &binding(&row, Column::Tokens), bytes);
            let tokens = bytes.map(seal).transpose()?;
            let holder = holder.map(str::to_owned);
            let Row { tenant, id, name, .. } = row;
            let new = NewTokens { tenant, id, name, holder, tokens, expires_at };
            if let Some(revision) = self.backend().write_tokens(key, new).await? {
                return Ok(revision);
            }
            self.store.look_at_key().await?;
        }
        Err(self.store.contended())
    }
}
