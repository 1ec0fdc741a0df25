//! A ledger as bytes, as files and databases keep it.

use std::collections::VecDeque;

use super::ledger::{Held, Ledger};
use super::window::Window;

/// The first byte of today's form.
const FORM: u8 = 1;

impl Ledger {
    /// As bytes: all that it knows.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let times: usize = self.windows.iter().map(|window| window.went.len()).sum();
        let mut bytes = Vec::with_capacity(32 + 32 * self.windows.len() + 16 * times);
        bytes.push(FORM);
        let mut put = |number: i64| bytes.extend_from_slice(&number.to_le_bytes());
        let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
        put(self.not_before);
        put(self.last_id.cast_signed());
        put(count(self.held.len()));
        for held in &self.held {
            put(held.id.cast_signed());
            put(held.until);
        }
        put(count(self.windows.len()));
        for window in &self.windows {
            put(window.per);
            put(window.grain);
            put(count(window.went.len()));
            for (at, count) in &window.went {
                put(*at);
                put(i64::from(*count));
            }
        }
        bytes
    }

    /// Of bytes; `None` where they are no ledger of today's form.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Ledger> {
        let (form, mut rest) = bytes.split_first()?;
        if *form != FORM {
            return None;
        }
        let mut next = || {
            let (number, after) = rest.split_first_chunk::<8>()?;
            rest = after;
            Some(i64::from_le_bytes(*number))
        };
        let (not_before, last_id) = (next()?, next()?.cast_unsigned());
        // Nothing is reserved by a number that was read: the bytes end before a wrong one does harm.
        let mut held = Vec::new();
        for _ in 0..next()? {
            held.push(Held { id: next()?.cast_unsigned(), until: next()? });
        }
        let mut windows = Vec::new();
        for _ in 0..next()? {
            let (per, grain) = (next()?, next()?);
            let mut went = VecDeque::new();
            for _ in 0..next()? {
                went.push_back((next()?, u32::try_from(next()?).ok().filter(|count| *count > 0)?));
            }
            if per < 1 || grain < 1 {
                return None;
            }
            windows.push(Window { per, grain, went });
        }
        rest.is_empty().then_some(Ledger { windows, held, not_before, last_id })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn bytes_are_a_ledger_or_none() {
        let limits = serde_json::from_str(
            r#"{ "concurrent": 2, "rate": [{ "max": 5, "per": "1m" }, { "max": 9, "per": "1h" }] }"#,
        )
        .unwrap();
        let mut ledger = Ledger::default();
        let _ = ledger.ask(&limits, 1, 0, Some(Duration::from_secs(9)));
        let _ = ledger.ask(&limits, 2, 0, None);
        ledger.hold(2, Duration::from_secs(1));
        let bytes = ledger.to_bytes();
        assert_eq!(Ledger::from_bytes(&bytes), Some(ledger));
        assert_eq!(Ledger::from_bytes(&Ledger::default().to_bytes()), Some(Ledger::default()));
        for end in 0..bytes.len() {
            assert_eq!(Ledger::from_bytes(&bytes[..end]), None, "{end}");
        }
        assert_eq!(Ledger::from_bytes(&[bytes.clone(), vec![0]].concat()), None);
        assert_eq!(Ledger::from_bytes(&[&[2], &bytes[1..]].concat()), None);
    }
}
