//! Checks a JSON text against its field as [`check_value`] checks a value, without building one: a list of a million
//! items is looked at item by item.

use std::borrow::Cow;

use super::{
    FieldFault, FieldProblem, FieldRoot, check_value, fault, item_problem, join, length_fault,
    taken_as,
};
use crate::field::{Field, FieldType};
use crate::value::text::{items, members, outline, value};

/// Checks one JSON text, and what is inside it, against its field; a key that is not declared is passed over.
///
/// # Errors
/// The first [`FieldFault`].
pub fn check_json(
    root: FieldRoot,
    field: &Field,
    text: &str,
    place: &[&str],
) -> Result<(), FieldFault> {
    let outline = outline(text);
    let kind = taken_as(field, &outline);
    match kind {
        // A JSON Schema is checked by a library, which takes values.
        _ if field.schema.is_some() => {
            check_value(root, field, &value(text), &mut place.to_vec(), &|_| true)
        }
        Some(FieldType::File) => {
            check_value(root, field, &value(text), &mut place.to_vec(), &|_| true)
        }
        Some(FieldType::Object) if outline.is_object() => check_members(root, field, text, place),
        Some(FieldType::List) if outline.is_array() => check_items(root, field, text, place),
        _ => check_value(root, field, &outline, &mut place.to_vec(), &|_| true),
    }
}

fn check_members(
    root: FieldRoot,
    field: &Field,
    text: &str,
    place: &[&str],
) -> Result<(), FieldFault> {
    if field.fields.is_none() && field.deny.is_empty() {
        return Ok(());
    }
    let fields = field.fields.as_ref();
    // Of a key that stands twice the last counts.
    let mut found: Vec<Option<&str>> = vec![None; fields.map_or(0, |fields| fields.len())];
    let mut denied = None;
    members(text, &mut |key: Cow<'_, str>, value| {
        if denied.is_none() && field.deny.iter().any(|denied| denied.eq_ignore_ascii_case(&key)) {
            denied = Some(key.to_ascii_lowercase());
        }
        if let Some(at) = fields.and_then(|fields| fields.get_index_of(&*key)) {
            found[at] = Some(value);
        }
    });
    if let Some(key) = denied {
        let path = place.iter().map(|s| (*s).to_owned()).collect();
        return Err(fault(root, path, FieldProblem::Denied { key }));
    }
    for ((label, inner), value) in fields.into_iter().flatten().zip(found) {
        match value {
            Some(value) => {
                let mut place = place.to_vec();
                place.push(label);
                check_json(root, inner, value, &place)?;
            }
            None if inner.required => {
                return Err(fault(root, join(place, label), FieldProblem::Missing));
            }
            None => {}
        }
    }
    Ok(())
}

fn check_items(
    root: FieldRoot,
    field: &Field,
    text: &str,
    place: &[&str],
) -> Result<(), FieldFault> {
    if field.min.is_some() || field.max.is_some() {
        let mut count = 0;
        items(text, &mut |_| count += 1);
        if let Some(expected) = length_fault(field, count, "items") {
            let path = place.iter().map(|s| (*s).to_owned()).collect();
            return Err(fault(root, path, FieldProblem::Range { expected }));
        }
    }
    let of = field.of.unwrap_or(FieldType::Any);
    if of == FieldType::Any && field.fields.is_none() {
        return Ok(());
    }
    let looks_inside = field.fields.is_some() || !field.deny.is_empty();
    let (mut result, mut index) = (Ok(()), 0_usize);
    items(text, &mut |item| {
        if result.is_ok() {
            if let Some(problem) = item_problem(field, of, &outline(item)) {
                result = Err(fault(root, join(place, &index.to_string()), problem));
            } else if item.starts_with('{') && looks_inside {
                let index = index.to_string();
                let mut place = place.to_vec();
                place.push(&index);
                result = check_members(root, field, item, &place);
            }
        }
        index += 1;
    });
    result
}
