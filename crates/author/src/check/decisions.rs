//! Tables of decisions: every combination of choices that can be reached has a row, and every row is reached.
//!
//! The proof tries every combination of the dropdowns that decide, and of the fields that decide which of
//! their choices are offered. Whether the rows' values are right is left to others.

use std::collections::HashSet;

use serde_json::Value;

use super::fault::{DefinitionFault, Table};
use super::findings::Findings;
use super::names::{Names, absence};
use cardhost_core::condition::{Test, When};
use cardhost_core::error::{Code, push_pointer};
use cardhost_core::field::{Field, FieldType};
use cardhost_core::template::Decision;
use cardhost_core::template::{Found, Reference, Root, Scope};

/// Most combinations that are tried.
const MOST_COMBINATIONS: usize = 100_000;

/// The choices on the way to a row: each dropdown with its value, `None` where none is chosen.
type Combined = Vec<(String, Option<String>)>;

/// Checks a table at `pointer`: its dropdowns, that it is complete, and that no row is unreachable.
pub(super) fn check<T>(
    names: Names<'_>,
    table: &Table,
    decision: &Decision<T>,
    pointer: &str,
    roots: &[Root],
    findings: &mut Findings<'_>,
) {
    let mut deciding = Vec::new();
    if !dropdowns(names, decision, pointer, roots, &mut deciding, findings) || deciding.is_empty() {
        return;
    }
    let variables = variables(names, deciding);
    if variables.iter().any(|variable| variable.is_open) {
        return;
    }
    let mut walk = Walk { table, visited: HashSet::new(), missing: Vec::new() };
    let complete = each_combination(&variables, &mut |combination| {
        walk.decide(decision, combination, pointer.to_owned(), Vec::new());
    });
    for (place, combination) in std::mem::take(&mut walk.missing) {
        let fault = DefinitionFault::NoRow { table: walk.table.clone(), combination };
        findings.at(Code::TARGET_INCOMPLETE, &place, fault);
    }
    if complete {
        unreached(names, decision, pointer, &[], &walk.visited, findings);
    } else {
        let fault = DefinitionFault::TooManyCombinations { most: MOST_COMBINATIONS };
        findings.warn(Code::TARGET_INCOMPLETE, pointer, fault);
    }
}

/// Collects what decides; `false` where one of them is not a dropdown that is there.
fn dropdowns<T>(
    names: Names<'_>,
    decision: &Decision<T>,
    pointer: &str,
    roots: &[Root],
    deciding: &mut Vec<Reference>,
    findings: &mut Findings<'_>,
) -> bool {
    let Decision::By { by, rows, otherwise } = decision else {
        return true;
    };
    let place = format!("{pointer}/by");
    let at =
        |findings: &mut Findings<'_>, code, pointer: &str, fault| findings.at(code, pointer, fault);
    let mut sound = true;
    match names.lead(by, &place, roots, false, at, findings) {
        None => sound = false,
        Some(referred) => match referred.field {
            Some(field) if matches!(field.kind, FieldType::Dropdown | FieldType::TrueFalse) => {
                deciding.push(by.clone());
            }
            // What is no field of a form can be anything: there is no list of its values.
            field
                if matches!(by.root, Root::Response | Root::Item)
                    && field.is_none_or(|field| field.kind == FieldType::Text) =>
            {
                sound = false;
                if otherwise.is_none() {
                    let fault = DefinitionFault::NoOther { by: by.to_string() };
                    findings.at(Code::TARGET_INCOMPLETE, &place, fault);
                }
            }
            field => {
                let found = field.map_or("no field", |field| field.kind.as_str());
                let fault = DefinitionFault::NotADropdown { reference: by.to_string(), found };
                findings.at(Code::DEFINITION_TYPE, &place, fault);
                sound = false;
            }
        },
    }
    for (place, row) in rows_of(rows, otherwise.as_deref(), pointer) {
        sound &= dropdowns(names, row.1, &place, roots, deciding, findings);
    }
    sound
}

/// A field on which a table depends, with every value it can have.
struct Variable<'a> {
    root: Root,
    segments: Vec<String>,
    field: Option<&'a Field>,
    values: Vec<Option<Value>>,
    /// Whether a pattern asks of it, so that no list of values stands for all.
    is_open: bool,
}

impl Variable<'_> {
    fn is(&self, reference: &Reference) -> bool {
        self.root == reference.root && self.segments == reference.segments
    }
}

