//! What a task does, in few words.

use crate::datum::Datum;
use crate::document::Document;
use crate::document::call::Call;
use crate::document::parts::Duration;
use crate::document::task::{Kind, Task};
use crate::document::try_::Try;
use crate::expression::Shaped;

/// The list of a `for`: its expression, or how long it is.
fn items(items: &Shaped) -> String {
    match items {
        Shaped::Expression(expression) => expression.text().to_owned(),
        Shaped::Constant(Datum::List(list)) => format!("{} items", list.items().len()),
        Shaped::List(list) => format!("{} items", list.len()),
        Shaped::Constant(_) | Shaped::Object(_) => "a list".to_owned(),
    }
}

/// What a task does, such as `get-pet@shop`, `GET https://shop.example/pets`, `wait 2 s` or `for each pet in .pets`.
pub(super) fn what(document: &Document, task: &Task) -> String {
    let written = document.definition_at(&task.reference);
    let text = |path: &[&str]| {
        let found = path.iter().try_fold(&written, |datum, key| datum.get(key));
        found.and_then(Datum::as_text).map(str::to_owned)
    };
    let of = |verb: &str, what: Option<String>| match what {
        Some(what) => format!("{verb} {what}"),
        None => verb.to_owned(),
    };
    match &task.kind {
        Kind::Call(call) => match &**call {
            Call::Card(card) => match &card.version {
                Some(version) => format!("{}:{version}@{}", card.card, card.connector),
                None => format!("{}@{}", card.card, card.connector),
            },
            Call::Function(function) => format!("call {}", function.name),
            Call::Http(_) => {
                let method = text(&["with", "method"]).unwrap_or_default().to_uppercase();
                let endpoint = ["with", "endpoint", "uri"];
                of(&method, text(&endpoint).or_else(|| text(&endpoint[..2])))
            }
            Call::OpenApi(_) => of("openapi", text(&["with", "operationId"])),
        },
        Kind::Do(_) => "do".to_owned(),
        Kind::Emit(_) => of("emit", text(&["emit", "event", "with", "type"])),
        Kind::For(for_) => {
            let each = text(&["for", "each"]).unwrap_or_else(|| "item".to_owned());
            let while_ = for_.while_.as_ref().map(|while_| format!(" while {}", while_.text()));
            let at_once = for_.fan_out.map(|it| format!(", {} at once", it.concurrency));
            let at_once = at_once.unwrap_or_default();
            let while_ = while_.unwrap_or_default();
            format!("for each {each} in {}{while_}{at_once}", items(&for_.items))
        }
        Kind::Fork(fork) if fork.compete => "fork, the first wins".to_owned(),
        Kind::Fork(_) => "fork".to_owned(),
        Kind::Raise(_) => {
            let error = |key| text(&["raise", "error", key]);
            of("raise", text(&["raise", "error"]).or(error("title")).or(error("type")))
        }
        Kind::Run(run) => format!("run {}/{}", run.namespace, run.name),
        Kind::Set(_) => {
            let keys = written.get("set").and_then(Datum::as_object);
            let keys = keys.map(|keys| keys.entries().keys().map(|key| &**key).collect::<Vec<_>>());
            of("set", keys.map(|keys| keys.join(", ")))
        }
        Kind::Switch(_) => "switch".to_owned(),
        Kind::Try(try_) => try_words(try_),
        Kind::Wait(wait) => match &wait.duration {
            Duration::Fixed(ms) => format!("wait {}", duration(*ms)),
            Duration::Expression(expression) => format!("wait {}", expression.text()),
        },
        Kind::Unsupported => "?".to_owned(),
    }
}

fn try_words(try_: &Try) -> String {
    match try_.retry.as_ref().map(|retry| retry.count) {
        None => "try".to_owned(),
        Some(Some(1)) => "try, with 1 retry".to_owned(),
        Some(Some(count)) => format!("try, with {count} retries"),
        Some(None) => "try, with retries".to_owned(),
    }
}

/// Milliseconds in the units of people, those that are nought left out.
fn duration(ms: i64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms")];
    let (mut left, mut parts) = (ms, Vec::new());
    for (length, unit) in units {
        if left / length > 0 {
            parts.push(format!("{} {unit}", left / length));
        }
        left %= length;
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// Text of at most so many columns of a fixed-width font, cut with `…`.
pub(super) fn cut(text: &str, most: i64) -> String {
    let mut shown = String::new();
    let mut used = 0;
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c }).peekable();
    while let Some(c) = chars.next() {
        let room = if chars.peek().is_some() { most - 1 } else { most };
        if used + columns_of(c) > room {
            shown.push('…');
            break;
        }
        used += columns_of(c);
        shown.push(c);
    }
    shown
}

/// How many columns of a fixed-width font a text takes, at most.
pub(super) fn columns(text: &str) -> i64 {
    text.chars().map(columns_of).sum()
}

fn columns_of(c: char) -> i64 {
    // From the Hangul letters on, scripts are mostly twice as wide.
    if u32::from(c) < 0x1100 || c == '…' { 1 } else { 2 }
}
