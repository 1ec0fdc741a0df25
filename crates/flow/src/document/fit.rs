//! Whether a document has its shape.

use std::cell::OnceCell;

use super::shape::{Key, Keys, Shape, types};
use super::{call, task};
use crate::document_fault::DocumentFault;
use cardhost_document::{Findings, Kind, Malformed, Node, below, short};

/// Longest name of a task: the names of steps are made of them.
const MAX_NAME_BYTES: usize = 256;

/// Checks a document; without recursion, as documents are deep.
pub(crate) fn check(root: &Node, shape: &'static Shape, findings: &mut Findings<'_>) {
    findings.duplicate_keys(root);
    let mut open: Vec<(&Node, &'static Shape, String)> = vec![(root, shape, String::new())];
    while let Some((node, shape, pointer)) = open.pop() {
        let mut found = Checker { open: &mut open, findings };
        found.check(node, shape, pointer);
    }
}

struct Checker<'c, 'n, 't> {
    open: &'c mut Vec<(&'n Node, &'static Shape, String)>,
    findings: &'c mut Findings<'t>,
}

impl<'n> Checker<'_, 'n, '_> {
    fn check(&mut self, node: &'n Node, shape: &'static Shape, pointer: String) {
        match shape {
            Shape::Any => {}
            Shape::Unsupported(feature, inner) => {
                let fault = DocumentFault::Unsupported { feature: (*feature).to_owned() };
                self.findings.at(&pointer, &node.at, fault);
                self.open.push((node, inner, pointer));
            }
            Shape::Ignored(feature, inner) => {
                let fault = DocumentFault::Ignored { feature: (*feature).to_owned() };
                self.findings.warn(&pointer, &node.at, fault);
                self.open.push((node, inner, pointer));
            }
            Shape::Either(shapes) => {
                match shapes.iter().find(|shape| types(shape).contains(&node.type_name())) {
                    Some(shape) => self.check(node, shape, pointer),
                    None => self.wrong_type(node, shape, &pointer),
                }
            }
            _ if !types(shape).contains(&node.type_name()) => {
                self.wrong_type(node, shape, &pointer);
            }
            Shape::Formatted(format) => {
                let text = node.text().unwrap_or_default();
                if !(format.fits)(text) {
                    self.form(node, format.words, &pointer);
                }
            }
            Shape::Whole if node.whole().is_none() => {
                self.form(node, "a whole number", &pointer);
            }
            Shape::Choice(words) => {
                let text = node.text().unwrap_or_default();
                if !words.contains(&text) {
                    let expected = words.iter().map(|word| (*word).to_owned()).collect();
                    let fault = Malformed::Choice { what: "value", expected, found: short(text) };
                    self.findings.at(&pointer, &node.at, fault);
                }
            }
            Shape::List(inner) => {
                for (index, item) in node.items().iter().enumerate() {
                    self.open.push((item, inner, format!("{pointer}/{index}")));
                }
            }
            Shape::Names(inner) => {
                for entry in node.entries() {
                    self.open.push((&entry.value, inner, below(&pointer, &entry.key)));
                }
            }
            Shape::SomeKeys if node.entries().is_empty() => {
                self.form(node, "an object with at least one key", &pointer);
            }
            Shape::Named(inner) | Shape::SomeNamed(inner) => {
                if matches!(shape, Shape::SomeNamed(_)) && node.items().is_empty() {
                    self.form(node, "a list with at least one item", &pointer);
                }
                for (index, item) in node.items().iter().enumerate() {
                    let place = format!("{pointer}/{index}");
                    match item.entries() {
                        [entry] if entry.key.len() > MAX_NAME_BYTES => {
                            self.form(item, "a name of at most 256 bytes", &place);
                        }
                        [entry] => self.open.push((&entry.value, inner, below(&place, &entry.key))),
                        _ => self.form(item, "an object with one key, the name", &place),
                    }
                }
            }
            Shape::SomeOf(_) if node.entries().is_empty() => {
                self.form(node, "an object with at least one key", &pointer);
            }
            Shape::Keys(keys) | Shape::SomeOf(keys) => self.keys(node, keys, &[], &pointer),
            Shape::OneOf(cases) => {
                let is_there = |key: &&str| node.get(key).is_some();
                let begun = cases.iter().find(|keys| keys.required.iter().any(is_there));
                if let Some(keys) = begun.or(cases.first()) {
                    self.keys(node, keys, &[], &pointer);
                }
            }
            Shape::Task => {
                let kinds = task::kinds_of(node);
                match kinds.as_slice() {
                    [kind] => {
                        self.keys(node, kind, task::COMMON, &pointer);
                        self.call(node, &pointer);
                    }
                    _ => {
                        let of = task::kinds().iter().map(|kind| kind.name.to_owned()).collect();
                        let found = kinds.iter().map(|kind| kind.name.to_owned()).collect();
                        let fault = Malformed::ExactlyOne { of, found };
                        self.findings.at(&pointer, &node.start(), fault);
                    }
                }
            }
            _ => {}
        }
    }

