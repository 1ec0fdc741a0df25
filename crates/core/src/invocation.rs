//! An invocation: one run of one card, as the caller writes it.

mod build;
mod fault;

use serde_json::{Map, Value};

pub use fault::InvocationFault;

use crate::pages::{Cursor, Wanted};

/// One run of one card.
#[derive(Clone, Default, PartialEq)]
pub struct Invocation {
    /// Echoed back in `--stream`; any JSON value.
    pub id: Option<Value>,
    /// `<connector>/<card>`, where the caller did not name one.
    pub card: Option<String>,
    /// A stored name, or the fields themselves.
    pub connection: Option<ConnectionRef>,
    /// The options.
    pub options: Map<String, Value>,
    /// The inputs, by group.
    pub input: Map<String, Value>,
    /// Which pages are wanted, of cards with `pages`.
    pub pages: Option<Wanted>,
    /// Where the work of a card with `until` is to be gone on with: the `next` of an earlier run, which began it.
    pub until: Option<Map<String, Value>>,
    /// The same for every attempt at one thing, for cards with an `idempotencyKey`.
    pub idempotency_key: Option<String>,
}

/// Which connection an invocation uses.
#[derive(Clone, PartialEq)]
pub enum ConnectionRef {
    /// A stored connection's name.
    Name(String),
    /// The fields themselves.
    Fields(Map<String, Value>),
}

impl std::fmt::Debug for ConnectionRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ConnectionRef::Name(name) => write!(f, "Name({name:?})"),
            // The values are not read yet: which of them are secret is not known.
            ConnectionRef::Fields(fields) => {
                write!(f, "Fields({:?})", fields.keys().collect::<Vec<_>>())
            }
        }
    }
}

impl std::fmt::Debug for Invocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Inputs may be sensitive; which are is the card's to say.
        f.debug_struct("Invocation")
            .field("id", &self.id)
            .field("card", &self.card)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

/// Where a key begins that serde_json gives a meaning of its own.
fn reserved_key(text: &str) -> Option<usize> {
    memchr::memchr_iter(b'$', text.as_bytes())
        .map(|dollar| dollar.saturating_sub(1))
        .find(|at| text.get(*at..).is_some_and(|rest| rest.starts_with("\"$serde_json::private::")))
}

const KEYS: [&str; 8] =
    ["id", "card", "connection", "options", "input", "pages", "until", "idempotencyKey"];
const PAGES_KEYS: [&str; 3] = ["all", "limit", "from"];

impl Invocation {
    /// Reads an invocation from JSON text.
    ///
    /// # Errors
    /// [`InvocationFault`].
    pub fn from_json(text: &[u8]) -> Result<Invocation, InvocationFault> {
        let text = crate::text::unmarked_bytes(text);
        let text = std::str::from_utf8(text).map_err(|error| {
            let before = &text[..error.valid_up_to()];
            let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            InvocationFault::Syntax {
                reason: crate::text::not_utf8(text).to_owned(),
                line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
                column: before.len() - line_start + 1,
            }
        })?;
        // Keys that serde_json gives a meaning of its own.
        if let Some(at) = reserved_key(text) {
            let line_start = text[..at].rfind('\n').map_or(0, |at| at + 1);
            return Err(InvocationFault::Syntax {
                reason: "a key that begins with `$serde_json::private` is reserved".to_owned(),
                line: text[..at].matches('\n').count() + 1,
                column: at - line_start + 1,
            });
        }
        let value = crate::value::parse(text).map_err(|error| {
            let reason = crate::value::reason(&error);
            InvocationFault::Syntax { reason, line: error.line(), column: error.column() }
        })?;
        if let Some(key) = crate::value::duplicate_key(text, &value) {
            return Err(InvocationFault::DuplicateKey { key });
        }
        Invocation::from_value(value)
    }

