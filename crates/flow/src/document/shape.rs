//! The shape of a document, said once: the loader checks by it, with every fault and its place, and the
//! JSON Schema is written from it.

use serde_json::{Map, Value, json};

use super::{call, task};
use crate::document_fault::DocumentFault;
use cardhost_document::{Findings, Kind, Malformed, Node, below, short};

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Anything.
    Any,
    /// Text.
    Text,
    /// True or false.
    Flag,
    /// A whole number.
    Whole,
    /// Text of a form.
    Form(&'static Form),
    /// One of some words.
    Choice(&'static [&'static str]),
    /// A list.
    List(&'static Shape),
    /// An object whose keys are names.
    Names(&'static Shape),
    /// An object with at least one key, whatever they are.
    SomeKeys,
    /// An object, whatever it holds.
    Object,
    /// An object with known keys.
    Keys(&'static Keys),
    /// One of such objects, told apart by the keys that must be there.
    OneOf(&'static [&'static Keys]),
    /// Such an object with at least one key.
    SomeOf(&'static Keys),
    /// A list of objects with one key each, which is a name.
    Named(&'static Shape),
    /// Such a list with at least one item.
    SomeNamed(&'static Shape),
    /// A task.
    Task,
    /// One of several, told apart by their types.
    Either(&'static [Shape]),
    /// What the language has and this runtime does not carry out.
    Unsupported(&'static str, &'static Shape),
    /// What is read and has no effect.
    Ignored(&'static str, &'static Shape),
}

/// A form of text.
#[derive(Debug)]
pub(crate) struct Form {
    /// In words: `a version such as 1.0.0`.
    pub words: &'static str,
    /// As a pattern of JSON Schema.
    pub pattern: &'static str,
    /// As a function.
    pub fits: fn(&str) -> bool,
}

/// Longest name of a task: the names of steps are made of them.
const MAX_NAME_BYTES: usize = 256;

/// The keys of an object.
#[derive(Debug)]
pub(crate) struct Keys {
    /// The object's name in the schema.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// The keys.
    pub keys: &'static [Key],
    /// Those that must be there.
    pub required: &'static [&'static str],
    /// Of which exactly one must be there; none for no such rule.
    pub one_of: &'static [&'static str],
    /// Whether other keys may be there too.
    pub open: bool,
}

/// A key.
#[derive(Debug)]
pub(crate) struct Key {
    pub name: &'static str,
    pub doc: &'static str,
    pub shape: Shape,
}

/// A key in a table.
pub(crate) const fn key(name: &'static str, doc: &'static str, shape: Shape) -> Key {
    Key { name, doc, shape }
}

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
            Shape::Form(form) => {
                let text = node.text().unwrap_or_default();
                if !(form.fits)(text) {
                    self.form(node, form.words, &pointer);
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
        for entry in node.entries() {
            let place = below(pointer, &entry.key);
            match all().find(|key| key.name == entry.key) {
                Some(key) => self.open.push((&entry.value, &key.shape, place)),
                None if keys.open => {}
                None => {
                    let free = all().map(|key| key.name).filter(|name| node.get(name).is_none());
                    let known: Vec<String> = free.map(str::to_owned).collect();
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

/// The types of the values that a shape allows.
fn types(shape: &Shape) -> Vec<&'static str> {
    match shape {
        Shape::Any => vec!["null", "true-false", "number", "text", "list", "object"],
        Shape::Text | Shape::Form(_) | Shape::Choice(_) => vec!["text"],
        Shape::Flag => vec!["true-false"],
        Shape::Whole => vec!["number"],
        Shape::List(_) | Shape::Named(_) | Shape::SomeNamed(_) => vec!["list"],
        Shape::Names(_)
        | Shape::SomeKeys
        | Shape::Object
        | Shape::Keys(_)
        | Shape::OneOf(_)
        | Shape::SomeOf(_)
        | Shape::Task => vec!["object"],
        Shape::Either(shapes) => {
            let mut all: Vec<&'static str> = shapes.iter().flat_map(types).collect();
            all.dedup();
            all
        }
        Shape::Unsupported(_, inner) | Shape::Ignored(_, inner) => types(inner),
    }
}

/// The JSON Schema of a shape; objects with names go into `defs`.
pub(crate) fn schema(shape: &'static Shape, defs: &mut Map<String, Value>) -> Value {
    match shape {
        Shape::Any => json!({}),
        Shape::Text => json!({ "type": "string" }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Whole => json!({ "type": "integer" }),
        Shape::Form(form) => {
            json!({ "type": "string", "pattern": form.pattern, "description": sentence(form.words) })
        }
        Shape::Choice(words) => json!({ "type": "string", "enum": words }),
        Shape::List(inner) => json!({ "type": "array", "items": schema(inner, defs) }),
        Shape::Names(inner) => {
            json!({ "type": "object", "additionalProperties": schema(inner, defs) })
        }
        Shape::SomeKeys => json!({ "type": "object", "minProperties": 1 }),
        Shape::Object => json!({ "type": "object" }),
        Shape::Named(inner) => json!({ "type": "array", "items": named(inner, defs) }),
        Shape::SomeNamed(inner) => {
            json!({ "type": "array", "minItems": 1, "items": named(inner, defs) })
        }
        Shape::Keys(keys) => schema_of(keys, defs),
        Shape::OneOf(cases) => {
            let cases = cases.iter().map(|keys| schema_of(keys, defs));
            json!({ "oneOf": cases.collect::<Vec<_>>() })
        }
        Shape::SomeOf(keys) => {
            let mut object = keys_schema(keys, &[], defs);
            object["minProperties"] = json!(1);
            defs.insert(keys.name.to_owned(), object);
            json!({ "$ref": format!("#/$defs/{}", keys.name) })
        }
        Shape::Task => {
            if !defs.contains_key("task") {
                defs.insert("task".to_owned(), Value::Null);
                let cases: Vec<Value> = task::kinds()
                    .iter()
                    .map(|kind| keys_schema(kind, task::COMMON, defs))
                    .collect();
                for arguments in call::ARGUMENTS {
                    schema(arguments, defs);
                }
                defs.insert("task".to_owned(), task::schema(cases));
            }
            json!({ "$ref": "#/$defs/task" })
        }
        Shape::Either(shapes) => {
            let cases: Vec<Value> = shapes.iter().map(|shape| schema(shape, defs)).collect();
            json!({ "anyOf": cases })
        }
        Shape::Unsupported(_, inner) => {
            described(schema(inner, defs), "Not carried out: `check` and `flow run` refuse it.")
        }
        Shape::Ignored(_, inner) => described(schema(inner, defs), "Read, without an effect."),
    }
}

/// The name of an object's schema, which goes into `defs`.
fn schema_of(keys: &'static Keys, defs: &mut Map<String, Value>) -> Value {
    if !defs.contains_key(keys.name) {
        defs.insert(keys.name.to_owned(), Value::Null);
        let object = keys_schema(keys, &[], defs);
        defs.insert(keys.name.to_owned(), object);
    }
    json!({ "$ref": format!("#/$defs/{}", keys.name) })
}

fn named(shape: &'static Shape, defs: &mut Map<String, Value>) -> Value {
    json!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": schema(shape, defs),
    })
}

fn keys_schema(keys: &'static Keys, more: &'static [Key], defs: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for key in keys.keys.iter().chain(more) {
        let inner = schema(&key.shape, defs);
        properties.insert(key.name.to_owned(), described(inner, key.doc));
    }
    let mut object = Map::new();
    object.insert("description".to_owned(), json!(keys.doc));
    object.insert("type".to_owned(), json!("object"));
    if !keys.required.is_empty() {
        object.insert("required".to_owned(), json!(keys.required));
    }
    if !keys.one_of.is_empty() {
        let cases: Vec<Value> =
            keys.one_of.iter().map(|key| json!({ "required": [key] })).collect();
        object.insert("oneOf".to_owned(), Value::Array(cases));
    }
    object.insert("properties".to_owned(), Value::Object(properties));
    if !keys.open {
        object.insert("additionalProperties".to_owned(), json!(false));
    }
    Value::Object(object)
}

/// With a description, before the one it has.
fn described(schema: Value, words: &str) -> Value {
    let Value::Object(mut rest) = schema else { return schema };
    let said = match rest.shift_remove("description") {
        Some(Value::String(more)) => format!("{words} {more}"),
        _ => words.to_owned(),
    };
    let mut whole = Map::new();
    whole.insert("description".to_owned(), Value::String(said));
    whole.extend(rest);
    Value::Object(whole)
}

fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).chain(['.']).collect(),
        None => String::new(),
    }
}
