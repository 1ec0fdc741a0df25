//! When something is done, and a random value for it: the core has neither a clock nor randomness.

use std::cell::{Cell, OnceCell};

use ring::digest;

/// When something is done, and a random value for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub unix_seconds: i64,
    /// Random, and used for nothing else.
    pub nonce: [u8; 16],
}

impl Moment {
    /// The random value as 32 hexadecimal digits.
    #[must_use]
    pub fn nonce_hex(&self) -> String {
        hex::encode(self.nonce)
    }
}

/// One moment for all templates of a request, with another random value for each that asks.
pub(crate) struct Moments<'a> {
    moment: &'a dyn Fn() -> Option<Moment>,
    asked: OnceCell<Option<Moment>>,
    given: Cell<u32>,
}

impl<'a> Moments<'a> {
    /// Of a moment that is asked for once at most, and only where a template does.
    pub(crate) fn new(moment: &'a dyn Fn() -> Option<Moment>) -> Moments<'a> {
        Moments { moment, asked: OnceCell::new(), given: Cell::new(0) }
    }

    pub(crate) fn next(&self) -> Option<Moment> {
        let moment = (*self.asked.get_or_init(|| (self.moment)()))?;
        let number = self.given.replace(self.given.get().wrapping_add(1));
        let mut nonce = moment.nonce;
        if number > 0 {
            let message = [nonce.as_slice(), &number.to_be_bytes()].concat();
            let digest = digest::digest(&digest::SHA256, &message);
            nonce.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
        }
        Some(Moment { nonce, ..moment })
    }
}

/// A time in RFC 3339, with milliseconds: `2026-11-22T03:00:00.120Z`. Empty for a year beyond 9999.
#[must_use]
pub fn rfc3339_ms(unix_milliseconds: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(unix_milliseconds);
    time.map(|time| format!("{time:.3}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_asked_for_once_and_its_random_values_differ() {
        let asked = Cell::new(0);
        let moment = || {
            asked.set(asked.get() + 1);
            Some(Moment { unix_seconds: 7, nonce: [1; 16] })
        };
        let moments = Moments::new(&moment);
        assert_eq!(asked.get(), 0);
        let taken: Vec<Moment> = (0..3).filter_map(|_| moments.next()).collect();
        assert_eq!(asked.get(), 1);
        assert_eq!(taken.iter().map(|moment| moment.unix_seconds).collect::<Vec<_>>(), [7, 7, 7]);
        assert_eq!(taken[0].nonce, [1; 16]);
        assert!(taken[1].nonce != taken[0].nonce && taken[2].nonce != taken[1].nonce);
        assert!(Moments::new(&|| None).next().is_none());
    }

    #[test]
    fn times_have_three_digits_after_the_second() {
        assert_eq!(rfc3339_ms(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339_ms(1_795_316_400_120), "2026-11-22T03:00:00.120Z");
        assert_eq!(rfc3339_ms(i64::MAX), "");
    }
}
