//! Masks the secrets of one invocation in what is shown.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use serde_json::Value;

use super::encoded_forms::EncodedForms;
use super::spelling::Spelling;
use super::text::{MASK, SHORTEST_MASKED, Secret};

/// Masks the secrets of one invocation in what is shown.
///
/// Its tables are built at the first use: a run that shows nothing does not pay for them.
#[derive(Default)]
pub struct Redactor {
    secrets: Vec<Secret>,
    pairs: Vec<(Secret, Secret)>,
    tables: OnceLock<Tables>,
}

struct Tables {
    spellings: Vec<Spelling>,
    encoded: EncodedForms,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} secrets)", self.secrets.len())
    }
}

impl Redactor {
    /// A redactor over nothing.
    #[must_use]
    pub fn new() -> Redactor {
        Redactor::default()
    }

    /// Adds a secret and its derived spellings. What a replay has in place of one is none.
    pub fn add(&mut self, secret: Secret) {
        if is_stand_in(secret.expose()) {
            return;
        }
        let known = || self.secrets.iter().any(|known| known.expose() == secret.expose());
        if !secret.expose().is_empty() && !known() {
            self.secrets.push(secret);
            self.tables = OnceLock::new();
        }
    }

    /// A redactor over more secrets than this one.
    #[must_use]
    pub fn with(&self, more: impl IntoIterator<Item = Secret>) -> Redactor {
        let (secrets, pairs) = (self.secrets.clone(), self.pairs.clone());
        let mut wider = Redactor { secrets, pairs, tables: OnceLock::new() };
        more.into_iter().for_each(|secret| wider.add(secret));
        wider
    }

    /// Whether it masks all that another one masks.
    #[must_use]
    pub fn covers(&self, other: &Redactor) -> bool {
        let secret = |of: &Secret| self.secrets.iter().any(|known| known.is(of));
        let pair = |(user, password): &(Secret, Secret)| {
            self.pairs.iter().any(|(u, p)| u.is(user) && p.is(password))
        };
        other.secrets.iter().all(secret) && other.pairs.iter().all(pair)
    }

    /// Takes over what another one masks; whether that is more than before.
    pub fn learn(&mut self, other: &Redactor) -> bool {
        let before = (self.secrets.len(), self.pairs.len());
        other.secrets.iter().for_each(|secret| self.add(secret.clone()));
        for (user, password) in &other.pairs {
            let known = self.pairs.iter().any(|(u, p)| u.is(user) && p.is(password));
            if !known {
                self.add_pair(user.clone(), password.clone());
            }
        }
        before != (self.secrets.len(), self.pairs.len())
    }

    /// How many secrets it masks.
    #[must_use]
    pub fn len(&self) -> usize {
        self.secrets.len()
    }

    /// Whether it masks nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty() && self.pairs.is_empty()
    }

    /// Adds the Basic credentials of a user and a password (RFC 7617), of which base64 hides both.
    pub fn add_pair(&mut self, user: Secret, password: Secret) {
        self.pairs.push((user, password));
        self.tables = OnceLock::new();
    }

    /// The text with every spelling of every secret replaced by [`MASK`].
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.redact_bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// As [`Redactor::redact`], for bytes that need not be text.
    #[must_use]
    pub fn redact_bytes<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        if self.is_whole_secret(bytes) {
            return Cow::Owned(MASK.as_bytes().to_vec());
        }
        mask(bytes, self.ranges(bytes))
    }

    /// As [`Redactor::redact_bytes`], for the beginning of something longer: what may be the beginning of a
    /// secret at its end is masked too.
    #[must_use]
    pub fn redact_beginning<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let mut ranges = self.ranges(bytes);
        let tables = self.tables();
        let cut = tables
            .spellings
            .iter()
            .filter_map(|spelling| spelling.begins_at_end(bytes))
            .chain(tables.encoded.begins_at_end(bytes))
            .min();
        ranges.extend(cut.map(|start| start..bytes.len()));
        mask(bytes, ranges)
    }

    /// The value with every text, key and number inside redacted.
    #[must_use]
    pub fn redact_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.redact(&text).into_owned()),
            Value::Number(number) => match self.redact(number.as_str()) {
                Cow::Owned(masked) => Value::String(masked),
                Cow::Borrowed(_) => Value::Number(number),
            },
            Value::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.redact_value(item)).collect())
            }
            Value::Object(map) => Value::Object(
                map.into_iter()
                    .map(|(key, value)| (self.redact(&key).into_owned(), self.redact_value(value)))
                    .collect(),
            ),
            other => other,
        }
    }

    fn is_whole_secret(&self, bytes: &[u8]) -> bool {
        self.secrets.iter().any(|secret| secret.expose().as_bytes() == bytes)
    }

    fn tables(&self) -> &Tables {
        self.tables.get_or_init(|| {
            let long =
                || self.secrets.iter().filter(|secret| secret.expose().len() >= SHORTEST_MASKED);
            Tables {
                spellings: long().map(Spelling::new).collect(),
                encoded: EncodedForms::new(long(), &self.pairs),
            }
        })
    }

    /// Where secrets stand; ranges may overlap.
    fn ranges(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let tables = self.tables();
        let mut ranges: Vec<Range<usize>> =
            tables.spellings.iter().flat_map(|spelling| spelling.find(bytes)).collect();
        ranges.extend(tables.encoded.find(bytes));
        ranges
    }
}

