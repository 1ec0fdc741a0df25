//! Helpers of lists, and of what texts and lists have in common: their length and their pieces.

use serde_json::Value;

use super::{Given, bounded, text};

pub(super) fn first(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    Ok(items(p[0])?.first().cloned().unwrap_or_default())
}

pub(super) fn last(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    Ok(items(p[0])?.last().cloned().unwrap_or_default())
}

pub(super) fn join(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    let texts = items(p[0])?.iter().map(text).collect::<Result<Vec<_>, _>>()?;
    let between = text(p[1])?;
    bounded(texts.iter().map(|text| text.len() + between.len()).sum())?;
    Ok(Value::String(texts.join(&between)))
}

/// The number of items, or of characters.
pub(super) fn length(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    Ok(Value::from(match p[0] {
        Value::Array(items) => items.len(),
        other => text(other)?.chars().count(),
    }))
}

/// Items or characters from one place up to another; a negative place counts from the end.
pub(super) fn slice(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    let place = |value: &Value, length: usize| -> Result<usize, &'static str> {
        let place = value.as_i64().ok_or("a place must be a whole number")?;
        let steps = usize::try_from(place.unsigned_abs()).unwrap_or(usize::MAX);
        Ok(if place < 0 { length.saturating_sub(steps) } else { steps.min(length) })
    };
    let range = |length: usize| {
        let from = place(p[1], length)?;
        let to = p.get(2).map_or(Ok(length), |to| place(to, length))?;
        Ok::<_, &'static str>(from..to.max(from))
    };
    match p[0] {
        Value::Array(items) => {
            Ok(Value::Array(items.get(range(items.len())?).unwrap_or_default().to_vec()))
        }
        other => {
            let characters: Vec<char> = text(other)?.chars().collect();
            let piece = characters.get(range(characters.len())?).unwrap_or_default();
            Ok(Value::String(piece.iter().collect()))
        }
    }
}

fn items(value: &Value) -> Result<&Vec<Value>, &'static str> {
    value.as_array().ok_or("the first parameter must be a list")
}
