//! A definition without what is wrong with its shape, so that the rest of it can be checked in the same round.
//!
//! What is taken out hides what depends on it: the field or target that it belongs to, and whatever names that.

use std::sync::Arc;

use cardhost_core::connector::Connector;
use cardhost_core::error::push_pointer;
use serde_json::Value;

use super::hidden::{Hidden, is_at_or_below, plain};
use super::misshapen::{Misshapen, instead};
use super::shape::Format;

/// Most rounds of taking out: what was taken out may be missed around it.
const MOST_ROUNDS: usize = 64;

/// A connector as far as it could be read.
pub(super) struct Loaded {
    pub(super) connector: Arc<Connector>,
    pub(super) hidden: Hidden,
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
                mended.take_out(part)?;
            }
        }
        None
    }

    fn take_out(&mut self, part: Misshapen) -> Option<()> {
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
                    let instead = instead(&key)?;
                    self.hidden.hide(&format!("/{key}"));
                    self.value.as_object_mut()?.insert(key, instead);
                }
            }
            Misshapen::Without { place, .. } => {
                return self.take_out(Misshapen::Part(place));
            }
        }
        Some(())
    }
}
