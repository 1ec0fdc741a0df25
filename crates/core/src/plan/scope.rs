//! What the templates of a request are looked up in.

use std::cell::RefCell;

use serde_json::{Map, Value};

use crate::connection::Connection;
use crate::response::descend_map;
use crate::secret::Secret;
use crate::template::{Found, Reference, Root, Scope};

/// The scope of request templates.
pub(super) struct PlanScope<'a> {
    pub(super) connection: &'a Connection,
    pub(super) options: &'a Map<String, Value>,
    pub(super) input: &'a Map<String, Value>,
    /// What helpers made of secrets.
    pub(super) derived: RefCell<Vec<Secret>>,
}

impl<'a> PlanScope<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        options: &'a Map<String, Value>,
        input: &'a Map<String, Value>,
    ) -> PlanScope<'a> {
        PlanScope { connection, options, input, derived: RefCell::new(Vec::new()) }
    }
}

impl Scope for PlanScope<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        match reference.root {
            Root::Connection => self.connection.lookup(reference),
            Root::Options => descend_map(self.options, &reference.segments),
            Root::Input => descend_map(self.input, &reference.segments),
            Root::Response => None,
        }
    }

    fn note_secret(&self, derived: &str) {
        self.derived.borrow_mut().push(Secret::from(derived));
    }
}
