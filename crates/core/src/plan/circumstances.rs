//! What a plan is told besides the invocation.

use std::cell::{Cell, OnceCell};

use ring::digest;

use crate::file::OpenedFile;
use crate::moment::Moment;

/// What a plan is told besides the invocation: it has neither a clock nor randomness.
#[derive(Clone, Copy)]
pub struct Circumstances<'a> {
    /// By what the service knows another attempt, for a card that has a place for it.
    pub idempotency_key: Option<&'a str>,
    /// Now; asked once at most, and only where a template does.
    pub moment: &'a dyn Fn() -> Option<Moment>,
    /// The files that inputs name and that may be read; none by default, and any other path is refused.
    pub files: &'a [OpenedFile],
}

impl Default for Circumstances<'_> {
    fn default() -> Self {
        Circumstances { idempotency_key: None, moment: &|| None, files: &[] }
    }
}

/// The moment of a plan, with another random value for each that asks.
pub(super) struct Moments<'a> {
    moment: &'a dyn Fn() -> Option<Moment>,
    asked: OnceCell<Option<Moment>>,
    given: Cell<u32>,
}

impl<'a> Moments<'a> {
    pub(super) fn new(circumstances: &Circumstances<'a>) -> Moments<'a> {
        Moments { moment: circumstances.moment, asked: OnceCell::new(), given: Cell::new(0) }
    }

    pub(super) fn next(&self) -> Option<Moment> {
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
        let circumstances = Circumstances { moment: &moment, ..Circumstances::default() };
        let moments = Moments::new(&circumstances);
        assert_eq!(asked.get(), 0);
        let taken: Vec<Moment> = (0..3).filter_map(|_| moments.next()).collect();
        assert_eq!(asked.get(), 1);
        assert_eq!(taken.iter().map(|moment| moment.unix_seconds).collect::<Vec<_>>(), [7, 7, 7]);
        assert_eq!(taken[0].nonce, [1; 16]);
        assert!(taken[1].nonce != taken[0].nonce && taken[2].nonce != taken[1].nonce);
        assert!(Moments::new(&Circumstances::default()).next().is_none());
    }
}
