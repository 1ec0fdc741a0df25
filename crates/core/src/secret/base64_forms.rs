//! Secrets inside base64: at each of its three alignments, and as Basic credentials.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use zeroize::Zeroizing;

use super::text::{SHORTEST_MASKED, Secret};

/// So many bytes of a form are enough to know it by; what follows is compared. It bounds the automaton.
const KNOWN_BY: usize = 256;

/// Base64 forms of secrets: one automaton over the beginnings of all of them.
pub(super) struct Base64Forms {
    patterns: Vec<Zeroizing<String>>,
    automaton: Option<AhoCorasick>,
}

impl Base64Forms {
    /// The forms of secrets and of Basic credentials (RFC 7617).
    pub(super) fn new<'s>(
        secrets: impl Iterator<Item = &'s Secret>,
        pairs: &[(Secret, Secret)],
    ) -> Base64Forms {
        let mut patterns = Vec::new();
        for secret in secrets {
            aligned(secret.expose(), &mut patterns);
        }
        for (user, password) in pairs {
            let pair = Zeroizing::new(format!("{}:{}", user.expose(), password.expose()));
            for engine in [&STANDARD, &URL_SAFE] {
                let encoded = engine.encode(pair.as_bytes());
                patterns.push(Zeroizing::new(encoded.trim_end_matches('=').to_owned()));
                patterns.push(Zeroizing::new(encoded));
            }
        }
        patterns.retain(|pattern| !pattern.is_empty());
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(patterns.iter().map(beginning))
            .ok()
            .filter(|_| !patterns.is_empty());
        Base64Forms { patterns, automaton }
    }

    /// Where the forms stand.
    pub(super) fn find<'b>(&'b self, bytes: &'b [u8]) -> impl Iterator<Item = Range<usize>> + 'b {
        let found = self.automaton.iter().flat_map(move |automaton| automaton.find_iter(bytes));
        found.map(move |found| {
            let rest = &self.patterns[found.pattern()].as_bytes()[found.len()..];
            let same = rest.iter().zip(&bytes[found.end()..]).take_while(|(a, b)| a == b).count();
            found.start()..found.end() + same
        })
    }

    /// Where the beginning of a form stands at the end of the bytes.
    pub(super) fn begins_at_end(&self, bytes: &[u8]) -> Option<usize> {
        let longest = |pattern: &Zeroizing<String>| {
            let pattern = beginning(pattern);
            (1..pattern.len()).rev().find(|length| bytes.ends_with(&pattern[..*length]))
        };
        self.patterns.iter().filter_map(longest).max().map(|length| bytes.len() - length)
    }
}

fn beginning(pattern: &Zeroizing<String>) -> &[u8] {
    &pattern.as_bytes()[..pattern.len().min(KNOWN_BY)]
}

/// Base64 of the text at each alignment, without the characters that depend on its neighbours.
fn aligned(text: &str, patterns: &mut Vec<Zeroizing<String>>) {
    for skip in 0..3 {
        let mut padded = Zeroizing::new(Vec::with_capacity(skip + text.len()));
        padded.resize(skip, 0);
        padded.extend_from_slice(text.as_bytes());
        let start = [0, 2, 3][skip];
        let end = padded.len() / 3 * 4 + [0, 1, 2][padded.len() % 3];
        for engine in [&STANDARD, &URL_SAFE] {
            let encoded = Zeroizing::new(engine.encode(padded.as_slice()));
            if let Some(inner) = encoded.get(start..end)
                && inner.len() >= SHORTEST_MASKED
            {
                patterns.push(Zeroizing::new(inner.to_owned()));
            }
        }
    }
}
