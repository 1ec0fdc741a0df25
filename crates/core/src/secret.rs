//! Secret text and its redaction.
//!
//! A secret is a type of its own: it prints as `[redacted]`, is not serializable and is wiped when dropped.
//! [`Redactor`] finds every spelling a secret can take on its way into a request (percent-encoded,
//! JSON-escaped, base64 of `user:secret` …) and masks it in anything that is shown.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// What is shown in place of a secret.
pub const MASK: &str = "[redacted]";

/// Secrets shorter than this (in bytes) are masked only where they stand alone; masking every `a` of a text
/// would hide the text and tell the secret.
pub const SHORTEST_MASKED: usize = 4;

/// Text that must never be shown.
#[derive(Clone)]
pub struct Secret(Arc<SecretString>);

impl Secret {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: String) -> Secret {
        Secret(Arc::new(SecretString::from(text)))
    }

    /// Opens the secret. Only a request that is about to be sent may hold what this returns.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }
}

/// Masks the secrets of one invocation in text that is shown.
///
/// The automaton is built at the first use: a run that shows nothing does not pay for it.
#[derive(Default)]
pub struct Redactor {
    secrets: Vec<Secret>,
    pairs: Vec<(Secret, Secret)>,
    automaton: OnceLock<Option<AhoCorasick>>,
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

    /// Adds a secret and its derived spellings.
    pub fn add(&mut self, secret: Secret) {
        if !secret.expose().is_empty() {
            self.secrets.push(secret);
            self.automaton = OnceLock::new();
        }
    }

    /// Adds the Basic credentials of a user and a password (RFC 7617), of which base64 hides both.
    pub fn add_pair(&mut self, user: Secret, password: Secret) {
        self.pairs.push((user, password));
        self.automaton = OnceLock::new();
    }

    /// The text with every spelling of every secret replaced by [`MASK`].
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.secrets.iter().any(|s| s.expose() == text) {
            return Cow::Borrowed(MASK);
        }
        let Some(automaton) = self.automaton.get_or_init(|| self.build()) else {
            return Cow::Borrowed(text);
        };
        if !automaton.is_match(text) {
            return Cow::Borrowed(text);
        }
        let mut shown = String::with_capacity(text.len());
        automaton.replace_all_with(text, &mut shown, |_, _, out| {
            out.push_str(MASK);
            true
        });
        Cow::Owned(shown)
    }

    /// The value with every text, key and number inside redacted.
    #[must_use]
    pub fn redact_value(&self, value: serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        match value {
            Value::String(text) => Value::String(self.redact(&text).into_owned()),
            Value::Number(number) => {
                let text = number.to_string();
                match self.redact(&text) {
                    Cow::Owned(masked) => Value::String(masked),
                    Cow::Borrowed(same) if same == text => Value::Number(number),
                    Cow::Borrowed(masked) => Value::String(masked.to_owned()),
                }
            }
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

    fn build(&self) -> Option<AhoCorasick> {
        let mut patterns: Vec<Zeroizing<String>> = Vec::new();
        for secret in &self.secrets {
            let text = secret.expose();
            if text.len() >= SHORTEST_MASKED {
                spellings(text, &mut patterns);
            }
        }
        for (user, password) in &self.pairs {
            let pair = Zeroizing::new(format!("{}:{}", user.expose(), password.expose()));
            for encoded in [STANDARD.encode(pair.as_bytes()), URL_SAFE.encode(pair.as_bytes())] {
                patterns.push(Zeroizing::new(encoded.trim_end_matches('=').to_owned()));
                patterns.push(Zeroizing::new(encoded));
            }
        }
        patterns.retain(|pattern| !pattern.is_empty());
        if patterns.is_empty() {
            return None;
        }
        AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(patterns.iter().map(|p| p.as_bytes()))
            .ok()
    }
}

/// Every form in which the text can appear in a request, a reply or an error.
fn spellings(text: &str, patterns: &mut Vec<Zeroizing<String>>) {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    let mut push = |spelling: String| patterns.push(Zeroizing::new(spelling));
    push(text.to_owned());
    // Percent-encoding by the strictest set, by the form set, and by what URLs leave alone; in both cases of hex.
    let strict = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let unreserved = utf8_percent_encode(text, crate::encoding::UNRESERVED).to_string();
    let segment = utf8_percent_encode(text, crate::encoding::SEGMENT).to_string();
    let form: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    for encoded in [strict, unreserved, segment, form] {
        push(lower_hex(&encoded));
        push(encoded);
    }
    // JSON-escaped, also with an escaped solidus and with non-ASCII as \u escapes.
    if let Ok(quoted) = serde_json::to_string(text) {
        let inner = quoted[1..quoted.len() - 1].to_owned();
        push(inner.replace('/', "\\/"));
        push(ascii_json(&inner));
        push(inner);
    }
    // HTML pages quote what they were sent.
    push(
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"),
    );
    // Base64 at each of the three alignments, without the characters that depend on the neighbours.
    for skip in 0..3 {
        let mut padded = Zeroizing::new(vec![0_u8; skip]);
        padded.extend_from_slice(text.as_bytes());
        for engine in [&STANDARD, &URL_SAFE] {
            let encoded = Zeroizing::new(engine.encode(padded.as_slice()));
            let start = [0, 2, 3][skip];
            let end = padded.len() / 3 * 4 + [0, 1, 2][padded.len() % 3];
            if let Some(inner) = encoded.get(start..end)
                && inner.len() >= SHORTEST_MASKED + 2
            {
                push(inner.to_owned());
            }
        }
    }
}

fn lower_hex(encoded: &str) -> String {
    let mut out = String::with_capacity(encoded.len());
    let mut left = 0_u8;
    for c in encoded.chars() {
        if c == '%' {
            left = 3;
        }
        out.push(if left > 0 { c.to_ascii_lowercase() } else { c });
        left = left.saturating_sub(1);
    }
    out
}

fn ascii_json(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
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
