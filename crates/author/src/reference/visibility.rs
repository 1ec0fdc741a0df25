//! Conditions as JSON Schemas of the whole invocation: when a field is part of the form.
//!
//! A condition sees settled values: a missing value is its default, and a field before it that is not part
//! of the form has none. What a stored connection holds is not in the invocation, so a condition on it is
//! known only where the invocation gives the connection's fields, and gives that field as it is.

use serde_json::{Map, Value, json};

use cardhost_core::card::Card;
use cardhost_core::condition::{Clause, Test, When};
use cardhost_core::connector::Connector;
use cardhost_core::field::Field;
use cardhost_core::template::{Found, Reference, Root};

/// Where a field stands in the order in which values are settled: form, group, field.
pub(super) type Position = (u8, usize, usize);

/// The forms that conditions refer to.
pub(super) struct Forms<'a> {
    pub(super) connector: &'a Connector,
    pub(super) card: &'a Card,
}

/// A field that a condition refers to.
struct Referred<'a> {
    /// The way to its value in the invocation.
    path: Vec<&'a str>,
    /// The field and its position, where there is one.
    field: Option<(&'a Field, Position)>,
    /// Whether the reference goes on inside the value.
    deep: bool,
}

impl Forms<'_> {
    /// The schema of the invocations of which the condition is known to hold.
    pub(super) fn holds(&self, when: &When, at: Position) -> Value {
        let mut all = Vec::new();
        for label in self.connection_fields(when, at) {
            all.push(given_as_it_is(label));
        }
        all.push(self.condition(when, at));
        and(all)
    }

    /// The schema of the invocations of which the condition is known not to hold.
    pub(super) fn fails(&self, when: &When, at: Position) -> Value {
        let mut all = Vec::new();
        for label in self.connection_fields(when, at) {
            all.push(given_as_it_is(label));
        }
        all.push(json!({ "not": self.condition(when, at) }));
        and(all)
    }

    fn condition(&self, when: &When, at: Position) -> Value {
        let clauses = when.0.iter().map(|clause| match clause {
            Clause::Value { reference, tests } => {
                and(tests.iter().map(|test| self.passes(reference, test, at)).collect())
            }
            Clause::Any(whens) => {
                let any: Vec<Value> = whens.iter().map(|when| self.condition(when, at)).collect();
                json!({ "anyOf": any })
            }
            Clause::Not(when) => json!({ "not": self.condition(when, at) }),
        });
        and(clauses.collect())
    }

    /// The schema of the invocations in which a value passes a test.
    fn passes(&self, reference: &Reference, test: &Test, at: Position) -> Value {
        let given = match test {
            Test::OneOf(values) => return self.is_one_of(reference, values, at),
            Test::NoneOf(values) => {
                return json!({ "not": self.is_one_of(reference, values, at) });
            }
            Test::Present(true) => json!({ "not": { "enum": [null, "", [], {}] } }),
            Test::Present(false) => {
                return json!({ "not": self.passes(reference, &Test::Present(true), at) });
            }
            Test::Contains(Value::String(part)) => json!({ "anyOf": [
                { "type": "string", "pattern": escaped(part) },
                { "type": "array", "contains": { "const": part } },
            ] }),
            Test::Contains(item) => json!({ "type": "array", "contains": { "const": item } }),
            Test::Matches(pattern) => json!({ "type": "string", "pattern": pattern.source() }),
        };
        let Some(referred) = self.referred(reference, at) else { return Value::Bool(false) };
        let default = referred.field.and_then(|(field, _)| field.default.as_ref());
        let default = default.filter(|_| !referred.deep);
        let by_default = default.is_some_and(|value| test.passes(Some(&Found::Value(value))));
        let shown = match by_default {
            // A missing value, or null, is the default.
            true => json!({ "anyOf": [
                below(&referred.path, true, given),
                { "not": below(&referred.path, true, json!({ "not": { "const": null } })) },
            ] }),
            false => below(&referred.path, true, given),
        };
        match referred.field {
            Some((Field { visible_when: Some(when), .. }, position)) if position < at => {
                and(vec![self.condition(when, position), shown])
            }
            _ => shown,
        }
    }

    fn is_one_of(&self, reference: &Reference, values: &[Value], at: Position) -> Value {
        let Some(referred) = self.referred(reference, at) else {
            return Value::Bool(values.contains(&Value::Null));
        };
        let default = referred.field.and_then(|(field, _)| field.default.as_ref());
        let mut values = values.to_vec();
        if let (Some(default), false) = (default, referred.deep) {
            let by_default = values.contains(default);
            values.retain(|value| !value.is_null());
            if by_default {
                values.push(Value::Null);
            }
        }
        let given = member(&referred.path, &values);
        match referred.field {
            Some((Field { visible_when: Some(when), .. }, position)) if position < at => {
                let shown = and(vec![self.condition(when, position), given]);
                if values.contains(&Value::Null) {
                    return json!({ "anyOf": [shown, { "not": self.condition(when, position) }] });
                }
                shown
            }
            _ => given,
        }
    }

    /// What a reference of a condition at a position names; `None` for what is not in scope there.
    fn referred<'r>(&'r self, reference: &'r Reference, at: Position) -> Option<Referred<'r>> {
        let segments: Vec<&str> = reference.segments.iter().map(String::as_str).collect();
        let (above, form, fields, rest): (Vec<&str>, _, _, _) = match reference.root {
            Root::Connection => {
                (vec!["connection", "fields"], (0, 0), Some(&self.connector.connection.fields), 0)
            }
            Root::Options if at.0 >= 1 => (vec!["options"], (1, 0), Some(&self.card.options), 0),
            Root::Input if at.0 >= 2 => {
                let group = *segments.first()?;
                let index = self.card.input.get_index_of(group).unwrap_or(usize::MAX);
                (vec!["input", group], (2, index), self.card.input.get(group), 1)
            }
            _ => return None,
        };
        let own = segments.get(rest..)?;
        let label = *own.first()?;
        let field = fields
            .and_then(|fields| fields.get_full(label))
            .map(|(index, _, field)| (field, (form.0, form.1, index)));
        let path = above.into_iter().chain(own.iter().copied()).collect();
        Some(Referred { path, field, deep: own.len() > 1 })
    }

    /// The connection fields that a condition depends on, also by way of other conditions.
    fn connection_fields<'r>(&'r self, when: &'r When, at: Position) -> Vec<&'r str> {
        let mut labels: Vec<&str> = Vec::new();
        for reference in when.references() {
            let mut found = Vec::new();
            if reference.root == Root::Connection
                && let Some(label) = reference.segments.first()
            {
                found.push(label.as_str());
            }
            if let Some(Referred { field: Some((field, position)), .. }) =
                self.referred(reference, at)
                && let Some(when) = field.visible_when.as_ref().filter(|_| position < at)
            {
                found.extend(self.connection_fields(when, position));
            }
            for label in found {
                if !labels.contains(&label) {
                    labels.push(label);
                }
            }
        }
        labels
    }
}

