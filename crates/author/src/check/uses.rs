//! What nothing uses: an option or input to which no template, condition or decision refers would be dropped
//! without a word.
//!
//! The keys inside a field's `fields` are not looked at.

use super::fault::DefinitionFault;
use super::findings::Findings;
use super::names::{Names, absence};
use cardhost_core::card::Card;
use cardhost_core::condition::When;
use cardhost_core::error::{Code, pointer};
use cardhost_core::field::{Field, Fields};
use cardhost_core::template::Decision;
use cardhost_core::template::{Reference, Root, Template, ValueTemplate};

/// Faults that hide what a template refers to: with one of them, nothing is said to be unused.
const HIDING: [Code; 5] = [
    Code::TEMPLATE_SYNTAX,
    Code::TEMPLATE_LIMIT,
    Code::TEMPLATE_ROOT,
    Code::TEMPLATE_HELPER,
    Code::TEMPLATE_UNKNOWN_REFERENCE,
];

/// Checks that every option and input is used somewhere.
pub(super) fn check(names: Names<'_>, card: &Card, findings: &mut Findings<'_>) {
    if findings.hides() || HIDING.iter().any(|code| findings.has_code(code)) {
        return;
    }
    let used = Used::of(names, card);
    for (label, field) in &card.options {
        if !used.holds(Root::Options, &[label]) {
            unused(field, Root::Options, &[label], findings);
        }
    }
    for (group, fields) in &card.input {
        for (label, field) in fields {
            if !used.holds(Root::Input, &[group, label]) {
                unused(field, Root::Input, &[group, label], findings);
            }
        }
    }
}

fn unused(field: &Field, root: Root, path: &[&str], findings: &mut Findings<'_>) {
    let segments = path.iter().map(|segment| (*segment).to_owned()).collect();
    let reference = Reference { root, segments, optional: absence(field).is_some() };
    let mut place = vec![root.as_str()];
    place.extend(path);
    findings.at_key(
        Code::DEFINITION_VALUE,
        &pointer(&place),
        DefinitionFault::Unused { reference },
    );
}

/// Every reference of a card, and of what its connector says of replies.
struct Used<'a>(Vec<&'a Reference>);

impl<'a> Used<'a> {
    fn of(names: Names<'a>, card: &'a Card) -> Used<'a> {
        let mut used = Used(Vec::new());
        let request = &card.request;
        for template in [&request.target, &request.method, &request.path] {
            used.template(template);
        }
        for part in request.query.iter().chain(&request.headers) {
            used.value(part);
        }
        if let Some(body) = &request.body {
            body.values().for_each(|(_, value)| used.value(value));
            body.texts().for_each(|(_, text)| used.template(text));
        }
        for target in names.connector.targets.values() {
            target.base.each("", &mut |base, _| {
                if let Some(template) = base.template() {
                    used.template(template);
                }
            });
        }
        if let Some(name) = &card.response.file_name {
            used.template(name);
        }
        if let Some(pages) = &card.pages {
            pages.each_reference(&mut |reference| used.0.push(reference));
        }
        if let Some(until) = &card.until {
            until.each_reference(&mut |reference| used.0.push(reference));
        }
        used.decision(&card.effect);
        used.conditions(&card.options);
        for fields in card.input.values() {
            used.conditions(fields);
        }
        for field in card.output.values().flat_map(|fields| fields.values()) {
            if let Some(value) = &field.value {
                used.value(value);
            }
        }
        let connector = names.connector;
        let above = connector.targets.values().flat_map(|target| &target.failures);
        let above = above.chain(&connector.errors).chain(&connector.failures);
        for rule in card.response.failures.iter().chain(above) {
            rule.each_reference(&mut |reference| used.0.push(reference));
        }
        used
    }

    /// Whether some reference leads to the field, into it, or to the whole group it is in.
    fn holds(&self, root: Root, path: &[&str]) -> bool {
        self.0.iter().any(|reference| {
            reference.root == root
                && !reference.segments.is_empty()
                && reference.segments.iter().zip(path).all(|(segment, name)| segment == name)
        })
    }

    fn template(&mut self, template: &'a Template) {
        self.0.extend(template.references());
    }

    fn value(&mut self, value: &'a ValueTemplate) {
        value.each_reference(&mut |reference| self.0.push(reference));
    }

    fn when(&mut self, when: &'a When) {
        self.0.extend(when.references());
    }

    fn conditions(&mut self, fields: &'a Fields) {
        for field in fields.values() {
            let of_choices = field.choices.iter().filter_map(|choice| choice.visible_when.as_ref());
            let of_field = field.visible_when.iter().chain(&field.required_when);
            for when in of_field.chain(of_choices) {
                self.when(when);
            }
            // What another field offers may depend on it.
            for (_, template) in field.asked().flat_map(|asked| asked.asks_with()) {
                self.value(template);
            }
        }
    }

    fn decision<T>(&mut self, decision: &'a Decision<T>) {
        if let Decision::By { by, rows, otherwise } = decision {
            self.0.push(by);
            for row in rows.values().chain(otherwise.as_deref()) {
                self.decision(row);
            }
        }
    }
}
