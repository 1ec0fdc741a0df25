//! Fields and conditions: the parts of a field go together, its default fits, its choices are distinct, and
//! conditions ask for values that can be.

use serde_json::Value;

use super::conditions::check_when;
use super::fault::DefinitionFault;
use super::findings::Findings;
use super::known::known_target;
use super::names::Names;
use cardhost_core::error::{Code, push_pointer};
use cardhost_core::field::{Field, FieldType, Fields, Format};
use cardhost_core::settle::{FieldFault, FieldProblem, FieldRoot, check_value};
use cardhost_core::template::Root;
use cardhost_document::{Malformed, segments};

/// The types an option can have.
const OPTION_TYPES: [FieldType; 4] =
    [FieldType::Dropdown, FieldType::Text, FieldType::Number, FieldType::TrueFalse];

/// The fields of one form, or the keys of one field in it.
#[derive(Clone, Copy)]
pub(super) struct Form<'a> {
    names: Names<'a>,
    root: FieldRoot,
    nested: bool,
}

impl<'a> Form<'a> {
    /// A form of the connector or card.
    pub(super) fn new(names: Names<'a>, root: FieldRoot) -> Form<'a> {
        Form { names, root, nested: false }
    }

    /// Checks every field; `pointer` is that of the object they are in.
    pub(super) fn check(&self, fields: &Fields, pointer: &str, findings: &mut Findings<'_>) {
        for (label, field) in fields {
            let mut place = pointer.to_owned();
            push_pointer(&mut place, label);
            self.field(field, &place, findings);
        }
    }

    fn field(&self, field: &Field, pointer: &str, findings: &mut Findings<'_>) {
        if self.root == FieldRoot::Options && !OPTION_TYPES.contains(&field.kind) {
            let expected = OPTION_TYPES.iter().map(|kind| kind.as_str().to_owned()).collect();
            let found = field.kind.as_str().to_owned();
            let fault = Malformed::Choice { what: "option of type", expected, found }.into();
            findings.at(Code::DEFINITION_TYPE, &format!("{pointer}/type"), fault);
        }
        let is_file = field.takes(FieldType::File) || field.of == Some(FieldType::File);
        if is_file && self.root == FieldRoot::Connection {
            let fault = DefinitionFault::Together {
                part: "type",
                needs: "`file` is for inputs and outputs".to_owned(),
            };
            findings.at(Code::DEFINITION_TYPE, &format!("{pointer}/type"), fault);
        }
        for (part, needs) in self.misplaced(field) {
            let place = format!("{pointer}/{part}");
            if findings.document().has(&place) {
                let fault = DefinitionFault::Together { part, needs: needs.to_owned() };
                findings.at_key(Code::DEFINITION_VALUE, &place, fault);
            }
        }
        self.bounds(field, pointer, findings);
        self.choices(field, pointer, findings);
        if let Some(reason) = field.schema.as_ref().and_then(|schema| schema.fault()) {
            let fault = Malformed::Schema { reason: reason.to_owned() }.into();
            findings.at(Code::DEFINITION_VALUE, &format!("{pointer}/schema"), fault);
        }
        if self.root == FieldRoot::Output && !self.nested && field.value.is_none() {
            missing("value", pointer, findings);
        }
        if self.has_form() {
            if let Some(default) = &field.default {
                self.default(field, default, pointer, findings);
            }
            if let Some(when) = &field.required_when {
                let place = format!("{pointer}/requiredWhen");
                check_when(self.names, when, &place, self.roots(), findings);
            }
            if let Some(when) = &field.visible_when {
                check_when(
                    self.names,
                    when,
                    &format!("{pointer}/visibleWhen"),
                    self.roots(),
                    findings,
                );
            }
        }
        if let Some(default) = field.default.as_ref().filter(|_| !self.has_form()) {
            self.default(field, default, pointer, findings);
        }
        for (index, example) in field.examples.iter().enumerate() {
            if let Err(fault) = self.fits(field, example, pointer) {
                let place = format!("{pointer}/examples/{index}");
                findings.at(
                    Code::DEFINITION_VALUE,
                    &place,
                    DefinitionFault::FieldExample { fault },
                );
            }
        }
        if let Some(fields) = &field.fields {
            Form { nested: true, ..*self }.check(fields, &format!("{pointer}/fields"), findings);
        }
    }

    /// Whether the field is filled in by a person: only there defaults and conditions have a meaning.
    fn has_form(&self) -> bool {
        self.root != FieldRoot::Output && !self.nested
    }

    /// The roots that conditions of the form may refer to.
    fn roots(&self) -> &'static [Root] {
        match self.root {
            FieldRoot::Connection => &[Root::Connection],
            FieldRoot::Options => &[Root::Connection, Root::Options],
            FieldRoot::Input | FieldRoot::Output => &[Root::Connection, Root::Options, Root::Input],
        }
    }