/// The dropdowns that decide, and whatever decides about their visibility and choices.
fn variables<'a>(names: Names<'a>, deciding: Vec<Reference>) -> Vec<Variable<'a>> {
    let mut found: Vec<Variable<'a>> = Vec::new();
    let mut conditions: Vec<&'a When> = Vec::new();
    let mut queue = deciding;
    while let Some(reference) = queue.pop() {
        if found.iter().any(|variable| variable.is(&reference)) {
            continue;
        }
        let field = names.resolve(&reference).ok().and_then(|referred| referred.field);
        if let Some(field) = field {
            let of_choices = field.choices.iter().filter_map(|choice| choice.visible_when.as_ref());
            for when in field.visible_when.iter().chain(of_choices) {
                conditions.push(when);
                queue.extend(when.references().into_iter().cloned());
            }
        }
        let Reference { root, segments, .. } = reference;
        found.push(Variable { root, segments, field, values: Vec::new(), is_open: false });
    }
    for variable in &mut found {
        variable.values = values(variable, &conditions);
        let is_choice = variable.field.is_some_and(|field| field.kind == FieldType::Dropdown);
        variable.is_open = !is_choice && conditions.iter().any(|when| is_matched(when, variable));
    }
    found
}

fn values(variable: &Variable<'_>, conditions: &[&When]) -> Vec<Option<Value>> {
    let text = |text: &String| Some(Value::String(text.clone()));
    let mut values: Vec<Option<Value>> = match variable.field {
        Some(field) if field.kind == FieldType::Dropdown => match &field.choices_from {
            Some(from) => from.targets.iter().map(text).collect(),
            None => field.choices.iter().map(|choice| text(&choice.value)).collect(),
        },
        Some(field) if field.kind == FieldType::TrueFalse => {
            vec![Some(Value::Bool(true)), Some(Value::Bool(false))]
        }
        // Of all the values it can have, those that some condition asks for, and one that none does.
        _ => {
            let mut values: Vec<Option<Value>> = Vec::new();
            for when in conditions {
                when.each(&mut |reference, tests| {
                    if variable.is(reference) {
                        values.extend(tests.iter().flat_map(asked_for).map(Some));
                    }
                });
            }
            values.push(Some(Value::String("\u{0}".to_owned())));
            values
        }
    };
    if variable.field.is_none_or(|field| absence(field).is_some()) {
        values.push(None);
    }
    values
}

/// Whether a condition asks whether the variable matches a pattern.
fn is_matched(when: &When, variable: &Variable<'_>) -> bool {
    let mut found = false;
    when.each(&mut |reference, tests| {
        found |=
            variable.is(reference) && tests.iter().any(|test| matches!(test, Test::Matches(_)));
    });
    found
}

/// Values that tell whether a test is passed; of a pattern none is known.
fn asked_for(test: &Test) -> Vec<Value> {
    match test {
        Test::OneOf(values) | Test::NoneOf(values) => {
            values.iter().filter(|value| !value.is_null()).cloned().collect()
        }
        Test::Contains(value) => vec![value.clone()],
        Test::Present(_) | Test::Matches(_) => Vec::new(),
    }
}

/// One value for each variable.
struct Combination<'v> {
    variables: &'v [Variable<'v>],
    chosen: Vec<usize>,
}

impl Scope for Combination<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        let index = self.variables.iter().position(|variable| variable.is(reference))?;
        self.value(index).map(Found::Value)
    }
}

impl Combination<'_> {
    fn value(&self, index: usize) -> Option<&Value> {
        let variable = self.variables.get(index)?;
        variable.values.get(*self.chosen.get(index)?)?.as_ref()
    }

    /// Whether a form can be filled in like this.
    fn can_be(&self) -> bool {
        self.variables.iter().enumerate().all(|(index, variable)| {
            let Some(field) = variable.field else {
                return true;
            };
            let visible = field.visible_when.as_ref().is_none_or(|when| when.holds(self));
            match self.value(index) {
                None => !visible || (!field.required && field.default.is_none()),
                Some(value) => {
                    let choice = field
                        .choices
                        .iter()
                        .find(|choice| Some(choice.value.as_str()) == value.as_str());
                    let when = choice.and_then(|choice| choice.visible_when.as_ref());
                    visible && when.is_none_or(|when| when.holds(self))
                }
            }
        })
    }

    /// The next combination in the order of an odometer.
    fn advance(&mut self) -> bool {
        for (digit, variable) in self.chosen.iter_mut().zip(self.variables) {
            *digit += 1;
            if *digit < variable.values.len() {
                return true;
            }
            *digit = 0;
        }
        false
    }
}

