//! A connection: the values of a connector's connection fields for one account.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::connector::Connector;
use crate::field::FieldType;
use crate::secret::{Redactor, Secret};
use crate::settle::{FieldFault, FieldRoot, FormScope, NotApplicable, settle_fields};
use crate::template::{Found, Reference, Root, Scope};
use crate::value::descend;

/// The values of a connector's connection fields; secrets are [`Secret`]s.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    values: IndexMap<String, ConnectionValue>,
    ignored: Vec<NotApplicable>,
}

/// The value of one connection field.
#[derive(Clone, Debug)]
pub enum ConnectionValue {
    /// A value that may be shown.
    Plain(Value),
    /// A value that may not.
    Secret(Secret),
}

/// Where the text of a connection field is kept instead of the field: `{"env": NAME}` or `{"file": PATH}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file; one line end at its end is not part of the text.
    File(String),
}

/// Reads what a [`SecretSource`] points at; the core itself has no environment and no files.
pub type ReadSecret<'r> = dyn Fn(&SecretSource) -> Result<Secret, String> + 'r;

/// Why a connection cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionFault {
    /// A field is wrong.
    Field(FieldFault),
    /// What a field points at cannot be read.
    Source {
        /// The field's label.
        field: String,
        /// Where it points.
        source: SecretSource,
        /// Why, in words, without the secret.
        reason: String,
    },
}

impl Connection {
    /// Makes a connection of what was given: sources read, defaults filled in, every field checked.
    ///
    /// # Errors
    /// [`ConnectionFault`] for the first field that is wrong.
    pub fn settle(
        connector: &Connector,
        mut given: Map<String, Value>,
        read: &ReadSecret<'_>,
    ) -> Result<Connection, ConnectionFault> {
        let fields = &connector.connection.fields;
        for label in fields.keys() {
            let Some(value) = given.get_mut(label) else { continue };
            if let Some(source) = secret_source(value) {
                let secret = read(&source).map_err(|reason| ConnectionFault::Source {
                    field: label.clone(),
                    source,
                    reason,
                })?;
                *value = Value::String(secret.expose().to_owned());
            }
        }
        let mut ignored = Vec::new();
        settle_fields(FieldRoot::Connection, fields, &[], &mut given, &OwnFields, &mut ignored)
            .map_err(ConnectionFault::Field)?;
        let is_secret =
            |label: &String| fields.get(label).is_some_and(|field| field.kind == FieldType::Secret);
        let values = given
            .into_iter()
            .map(|(label, value)| match value {
                Value::String(text) if is_secret(&label) => {
                    (label, ConnectionValue::Secret(Secret::new(text)))
                }
                value => (label, ConnectionValue::Plain(value)),
            })
            .collect();
        Ok(Connection { values, ignored })
    }

    /// The fields that were given and do not apply.
    #[must_use]
    pub fn ignored(&self) -> &[NotApplicable] {
        &self.ignored
    }

    /// A field's value.
    #[must_use]
    pub fn get(&self, label: &str) -> Option<&ConnectionValue> {
        self.values.get(label)
    }

    /// Whether the field's value is a secret.
    #[must_use]
    pub fn is_secret(&self, label: &str) -> bool {
        matches!(self.values.get(label), Some(ConnectionValue::Secret(_)))
    }

    /// The same connection with other text in place of each secret, for a request that is only shown.
    #[must_use]
    pub fn marked(&self, mark: impl Fn(&String) -> String) -> Connection {
        let values = self.values.iter().map(|(label, value)| match value {
            ConnectionValue::Plain(value) => (label.clone(), ConnectionValue::Plain(value.clone())),
            ConnectionValue::Secret(_) => {
                (label.clone(), ConnectionValue::Plain(Value::String(mark(label))))
            }
        });
        Connection { values: values.collect(), ignored: self.ignored.clone() }
    }

    /// Adds every secret to the redactor.
    pub fn add_secrets(&self, redactor: &mut Redactor) {
        for value in self.values.values() {
            if let ConnectionValue::Secret(secret) = value {
                redactor.add(secret.clone());
            }
        }
    }

    /// Looks a reference up; `None` for other roots and fields without a value.
    #[must_use]
    pub fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        let (label, rest) = reference.segments.split_first()?;
        match self.values.get(label)? {
            ConnectionValue::Plain(value) => match descend(value, rest)? {
                Value::Null => None,
                value => Some(Found::Value(value)),
            },
            ConnectionValue::Secret(secret) if rest.is_empty() => Some(Found::Secret(secret)),
            ConnectionValue::Secret(_) => None,
        }
    }
}

impl Scope for Connection {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        if reference.root == Root::Connection { self.lookup(reference) } else { None }
    }
}

/// Conditions of a connection form look at its own fields.
struct OwnFields;

impl FormScope for OwnFields {
    fn lookup<'v>(
        &'v self,
        own: &'v Map<String, Value>,
        reference: &Reference,
    ) -> Option<Found<'v>> {
        let (label, rest) = reference.segments.split_first()?;
        let own = (reference.root == Root::Connection).then(|| own.get(label)).flatten()?;
        descend(own, rest).map(Found::Value)
    }
}

fn secret_source(value: &Value) -> Option<SecretSource> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    let (key, name) = map.iter().next()?;
    let name = name.as_str()?.to_owned();
    match key.as_str() {
        "env" => Some(SecretSource::Env(name)),
        "file" => Some(SecretSource::File(name)),
        _ => None,
    }
}
