//! What is read as it is written and hardly meant so: each is a warning.

use crate::document::Document;
use crate::document::task::Kind;
use crate::document_fault::DocumentFault;
use crate::expression::{Expression, Shaped, inner, secret_names};
use cardhost_document::{Entry, Findings, Kind as NodeKind, Node, below};

/// The traps of a document.
pub(super) fn check(document: &Document, root: &Node, findings: &mut Findings<'_>) {
    let mut texts = Vec::new();
    for entry in root.entries() {
        // What stands there is for people.
        if entry.key != "document" {
            collect(entry, &below("", &entry.key), &mut texts);
        }
    }
    for text in &texts {
        inside_text(text, findings);
    }
    expressions(document, root, findings);
    unused(root, &texts, findings);
}

/// A text, the key that it stands under, and where.
struct Found<'n> {
    key: &'n str,
    text: &'n str,
    node: &'n Node,
    pointer: String,
}

fn collect<'n>(entry: &'n Entry, pointer: &str, texts: &mut Vec<Found<'n>>) {
    if entry.key == "metadata" {
        return;
    }
    // Not by calls of itself: a document is as deep as it likes.
    let mut open = vec![(entry.key.as_str(), &entry.value, pointer.to_owned())];
    while let Some((key, node, pointer)) = open.pop() {
        match &node.kind {
            NodeKind::Text(text) => texts.push(Found { key, text, node, pointer }),
            NodeKind::List(items) => {
                let items = items.iter().enumerate();
                open.extend(
                    items.map(|(index, item)| (key, item, below(&pointer, &index.to_string()))),
                );
            }
            NodeKind::Map(entries) => {
                let entries = entries.iter().filter(|entry| entry.key != "metadata");
                open.extend(
                    entries.map(|entry| {
                        (entry.key.as_str(), &entry.value, below(&pointer, &entry.key))
                    }),
                );
            }
            _ => {}
        }
    }
}

/// `Hello ${ .name }!` stays as it is.
fn inside_text(found: &Found<'_>, findings: &mut Findings<'_>) {
    if inner(found.text).is_some() {
        return;
    }
    let Some((before, rest)) = found.text.split_once("${") else { return };
    let Some((code, after)) = rest.split_once('}') else { return };
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    // More of them than one are for their writer to put together.
    let written = (!after.contains("${") && found.text.len() < 120)
        .then(|| format!("${{ \"{}\\({}){}\" }}", quoted(before), code.trim(), quoted(after)));
    findings.warn(&found.pointer, &found.node.at, DocumentFault::InsideText { written });
}

fn expression(shaped: Option<&Shaped>) -> Option<&Expression> {
    match shaped {
        Some(Shaped::Expression(expression)) => Some(expression),
        _ => None,
    }
}

fn expressions(document: &Document, root: &Node, findings: &mut Findings<'_>) {
    let mut look = |expression: &Expression, place: &str, sets: bool| {
        let Some(node) = root.find(place) else { return };
        let text = expression.text().to_owned();
        if sets {
            if expression.assigns() {
                findings.warn(place, &node.at, DocumentFault::Assigns { text });
            }
        } else if expression.goes_round() {
            findings.warn(place, &node.at, DocumentFault::GoesRound { text });
        }
    };
    for task in &document.tasks {
        let at = |place: &str| format!("{}{place}", task.reference);
        let mut of = |expression: Option<&Expression>, place: &str, sets: bool| {
            if let Some(expression) = expression {
                look(expression, &at(place), sets);
            }
        };
        of(task.condition.as_ref(), "/if", true);
        for (shaped, place) in [
            (task.input.from.as_ref(), "/input/from"),
            (task.output.as_.as_ref(), "/output/as"),
            (task.export.as_.as_ref(), "/export/as"),
        ] {
            of(expression(shaped), place, false);
        }
        match &task.kind {
            Kind::For(for_) => {
                of(expression(Some(&for_.items)), "/for/in", false);
                of(for_.while_.as_ref(), "/while", true);
            }
            Kind::Switch(switch) => {
                for (index, case) in switch.cases.iter().enumerate() {
                    let name = below("", &case.name);
                    of(case.when.as_ref(), &format!("/switch/{index}{name}/when"), true);
                }
            }
            Kind::Try(try_) => {
                of(try_.when.as_ref(), "/catch/when", true);
                of(try_.except_when.as_ref(), "/catch/exceptWhen", true);
            }
            _ => {}
        }
    }
}

/// What `use` can hold, what one is called, and the keys that name it.
const USED: &[(&str, &str, &[&str])] = &[
    ("authentications", "authentication", &["use", "authentication"]),
    ("errors", "error", &["error"]),
    ("functions", "function", &["call"]),
    ("retries", "retry policy", &["retry"]),
    ("timeouts", "timeout", &["timeout"]),
];

/// Names of `use` that nothing names.
fn unused(root: &Node, texts: &[Found<'_>], findings: &mut Findings<'_>) {
    let Some(uses) = root.get("use") else { return };
    for (part, what, keys) in USED {
        let entries = uses.get(part).map(Node::entries).unwrap_or_default();
        for (index, entry) in entries.iter().enumerate() {
            // Of a name that is there twice, the fault is told.
            let is_first = !entries[..index].iter().any(|other| other.key == entry.key);
            let is_named = |found: &Found<'_>| keys.contains(&found.key) && found.text == entry.key;
            if is_first && !texts.iter().any(is_named) {
                let pointer = below(&below("/use", part), &entry.key);
                let fault = DocumentFault::Unused { what, name: entry.key.clone() };
                findings.warn(&pointer, &entry.key_at, fault);
            }
        }
    }
    let secrets = uses.get("secrets").map(Node::items).unwrap_or_default();
    let mut named: Vec<String> = Vec::new();
    for found in texts {
        if found.key == "use" {
            named.push(found.text.to_owned());
        }
        let names = secret_names(found.text);
        // What is looked up by a name that is worked out may be any.
        if names.len() < found.text.matches("$secrets").count() && names.is_empty() {
            return;
        }
        named.extend(names);
    }
    for (index, node) in secrets.iter().enumerate() {
        let Some(name) = node.text() else { continue };
        if !named.iter().any(|known| known == name) {
            let fault = DocumentFault::Unused { what: "secret", name: name.to_owned() };
            findings.warn(&format!("/use/secrets/{index}"), &node.at, fault);
        }
    }
}
