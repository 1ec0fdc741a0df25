//! The forms of a run: options and inputs are settled, each with what its conditions may see.

use std::cell::RefCell;

use serde_json::{Map, Value};

use super::fault::PlanFault;
use super::scope::PlanScope;
use super::warning::Warning;
use crate::card::Card;
use crate::connection::Connection;
use crate::file::{OpenedFile, settle_files};
use crate::response::descend_map;
use crate::settle::{FieldRoot, FormScope, settle_fields};
use crate::template::{Found, Reference, Root, Scope as _};
use crate::value::type_name;

/// Options and inputs: defaults, visibility, checks.
pub(super) fn settle_invocation(
    card: &Card,
    connection: &Connection,
    (options, input): (&mut Map<String, Value>, &mut Map<String, Value>),
    files: (&[OpenedFile], bool),
    warnings: &mut Vec<Warning>,
) -> Result<(), PlanFault> {
    let mut ignored = Vec::new();
    // Conditions call no helpers.
    let derived = RefCell::new(Vec::new());
    let form = OptionsForm { connection };
    settle_fields(FieldRoot::Options, &card.options, &[], options, &form, &mut ignored)
        .map_err(PlanFault::Field)?;
    for (group, value) in &*input {
        if !card.input.contains_key(group) {
            let known = card.input.keys().cloned().collect();
            return Err(PlanFault::Group { group: group.clone(), found: None, known });
        }
        if !value.is_object() && !value.is_null() {
            let found = Some(type_name(value));
            let known = Vec::new();
            return Err(PlanFault::Group { group: group.clone(), found, known });
        }
    }
    for (group, fields) in &card.input {
        // Taken out while it is settled; conditions on its own fields see what is settled so far.
        let mut values = match input.get_mut(group).map(Value::take) {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        };
        let form = GroupForm { group, scope: PlanScope::new(connection, options, input, &derived) };
        let settled =
            settle_fields(FieldRoot::Input, fields, &[group], &mut values, &form, &mut ignored);
        let settled = settled.map_err(PlanFault::Field).and_then(|()| {
            settle_files(fields, &mut values, &[group], files)
                .map_err(|(path, fault)| PlanFault::File { field: Some(path), fault })
        });
        input.insert(group.clone(), Value::Object(values));
        warnings.extend(ignored.drain(..).map(Warning::from));
        settled?;
    }
    Ok(())
}

/// What conditions on options see: the connection and the options.
struct OptionsForm<'a> {
    connection: &'a Connection,
}

impl FormScope for OptionsForm<'_> {
    fn lookup<'v>(
        &'v self,
        own: &'v Map<String, Value>,
        reference: &Reference,
    ) -> Option<Found<'v>> {
        match reference.root {
            Root::Connection => self.connection.lookup(reference),
            Root::Options => descend_map(own, &reference.segments),
            Root::Input | Root::Response | Root::Item | Root::Items => None,
            Root::Redirect | Root::Login | Root::Signing => None,
        }
    }
}

/// What conditions on a group of inputs see: the connection, the options, and the inputs.
struct GroupForm<'a> {
    group: &'a str,
    scope: PlanScope<'a>,
}

impl FormScope for GroupForm<'_> {
    fn lookup<'v>(
        &'v self,
        own: &'v Map<String, Value>,
        reference: &Reference,
    ) -> Option<Found<'v>> {
        match (reference.root, reference.segments.split_first()) {
            (Root::Input, Some((group, rest))) if group == self.group => descend_map(own, rest),
            _ => self.scope.lookup(reference),
        }
    }
}