/// A text as a pattern that is found where the text is.
fn escaped(text: &str) -> String {
    let special =
        |c: char| if r"\^$.|?*+()[]{}/".contains(c) { format!("\\{c}") } else { c.to_string() };
    text.chars().map(special).collect()
}

/// All of them; one alone stands for itself.
pub(super) fn and(mut schemas: Vec<Value>) -> Value {
    match schemas.len() {
        0 => Value::Bool(true),
        1 => schemas.remove(0),
        _ => json!({ "allOf": schemas }),
    }
}

/// A schema of what stands at a path; where it is required, so is every step of the way.
pub(super) fn below(path: &[&str], required: bool, inner: Value) -> Value {
    path.iter().rev().fold(inner, |inner, segment| {
        let mut schema = Map::new();
        if required {
            schema.insert("type".to_owned(), json!("object"));
            schema.insert("required".to_owned(), json!([segment]));
        }
        schema.insert("properties".to_owned(), json!({ *segment: inner }));
        Value::Object(schema)
    })
}

/// The value at a path is one of these; a missing one is null.
fn member(path: &[&str], values: &[Value]) -> Value {
    below(path, !values.contains(&Value::Null), json!({ "enum": values }))
}

/// The connection's field is given in the invocation, not stored, nor in the environment or a file.
fn given_as_it_is(label: &str) -> Value {
    json!({
        "type": "object",
        "required": ["connection"],
        "properties": { "connection": {
            "type": "object",
            "properties": { "fields": { "properties": { label: { "not": { "type": "object" } } } } },
        } },
    })
}
