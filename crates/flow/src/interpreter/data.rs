//! The data between two tasks: there, or the outputs of a card that nobody has looked into yet.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::datum::Datum;
use cardhost_core::response::Output;

/// Data, made of outputs when an expression first looks into it: most of what cards give is passed by.
#[derive(Clone)]
pub(super) enum Data {
    There(Datum),
    Later(Arc<Later>),
}

pub(super) struct Later {
    output: Output,
    datum: OnceLock<Datum>,
}

impl From<Datum> for Data {
    fn from(datum: Datum) -> Data {
        Data::There(datum)
    }
}

impl From<Output> for Data {
    fn from(output: Output) -> Data {
        Data::Later(Arc::new(Later { output, datum: OnceLock::new() }))
    }
}

impl From<Data> for Datum {
    fn from(data: Data) -> Datum {
        match data {
            Data::There(datum) => datum,
            Data::Later(_) => Datum::clone(&data),
        }
    }
}

impl Data {
    /// The data as a JSON value; of outputs that nobody has looked into, without a detour.
    pub(super) fn into_value(self) -> Value {
        match &self {
            Data::Later(later) if later.datum.get().is_none() => {
                later.output.to_value().unwrap_or_else(|_| Value::from(&*self))
            }
            _ => Value::from(&*self),
        }
    }
}

impl Default for Data {
    fn default() -> Data {
        Data::There(Datum::Null)
    }
}

impl Deref for Data {
    type Target = Datum;

    fn deref(&self) -> &Datum {
        match self {
            Data::There(datum) => datum,
            Data::Later(later) => later.datum.get_or_init(|| Datum::from(&later.output)),
        }
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Data::There(_) => "There",
            Data::Later(_) => "Later",
        })
    }
}
