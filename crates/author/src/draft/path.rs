//! The path of a pasted URL: which of its segments are values.

use super::labels::singular;
use cardhost_core::label::label;

/// A segment of a path.
pub(super) struct Segment {
    /// What stands there in every request; after a value, such as `.json`.
    pub(super) literal: String,
    /// The label of the value that stands before it.
    pub(super) value: Option<(String, Option<String>)>,
}

/// The segments of a path, without the slashes. A value has its label and, where it is one of somebody's, that.
pub(super) fn segments(path: &str) -> Vec<Segment> {
    let mut all: Vec<Segment> = Vec::new();
    let mut before = String::new();
    for text in path.split('/').skip(1) {
        let decoded = percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (stem, end) = without_extension(&decoded);
        let value = placeholder(&decoded)
            .map(|name| (label(name), None, String::new()))
            .or_else(|| placeholder(stem).map(|name| (label(name), None, end.to_owned())))
            .or_else(|| {
                let of = format!("{} ID", label(&singular(&before)));
                let label = if before.is_empty() { "ID".to_owned() } else { of };
                is_id(stem).then(|| (label, Some(stem.to_owned()), end.to_owned()))
            });
        match value {
            Some((label, given, literal)) => {
                all.push(Segment { literal, value: Some((label, given)) });
            }
            None => {
                text.clone_into(&mut before);
                all.push(Segment { literal: text.to_owned(), value: None });
            }
        }
    }
    all
}

/// A segment without an ending such as `.json`, and that.
fn without_extension(segment: &str) -> (&str, &str) {
    match segment.rfind('.') {
        Some(at) if at > 0 && is_extension(&segment[at + 1..]) => segment.split_at(at),
        _ => (segment, ""),
    }
}

fn is_extension(text: &str) -> bool {
    (2..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase())
}

/// The name in `{id}`, `{{id}}`, `:id`, `<id>`, `[id]`, `$ID`, `${ID}`, `YOUR_ID`.
fn placeholder(text: &str) -> Option<&str> {
    let around = |open: &str, close: &str| text.strip_prefix(open)?.strip_suffix(close);
    let name = around("{{", "}}")
        .or_else(|| around("${", "}"))
        .or_else(|| around("{", "}"))
        .or_else(|| around("<", ">"))
        .or_else(|| around("[", "]"))
        .or_else(|| text.strip_prefix(':'))
        .or_else(|| text.strip_prefix('$'))
        .or_else(|| {
            let start = text.get(..5)?.to_ascii_lowercase();
            matches!(start.as_str(), "your_" | "your-").then(|| &text[5..])
        })?;
    let name = name.trim();
    name.chars().any(char::is_alphanumeric).then_some(name)
}

/// Whether a segment looks like something that was given out by a service, and not like a word.
fn is_id(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_date = text.len() == 10 && digits == 8 && text.matches('-').count() == 2;
    let is_plain =
        text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '+' | '.'));
    let is_version = text
        .strip_prefix('v')
        .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    is_plain
        && !is_date
        && !is_version
        && digits > 0
        && (digits == text.len()
            || (digits >= 2 && text.len() >= 8)
            || text.contains('_')
            || text.contains('@'))
}
