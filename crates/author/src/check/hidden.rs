//! What of a definition is hidden to its checks, and what that explains.

use std::collections::{BTreeMap, BTreeSet};

/// What of a definition is hidden to its checks.
#[derive(Clone, Debug, Default)]
pub(super) struct Hidden {
    /// The places in the definition as it is written.
    places: Vec<String>,
    /// The labels of hidden fields, targets and auth methods; roots that are hidden as a whole, with a dot.
    names: BTreeSet<String>,
    /// The items that were taken out of lists, by the list.
    items: BTreeMap<String, BTreeSet<usize>>,
}

impl Hidden {
    /// Whether nothing is.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty() && self.names.is_empty()
    }

    /// The same with what is hidden in the connector of a card: its names.
    pub(super) fn below(mut self, connector: &Hidden) -> Hidden {
        self.names.extend(connector.names.iter().cloned());
        self
    }

    /// Whether a part of the definition itself is.
    pub(super) fn is_own(&self) -> bool {
        !self.places.is_empty()
    }

    /// Whether a finding may come of what is hidden alone.
    pub(super) fn explains(&self, place: &str, said: &[&str]) -> bool {
        let is_owned = self.places.iter().any(|hidden| is_at_or_below(place, owner(hidden)));
        let names = |name: &String| said.iter().any(|text| text.contains(name.as_str()));
        is_owned || self.names.iter().any(names) || self.means_hidden(said)
    }

    /// Whether what is said is of a name that is nearly a hidden one: it would have been told with the other.
    fn means_hidden(&self, said: &[&str]) -> bool {
        let hidden = || self.names.iter().map(String::as_str);
        let mut words = said.iter().flat_map(|text| text.split(['`', '.', '[', ']']));
        !self.names.is_empty()
            && words.any(|word| cardhost_core::text::nearest(word, hidden()).is_some())
    }

    /// The place in the definition as it is written.
    pub(super) fn original(&self, place: &str) -> String {
        let mut original = String::with_capacity(place.len());
        for segment in place.split('/').skip(1) {
            let taken = self.items.get(&original);
            let index = segment.parse::<usize>().ok();
            original.push('/');
            match (taken, index) {
                (Some(taken), Some(mut index)) => {
                    for before in taken {
                        index += usize::from(*before <= index);
                    }
                    original.push_str(&index.to_string());
                }
                _ => original.push_str(segment),
            }
        }
        original
    }

    /// Takes note of an item that was taken out of its list.
    pub(super) fn take_item(&mut self, original: &str) {
        if let Some((list, index)) = original.rsplit_once('/')
            && let Ok(index) = index.parse()
        {
            self.items.entry(list.to_owned()).or_default().insert(index);
        }
    }

    /// Hides a place, as it is written.
    pub(super) fn hide(&mut self, place: &str) {
        self.places.push(place.to_owned());
        let segments: Vec<String> = place.split('/').skip(1).map(plain).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let name = match segments.as_slice() {
            ["connection", "fields", label, ..]
            | ["options" | "targets" | "auth", label, ..]
            | ["input" | "output", _, label, ..] => *label,
            ["input" | "output", group] => *group,
            ["connection"] | ["connection", "fields"] => "connection.",
            ["options"] => "options.",
            ["input"] => "input.",
            ["targets"] => "target",
            ["auth"] => "auth method",
            ["encoding", ..] => "`encoding`",
            _ => return,
        };
        self.names.insert(name.to_owned());
    }
}

/// What a hidden place is a part of: the field, target, auth method or rule that is not whole without it.
fn owner(place: &str) -> &str {
    let mut segments = place.split('/').skip(1);
    let depth = match (segments.next(), segments.next()) {
        // Each name of a list of auth methods stands for itself.
        (Some("request"), Some("auth")) => return place,
        // How parameters are written decides what they may be.
        (Some("request"), Some("encoding")) => 1,
        (Some("connection" | "input" | "output" | "response" | "targets"), _) => 3,
        (Some("options" | "auth" | "errors" | "failures" | "request"), _) => 2,
        (Some("examples" | "antiExamples"), _) => 2,
        _ => 1,
    };
    let end = place.match_indices('/').nth(depth).map_or(place.len(), |(at, _)| at);
    &place[..end]
}

/// Whether a place is another one or inside of it.
pub(super) fn is_at_or_below(at: &str, place: &str) -> bool {
    at.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A segment of a pointer as it is meant.
pub(super) fn plain(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}
