//! A connection: the values of a connector's connection fields for one account.

mod fault;

use serde_json::{Map, Value};

use crate::connector::Connector;
use crate::field::{Field, FieldType};
use crate::labelled::Labelled;
use crate::secret::{Redactor, Secret};
use crate::settle::{
    FieldFault, FieldProblem, FieldRoot, FormScope, Remark, check_value, sensitive_texts,
    settle_fields,
};
use crate::template::{Found, Reference, Root, Scope, scalar_text};
use crate::value::{descend, get, get_mut, type_name};

pub use fault::ConnectionFault;

/// The values of a connector's connection fields; secrets are [`Secret`]s. Its `Debug` shows labels only.
#[derive(Clone, Default)]
pub struct Connection {
    values: Labelled<ConnectionValue>,
    /// Texts inside values that must not be shown, besides the secrets.
    sensitive: Vec<Secret>,
    remarks: Vec<Remark>,
}

/// The value of one connection field.
#[derive(Clone)]
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

impl std::fmt::Display for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SecretSource::Env(name) => write!(f, "environment variable `{name}`"),
            SecretSource::File(path) => write!(f, "file `{path}`"),
        }
    }
}

/// Reads what a [`SecretSource`] points at; the core itself has no environment and no files.
pub type ReadSecret<'r> = dyn Fn(&SecretSource) -> Result<Secret, String> + 'r;

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({:?})", self.values.keys().collect::<Vec<_>>())
    }
}

