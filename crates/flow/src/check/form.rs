//! The options and inputs of a call, as far as the document says them, against the fields of the card.

use serde_json::Value;

use super::field_fault;
use super::given::Given;
use crate::document_fault::DocumentFault;
use crate::expression::Shaped;
use cardhost_core::card::Card;
use cardhost_core::condition::When;
use cardhost_core::field::{Field, FieldType, Fields};
use cardhost_core::plan::PlanFault;
use cardhost_core::settle::{FieldProblem, FieldRoot, check_value};
use cardhost_core::template::{Reference, Root};
use cardhost_core::text::nearest;
use cardhost_document::{Entry, Findings, Kind, Malformed, Node, below};

/// What a reference of a card leads to, as far as the document says.
enum Seen {
    Value(Value),
    /// No value.
    Nothing,
    /// Only a run knows.
    Unknown,
}

/// The forms of a call.
pub(super) struct Forms<'f> {
    pub(super) card: &'f Card,
    pub(super) options: Option<Given<'f>>,
    pub(super) input: Option<Given<'f>>,
}

impl Forms<'_> {
    /// Whether a condition holds; `None` where only a run knows.
    fn holds(&self, when: Option<&When>) -> Option<bool> {
        let Some(when) = when else { return Some(true) };
        when.holds_as_seen(&|reference| match self.seen(reference) {
            Seen::Value(value) => Some(Some(value)),
            Seen::Nothing => Some(None),
            Seen::Unknown => None,
        })
    }

    fn seen(&self, reference: &Reference) -> Seen {
        let card = self.card;
        match (reference.root, reference.segments.as_slice()) {
            (Root::Options, [label]) => look_up(&card.options, self.options, label),
            (Root::Input, [group, label]) => match (card.input.get(group), self.input) {
                (Some(_), Some(input)) if input.is_expression() => Seen::Unknown,
                (Some(fields), input) => {
                    look_up(fields, input.and_then(|input| input.get(group)), label)
                }
                (None, _) => Seen::Unknown,
            },
            _ => Seen::Unknown,
        }
    }
}

fn look_up(fields: &Fields, form: Option<Given<'_>>, label: &str) -> Seen {
    let Some(field) = fields.get(label) else { return Seen::Unknown };
    // A hidden field has no value, and whether it is hidden depends on others again.
    if field.visible_when.is_some() || form.is_some_and(Given::is_expression) {
        return Seen::Unknown;
    }
    let given = form.and_then(|form| form.get(label)).filter(|given| !given.is_null());
    match (given, &field.default) {
        (Some(given), _) => given.constant().map_or(Seen::Unknown, Seen::Value),
        (None, Some(default)) => Seen::Value(default.clone()),
        (None, None) => Seen::Nothing,
    }
}

/// Fields that stand together.
struct Group<'f> {
    root: FieldRoot,
    /// The group of inputs; options have none.
    name: Option<&'f str>,
    fields: &'f Fields,
}

impl Group<'_> {
    fn path(&self, label: &str) -> Vec<String> {
        self.name.into_iter().chain([label]).map(str::to_owned).collect()
    }
}

/// One call that is checked.
pub(super) struct Form<'c, 't> {
    pub(super) forms: &'c Forms<'c>,
    /// Where what is missing altogether is told.
    pub(super) called: &'c Node,
    pub(super) findings: &'c mut Findings<'t>,
}

impl Form<'_, '_> {
    pub(super) fn options(&mut self, pointer: &str) {
        let (given, card) = (self.forms.options, self.forms.card);
        if self.is_open(given, pointer) {
            let group = Group { root: FieldRoot::Options, name: None, fields: &card.options };
            self.fields(&group, given, given, pointer);
        }
    }

    pub(super) fn groups(&mut self, pointer: &str) {
        let (input, card) = (self.forms.input, self.forms.card);
        if !self.is_open(input, pointer) {
            return;
        }
        for (entry, given) in input.into_iter().flat_map(Given::entries) {
            let is_known = card.input.contains_key(&entry.key);
            if is_known && (given.is_expression() || given.is_null() || given.is_object()) {
                continue;
            }
            let fault = DocumentFault::Invocation(Box::new(PlanFault::Group {
                group: entry.key.clone(),
                found: is_known.then(|| given.node.type_name()),
                known: card.input.keys().cloned().collect(),
            }));
            self.findings.at(&below(pointer, &entry.key), &entry.key_at, fault);
        }
        for (name, fields) in &card.input {
            let given = input.and_then(|input| input.get(name));
            if given.is_none_or(|given| given.is_null() || given.is_object()) {
                let group = Group { root: FieldRoot::Input, name: Some(name.as_str()), fields };
                // What is missing is told at the nearest part of it that is written.
                self.fields(&group, given, given.or(input), &below(pointer, name));
            }
        }
    }

    /// Whether a form can be looked into; what is neither an object nor an expression is a fault.
    fn is_open(&mut self, given: Option<Given<'_>>, pointer: &str) -> bool {
        let Some(given) = given else { return true };
        let is_open = given.is_null() || given.is_object();
        if !is_open && !given.is_expression() {
            let fault = Malformed::wrong_type(&["object"], given.node.type_name());
            self.findings.at(pointer, &given.node.start(), fault);
        }
        is_open
    }

