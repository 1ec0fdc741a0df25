//! What an authorization server or a login gave.

use std::fmt;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// What an authorization server or a login gave.
#[derive(Clone)]
pub struct Tokens {
    /// The token that requests carry.
    pub access: Secret,
    /// What the next one is got with.
    pub refresh: Option<Secret>,
    /// When the access token is no longer good, in seconds since 1970; `None` where nobody said.
    pub expires_at: Option<i64>,
    /// From when on the next one is got: a minute before the end, but not in the first half of a short life.
    pub renew_at: Option<i64>,
    /// What was granted, where the server said (RFC 6749, section 3.3).
    pub scope: Option<String>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("refresh", &self.refresh.is_some())
            .field("expires_at", &self.expires_at)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// Tokens that are good for `seconds` from `now`, or until they are refused.
    #[must_use]
    pub fn new(access: Secret, now: i64, seconds: Option<i64>) -> Tokens {
        // A request still has to arrive with it; but a short life is used by half at least.
        const MARGIN_S: i64 = 60;
        let ends = |seconds: i64| now.saturating_add(seconds);
        Tokens {
            access,
            refresh: None,
            expires_at: seconds.map(ends),
            renew_at: seconds.map(|seconds| ends(seconds - MARGIN_S.min(seconds / 2))),
            scope: None,
        }
    }

    /// Whether the access token is good at a time.
    #[must_use]
    pub fn is_good(&self, now: i64) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it is time to get the next one.
    #[must_use]
    pub fn is_due(&self, now: i64) -> bool {
        self.renew_at.is_some_and(|at| at <= now)
    }

    /// The bytes that a store seals.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut map = Map::new();
        map.insert("access".to_owned(), Value::String(self.access.expose().to_owned()));
        if let Some(refresh) = &self.refresh {
            map.insert("refresh".to_owned(), Value::String(refresh.expose().to_owned()));
        }
        if let Some(end) = self.expires_at {
            map.insert("expires_at".to_owned(), Value::from(end));
        }
        if let Some(at) = self.renew_at {
            map.insert("renew_at".to_owned(), Value::from(at));
        }
        if let Some(scope) = &self.scope {
            map.insert("scope".to_owned(), Value::String(scope.clone()));
        }
        let bytes = serde_json::to_vec(&map).unwrap_or_default();
        wipe(map);
        Zeroizing::new(bytes)
    }

    /// Reads what [`Tokens::to_bytes`] wrote; `None` where it is something else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Tokens> {
        let mut map: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
        let mut secret = |key: &str| match map.get_mut(key)?.take() {
            Value::String(text) => Some(Secret::new(text)),
            _ => None,
        };
        let (access, refresh) = (secret("access")?, secret("refresh"));
        let time = |key: &str| map.get(key).and_then(Value::as_i64);
        let (expires_at, renew_at) = (time("expires_at"), time("renew_at"));
        let scope = map.get("scope").and_then(Value::as_str).map(str::to_owned);
        Some(Tokens { access, refresh, expires_at, renew_at, scope })
    }
}

/// Wipes the texts of a map.
pub(super) fn wipe(map: Map<String, Value>) {
    for (_, value) in map {
        if let Value::String(text) = value {
            drop(Zeroizing::new(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back_from_their_bytes() {
        let tokens = Tokens {
            refresh: Some(Secret::from("r")),
            scope: Some("read write".to_owned()),
            ..Tokens::new(Secret::from("a\"b"), 1_767_225_600, Some(3600))
        };
        let read = Tokens::from_bytes(&tokens.to_bytes()).unwrap();
        assert_eq!(read.access.expose(), "a\"b");
        assert_eq!(read.refresh.unwrap().expose(), "r");
        assert_eq!((read.expires_at, read.renew_at), (tokens.expires_at, tokens.renew_at));
        assert_eq!(read.scope.as_deref(), Some("read write"));
        assert!(Tokens::from_bytes(b"{}").is_none());
        assert!(Tokens::from_bytes(b"[1]").is_none());
    }

    #[test]
    fn a_token_is_renewed_a_minute_before_its_end_and_not_in_its_first_half() {
        let due = |seconds| Tokens::new(Secret::from("a"), 1000, seconds).renew_at;
        assert_eq!(due(Some(3600)), Some(4540));
        assert_eq!(due(Some(30)), Some(1015));
        assert_eq!(due(Some(0)), Some(1000));
        assert_eq!(due(None), None);
    }
}