impl std::fmt::Debug for ConnectionValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            // An object may be sensitive; which is, the connector says.
            ConnectionValue::Plain(value) => write!(f, "Plain({})", type_name(value)),
            ConnectionValue::Secret(secret) => write!(f, "Secret({secret:?})"),
        }
    }
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
        let read_from_source = Connection::read_sources(connector, &mut given, read)?;
        let mut remarks = Vec::new();
        settle_fields(FieldRoot::Connection, fields, &[], &mut given, &OwnFields, &mut remarks)
            .map_err(ConnectionFault::Field)?;
        let mut sensitive = Vec::new();
        for (label, value) in &given {
            if let Some(field) = fields.get(label) {
                sensitive_texts(field, value, &mut |text| sensitive.push(Secret::from(text)));
            }
        }
        let is_secret = |label: &String| {
            read_from_source.contains(label) || fields.get(label).is_some_and(Field::is_secret)
        };
        let values = given
            .into_iter()
            .map(|(label, value)| match (is_secret(&label), value) {
                (true, Value::String(text)) => (label, ConnectionValue::Secret(Secret::new(text))),
                (_, value) => (label, ConnectionValue::Plain(value)),
            })
            .collect();
        Ok(Connection { values, sensitive, remarks })
    }

    /// Puts the text that fields point at in the place of where they point; gives the labels of those fields.
    ///
    /// # Errors
    /// [`ConnectionFault`] for the first field that may not point elsewhere, or points at nothing that can be read.
    pub fn read_sources(
        connector: &Connector,
        given: &mut Map<String, Value>,
        read: &ReadSecret<'_>,
    ) -> Result<Vec<String>, ConnectionFault> {
        let mut read_from_source = Vec::new();
        for (label, field) in &connector.connection.fields {
            let Some(value) = get_mut(given, label) else { continue };
            let Some(source) = secret_source(value) else { continue };
            match field.kind {
                FieldType::Text | FieldType::Secret => {}
                // An object may look like a source.
                FieldType::Object | FieldType::Any => continue,
                // What a choice or a number is not would be quoted in its error: only text may come from elsewhere.
                kind => {
                    let problem =
                        FieldProblem::Type { expected: vec![kind.as_str()], found: "object" };
                    let path = vec![label.clone()];
                    let fault = FieldFault { root: FieldRoot::Connection, path, problem };
                    return Err(ConnectionFault::Field(fault));
                }
            }
            read_from_source.push(label.clone());
            let secret = read(&source).map_err(|reason| ConnectionFault::Source {
                field: label.clone(),
                from: source,
                reason,
            })?;
            *value = Value::String(secret.expose().to_owned());
        }
        Ok(read_from_source)
    }

    /// What was settled in another way than it was given.
    #[must_use]
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
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

    /// The same connection with what a login brought to the fields that say so; `None` where that is not what a field takes.
    ///
    /// # Errors
    /// [`ConnectionFault::Field`] for the first value that its field does not take.
    pub fn with_login(
        &self,
        connector: &Connector,
        brought: &Map<String, Value>,
    ) -> Result<Connection, ConnectionFault> {
        let mut all = Connection {
            values: self.values.clone(),
            sensitive: self.sensitive.clone(),
            remarks: self.remarks.clone(),
        };
        for (label, value) in brought {
            let Some(field) = connector.connection.fields.get(label) else { continue };
            if field.from.is_none() {
                continue;
            }
            // A service's number may be an identifier, which is text.
            let value = match (field.kind, scalar_text(value)) {
                (FieldType::Text | FieldType::Secret, Some(text)) => {
                    Value::String(text.into_owned())
                }
                _ => value.clone(),
            };
            check_value(FieldRoot::Connection, field, &value, &mut vec![label], &|_| true)
                .map_err(ConnectionFault::Field)?;
            sensitive_texts(field, &value, &mut |text| all.sensitive.push(Secret::from(text)));
            let value = match value {
                Value::String(text) if field.is_secret() => {
                    ConnectionValue::Secret(Secret::new(text))
                }
                value => ConnectionValue::Plain(value),
            };
            all.values.insert(label.clone(), value);
        }
        Ok(all)
    }

    /// The same connection with other text in place of each secret but those to keep, for a request that is only
    /// shown, and redacted before.
    #[must_use]
    pub fn marked(
        &self,
        keep: &dyn Fn(&str) -> bool,
        mark: impl Fn(&String) -> String,
    ) -> Connection {
        let values = self.values.iter().map(|(label, value)| match value {
            ConnectionValue::Plain(value) => (label.clone(), ConnectionValue::Plain(value.clone())),
            ConnectionValue::Secret(_) if keep(label) => (label.clone(), value.clone()),
            ConnectionValue::Secret(_) => {
                (label.clone(), ConnectionValue::Plain(Value::String(mark(label))))
            }
        });
        Connection {
            values: values.collect(),
            sensitive: self.sensitive.clone(),
            remarks: self.remarks.clone(),
        }
    }

    /// Whether what a reference reads may be part of a value that must not be shown.
    #[must_use]
    pub fn is_secret_reference(&self, reference: &Reference) -> bool {
        let label = reference.segments.first();
        label.is_some_and(|label| self.is_secret(label)) || !self.sensitive.is_empty()
    }

    /// What tells this connection from one with other values; tells nothing of them.
    #[must_use]
    pub fn fingerprint(&self, connector: &str) -> [u8; 32] {
        let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
        let mut add = |text: &[u8]| {
            hash.update(&(text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        add(connector.as_bytes());
        let mut labels: Vec<&String> = self.values.keys().collect();
        labels.sort_unstable();
        for label in labels {
            add(label.as_bytes());
            match &self.values[label] {
                ConnectionValue::Plain(value) => add(value.to_string().as_bytes()),
                ConnectionValue::Secret(secret) => add(secret.expose().as_bytes()),
            }
        }
        let digest = hash.finish();
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest.as_ref());
        fingerprint
    }

    /// Adds every secret to the redactor.
    pub fn add_secrets(&self, redactor: &mut Redactor) {
        self.sensitive.iter().for_each(|secret| redactor.add(secret.clone()));
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

    fn is_secret(&self, reference: &Reference) -> bool {
        reference.root == Root::Connection && self.is_secret_reference(reference)
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
        let own = (reference.root == Root::Connection).then(|| get(own, label)).flatten()?;
        descend(own, rest).map(Found::Value)
    }
}

/// Where a field's text is kept, for a value of the form `{"env": NAME}` or `{"file": PATH}`.
#[must_use]
pub fn secret_source(value: &Value) -> Option<SecretSource> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    let (key, name) = map.iter().next()?;
    let name = name.as_str()?.to_owned();
    match key.as_str() {
        "env" => Some(SecretSource::Env(name)),
        "file" => Some(SecretSource::File(name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_kept_as_a_secret_wherever_its_field_may_hold_one() {
        let connector: Connector = serde_json::from_value(json!({
            "format": 1, "name": "shop", "version": "1.0.0", "title": "Shop",
            "connection": { "fields": {
                "Token": { "type": "secret" },
                "Name or token": { "type": "text", "accepts": ["secret"] },
                "Anything": { "type": "any", "sensitive": true },
                "Name": { "type": "text" },
                "Keys": { "type": "list", "of": "secret" },
            } },
            "auth": {}, "targets": {},
        }))
        .unwrap();
        let given = json!({
            "Token": "t-1", "Name or token": "t-2", "Anything": "t-3", "Name": "ada", "Keys": ["t-4"],
        });
        let given = given.as_object().cloned().unwrap();
        let found = Connection::settle(&connector, given, &|_| Err(String::new())).unwrap();
        let secrets: Vec<&str> = ["Token", "Name or token", "Anything", "Name", "Keys"]
            .into_iter()
            .filter(|label| found.is_secret(label))
            .collect();
        assert_eq!(secrets, ["Token", "Name or token", "Anything"]);
    }
}