    /// The keys that mean nothing for the field, with what they need.
    fn misplaced(&self, field: &Field) -> Vec<(&'static str, &'static str)> {
        let takes = |kinds: &[FieldType]| kinds.iter().any(|kind| field.takes(*kind));
        let dropdown = field.takes(FieldType::Dropdown) || field.of == Some(FieldType::Dropdown);
        let structured = takes(&[FieldType::Object, FieldType::List, FieldType::Any]);
        let measured =
            takes(&[FieldType::Number, FieldType::Text, FieldType::Secret, FieldType::List]);
        let of_objects = matches!(field.of, None | Some(FieldType::Object | FieldType::Any))
            || field.takes(FieldType::Object);
        let of_text = field.of == Some(FieldType::Text);
        let has_form = self.has_form();
        let output = self.root == FieldRoot::Output && !self.nested;
        let format_fits = match field.format {
            Some(
                Format::RelativeUrl | Format::TargetUrl | Format::Date | Format::Uri | Format::Host,
            ) => field.takes(FieldType::Text),
            Some(Format::Integer) => field.takes(FieldType::Number),
            None => true,
        };
        let rules = [
            (
                self.root == FieldRoot::Connection && !self.nested,
                "from",
                "is for fields of a connection",
            ),
            (field.from.is_none(), "required", "means nothing beside `from`"),
            (dropdown, "choices", "needs the type `dropdown`"),
            (
                dropdown || field.choices_from.as_ref().is_some_and(|from| from.card.is_some()),
                "choicesFrom",
                "needs the type `dropdown`, unless a card gives them",
            ),
            (
                !dropdown || field.choices_from.as_ref().is_none_or(|from| from.card.is_none()),
                "choicesFrom",
                "of a card is for text, numbers and lists of them: a dropdown takes nothing but what it lists",
            ),
            (
                field.choices_from.as_ref().is_none_or(|from| from.card.is_none())
                    || (has_form && self.root != FieldRoot::Connection),
                "choicesFrom",
                "of a card is for options and inputs, beside their label",
            ),
            (
                field.choices_from.as_ref().is_none_or(|from| from.card.is_none())
                    || dropdown
                    || takes(&[FieldType::Text, FieldType::Number])
                    || matches!(field.of, Some(FieldType::Text | FieldType::Number)),
                "choicesFrom",
                "of a card is for text, numbers and lists of them",
            ),
            (field.choices.is_empty(), "choicesFrom", "cannot be there together with `choices`"),
            (field.takes(FieldType::List), "of", "needs the type `list`"),
            (
                takes(&[FieldType::Object, FieldType::List]) && of_objects,
                "fields",
                "needs the type `object`, or a list of objects",
            ),
            (field.fields.is_some(), "additional", "needs `fields`"),
            (
                field.fields_from.is_none()
                    || (self.root == FieldRoot::Input
                        && has_form
                        && takes(&[FieldType::Object, FieldType::List])
                        && of_objects),
                "fieldsFrom",
                "is for objects and lists of objects among the inputs, beside their label",
            ),
            (field.takes(FieldType::Object), "deny", "needs the type `object`"),
            (format_fits, "format", "needs the type `number` if it is `integer`, else `text`"),
            (measured, "min", "needs a number, a text or a list"),
            (measured, "max", "needs a number, a text or a list"),
            (
                structured,
                "sensitive",
                "needs an object, a list or the type `any`; a text can be a `secret`",
            ),
            (self.root != FieldRoot::Connection, "nullable", "is for inputs and outputs"),
            (structured, "schema", "needs an object, a list or the type `any`"),
            (output, "value", "is for outputs, beside their label"),
            (
                self.root != FieldRoot::Output,
                "default",
                "is for connection fields, options and inputs",
            ),
            (takes(&[FieldType::Text, FieldType::Secret]) || of_text, "pattern", "needs a text"),
            (field.pattern.is_some(), "patternMessage", "needs `pattern`"),
            (
                has_form,
                "requiredWhen",
                "is for connection fields, options and inputs, beside their label",
            ),
            (!field.required, "requiredWhen", "means nothing beside `required`"),
            (
                self.root != FieldRoot::Output,
                "advanced",
                "is for connection fields, options and inputs",
            ),
            (field.kind != FieldType::Secret, "examples", "cannot be those of a secret"),
            (
                has_form,
                "visibleWhen",
                "is for connection fields, options and inputs, beside their label",
            ),
            (field.kind != FieldType::Secret, "default", "cannot be that of a secret"),
        ];
        rules.into_iter().filter(|(fits, ..)| !fits).map(|(_, part, needs)| (part, needs)).collect()
    }

