//! JSON (RFC 8259) with places.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::builder::{Builder, Partial};
use super::lines::offset_of;
use super::node::{Kind, Node};
use super::read_fault::{Language, ReadFault};

/// Reads JSON: no comments, no trailing commas. What is wrong is said in the words of serde_json, as a run says it.
///
/// # Errors
/// The first fault.
pub fn read_json(text: &str) -> Result<Node, ReadFault> {
    let begin = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let json = &text[begin..];
    // Without values, it does not mind how deep a text is.
    serde_json::from_str::<IgnoredAny>(json).map_err(|error| {
        // With values, as a run reads it, it has better words.
        let place = (error.line(), error.column());
        let worded = serde_json::from_str::<Value>(json).err();
        let worded = worded.filter(|worded| (worded.line(), worded.column()) == place);
        let fault = malformed_json(json, &worded.unwrap_or(error));
        ReadFault { offset: begin + fault.offset, ..fault }
    })?;
    // Of a text that is JSON, only the parts are left to be found.
    let mut builder = Builder::new();
    let mut at = begin;
    while let Some(first) = text.as_bytes().get(at) {
        let start = at;
        match first {
            b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' => at += 1,
            b'{' => {
                at += 1;
                let map = Partial::Map { entries: Vec::new(), key: None, start, anchor: 0 };
                builder.open(map, start)?;
            }
            b'[' => {
                at += 1;
                builder.open(Partial::List { items: Vec::new(), start, anchor: 0 }, start)?;
            }
            b'}' | b']' => {
                at += 1;
                if let Some((node, _)) = builder.close(at) {
                    builder.take(node, 1)?;
                }
            }
            b'"' => {
                at = end_of_text(text, start);
                let decoded = serde_json::from_str::<String>(&text[start..at])
                    .map_err(|error| malformed(start, &error))?;
                builder.take(Node::new(Kind::Text(decoded), start..at), 1)?;
            }
            _ => {
                let rest = &text[start..];
                at += rest.find([',', ']', '}', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
                let kind = match &text[start..at] {
                    "null" => Kind::Null,
                    "true" => Kind::Bool(true),
                    "false" => Kind::Bool(false),
                    number => Kind::Number(number.to_owned()),
                };
                builder.take(Node::new(kind, start..at), 1)?;
            }
        }
    }
    let empty = || ReadFault::syntax(Language::Json, text.len(), "it is empty");
    builder.into_root().ok_or_else(empty)
}

/// Where serde_json cannot go on in a text, and its reason.
#[must_use]
pub fn malformed_json(text: &str, error: &serde_json::Error) -> ReadFault {
    let offset = match error.is_eof() {
        true => text.trim_end().len(),
        false => offset_of(text, error.line(), error.column()),
    };
    malformed(offset, error)
}

fn malformed(offset: usize, error: &serde_json::Error) -> ReadFault {
    ReadFault::syntax(Language::Json, offset, cardhost_core::value::reason(error))
}

/// The byte after the closing quote of a text in quotes.
fn end_of_text(text: &str, start: usize) -> usize {
    let mut escaped = false;
    let closing = text.as_bytes()[start + 1..].iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    });
    closing.map_or(text.len(), |closing| start + 1 + closing + 1)
}
