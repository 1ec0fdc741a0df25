//! Words of sentences: articles, lists of names, the nearest of some names. And what stands before a text.

/// A text without the byte order mark that editors and pipes on Windows put before it (RFC 8259, section 8.1).
#[must_use]
pub fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// As [`unmarked`], of bytes.
#[must_use]
pub fn unmarked_bytes(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text)
}

/// Header bytes as text: UTF-8 where they are, ISO 8859-1 otherwise (RFC 9110, section 5.5), so that nothing is lost.
#[must_use]
pub fn latin1(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// Why bytes are no text: UTF-16 is named, as its mark gives it away.
#[must_use]
pub fn not_utf8(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "not UTF-8 but UTF-16: save it as UTF-8",
        _ => "not UTF-8",
    }
}

/// The nearest of some names to one that is not among them, if any is near.
pub fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
    const NEAR: f64 = 0.7;
    // What is longer was not meant as a name; comparing takes the product of the lengths.
    const LONGEST: usize = 128;
    if name.len() > LONGEST {
        return None;
    }
    known
        .map(|candidate| {
            (strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase()), candidate)
        })
        .filter(|(similarity, _)| *similarity >= NEAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}

/// The types that a value may have, as they stand in a sentence: `text, a number or an object`.
pub fn alternatives(expected: &[&str]) -> String {
    match expected {
        [] => "nothing".to_owned(),
        [one] => article(one),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|kind| article(kind)).collect();
            format!("{} or {}", first.join(", "), article(last))
        }
    }
}

/// The name of a type as it stands in a sentence: `a number`, `an object`, `text`.
pub fn article(kind: &str) -> String {
    match kind {
        "secret" | "dropdown" => "text".to_owned(),
        "any" => "any value".to_owned(),
        "object" => "an object".to_owned(),
        "number" | "whole number" | "list" | "date-time" | "file" => format!("a {kind}"),
        other => other.to_owned(),
    }
}

/// A text that is not JSON; `reason` is the reader's.
pub fn not_json(reason: &str) -> String {
    format!("this is not JSON: {reason}")
}

/// A key that is not known where it stands.
pub fn unknown_key(key: &str) -> String {
    format!("unknown key `{key}`")
}

/// A key that its object already has.
pub fn key_twice(key: &str) -> String {
    format!("key `{key}` is there twice")
}

/// A value of another type.
pub fn must_be(expected: &[&str], found: &str) -> String {
    format!("this must be {}, not {}", alternatives(expected), article(found))
}

/// Names in a row, the last after a word of its own.
#[must_use]
pub fn listed(names: &[String], last_word: &str) -> String {
    match names {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {last_word} {last}", first.join(", ")),
    }
}

/// Names in backticks, each by itself.
#[must_use]
pub fn quoted_each(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("`{name}`")).collect()
}

/// Names in backticks, with commas between them.
pub fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What to do where a definition is wrong, which a run finds one fault after the other.
pub const CHECK_THE_DEFINITION: &str = "check the connector's files: every fault is found at once";

/// What to do about a name that nothing has, where a known one is near.
pub fn did_you_mean(nearest: &str) -> String {
    format!("did you mean `{nearest}`?")
}
