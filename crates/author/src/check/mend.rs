//! A definition without what is wrong with its shape, so that the rest of it can be checked in the same round.
//!
//! What is taken out hides what depends on it: the field or target that it belongs to, and whatever names that.

use std::collections::{BTreeMap, BTreeSet};

use cardhost_core::error::push_pointer;
use serde_json::{Map, Value, json};

use super::shape::{Format, Misshapen};

/// Most rounds of taking out: what was taken out may be missed around it.
const MOST_ROUNDS: usize = 64;

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

/// A definition without its misshapen parts.
pub(super) struct Mended {
    pub(super) value: Value,
    pub(super) hidden: Hidden,
}

impl Mended {
    /// Takes out what is misshapen; `None` where nothing is left that can be checked. `twice` are the keys that stand there twice:
    /// which of them is meant is not known.
    pub(super) fn of(format: &Format, value: &Value, twice: &[String]) -> Option<Mended> {
        let mut mended = Mended { value: value.clone(), hidden: Hidden::default() };
        for place in twice {
            mended.hidden.hide(place);
        }
        for _ in 0..MOST_ROUNDS {
            let mut wrong = format.misshapen(&mended.value);
            if wrong.is_empty() {
                return Some(mended);
            }
            // Items from the last to the first, so that the places of the others stay what they are.
            wrong.sort_by(|one, other| other.order().cmp(&one.order()));
            let mut gone: Vec<String> = Vec::new();
            for part in wrong {
                if gone.iter().any(|gone| is_at_or_below(part.place(), gone)) {
                    continue;
                }
                if !part.place().is_empty() {
                    gone.push(part.place().to_owned());
                }
                mended.take_out(part, format)?;
            }
        }
        None
    }

    fn take_out(&mut self, part: Misshapen, format: &Format) -> Option<()> {
        match part {
            Misshapen::Part(place) if place.is_empty() => return None,
            Misshapen::Part(place) => {
                let (above, key) = place.rsplit_once('/')?;
                let original = self.hidden.original(&place);
                self.hidden.hide(&original);
                match self.value.pointer_mut(above) {
                    Some(Value::Object(map)) => drop(map.shift_remove(&plain(key))),
                    Some(Value::Array(items)) => {
                        let index: usize = key.parse().ok()?;
                        if index < items.len() {
                            items.remove(index);
                            self.hidden.take_item(&original);
                        }
                    }
                    // What it stood in is gone as well.
                    _ => {}
                }
            }
            Misshapen::Unknown { place, meant } => {
                if let (Some(meant), Some((above, _))) = (meant, place.rsplit_once('/')) {
                    let mut place = self.hidden.original(above);
                    push_pointer(&mut place, &meant);
                    self.hidden.hide(&place);
                }
                let (above, key) = place.rsplit_once('/')?;
                if let Some(Value::Object(map)) = self.value.pointer_mut(above) {
                    map.shift_remove(&plain(key));
                }
            }
            Misshapen::Without { place, keys } if place.is_empty() => {
                for key in keys {
                    let instead = format.instead(&key)?;
                    self.hidden.hide(&format!("/{key}"));
                    self.value.as_object_mut()?.insert(key, instead);
                }
            }
            Misshapen::Without { place, .. } => {
                return self.take_out(Misshapen::Part(place), format);
            }
        }
        Some(())
    }
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

    fn take_item(&mut self, original: &str) {
        if let Some((list, index)) = original.rsplit_once('/')
            && let Ok(index) = index.parse()
        {
            self.items.entry(list.to_owned()).or_default().insert(index);
        }
    }

    fn hide(&mut self, place: &str) {
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
        (Some("connection" | "input" | "output" | "response" | "targets"), _) => 3,
        (Some("options" | "auth" | "errors" | "failures" | "request"), _) => 2,
        (Some("examples" | "antiExamples"), _) => 2,
        _ => 1,
    };
    let end = place.match_indices('/').nth(depth).map_or(place.len(), |(at, _)| at);
    &place[..end]
}

fn is_at_or_below(at: &str, place: &str) -> bool {
    at.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn plain(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// What stands for a key of a definition that is missing.
pub(super) fn instead(key: &str) -> Option<Value> {
    Some(match key {
        "format" => json!(1),
        "name" | "title" => json!("x"),
        "version" => json!("0.0.0"),
        "connection" => json!({ "fields": {} }),
        "auth" | "targets" | "output" => Value::Object(Map::new()),
        "effect" => json!("read"),
        "request" => json!({ "target": "x", "method": "GET", "path": "/" }),
        _ => return None,
    })
}