    /// What `with` of a call holds depends on what is called.
    fn call(&mut self, node: &'n Node, pointer: &str) {
        let Some((called, name)) = node.get("call").and_then(|node| Some((node, node.text()?)))
        else {
            return;
        };
        if call::UNSUPPORTED.contains(&name) {
            let fault = DocumentFault::Unsupported { feature: format!("call {name}") };
            return self.findings.at(&below(pointer, "call"), &called.at, fault);
        }
        let Some(keys) = call::arguments_of(name) else { return };
        match node.get("with") {
            Some(with) if with.type_name() == "object" => {
                self.keys(with, keys, &[], &below(pointer, "with"));
            }
            None if !keys.required.is_empty() => {
                let fault = Malformed::missing("with");
                self.findings.at(pointer, &node.start(), fault);
            }
            _ => {}
        }
    }

    fn keys(&mut self, node: &'n Node, keys: &'static Keys, more: &'static [Key], pointer: &str) {
        let all = || keys.keys.iter().chain(more);
        // Looked up once: an object may have as many unknown keys as it likes.
        let free = OnceCell::new();
        let known = || -> Vec<String> {
            let free = all().map(|key| key.name).filter(|name| node.get(name).is_none());
            free.map(str::to_owned).collect()
        };
        for entry in node.entries() {
            let place = below(pointer, &entry.key);
            match all().find(|key| key.name == entry.key) {
                Some(key) => self.open.push((&entry.value, &key.shape, place)),
                None if keys.open => {}
                None => {
                    let known = free.get_or_init(known).clone();
                    let fault = Malformed::UnknownKey { key: entry.key.clone(), known };
                    self.findings.at(&place, &entry.key_at, fault);
                }
            }
        }
        let missing = keys.required.iter().filter(|name| node.get(name).is_none());
        let missing: Vec<String> = missing.map(|name| (*name).to_owned()).collect();
        if !missing.is_empty() {
            let fault = Malformed::MissingKey { keys: missing };
            self.findings.at(pointer, &node.start(), fault);
        }
        let given = keys.one_of.iter().filter(|name| node.get(name).is_some());
        let given: Vec<String> = given.map(|name| (*name).to_owned()).collect();
        if !keys.one_of.is_empty() && given.len() != 1 {
            let of = keys.one_of.iter().map(|name| (*name).to_owned()).collect();
            let fault = Malformed::ExactlyOne { of, found: given };
            self.findings.at(pointer, &node.start(), fault);
        }
    }

    fn wrong_type(&mut self, node: &Node, shape: &Shape, pointer: &str) {
        let fault = Malformed::wrong_type(&types(shape), node.type_name());
        self.findings.at(pointer, &node.start(), fault);
    }

    fn form(&mut self, node: &Node, expected: &str, pointer: &str) {
        let found = match &node.kind {
            Kind::Text(text) | Kind::Number(text) => text,
            _ => node.type_name(),
        };
        let fault = Malformed::form(expected, found);
        self.findings.at(pointer, &node.start(), fault);
    }
}
