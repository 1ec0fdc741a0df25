//! What a task does, in few words.

use crate::datum::Datum;
use crate::document::Document;
use crate::document::call::Call;
use crate::document::for_::For;
use crate::document::parts::Duration;
use crate::document::switch::SwitchCase;
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
            Call::Function(function) => {
                let does = document.task(function.task);
                // Functions may call each other in a circle.
                match &does.kind {
                    Kind::Call(call) if matches!(**call, Call::Function(_)) => {
                        format!("call {}", function.name)
                    }
                    _ => format!("call {}: {}", function.name, what(document, does)),
                }
            }
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
        Kind::Wait(wait) => format!("wait {}", lasting(&wait.duration)),
        Kind::Unsupported => "?".to_owned(),
    }
}

/// A duration in words, or the expression that gives it.
fn lasting(duration_of: &Duration) -> String {
    match duration_of {
        Duration::Fixed(ms) => duration(*ms),
        Duration::Expression(expression) => expression.text().to_owned(),
    }
}

/// How long the flow may take.
pub(super) fn within(document: &Document) -> Option<String> {
    document.timeout.as_ref().map(|timeout| format!("within {}", lasting(timeout)))
}

/// The `if` of a task and how long it may take.
pub(super) fn note(task: &Task) -> Option<String> {
    let condition = task.condition.as_ref().map(|condition| format!("if {}", condition.text()));
    let timeout = task.timeout.as_ref().map(|timeout| format!("within {}", lasting(timeout)));
    let parts: Vec<String> = condition.into_iter().chain(timeout).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// A case with its condition.
pub(super) fn case(case: &SwitchCase) -> String {
    match &case.when {
        Some(when) => format!("{}: {}", case.name, when.text()),
        None => case.name.clone(),
    }
}

/// The cases of a `switch`, one after the other.
pub(super) fn cases(task: &Task) -> String {
    match &task.kind {
        Kind::Switch(switch) => {
            switch.cases.iter().map(|known| format!("; {}", case(known))).collect()
        }
        _ => String::new(),
    }
}

/// When the first task of a loop comes again.
pub(super) fn again(document: &Document, task: &Task, for_: &For) -> String {
    let written = document.definition_at(&task.reference);
    let each = written.get("for").and_then(|for_| for_.get("each")).and_then(Datum::as_text);
    let each = each.unwrap_or("item");
    match &for_.while_ {
        Some(condition) => format!("next {each} while {}", condition.text()),
        None => format!("next {each}"),
    }
}

/// What a `catch` catches, after the word: ` status 404 when .x`; nothing where it is every error.
pub(super) fn caught(try_: &Try) -> String {
    let mut words = String::new();
    for (index, (key, value)) in try_.with.iter().enumerate() {
        let value = match value.as_text() {
            // The last part of the address of a type says it.
            Some(text) if key == "type" => text.rsplit('/').next().unwrap_or(text).to_owned(),
            Some(text) => text.to_owned(),
            None => value.to_string(),
        };
        let comma = if index == 0 { " " } else { ", " };
        words.push_str(&format!("{comma}{key} {value}"));
    }
    if let Some(when) = &try_.when {
        words.push_str(&format!(" when {}", when.text()));
    }
    if let Some(except) = &try_.except_when {
        words.push_str(&format!(" except when {}", except.text()));
    }
    words
}

fn try_words(try_: &Try) -> String {
    let tried = tried(try_);
    let caught = caught(try_);
    match caught.is_empty() || try_.handler.is_some() {
        true => tried,
        false => format!("{tried}, catch{caught}"),
    }
}

fn tried(try_: &Try) -> String {
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