/// Whether a text is a mask, and perhaps what quotes it.
fn is_stand_in(text: &str) -> bool {
    // Not `contains`: what it compares with vectors is left on the stack where nothing is optimised.
    let masks = text.as_bytes().windows(MASK.len()).any(|part| part == MASK.as_bytes());
    masks && !text.replace(MASK, "").contains(char::is_alphanumeric)
}

/// Replaces the ranges; those that touch become one mask.
fn mask(bytes: &[u8], mut ranges: Vec<Range<usize>>) -> Cow<'_, [u8]> {
    if ranges.is_empty() {
        return Cow::Borrowed(bytes);
    }
    ranges.sort_by_key(|range| range.start);
    let mut shown = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let mut ranges = ranges.into_iter().peekable();
    while let Some(mut range) = ranges.next() {
        while let Some(next) = ranges.next_if(|next| next.start <= range.end) {
            range.end = range.end.max(next.end);
        }
        shown.extend_from_slice(&bytes[at..range.start]);
        shown.extend_from_slice(MASK.as_bytes());
        at = range.end;
    }
    shown.extend_from_slice(&bytes[at..]);
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn redactor() -> Redactor {
        let mut redactor = Redactor::new();
        redactor.add("canary/Sécret+1 x".into());
        redactor.add_pair("sa".into(), "canary/Sécret+1 x".into());
        redactor
    }

    #[test]
    fn debug_of_a_secret_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::from("canary")), "[redacted]");
        assert!(!format!("{:?}", redactor()).contains("canary"));
    }

    #[test]
    fn every_derived_spelling_is_masked() {
        let secret = "canary/Sécret+1 x";
        let pair = STANDARD.encode(format!("sa:{secret}"));
        for spelling in [
            secret.to_owned(),
            "canary%2FS%C3%A9cret%2B1%20x".to_owned(),
            "canary%2fs%c3%a9cret%2b1%20x".replace("fs", "fS"),
            "canary%2FS%C3%A9cret%2B1+x".to_owned(),
            "canary/S\\u00e9cret+1 x".to_owned(),
            "canary\\/Sécret+1 x".to_owned(),
            pair.clone(),
            pair.trim_end_matches('=').to_owned(),
            STANDARD.encode(secret),
        ] {
            let shown = redactor().redact(&format!("before {spelling} after")).into_owned();
            assert!(shown.starts_with("before [redacted]"), "{spelling}: {shown}");
            assert!(!shown.contains("canary"), "{spelling}: {shown}");
        }
    }

    #[test]
    fn base64_at_any_alignment_is_masked() {
        for prefix in ["", "u", "us", "use"] {
            let encoded = STANDARD.encode(format!("{prefix}canary/Sécret+1 x:tail"));
            let shown = redactor().redact(&encoded).into_owned();
            assert!(shown.contains(MASK), "{prefix}: {shown}");
        }
    }

    #[test]
    fn a_short_secret_is_masked_only_where_it_stands_alone() {
        let mut redactor = Redactor::new();
        redactor.add("ab".into());
        assert_eq!(redactor.redact("ab"), MASK);
        assert_eq!(redactor.redact("cabbage"), "cabbage");
    }

    #[test]
    fn overlapping_secrets_leave_nothing_over() {
        let mut redactor = Redactor::new();
        redactor.add("token".into());
        redactor.add("token-long".into());
        assert_eq!(redactor.redact("x token-long y token"), "x [redacted] y [redacted]");
    }

    #[test]
    fn numbers_and_keys_inside_values_are_masked() {
        let mut redactor = Redactor::new();
        redactor.add("123456".into());
        let shown = redactor.redact_value(serde_json::json!({"123456": [123_456, "a123456"]}));
        assert_eq!(shown.to_string(), r#"{"[redacted]":["[redacted]","a[redacted]"]}"#);
    }
}
