//! Two fields of which each stands in for the other: what their conditions say together.

use cardhost_core::condition::{Clause, Test, When};
use cardhost_core::field::{Field, Fields};
use serde_json::Value;

/// How two fields stand in for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Either {
    /// One of them is given, and never both.
    Or(String),
    /// One of them is given, perhaps both.
    AtLeast(String),
}

impl Either {
    /// In words: "either this or `Email`".
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Either::Or(other) => format!("either this or `{other}` is given"),
            Either::AtLeast(other) => format!("this or `{other}` must be given, or both"),
        }
    }
}

/// The field of a form that another one stands in for, and how.
#[must_use]
pub fn either(fields: &Fields, label: &str) -> Option<Either> {
    let field = fields.get(label)?;
    let mutual = |of: &dyn Fn(&Field) -> Option<String>| {
        let other = of(field)?;
        (of(fields.get(&other)?)? == label && other != label).then_some(other)
    };
    let seen = |field: &Field| {
        let when = field.visible_when.as_ref().filter(|_| field.required)?;
        without(when)
    };
    let required = |field: &Field| without(field.required_when.as_ref()?);
    mutual(&seen).map(Either::Or).or_else(|| mutual(&required).map(Either::AtLeast))
}

/// The label of the field whose absence is all that a condition asks for.
fn without(when: &When) -> Option<String> {
    let [Clause::Value { reference, tests }] = when.0.as_slice() else { return None };
    let absent = match tests.as_slice() {
        [Test::Present(present)] => !present,
        [Test::OneOf(values)] => values == &[Value::Null],
        _ => false,
    };
    reference.segments.last().filter(|_| absent).cloned()
}
