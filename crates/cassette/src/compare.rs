//! Compares a request with the recorded one, and shows what differs.

use std::fmt::Write as _;

use serde_json::Value;

use super::wildcard::fits;
use super::{Ignore, RecordedBody, RecordedRequest};
use cardhost_core::error::push_pointer;
use cardhost_core::secret::MASK;

/// Headers that say nothing about what is asked.
const IGNORED: [&str; 10] = [
    "user-agent",
    "accept-encoding",
    "content-length",
    "date",
    "x-date",
    "x-amz-date",
    "x-ms-date",
    "x-goog-date",
    "traceparent",
    "tracestate",
];

/// What ends a masked part of a URL.
const URL_ENDS: &[u8] = b"/?&#";
/// What ends a masked part of a form.
const FORM_ENDS: &[u8] = b"&";

/// Most differences that are shown.
const MOST_SHOWN: usize = 20;
/// Most characters of a value that are shown.
const LONGEST: usize = 400;

/// One place in which a request differs from the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `method`, `url`, `header content-type`, `body /items/0/id`, `body line 3`.
    pub place: String,
    /// What was recorded; `None` where nothing was.
    pub recorded: Option<String>,
    /// What was sent; `None` where nothing was.
    pub sent: Option<String>,
}

/// Where a request differs from the recorded one. Both are masked; a mask fits any value in its place.
#[must_use]
pub fn differences(
    recorded: &RecordedRequest,
    sent: &RecordedRequest,
    ignore: &Ignore,
) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |place: String, recorded: Option<&str>, sent: Option<&str>| {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        found.push(Difference { place, recorded: owned(recorded), sent: owned(sent) });
    };
    if recorded.method != sent.method {
        differ("method".to_owned(), Some(&recorded.method), Some(&sent.method));
    }
    let (url, sent_url) =
        (without(&recorded.url, &ignore.query), without(&sent.url, &ignore.query));
    if !fits(url.as_bytes(), sent_url.as_bytes(), URL_ENDS) {
        differ("url".to_owned(), Some(&recorded.url), Some(&sent.url));
    }
    let is_ignored = |name: &&String| {
        IGNORED.contains(&name.as_str())
            || ignore.headers.iter().any(|ignored| ignored.eq_ignore_ascii_case(name))
    };
    let new = sent.headers.0.keys().filter(|name| !recorded.headers.0.contains_key(*name));
    for name in recorded.headers.0.keys().chain(new).filter(|name| !is_ignored(name)) {
        let joined = |values: Option<&[String]>| values.map(|values| values.join(", "));
        let (was, is) = (joined(recorded.headers.get(name)), joined(sent.headers.get(name)));
        let same = match (&was, &is) {
            (Some(was), Some(is)) => fits(was.as_bytes(), is.as_bytes(), b""),
            _ => false,
        };
        if !same {
            differ(format!("header {name}"), was.as_deref(), is.as_deref());
        }
    }
    bodies(recorded.body.as_ref(), sent.body.as_ref(), ignore, &mut found);
    found
}

