//! What an authorization server or a login gave.

use std::fmt;

use indexmap::IndexMap;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::client::Client;
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
    /// When it was got in place of one that a service had refused; `None` where it was got for another reason.
    pub replaced_at: Option<i64>,
    /// What was granted, where the server said (RFC 6749, section 3.3).
    pub scope: Option<String>,
    /// The values of the connection that came with it, by label.
    pub gives: Map<String, Value>,
    /// The client that they were got by, where it has registered itself.
    pub client: Option<Client>,
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
            replaced_at: None,
            scope: None,
            gives: Map::new(),
            client: None,
        }
    }

    /// Whether it was got a moment ago because a service had refused the one before. Where it is refused as well, a third one
    /// would be: what is missing is a permission.
    #[must_use]
    pub fn has_just_replaced(&self, now: i64) -> bool {
        const MOMENT_S: i64 = 30;
        self.replaced_at.is_some_and(|at| (0..MOMENT_S).contains(&now.saturating_sub(at)))
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

    fn to_value(&self) -> Value {
        let mut map = Map::new();
        map.insert("access".to_owned(), Value::String(self.access.expose().to_owned()));
        if let Some(refresh) = &self.refresh {
            map.insert("refresh".to_owned(), Value::String(refresh.expose().to_owned()));
        }
        let times = [
            ("expires_at", self.expires_at),
            ("renew_at", self.renew_at),
            ("replaced_at", self.replaced_at),
        ];
        for (key, time) in times.into_iter().filter_map(|(key, time)| Some((key, time?))) {
            map.insert(key.to_owned(), Value::from(time));
        }
        if let Some(scope) = &self.scope {
            map.insert("scope".to_owned(), Value::String(scope.clone()));
        }
        if !self.gives.is_empty() {
            map.insert("gives".to_owned(), Value::Object(self.gives.clone()));
        }
        if let Some(client) = &self.client {
            map.insert("client".to_owned(), client.to_value());
        }
        Value::Object(map)
    }

    fn from_value(value: Value) -> Option<Tokens> {
        let Value::Object(mut map) = value else { return None };
        let mut secret = |key: &str| match map.get_mut(key)?.take() {
            Value::String(text) => Some(Secret::new(text)),
            _ => None,
        };
        let (access, refresh) = (secret("access")?, secret("refresh"));
        let time = |key: &str| map.get(key).and_then(Value::as_i64);
        let (expires_at, renew_at) = (time("expires_at"), time("renew_at"));
        let replaced_at = time("replaced_at");
        let scope = map.get("scope").and_then(Value::as_str).map(str::to_owned);
        let gives = match map.remove("gives") {
            Some(Value::Object(gives)) => gives,
            _ => Map::new(),
        };
        let client = map.remove("client").and_then(|found| {
            let client = Client::from_value(&found);
            wipe(found);
            client
        });
        Some(Tokens { access, refresh, expires_at, renew_at, replaced_at, scope, gives, client })
    }
}

/// The tokens of a connection by auth method: two targets may take two methods.
#[derive(Clone, Debug, Default)]
pub struct TokenSet(IndexMap<String, Tokens>);

impl TokenSet {
    /// The tokens of an auth method.
    #[must_use]
    pub fn get(&self, method: &str) -> Option<&Tokens> {
        self.0.get(method)
    }

    /// Puts the tokens of an auth method in place of those there are.
    pub fn put(&mut self, method: &str, tokens: Tokens) {
        self.0.insert(method.to_owned(), tokens);
    }

    /// Auth methods and their tokens.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tokens)> {
        self.0.iter().map(|(method, tokens)| (method.as_str(), tokens))
    }

    /// The bytes that a store seals.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let map = self.0.iter().map(|(method, tokens)| (method.clone(), tokens.to_value()));
        let map: Map<String, Value> = map.collect();
        // Large enough from the start, also where each character is escaped: a vector that grows leaves what it held
        // behind.
        let texts = |tokens: &Tokens| {
            let secrets = [Some(&tokens.access), tokens.refresh.as_ref()];
            let secrets = secrets.into_iter().flatten().map(|secret| secret.expose().len());
            let client = tokens.client.as_ref().map_or(0, |it| it.secret_bytes() + 512);
            secrets.sum::<usize>() + client + Value::Object(tokens.gives.clone()).to_string().len()
        };
        let longest: usize = self.0.values().map(|tokens| 6 * texts(tokens) + 256).sum();
        let mut bytes = Zeroizing::new(Vec::with_capacity(longest));
        // A map of texts and numbers can always be written.
        let _ = serde_json::to_writer(&mut *bytes, &map);
        map.into_iter().for_each(|(_, tokens)| wipe(tokens));
        bytes
    }

    /// Reads what [`TokenSet::to_bytes`] wrote; `None` where it is something else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<TokenSet> {
        let map: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
        let read =
            map.into_iter().map(|(method, value)| Some((method, Tokens::from_value(value)?)));
        read.collect::<Option<_>>().map(TokenSet)
    }
}

/// Wipes the texts of a value.
pub(super) fn wipe(value: Value) {
    match value {
        Value::String(text) => drop(Zeroizing::new(text)),
        Value::Array(items) => items.into_iter().for_each(wipe),
        Value::Object(map) => map.into_iter().for_each(|(_, value)| wipe(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
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
            replaced_at: Some(1_767_225_600),
            gives: Map::from_iter([("URL".to_owned(), Value::from("https://a.example"))]),
            ..Tokens::new(Secret::from("a\"b"), 1_767_225_600, Some(3600))
        };
        let client = serde_json::json!({
            "id": "c", "secret": "s", "auth": "client_secret_post", "redirect_uri": "http://127.0.0.1:1/callback",
            "expires_at": 7, "management": ["https://a.example/c", "m"],
        });
        let tokens = Tokens { client: Client::from_value(&client), ..tokens };
        let mut set = TokenSet::default();
        set.put("oauth", tokens.clone());
        let set = TokenSet::from_bytes(&set.to_bytes()).unwrap();
        let read = set.get("oauth").unwrap().clone();
        assert_eq!(read.access.expose(), "a\"b");
        assert_eq!(read.refresh.unwrap().expose(), "r");
        assert_eq!((read.expires_at, read.renew_at), (tokens.expires_at, tokens.renew_at));
        assert_eq!(read.scope.as_deref(), Some("read write"));
        assert_eq!(read.replaced_at, tokens.replaced_at);
        assert_eq!(read.gives, tokens.gives);
        let read = read.client.unwrap();
        assert_eq!(read.to_value(), client);
        assert!(read.fits("http://127.0.0.1:1/callback", 6));
        assert!(!read.fits("http://127.0.0.1:1/callback", 7), "its secret has ended");
        assert!(!read.fits("http://127.0.0.1:2/callback", 6), "another place");
        assert!(set.get("other").is_none());
        assert!(TokenSet::from_bytes(b"{\"oauth\":{}}").is_none());
        assert!(TokenSet::from_bytes(b"[1]").is_none());
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
