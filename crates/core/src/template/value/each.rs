//! A list made of another: one item for each of its own.

use serde_json::Value;

use super::ValueTemplate;
use crate::moment::Moment;
use crate::template::fault::{TemplateValueError, quoted_expression};
use crate::template::parse::Template;
use crate::template::reference::{Reference, Root};
use crate::template::scope::{Found, Scope};
use crate::value::{descend, type_name};

/// A list made of another: `{ "each": "<<input.Records.Rows>>", "as": { "fields": "<<item>>" } }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Each {
    /// The list.
    pub list: Template,
    /// What becomes of each of its items, which is `item` there.
    pub item: ValueTemplate,
}

impl Each {
    /// The list; `None` where the one it is made of is left out.
    ///
    /// # Errors
    /// [`TemplateValueError`] of an item, or where there is no list.
    pub(in crate::template) fn value(
        &self,
        scope: &dyn Scope,
    ) -> Result<Option<Value>, TemplateValueError> {
        let items = match self.list.value(scope)? {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(items)) => items,
            Some(other) => {
                return Err(TemplateValueError::NotAList {
                    expression: quoted_expression(self.list.source()),
                    found: type_name(&other),
                });
            }
        };
        let secret = self.list.references().iter().any(|reference| scope.is_secret(reference));
        let mut list = Vec::with_capacity(items.len());
        for item in &items {
            list.extend(self.item.value(&ItemScope { outer: scope, item, secret })?);
        }
        Ok(Some(Value::Array(list)))
    }
}

/// A scope with an item in it.
struct ItemScope<'a> {
    outer: &'a dyn Scope,
    item: &'a Value,
    /// Whether the list is a secret.
    secret: bool,
}

impl Scope for ItemScope<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        match reference.root {
            Root::Item => descend(self.item, &reference.segments)
                .filter(|value| !value.is_null())
                .map(Found::Value),
            _ => self.outer.lookup(reference),
        }
    }

    fn is_secret(&self, reference: &Reference) -> bool {
        match reference.root {
            Root::Item => self.secret,
            _ => self.outer.is_secret(reference),
        }
    }

    fn moment(&self) -> Option<Moment> {
        self.outer.moment()
    }

    fn note_secret(&self, derived: &str) {
        self.outer.note_secret(derived);
    }
}