/// A URL without some of its parameters.
fn without(url: &str, ignored: &[String]) -> String {
    let Some((path, query)) = url.split_once('?').filter(|_| !ignored.is_empty()) else {
        return url.to_owned();
    };
    let kept = query.split('&').filter(|pair| {
        let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
        let plain = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        !ignored.iter().any(|ignored| *ignored == plain)
    });
    match kept.collect::<Vec<_>>().join("&") {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

fn bodies(
    recorded: Option<&RecordedBody>,
    sent: Option<&RecordedBody>,
    ignore: &Ignore,
    found: &mut Vec<Difference>,
) {
    let (was, is) = match (recorded, sent) {
        (None, None) => return,
        (Some(was), Some(is)) => (was, is),
        (was, is) => {
            let (recorded, sent) = (was.map(shown), is.map(shown));
            return found.push(Difference { place: "body".to_owned(), recorded, sent });
        }
    };
    if let (Some(was), Some(is)) = (was.as_json(), is.as_json()) {
        return values(&was, &is, "", ignore, found);
    }
    match (was, is) {
        (RecordedBody::Bytes(was), RecordedBody::Bytes(is)) => {
            if !fits(was, is, b"") {
                let shown = |bytes: &[u8]| Some(format!("{} bytes: {}", bytes.len(), hex(bytes)));
                let (recorded, sent) = (shown(was), shown(is));
                found.push(Difference { place: "body".to_owned(), recorded, sent });
            }
        }
        (was, is) => texts(&was.bytes(), &is.bytes(), found),
    }
}

fn hex(bytes: &[u8]) -> String {
    match bytes.get(..32) {
        Some(first) if bytes.len() > 32 => hex::encode(first) + "…",
        _ => hex::encode(bytes),
    }
}

fn shown(body: &RecordedBody) -> String {
    match body {
        RecordedBody::Bytes(bytes) => format!("{} bytes: {}", bytes.len(), hex(bytes)),
        other => String::from_utf8_lossy(&other.bytes()).into_owned(),
    }
}

/// Text line by line: the lines between what both begin and end with.
fn texts(was: &[u8], is: &[u8], found: &mut Vec<Difference>) {
    let is_form = !was.contains(&b'\n') && was.contains(&b'=');
    if fits(was, is, if is_form { FORM_ENDS } else { b"" }) {
        return;
    }
    let (was, is) = (String::from_utf8_lossy(was), String::from_utf8_lossy(is));
    let (was, is): (Vec<&str>, Vec<&str>) = (was.split('\n').collect(), is.split('\n').collect());
    let same = |a: &&str, b: &&str| fits(a.as_bytes(), b.as_bytes(), b"");
    let before = was.iter().zip(&is).take_while(|(a, b)| same(a, b)).count();
    let after = was[before..]
        .iter()
        .rev()
        .zip(is[before..].iter().rev())
        .take_while(|(a, b)| same(a, b))
        .count();
    let middle = |lines: &[&str]| {
        let between = &lines[before..lines.len() - after];
        (!between.is_empty()).then(|| between.join("\n"))
    };
    let place = format!("body line {}", before + 1);
    found.push(Difference { place, recorded: middle(&was), sent: middle(&is) });
}

/// JSON value by value; the order of keys does not matter, the text of a number does.
fn values(was: &Value, is: &Value, pointer: &str, ignore: &Ignore, found: &mut Vec<Difference>) {
    if ignore.body.iter().any(|ignored| covers(ignored, pointer)) {
        return;
    }
    match (was, is) {
        // A number that was masked is a text now.
        (Value::String(mask), _) if mask == MASK => {}
        (Value::Object(was), Value::Object(is)) => {
            let new = is.keys().filter(|key| !was.contains_key(*key));
            for key in was.keys().chain(new) {
                let mut place = pointer.to_owned();
                push_pointer(&mut place, key);
                one(was.get(key), is.get(key), &place, ignore, found);
            }
        }
        (Value::Array(was), Value::Array(is)) => {
            for index in 0..was.len().max(is.len()) {
                one(was.get(index), is.get(index), &format!("{pointer}/{index}"), ignore, found);
            }
        }
        (Value::String(a), Value::String(b)) if fits(a.as_bytes(), b.as_bytes(), b"") => {}
        (was, is) if was == is => {}
        (was, is) => found.push(Difference {
            place: format!("body {pointer}").trim_end().to_owned(),
            recorded: Some(was.to_string()),
            sent: Some(is.to_string()),
        }),
    }
}

fn one(
    was: Option<&Value>,
    is: Option<&Value>,
    pointer: &str,
    ignore: &Ignore,
    found: &mut Vec<Difference>,
) {
    match (was, is) {
        (Some(was), Some(is)) => values(was, is, pointer, ignore, found),
        _ if ignore.body.iter().any(|ignored| covers(ignored, pointer)) => {}
        (was, is) => found.push(Difference {
            place: format!("body {pointer}"),
            recorded: was.map(Value::to_string),
            sent: is.map(Value::to_string),
        }),
    }
}

/// Where two JSON values differ, in the words of a request: `was` is what was recorded. `place` names them.
#[must_use]
pub fn json_differences(place: &str, was: &Value, is: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    values(was, is, "", &Ignore::default(), &mut found);
    for difference in &mut found {
        difference.place = format!("{place}{}", &difference.place["body".len()..]);
    }
    found
}

/// Whether an ignored pointer is that place; a segment `*` is any.
fn covers(ignored: &str, pointer: &str) -> bool {
    let (mut ignored, mut pointer) = (ignored.split('/'), pointer.split('/'));
    loop {
        match (ignored.next(), pointer.next()) {
            (None, None) => return true,
            (Some(pattern), Some(segment)) if pattern == "*" || pattern == segment => {}
            _ => return false,
        }
    }
}

/// The differences as a unified diff whose hunks are places.
#[must_use]
pub fn lines(differences: &[Difference]) -> String {
    let mut text = String::new();
    let push = |text: &mut String, sign: char, value: &str| {
        let cut: String = value.chars().take(LONGEST).collect();
        let more = if cut.len() < value.len() { "…" } else { "" };
        for line in cut.split('\n') {
            let _ = writeln!(text, "{sign}{line}");
        }
        if !more.is_empty() {
            text.insert_str(text.len() - 1, more);
        }
    };
    for Difference { place, recorded, sent } in differences.iter().take(MOST_SHOWN) {
        let _ = writeln!(text, "@@ {place} @@");
        recorded.iter().for_each(|value| push(&mut text, '-', value));
        sent.iter().for_each(|value| push(&mut text, '+', value));
    }
    if differences.len() > MOST_SHOWN {
        let _ = writeln!(text, "… and {} more", differences.len() - MOST_SHOWN);
    }
    text.truncate(text.trim_end().len());
    text
}
