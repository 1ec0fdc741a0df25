//! The words of jq's errors: what programs catch and people look up.

use std::fmt::{self, Write};

use super::Datum;

type Error = jaq_core::Error<Datum>;

/// Most bytes of a value that an error shows, as in jq.
const LONGEST: usize = 29;

/// Takes text up to a length, and then no more.
struct Cut(String);

impl Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        if self.0.len() > LONGEST { Err(fmt::Error) } else { Ok(()) }
    }
}

/// A value with its type, `number (1)`; a long one with its type alone, `string ("...")`: half a secret is one that
/// nobody masks.
pub(crate) fn shown(value: &Datum) -> String {
    format!("{} ({})", value.jq_type(), cut(value))
}

fn cut(value: &Datum) -> String {
    let mut text = Cut(String::new());
    let written = match value {
        // No longer a part than is shown is put into quotes.
        Datum::Text(whole) => {
            let part: String = whole.chars().take(LONGEST + 1).collect();
            write!(text, "{}", Datum::text(&part))
        }
        other => write!(text, "{other}"),
    };
    match written {
        Ok(()) => text.0,
        Err(_) => match value {
            Datum::Text(_) => "\"...\"",
            Datum::List(_) => "[...]",
            Datum::Object(_) => "{...}",
            _ => "...",
        }
        .to_owned(),
    }
}

/// An error of one value: `number (1) has no keys`.
pub(crate) fn of_one(value: &Datum, what: &str) -> Error {
    Error::new(Datum::text(&format!("{} {what}", shown(value))))
}

/// An error of two values: `number (1) and string ("a") cannot be added`.
pub(crate) fn of_two(left: &Datum, right: &Datum, what: &str) -> Error {
    Error::new(Datum::text(&format!("{} and {} {what}", shown(left), shown(right))))
}

/// An error in words alone.
pub(crate) fn plain(what: &str) -> Error {
    Error::new(Datum::text(what))
}

/// A value that has no such index: `Cannot index number with string ("a")`.
pub(crate) fn no_index(value: &Datum, index: &Datum) -> Error {
    match (value, index) {
        (Datum::List(_) | Datum::Text(_), Datum::Object(_)) => {
            plain("Start and end indices of an array slice must be numbers")
        }
        _ => plain(&format!("Cannot index {} with {}", value.jq_type(), shown(index))),
    }
}

/// A value that holds no others: `Cannot iterate over number (1)`.
pub(crate) fn no_parts(value: &Datum) -> Error {
    plain(&format!("Cannot iterate over {}", shown(value)))
}

impl Datum {
    /// The name of its type in jq: what `type` gives.
    #[must_use]
    pub fn jq_type(&self) -> &'static str {
        match self {
            Datum::Null => "null",
            Datum::Bool(_) => "boolean",
            Datum::Number(_) => "number",
            Datum::Text(_) => "string",
            Datum::List(_) => "array",
            Datum::Object(_) => "object",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_not_shown_in_part() {
        for (value, expected) in [
            (serde_json::json!("foo"), "string (\"foo\")"),
            (
                serde_json::json!("a-secret-of-27-characters-x"),
                "string (\"a-secret-of-27-characters-x\")",
            ),
            (serde_json::json!("a-secret-of-28-characters-xx"), "string (\"...\")"),
            (serde_json::json!("☆☆☆☆☆☆☆☆☆☆"), "string (\"...\")"),
            (serde_json::json!(null), "null (null)"),
            (
                serde_json::json!({ "a": { "b": { "c": 33 } } }),
                "object ({\"a\":{\"b\":{\"c\":33}}})",
            ),
            (serde_json::json!(vec![1; 40]), "array ([...])"),
        ] {
            assert_eq!(shown(&Datum::from(value)), expected);
        }
    }
}
