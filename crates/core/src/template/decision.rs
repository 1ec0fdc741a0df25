//! A choice of T: either a T, or a decision by the value of a dropdown.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IntoDeserializer, MapAccess, Visitor};

use super::reference::Reference;
use super::scope::Scope;
use crate::labelled::Labelled;

/// Either a value, or a table of values by a dropdown's choice; decisions nest.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision<T> {
    /// The value, whatever was chosen.
    Always(T),
    /// The value by what a reference gives.
    By {
        /// The dropdown that decides.
        by: Reference,
        /// A row for each choice.
        rows: Labelled<Decision<T>>,
        /// The row for every other choice.
        otherwise: Option<Box<Decision<T>>>,
    },
}

/// No row for the value of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRow {
    /// The reference that decides.
    pub by: String,
    /// Its value; `None` where it has none.
    pub value: Option<String>,
}

impl<T: Default> Default for Decision<T> {
    fn default() -> Decision<T> {
        Decision::Always(T::default())
    }
}

impl<T> Decision<T> {
    /// The value for what is in scope.
    ///
    /// # Errors
    /// [`NoRow`] where a table has no row for the value.
    pub fn decide(&self, scope: &dyn Scope) -> Result<&T, NoRow> {
        match self {
            Decision::Always(value) => Ok(value),
            Decision::By { by, rows, otherwise } => {
                let found = scope.lookup(by);
                let text = found.as_ref().and_then(|found| found.text());
                let row = text.as_deref().and_then(|text| rows.get(text));
                match (row, otherwise) {
                    (Some(row), _) => row.decide(scope),
                    (None, Some(row)) => row.decide(scope),
                    (None, None) => {
                        Err(NoRow { by: by.to_string(), value: text.map(Cow::into_owned) })
                    }
                }
            }
        }
    }

    /// Whether the reference that decides first may have no value.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        matches!(self, Decision::By { by, .. } if by.optional)
    }

    /// Calls `visit` with every reference that decides.
    pub fn each_by<'a>(&'a self, visit: &mut dyn FnMut(&'a Reference)) {
        if let Decision::By { by, rows, otherwise } = self {
            visit(by);
            rows.values().chain(otherwise.as_deref()).for_each(|row| row.each_by(visit));
        }
    }

    /// Calls `visit` with every value and the JSON Pointer to it.
    pub fn each<'a>(&'a self, pointer: &str, visit: &mut dyn FnMut(&'a T, &str)) {
        match self {
            Decision::Always(value) => visit(value, pointer),
            Decision::By { rows, otherwise, .. } => {
                for (name, row) in rows {
                    let mut place = pointer.to_owned();
                    crate::error::push_pointer(&mut place, name);
                    row.each(&place, visit);
                }
                if let Some(row) = otherwise {
                    row.each(&format!("{pointer}/else"), visit);
                }
            }
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Decision<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DecisionVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for DecisionVisitor<T> {
            type Value = Decision<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or an object with `by`")
            }
            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Decision<T>, E> {
                T::deserialize(value.into_deserializer()).map(Decision::Always)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Decision<T>, A::Error> {
                let mut by = None;
                let mut rows = Labelled::default();
                let mut otherwise = None;
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "by" => {
                            let text = map.next_value::<String>()?;
                            by = Some(Reference::parse(&text).ok_or_else(|| {
                                A::Error::custom(format!("`{text}` is not a reference"))
                            })?);
                        }
                        "else" => otherwise = Some(Box::new(map.next_value()?)),
                        _ => {
                            let row = map.next_value()?;
                            rows.insert(key, row);
                        }
                    }
                }
                let by = by.ok_or_else(|| A::Error::missing_field("by"))?;
                Ok(Decision::By { by, rows, otherwise })
            }
        }
        deserializer.deserialize_any(DecisionVisitor(PhantomData))
    }
}

#[cfg(feature = "schemas")]
impl<T: JsonSchema> JsonSchema for Decision<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("DecisionOf{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        let row = generator.subschema_for::<Decision<T>>();
        json_schema!({
            "description": "Either the value, or a table of values by a dropdown's choice.",
            "type": ["string", "object"],
            "if": { "type": "object" },
            "then": {
                "required": ["by"],
                "properties": {
                    "by": {
                        "description": "A reference to a dropdown, such as `options.Request Type`.",
                        "type": "string",
                        "pattern": "^(connection|options|input)(\\.[^.\\[]+|\\.?\\[[^\\]]+\\])+$",
                    },
                },
                "additionalProperties": row,
            },
            "else": value,
        })
    }
}