    /// Reads an invocation from a JSON value.
    ///
    /// # Errors
    /// [`InvocationFault`], other than `Syntax`.
    pub fn from_value(value: Value) -> Result<Invocation, InvocationFault> {
        let mut invocation = Invocation::default();
        for (key, value) in object("", value)? {
            match key.as_str() {
                "id" => invocation.id = Some(value),
                "card" => match value {
                    Value::String(card) => invocation.card = Some(card),
                    other => return Err(wrong_type("card", "text", &other)),
                },
                "connection" => invocation.connection = connection(value)?,
                "options" => invocation.options = object("options", value)?,
                "input" => invocation.input = object("input", value)?,
                "pages" => invocation.pages = pages(value)?,
                "until" => invocation.until = until(value)?,
                "idempotencyKey" => match value {
                    Value::Null => {}
                    Value::String(key) => invocation.idempotency_key = Some(key),
                    other => return Err(wrong_type("idempotencyKey", "text", &other)),
                },
                _ => {
                    let nearest = crate::text::nearest(&key, KEYS.into_iter());
                    return Err(InvocationFault::UnknownKey { key, nearest, within: "" });
                }
            }
        }
        Ok(invocation)
    }
}

fn connection(value: Value) -> Result<Option<ConnectionRef>, InvocationFault> {
    match value {
        Value::Null => Ok(None),
        Value::String(name) => Ok(Some(ConnectionRef::Name(name))),
        Value::Object(mut map) => {
            let fields = map.shift_remove("fields").unwrap_or(Value::Object(Map::new()));
            if let Some((key, _)) = map.into_iter().next() {
                let nearest = crate::text::nearest(&key, ["fields"].into_iter());
                return Err(InvocationFault::UnknownKey { key, nearest, within: "connection" });
            }
            object("connection.fields", fields).map(|fields| Some(ConnectionRef::Fields(fields)))
        }
        other => Err(wrong_type("connection", "text or an object with `fields`", &other)),
    }
}

/// Which pages are wanted: `{"all": true}`, `{"limit": 500}`, `{"from": CURSOR}`, or several of them.
fn pages(value: Value) -> Result<Option<Wanted>, InvocationFault> {
    let map = match value {
        Value::Null => return Ok(None),
        Value::Object(map) => map,
        other => return Err(wrong_type("pages", "an object of `all`, `limit` and `from`", &other)),
    };
    let mut wanted = Wanted::default();
    for (key, value) in map {
        match (key.as_str(), value) {
            (_, Value::Null) => {}
            ("all", Value::Bool(all)) => wanted.all = all,
            ("all", other) => return Err(wrong_type("pages.all", "true or false", &other)),
            ("limit", other) => match other.as_u64().filter(|limit| *limit > 0) {
                Some(limit) => wanted.limit = Some(limit),
                None => return Err(wrong_type("pages.limit", "a whole number from 1 on", &other)),
            },
            ("from", Value::Object(cursor)) => wanted.from = Some(Cursor(cursor)),
            ("from", other) => {
                return Err(wrong_type("pages.from", "the `next` of an earlier run", &other));
            }
            _ => {
                let nearest = crate::text::nearest(&key, PAGES_KEYS.into_iter());
                return Err(InvocationFault::UnknownKey { key, nearest, within: "pages" });
            }
        }
    }
    Ok(Some(wanted))
}

/// Where work is gone on with: `{"from": CURSOR}`.
fn until(value: Value) -> Result<Option<Map<String, Value>>, InvocationFault> {
    let map = match value {
        Value::Null => return Ok(None),
        Value::Object(map) => map,
        other => return Err(wrong_type("until", "an object of `from`", &other)),
    };
    let mut found = None;
    for (key, value) in map {
        match (key.as_str(), value) {
            ("from", Value::Null) => {}
            ("from", Value::Object(cursor)) => found = Some(cursor),
            ("from", other) => {
                return Err(wrong_type("until.from", "the `next` of an earlier run", &other));
            }
            _ => {
                let nearest = crate::text::nearest(&key, ["from"].into_iter());
                return Err(InvocationFault::UnknownKey { key, nearest, within: "until" });
            }
        }
    }
    Ok(found)
}

fn object(key: &'static str, value: Value) -> Result<Map<String, Value>, InvocationFault> {
    match value {
        Value::Object(map) => Ok(map),
        Value::Null if !key.is_empty() => Ok(Map::new()),
        other => Err(wrong_type(key, "object", &other)),
    }
}

fn wrong_type(key: &'static str, expected: &'static str, found: &Value) -> InvocationFault {
    InvocationFault::Type { key, expected, found: crate::value::type_name(found) }
}
