//! What the templates of a login's request see: values, and the moment of the request.

use crate::moment::{Moment, Moments};
use crate::template::{Found, Reference, Scope};

/// A scope whose templates may ask for the moment of the request, and for random values: the same moment in all of it.
pub(super) struct Timed<'a> {
    scope: &'a dyn Scope,
    moments: Moments<'a>,
}

impl<'a> Timed<'a> {
    pub(super) fn new(scope: &'a dyn Scope, moment: &'a dyn Fn() -> Option<Moment>) -> Timed<'a> {
        Timed { scope, moments: Moments::new(moment) }
    }
}

impl Scope for Timed<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        self.scope.lookup(reference)
    }

    fn is_secret(&self, reference: &Reference) -> bool {
        self.scope.is_secret(reference)
    }

    fn moment(&self) -> Option<Moment> {
        self.moments.next()
    }

    fn note_secret(&self, derived: &str) {
        self.scope.note_secret(derived);
    }
}