/// Calls `visit` with every combination that can be; `false` where there are too many.
fn each_combination(variables: &[Variable<'_>], visit: &mut dyn FnMut(&Combination<'_>)) -> bool {
    if variables.iter().any(|variable| variable.values.is_empty()) {
        return true;
    }
    let mut combination = Combination { variables, chosen: vec![0; variables.len()] };
    for _ in 0..MOST_COMBINATIONS {
        if combination.can_be() {
            visit(&combination);
        }
        if !combination.advance() {
            return true;
        }
    }
    false
}

/// What walking through a table found.
struct Walk<'t> {
    table: &'t Table,
    visited: HashSet<usize>,
    missing: Vec<(String, Combined)>,
}

impl Walk<'_> {
    fn decide<T>(
        &mut self,
        decision: &Decision<T>,
        scope: &Combination<'_>,
        pointer: String,
        mut way: Combined,
    ) {
        self.visited.insert(address(decision));
        let Decision::By { by, rows, otherwise } = decision else {
            return;
        };
        let value = scope.lookup(by).and_then(|found| found.text().map(|text| text.into_owned()));
        let row = value.as_deref().and_then(|value| rows.get(value));
        way.push((label(by), value.clone()));
        let mut place = pointer.clone();
        match (row, otherwise) {
            (Some(row), _) => {
                push_pointer(&mut place, value.as_deref().unwrap_or_default());
                self.decide(row, scope, place, way);
            }
            (None, Some(row)) => self.decide(row, scope, format!("{place}/else"), way),
            // Without a value it is left out.
            (None, None) if value.is_none() && by.optional => {}
            (None, None) => {
                let missing = (pointer, way);
                if !self.missing.contains(&missing) {
                    self.missing.push(missing);
                }
            }
        }
    }
}

fn unreached<T>(
    names: Names<'_>,
    decision: &Decision<T>,
    pointer: &str,
    under: &[(String, Option<String>)],
    visited: &HashSet<usize>,
    findings: &mut Findings<'_>,
) {
    let Decision::By { by, rows, otherwise } = decision else {
        return;
    };
    for (place, (name, row)) in rows_of(rows, otherwise.as_deref(), pointer) {
        if visited.contains(&address(row)) {
            let mut under = under.to_vec();
            under.push((label(by), (name != "else").then(|| name.to_owned())));
            unreached(names, row, &place, &under, visited, findings);
            continue;
        }
        let field = names.resolve(by).ok().and_then(|referred| referred.field);
        let choices = field.map_or(Vec::new(), choice_names);
        let others = choices.iter().filter(|choice| !rows.contains_key(**choice)).copied();
        let fault = DefinitionFault::UnreachableRow {
            row: name.to_owned(),
            by: label(by),
            under: under.to_vec(),
            nearest: (name != "else").then(|| cardhost_core::text::nearest(name, others)).flatten(),
        };
        findings.at_key(Code::TARGET_UNREACHABLE, &place, fault);
    }
}

/// The values that a dropdown offers.
pub(super) fn choice_names(field: &Field) -> Vec<&str> {
    if field.kind == FieldType::TrueFalse {
        return vec!["true", "false"];
    }
    match &field.choices_from {
        Some(from) => from.targets.iter().map(String::as_str).collect(),
        None => field.choices.iter().map(|choice| choice.value.as_str()).collect(),
    }
}

type Row<'d, T> = (String, (&'d str, &'d Decision<T>));

/// The rows with their pointers, `else` at the end.
fn rows_of<'d, T>(
    rows: &'d cardhost_core::labelled::Labelled<Decision<T>>,
    otherwise: Option<&'d Decision<T>>,
    pointer: &str,
) -> Vec<Row<'d, T>> {
    let mut all: Vec<Row<'d, T>> = Vec::with_capacity(rows.len() + 1);
    for (name, row) in rows {
        let mut place = pointer.to_owned();
        push_pointer(&mut place, name);
        all.push((place, (name, row)));
    }
    all.extend(otherwise.map(|row| (format!("{pointer}/else"), ("else", row))));
    all
}

fn label(reference: &Reference) -> String {
    reference.segments.last().cloned().unwrap_or_default()
}

/// What tells one row from another: each has its own place in memory.
fn address<T>(decision: &Decision<T>) -> usize {
    std::ptr::from_ref(decision).addr()
}