    fn fields(
        &mut self,
        group: &Group<'_>,
        given: Option<Given<'_>>,
        above: Option<Given<'_>>,
        pointer: &str,
    ) {
        let root = group.root;
        for (entry, value) in given.into_iter().flat_map(Given::entries) {
            let path = group.path(&entry.key);
            let place = below(pointer, &entry.key);
            match group.fields.get(&entry.key) {
                None => self.unknown(root, path, group.fields, entry, &place),
                // What is hidden is not sent, and null is as good as absent.
                Some(field) => {
                    let is_hidden = self.forms.holds(field.visible_when.as_ref()) == Some(false);
                    if !is_hidden && !value.is_null() {
                        self.value(root, field, &path, value, &place);
                    }
                }
            }
        }
        for (label, field) in group.fields {
            let value = given.and_then(|given| given.get(label)).filter(|value| !value.is_null());
            let is_needed = field.required && field.default.is_none() && value.is_none();
            if is_needed && self.forms.holds(field.visible_when.as_ref()) == Some(true) {
                let fault = field_fault(root, group.path(label), FieldProblem::Missing);
                let span = above.map_or(self.called.at.clone(), |above| above.node.start());
                self.findings.at(pointer, &span, fault);
            }
        }
    }

    fn unknown(
        &mut self,
        root: FieldRoot,
        path: Vec<String>,
        fields: &Fields,
        entry: &Entry,
        place: &str,
    ) {
        let nearest = nearest(&entry.key, fields.keys().map(String::as_str));
        let fault = field_fault(root, path, FieldProblem::Unknown { nearest });
        self.findings.at(place, &entry.key_at, fault);
    }

    /// One value, whole or as far as it is written.
    fn value(
        &mut self,
        root: FieldRoot,
        field: &Field,
        path: &[String],
        given: Given<'_>,
        pointer: &str,
    ) {
        if let Some(value) = given.constant() {
            return self.constant(root, field, path, &value, given.node, pointer);
        }
        let kind = match given.shaped {
            Some(Shaped::Object(_)) => FieldType::Object,
            Some(Shaped::List(_)) => FieldType::List,
            _ => return,
        };
        if ![kind, FieldType::Any].into_iter().any(|kind| field.takes(kind)) {
            let kinds = std::iter::once(&field.kind).chain(&field.accepts);
            let expected = kinds.map(|kind| kind.as_str()).collect();
            let problem = FieldProblem::Type { expected, found: given.node.type_name() };
            let fault = field_fault(root, path.to_vec(), problem);
            return self.findings.at(pointer, &given.node.start(), fault);
        }
        for (entry, value) in given.entries() {
            if field.deny.iter().any(|denied| denied.eq_ignore_ascii_case(&entry.key)) {
                let problem = FieldProblem::Denied { key: entry.key.to_ascii_lowercase() };
                let fault = field_fault(root, path.to_vec(), problem);
                self.findings.at(&below(pointer, &entry.key), &entry.key_at, fault);
                continue;
            }
            let Some(fields) = &field.fields else { continue };
            match fields.get(&entry.key) {
                Some(inner) => {
                    let place = below(pointer, &entry.key);
                    self.value(root, inner, &joined(path, &entry.key), value, &place);
                }
                None if field.additional => {}
                None => {
                    let (path, place) = (joined(path, &entry.key), below(pointer, &entry.key));
                    self.unknown(root, path, fields, entry, &place);
                }
            }
        }
        if kind == FieldType::Object {
            for (label, inner) in field.fields.iter().flatten() {
                if inner.required && given.get(label).is_none() {
                    let fault = field_fault(root, joined(path, label), FieldProblem::Missing);
                    self.findings.at(pointer, &given.node.start(), fault);
                }
            }
        }
    }

    fn constant(
        &mut self,
        root: FieldRoot,
        field: &Field,
        path: &[String],
        value: &Value,
        node: &Node,
        pointer: &str,
    ) {
        let forms = self.forms;
        let mut place: Vec<&str> = path.iter().map(String::as_str).collect();
        let checked = check_value(root, field, value, &mut place, &|choice| {
            forms.holds(choice.visible_when.as_ref()) != Some(false)
        });
        let Err(fault) = checked else { return };
        // As far down as the fault's path is written.
        let (mut found, mut pointer) = (node, pointer.to_owned());
        for key in fault.path.iter().skip(path.len()) {
            let next = match &found.kind {
                Kind::List(items) => key.parse().ok().and_then(|at: usize| items.get(at)),
                _ => found.get(key),
            };
            let Some(next) = next else { break };
            found = next;
            pointer = below(&pointer, key);
        }
        let fault = DocumentFault::Invocation(Box::new(PlanFault::Field(fault)));
        self.findings.at(&pointer, &found.start(), fault);
    }
}

fn joined(path: &[String], label: &str) -> Vec<String> {
    path.iter().cloned().chain([label.to_owned()]).collect()
}
