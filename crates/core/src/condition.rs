//! A condition: what references lead to is one of some values, is there, or looks like something.
//!
//! The same wherever one stands: `visibleWhen` of fields and choices, `hints`, `errors`, `failures`.

use std::fmt;

use regex_bites::Regex;
#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

use crate::template::{Found, Reference, Scope};

/// A condition: everything it says holds.
#[derive(Debug, Default, PartialEq)]
pub struct When(pub Vec<Clause>);

/// One thing that a condition says.
#[derive(Debug, PartialEq)]
pub enum Clause {
    /// What a reference leads to passes every test.
    Value {
        /// The reference.
        reference: Reference,
        /// The tests; at least one.
        tests: Vec<Test>,
    },
    /// One of these holds, or more.
    Any(Vec<When>),
    /// This does not hold.
    Not(When),
}

/// What is asked of one value. A missing value is `null`, and so is a secret that is compared.
#[derive(Debug, PartialEq)]
pub enum Test {
    /// It is one of these.
    OneOf(Vec<Value>),
    /// It is none of these.
    NoneOf(Vec<Value>),
    /// There is one or none: neither null nor an empty text, list or object.
    Present(bool),
    /// It is text that has this in it, or a list with such an item.
    Contains(Value),
    /// It is text, or a number's text, in which this pattern is found.
    Matches(Pattern),
}

/// A regular expression that takes time linear in the text; neither look-around nor back-references.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    compiled: Regex,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn new(source: String) -> Result<Pattern, String> {
        match Regex::new(&source) {
            Ok(compiled) => Ok(Pattern { source, compiled }),
            Err(error) => Err(format!("`{source}` is not a pattern: {error}")),
        }
    }

    /// The pattern as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it is found somewhere in a text.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        self.compiled.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.source == other.source
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pattern, D::Error> {
        Pattern::new(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for Pattern {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pattern".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A regular expression, found somewhere in the text unless `^` and `$` hold it; without look-around and back-references.",
            "type": "string",
            "minLength": 1,
        })
    }
}

impl When {
    /// Whether the condition holds.
    #[must_use]
    pub fn holds(&self, scope: &dyn Scope) -> bool {
        self.0.iter().all(|clause| match clause {
            Clause::Value { reference, tests } => {
                let found = scope.lookup(reference);
                tests.iter().all(|test| test.passes(found.as_ref()))
            }
            Clause::Any(whens) => whens.iter().any(|when| when.holds(scope)),
            Clause::Not(when) => !when.holds(scope),
        })
    }

    /// Whether the condition holds as far as values are known: `seen` gives `None` for a value that is not, and `Some(None)` where
    /// there is none.
    pub fn holds_as_seen(
        &self,
        seen: &dyn Fn(&Reference) -> Option<Option<Value>>,
    ) -> Option<bool> {
        all(self.0.iter().map(|clause| match clause {
            Clause::Value { reference, tests } => seen(reference).map(|value| {
                let found = value.as_ref().map(Found::Value);
                tests.iter().all(|test| test.passes(found.as_ref()))
            }),
            Clause::Any(whens) => {
                let none = all(whens.iter().map(|when| when.holds_as_seen(seen).map(|it| !it)));
                none.map(|it| !it)
            }
            Clause::Not(when) => when.holds_as_seen(seen).map(|it| !it),
        }))
    }

    /// Calls `visit` with every reference in it and the tests that it is put to.
    pub fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Reference, &'a [Test])) {
        for clause in &self.0 {
            match clause {
                Clause::Value { reference, tests } => visit(reference, tests),
                Clause::Any(whens) => whens.iter().for_each(|when| when.each(visit)),
                Clause::Not(when) => when.each(visit),
            }
        }
    }

    /// The references in it.
    #[must_use]
    pub fn references(&self) -> Vec<&Reference> {
        let mut found = Vec::new();
        self.each(&mut |reference, _| found.push(reference));
        found
    }
}

