//! Why a connection cannot be used.

use super::SecretSource;
use crate::error::{Code, Fault, Place};
use crate::settle::FieldFault;
use crate::text::{did_you_mean, must_be, not_json, quoted, unknown_key};

/// Why a connection cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionFault {
    /// A field is wrong.
    #[error(transparent)]
    Field(FieldFault),
    /// What a field points at cannot be read.
    #[error("connection field `{field}` points at {from}: {reason}")]
    Source {
        /// The field's label.
        field: String,
        /// Where it points.
        from: SecretSource,
        /// Why, in words, without the secret.
        reason: String,
    },
    /// A key beside `fields`.
    #[error("{}", unknown_key(key))]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// No stored connection has that name.
    #[error("there is no connection `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// The nearest name of a stored connection of the connector.
        nearest: Option<String>,
    },
    /// The file or store that it comes from cannot be read.
    #[error("the file cannot be read: {reason}")]
    Unreadable {
        /// The reader's words.
        reason: String,
    },
    /// The text that it comes from is not JSON.
    #[error("{}", not_json(reason))]
    NotJson {
        /// The reader's words.
        reason: String,
    },
    /// What should hold its fields is no object.
    #[error("{}", must_be(&["object"], found))]
    NotFields {
        /// The type that it has.
        found: &'static str,
    },
    /// Environment variables that stand for its fields are not set.
    #[error("{}", not_set(variables, *any))]
    NotSet {
        /// Their names.
        variables: Vec<String>,
        /// Whether one of them is enough.
        any: bool,
    },
    /// A field points at the environment or a file, and the policy of the host does not allow it.
    #[error(
        "connection field `{field}` points at the environment or a file, which this host does not allow"
    )]
    Reference {
        /// The field's label.
        field: String,
    },
}

fn not_set(variables: &[String], any: bool) -> String {
    match (variables, any) {
        ([one], _) => format!("environment variable `{one}` is not set"),
        (all, true) => format!("none of the environment variables {} is set", quoted(all)),
        (all, false) => format!("environment variables {} are not set", quoted(all)),
    }
}

impl Fault for ConnectionFault {
    fn code(&self) -> Code {
        match self {
            ConnectionFault::Field(fault) => fault.code(),
            ConnectionFault::Source { .. } => Code::CONNECTION_SECRET_SOURCE,
            ConnectionFault::NotSet { .. } => Code::CONNECTION_REQUIRED,
            ConnectionFault::UnknownKey { .. } => Code::CONNECTION_UNKNOWN_FIELD,
            ConnectionFault::Unknown { .. } => Code::CONNECTION_UNKNOWN,
            ConnectionFault::Unreadable { .. }
            | ConnectionFault::NotJson { .. }
            | ConnectionFault::NotFields { .. } => Code::CONNECTION_UNREADABLE,
            ConnectionFault::Reference { .. } => Code::POLICY_SECRET_REFERENCE,
        }
    }

    fn place(&self) -> Place {
        match self {
            ConnectionFault::Field(fault) => fault.place(),
            ConnectionFault::Source { field, .. } | ConnectionFault::Reference { field } => {
                Place::invocation(&["connection", "fields", field])
            }
            ConnectionFault::UnknownKey { key } => Place::invocation(&["connection", key]),
            ConnectionFault::NotSet { .. } => Place::default(),
            ConnectionFault::Unknown { .. }
            | ConnectionFault::Unreadable { .. }
            | ConnectionFault::NotJson { .. }
            | ConnectionFault::NotFields { .. } => Place::invocation(&["connection"]),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            ConnectionFault::Field(fault) => fault.hint(),
            ConnectionFault::Source { from: SecretSource::Env(name), .. } => {
                Some(format!("set `{name}` before the run, or give the value in the connection"))
            }
            ConnectionFault::Source { from: SecretSource::File(_), .. } => {
                Some("check the path and that the file can be read".to_owned())
            }
            ConnectionFault::NotSet { variables, .. } if variables.len() == 1 => {
                Some("set it before the run, to the value of its field".to_owned())
            }
            ConnectionFault::NotSet { any: true, .. } => {
                Some("set those of one way to log in before the run".to_owned())
            }
            ConnectionFault::NotSet { .. } => {
                Some("set them before the run, each to the value of its field".to_owned())
            }
            ConnectionFault::UnknownKey { .. } => {
                Some("put the connection's fields under `fields`".to_owned())
            }
            ConnectionFault::Unknown { nearest: Some(nearest), .. } => Some(did_you_mean(nearest)),
            ConnectionFault::Unknown { nearest: None, .. } => {
                Some("list the stored connections to see what there is".to_owned())
            }
            ConnectionFault::Unreadable { .. } => {
                Some("check the path, its content and who may read it".to_owned())
            }
            ConnectionFault::NotJson { .. } | ConnectionFault::NotFields { .. } => {
                Some("give one JSON object with the connection's fields".to_owned())
            }
            ConnectionFault::Reference { .. } => Some("give the value itself".to_owned()),
        }
    }
}
