//! What the templates of a request are looked up in.

use std::cell::RefCell;

use serde_json::{Map, Value};

use crate::card::Card;
use crate::connection::Connection;
use crate::moment::{Moment, Moments};
use crate::response::descend_map;
use crate::secret::Secret;
use crate::template::{Found, Reference, Root, Scope};
use crate::value::{descend, get};

/// The scope of request templates.
pub(super) struct PlanScope<'a> {
    pub(super) connection: &'a Connection,
    pub(super) options: &'a Map<String, Value>,
    pub(super) input: &'a Map<String, Value>,
    /// The card, whose fields say what is secret; `None` while the forms are settled.
    pub(super) card: Option<&'a Card>,
    /// The moment of the plan; `None` while the forms are settled.
    pub(super) moments: Option<&'a Moments<'a>>,
    /// What helpers made of secrets.
    pub(super) derived: &'a RefCell<Vec<Secret>>,
}

impl<'a> PlanScope<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        options: &'a Map<String, Value>,
        input: &'a Map<String, Value>,
        derived: &'a RefCell<Vec<Secret>>,
    ) -> PlanScope<'a> {
        PlanScope { connection, options, input, card: None, moments: None, derived }
    }
}

impl PlanScope<'_> {
    /// The `null` that was given for a field which takes it as a value.
    fn null_of(&self, reference: &Reference) -> Option<Found<'_>> {
        let [group, label, rest @ ..] = reference.segments.as_slice() else { return None };
        let field = self.card?.input.get(group)?.get(label)?;
        let nullable = rest.iter().try_fold(field, |field, key| field.fields.as_ref()?.get(key));
        let given = get(self.input, group)?.as_object().and_then(|group| get(group, label))?;
        let given = descend(given, rest)?;
        (nullable?.nullable && given.is_null()).then_some(Found::Value(given))
    }
}

impl Scope for PlanScope<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        match reference.root {
            Root::Connection => self.connection.lookup(reference),
            Root::Options => descend_map(self.options, &reference.segments),
            Root::Input => {
                descend_map(self.input, &reference.segments).or_else(|| self.null_of(reference))
            }
            Root::Response
            | Root::Item
            | Root::Items
            | Root::Redirect
            | Root::Login
            | Root::Signing => None,
        }
    }

    fn is_secret(&self, reference: &Reference) -> bool {
        match (reference.root, self.card, reference.segments.as_slice()) {
            (Root::Connection, ..) => self.connection.is_secret_reference(reference),
            (Root::Input, Some(card), [group, label, rest @ ..]) => {
                let field = card.input.get(group).and_then(|fields| fields.get(label));
                field.is_some_and(|field| field.is_secret_at(rest))
            }
            _ => false,
        }
    }

    fn moment(&self) -> Option<Moment> {
        self.moments?.next()
    }

    fn note_secret(&self, derived: &str) {
        self.derived.borrow_mut().push(Secret::from(derived));
    }
}