impl Test {
    /// Whether a value passes; `None` where there is none.
    #[must_use]
    pub fn passes(&self, found: Option<&Found<'_>>) -> bool {
        let is_one_of = |values: &[Value]| match found {
            None | Some(Found::Secret(_)) => values.contains(&Value::Null),
            Some(found) => found.is_one_of(values),
        };
        match self {
            Test::OneOf(values) => is_one_of(values),
            Test::NoneOf(values) => !is_one_of(values),
            Test::Present(expected) => found.is_some_and(|found| !found.is_empty()) == *expected,
            Test::Contains(wanted) => found.is_some_and(|found| found.contains(wanted)),
            Test::Matches(pattern) => match found {
                None | Some(Found::Secret(_)) => false,
                Some(found) => found.text().is_some_and(|text| pattern.is_in(&text)),
            },
        }
    }
}

/// Whether all are true; `None` where that hangs on what is not known.
fn all(facts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut is_known = true;
    for fact in facts {
        match fact {
            Some(false) => return Some(false),
            Some(true) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(true)
}

/// What stands beside a reference: a list of values, or tests by name.
struct Tests(Vec<Test>);

impl<'de> Deserialize<'de> for Tests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tests, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct ByName {
            not: Option<Vec<Value>>,
            present: Option<bool>,
            contains: Option<Value>,
            matches: Option<Pattern>,
        }
        struct TestsVisitor;
        impl<'de> Visitor<'de> for TestsVisitor {
            type Value = Tests;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a list of values, or an object with `not`, `present`, `contains` or `matches`",
                )
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, items: A) -> Result<Tests, A::Error> {
                let items = serde::de::value::SeqAccessDeserializer::new(items);
                Ok(Tests(vec![Test::OneOf(Vec::deserialize(items)?)]))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Tests, A::Error> {
                let named = ByName::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                let mut tests = Vec::new();
                tests.extend(named.not.map(Test::NoneOf));
                tests.extend(named.present.map(Test::Present));
                tests.extend(named.contains.map(Test::Contains));
                tests.extend(named.matches.map(Test::Matches));
                match tests.is_empty() {
                    true => Err(A::Error::custom(
                        "a condition without a test: give `not`, `present`, `contains` or `matches`",
                    )),
                    false => Ok(Tests(tests)),
                }
            }
        }
        deserializer.deserialize_any(TestsVisitor)
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<When, D::Error> {
        struct WhenVisitor;
        impl<'de> Visitor<'de> for WhenVisitor {
            type Value = When;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of references")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<When, A::Error> {
                let mut clauses = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    clauses.push(match key.as_str() {
                        "any" => Clause::Any(map.next_value()?),
                        "not" => Clause::Not(map.next_value()?),
                        text => {
                            let reference = Reference::parse(text).ok_or_else(|| {
                                A::Error::custom(format!("`{text}` is not a reference"))
                            })?;
                            let Tests(tests) = map.next_value()?;
                            Clause::Value { reference, tests }
                        }
                    });
                }
                Ok(When(clauses))
            }
        }
        deserializer.deserialize_map(WhenVisitor)
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for When {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "When".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let when = generator.subschema_for::<When>();
        let pattern = generator.subschema_for::<Pattern>();
        json_schema!({
            "description": "Every reference named has one of the values listed, or passes the tests named.",
            "type": "object",
            "minProperties": 1,
            "properties": {
                "any": {
                    "description": "One of these conditions holds, or more.",
                    "type": "array", "minItems": 1, "items": when,
                },
                "not": when,
            },
            "additionalProperties": {
                "type": ["array", "object"],
                "minItems": 1,
                "if": { "type": "object" },
                "then": {
                    "minProperties": 1,
                    "properties": {
                        "not": {
                            "description": "It is none of these values; a missing one is `null`.",
                            "type": "array", "minItems": 1,
                        },
                        "present": {
                            "description": "`true`: there is a value that is neither null nor an empty text, list or object; `false`: there is none.",
                            "type": "boolean",
                        },
                        "contains": { "description": "The text has this in it, or the list has this item." },
                        "matches": pattern,
                    },
                    "additionalProperties": false,
                },
            },
            "propertyNames": {
                "description": "A reference, such as `options.Request Type`, or `any` or `not`.",
                "pattern": "^(any|not|(connection|options|input|response|item)(\\.[^.\\[]+|\\.?\\[[^\\]]+\\])+)$",
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::secret::Secret;
    use crate::value::descend;

    struct Input(Value, Secret);

    impl Scope for Input {
        fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
            match reference.segments.as_slice() {
                [only] if only == "secret" => Some(Found::Secret(&self.1)),
                [first, ..] if first == "text" => {
                    Some(Found::Json(r#"[{"a": 1}, "b", 1E5, null]"#))
                }
                segments => descend(&self.0, segments).map(Found::Value),
            }
        }
    }

    fn holds(when: Value) -> bool {
        let values = json!({
            "zero": 0, "seven": 7, "name": "Ada Lovelace", "tags": ["a", 1], "none": null,
            "empty": { "text": "", "list": [], "object": {} }, "no": false,
        });
        let scope = Input(values, Secret::from("abc"));
        serde_json::from_value::<When>(when).unwrap().holds(&scope)
    }

    #[test]
    fn each_test_as_a_table() {
        for (when, expected) in [
            (json!({ "input.zero": [0] }), true),
            (json!({ "input.zero": { "not": [0] } }), false),
            (json!({ "input.seven": { "not": [0, 1] } }), true),
            (json!({ "input.absent": { "not": [0] } }), true),
            (json!({ "input.absent": { "not": [0, null] } }), false),
            (json!({ "input.zero": { "present": true } }), true),
            (json!({ "input.no": { "present": true } }), true),
            (json!({ "input.none": { "present": true } }), false),
            (json!({ "input.absent": { "present": false } }), true),
            (json!({ "input.empty.text": { "present": true } }), false),
            (json!({ "input.empty.list": { "present": true } }), false),
            (json!({ "input.empty.object": { "present": false } }), true),
            (json!({ "input.empty": { "present": true } }), true),
            (json!({ "input.text": { "present": true } }), true),
            (json!({ "input.secret": { "present": true } }), true),
            (json!({ "input.name": { "contains": "Love" } }), true),
            (json!({ "input.name": { "contains": "love" } }), false),
            (json!({ "input.tags": { "contains": 1 } }), true),
            (json!({ "input.tags": { "contains": "1" } }), false),
            (json!({ "input.text": { "contains": "b" } }), true),
            (json!({ "input.text": { "contains": { "a": 1 } } }), true),
            (json!({ "input.text": { "contains": "a" } }), false),
            (json!({ "input.seven": { "contains": "7" } }), false),
            (json!({ "input.secret": { "contains": "a" } }), false),
            (json!({ "input.seven": { "matches": "^[0-9]$" } }), true),
            (json!({ "input.name": { "matches": "^Ada\\b" } }), true),
            (json!({ "input.tags": { "matches": "." } }), false),
            (json!({ "input.secret": { "matches": "." } }), false),
            (json!({ "input.name": { "contains": "Ada", "matches": "Lovelace$" } }), true),
            (json!({ "input.name": { "contains": "Ada", "not": ["Ada Lovelace"] } }), false),
            (json!({ "any": [{ "input.zero": [1] }, { "input.seven": [7] }] }), true),
            (json!({ "any": [{ "input.zero": [1] }, { "input.seven": [8] }] }), false),
            (json!({ "not": { "input.zero": [0], "input.seven": [8] } }), true),
            (json!({ "not": { "input.zero": [0], "input.seven": [7] } }), false),
            (json!({ "input.zero": [0], "any": [{ "input.seven": [8] }] }), false),
        ] {
            assert_eq!(holds(when.clone()), expected, "{when}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused_with_a_reason() {
        for (when, reason) in [
            (json!({ "input.a": {} }), "a condition without a test"),
            (json!({ "input.a": { "matches": "(" } }), "`(` is not a pattern"),
            (json!({ "input.a": { "is": 1 } }), "unknown field `is`"),
            (json!({ "inptu.a": [1] }), "`inptu.a` is not a reference"),
            (json!({ "input.a": 1 }), "expected a list of values, or an object with"),
        ] {
            let error = serde_json::from_value::<When>(when.clone()).unwrap_err().to_string();
            assert!(error.contains(reason), "{when}: {error}");
        }
    }
}