    fn bounds(&self, field: &Field, pointer: &str, findings: &mut Findings<'_>) {
        let number = |bound: &Option<serde_json::Number>| {
            bound.as_ref().and_then(serde_json::Number::as_f64)
        };
        if let (Some(min), Some(max)) = (number(&field.min), number(&field.max))
            && min > max
        {
            let fault =
                DefinitionFault::Together { part: "min", needs: "is more than `max`".to_owned() };
            findings.at(Code::DEFINITION_VALUE, &format!("{pointer}/min"), fault);
        }
    }

    fn choices(&self, field: &Field, pointer: &str, findings: &mut Findings<'_>) {
        let dropdown = field.takes(FieldType::Dropdown) || field.of == Some(FieldType::Dropdown);
        if dropdown && field.choices.is_empty() && field.choices_from.is_none() {
            missing("choices", pointer, findings);
        }
        let values: Vec<&str> = field.choices.iter().map(|choice| choice.value.as_str()).collect();
        repeated(&values, &format!("{pointer}/choices"), findings);
        for (index, choice) in field.choices.iter().enumerate() {
            let place = format!("{pointer}/choices/{index}/visibleWhen");
            match &choice.visible_when {
                Some(when) if self.has_form() => {
                    check_when(self.names, when, &place, self.roots(), findings);
                }
                Some(_) => {
                    let needs = "is for connection fields, options and inputs".to_owned();
                    let fault = DefinitionFault::Together { part: "visibleWhen", needs };
                    findings.at_key(Code::DEFINITION_VALUE, &place, fault);
                }
                None => {}
            }
        }
        if let Some(from) = &field.choices_from {
            let place = format!("{pointer}/choicesFrom/targets");
            let names: Vec<&str> = from.targets.iter().map(String::as_str).collect();
            repeated(&names, &place, findings);
            for (index, name) in from.targets.iter().enumerate() {
                known_target(self.names.connector, name, &format!("{place}/{index}"), findings);
            }
        }
    }

    /// Whether a field takes a value.
    fn fits(&self, field: &Field, value: &Value, pointer: &str) -> Result<(), FieldFault> {
        let above = if self.root == FieldRoot::Connection { 3 } else { 2 };
        let labels: Vec<_> = segments(pointer).skip(above - 1).collect();
        let mut place = labels.iter().map(|label| &**label).collect();
        check_value(self.root, field, value, &mut place, &|_| true)
    }

    fn default(&self, field: &Field, default: &Value, pointer: &str, findings: &mut Findings<'_>) {
        if let Err(fault) = self.fits(field, default, pointer) {
            let fault = match fault.problem {
                FieldProblem::Choice { expected, found } => {
                    Malformed::Choice { what: "choice", expected, found }.into()
                }
                _ => DefinitionFault::Default { fault },
            };
            findings.at(Code::DEFINITION_VALUE, &format!("{pointer}/default"), fault);
        }
    }
}

fn missing(key: &str, pointer: &str, findings: &mut Findings<'_>) {
    let fault = Malformed::missing(key).into();
    findings.at(Code::DEFINITION_MISSING_KEY, pointer, fault);
}

fn repeated(values: &[&str], pointer: &str, findings: &mut Findings<'_>) {
    for (index, value) in values.iter().enumerate() {
        if values[..index].contains(value) {
            let fault = DefinitionFault::Repeated { found: (*value).to_owned() };
            findings.at(Code::DEFINITION_VALUE, &format!("{pointer}/{index}"), fault);
        }
    }
}
