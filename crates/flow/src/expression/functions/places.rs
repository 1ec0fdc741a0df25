//! Values at paths: what `setpath`, `delpaths` and `getpath` do.

use std::cmp::Ordering;
use std::sync::Arc;

use jaq_core::native::{Fun, unary, v};
use jaq_core::{Native, ValR, ValT as _};

use super::super::program::Jq;
use crate::datum::{Datum, no_index, plain, spend};

pub(super) fn functions() -> Vec<Fun<Jq>> {
    vec![
        (
            "_setpath",
            v(2),
            Native::new(|mut cv| {
                let value = cv.0.pop_var();
                unary(cv, move |whole, path| set(whole, &path, value.clone()))
            }),
        ),
        ("delpaths", v(1), Native::new(|cv| unary(cv, |whole, paths| delete_all(whole, &paths)))),
        ("has", v(1), Native::new(|cv| unary(cv, |whole, key| has(&whole, &key)))),
    ]
}

fn has(whole: &Datum, key: &Datum) -> ValR<Datum> {
    Ok(Datum::Bool(match (whole, key) {
        (Datum::Object(object), Datum::Text(key)) => object.get(key).is_some(),
        (Datum::List(list), Datum::Number(index)) => index
            .floor()
            .and_then(|index| usize::try_from(index).ok())
            .is_some_and(|index| index < list.items().len()),
        (whole, key) => {
            let (whole, key) = (whole.jq_type(), key.jq_type());
            return Err(plain(&format!("Cannot check whether {whole} has a {key} key")));
        }
    }))
}

/// A value with another one at a path.
fn set(whole: Datum, path: &Datum, value: Datum) -> ValR<Datum> {
    let Some(path) = path.as_list() else {
        return Err(plain("Path must be specified as an array"));
    };
    // Taken apart from the outside in and put together from the inside out: a path is no depth of the stack.
    let mut opened = Vec::new();
    let mut inner = whole;
    for key in path {
        let part = match (&inner, key) {
            (Datum::List(_), Datum::List(_)) => {
                return Err(plain("Cannot update field at array index of array"));
            }
            _ => inner.clone().at(key)?.unwrap_or_default(),
        };
        opened.push((std::mem::replace(&mut inner, part), key));
        if !spend(1) {
            return Ok(Datum::Null);
        }
    }
    let mut inner = value;
    for (outer, key) in opened.into_iter().rev() {
        let put = |_| std::iter::once(Ok(inner.clone()));
        let changed = outer.map_index(key, jaq_core::path::Opt::Essential, put);
        inner = jaq_core::unwrap_valr(changed)?;
    }
    Ok(inner)
}

/// A value without what is at the paths: all are looked up before any is taken away.
fn delete_all(whole: Datum, paths: &Datum) -> ValR<Datum> {
    let Some(paths) = paths.as_list() else {
        return Err(plain("Paths must be specified as an array"));
    };
    let mut keys = Vec::with_capacity(paths.len());
    for path in paths {
        match path.as_list() {
            Some(path) => keys.push(path),
            None => return Err(plain("Path must be specified as an array")),
        }
    }
    let count = keys.len() as u64;
    if !spend(count * (u64::from(count.max(1).ilog2()) + 1)) {
        return Ok(Datum::Null);
    }
    delete(whole, &keys)
}

/// A value without what is at the paths.
fn delete(whole: Datum, paths: &[&[Datum]]) -> ValR<Datum> {
    if paths.is_empty() {
        return Ok(whole);
    }
    if paths.iter().any(|path| path.is_empty()) {
        return Ok(Datum::Null);
    }
    if !spend(paths.len() as u64) {
        return Ok(Datum::Null);
    }
    match whole {
        Datum::Null => Ok(Datum::Null),
        Datum::Object(mut object) => {
            let mut gone: Vec<&str> = Vec::new();
            for (key, inner) in by_key(paths) {
                let Datum::Text(key) = key else {
                    return Err(cannot_delete(&Datum::Object(object), key));
                };
                if inner.iter().any(|path| path.is_empty()) {
                    gone.push(key);
                } else if let Some(old) = object.get(key) {
                    let new = delete(old.clone(), &inner)?;
                    Arc::make_mut(&mut object).insert(Arc::clone(key), new);
                }
            }
            if gone.is_empty() {
                return Ok(Datum::Object(object));
            }
            spend(object.entries().len() as u64);
            let gone: std::collections::HashSet<&str> = gone.into_iter().collect();
            let kept = object.entries().iter().filter(|(key, _)| !gone.contains(&***key));
            Ok(Datum::object(kept.map(|(key, value)| (Arc::clone(key), value.clone()))))
        }
        Datum::List(list) => {
            let mut items: Vec<Option<Datum>> = list.items().iter().cloned().map(Some).collect();
            spend(items.len() as u64);
            for (key, inner) in by_key(paths) {
                let whole = Datum::List(Arc::clone(&list));
                let is_end = inner.iter().any(|path| path.is_empty());
                match key {
                    Datum::Number(index) => {
                        let Some(index) = place(index, items.len()) else { continue };
                        let old = items[index].take();
                        if let (false, Some(old)) = (is_end, old) {
                            items[index] = Some(delete(old, &inner)?);
                        }
                    }
                    Datum::Object(range) if is_end => {
                        let (start, end) = list.bounds(range.get("start")..range.get("end"))?;
                        items[start..end].iter_mut().for_each(|item| *item = None);
                    }
                    Datum::Object(range) => {
                        let (start, end) = list.bounds(range.get("start")..range.get("end"))?;
                        let part = items[start..end].iter().flatten().cloned().collect();
                        let Datum::List(part) = delete(part, &inner)? else { continue };
                        let mut part = part.items().iter().cloned().map(Some);
                        items[start..end].iter_mut().for_each(|item| *item = part.next().flatten());
                    }
                    key => return Err(cannot_delete(&whole, key)),
                }
            }
            Ok(items.into_iter().flatten().collect())
        }
        other => Err(cannot_delete(&other, &paths[0][0])),
    }
}

/// The rests of paths, together with those that begin with the same key.
fn by_key<'p>(paths: &[&'p [Datum]]) -> Vec<(&'p Datum, Vec<&'p [Datum]>)> {
    let mut sorted: Vec<&[Datum]> = paths.to_vec();
    sorted.sort_by(|left, right| left[0].cmp(&right[0]));
    let mut grouped: Vec<(&Datum, Vec<&[Datum]>)> = Vec::new();
    for path in sorted {
        let rest = &path[1..];
        match grouped.last_mut() {
            Some((key, rests)) if (*key).cmp(&path[0]) == Ordering::Equal => rests.push(rest),
            _ => grouped.push((&path[0], vec![rest])),
        }
    }
    grouped
}

fn place(index: &crate::datum::Number, length: usize) -> Option<usize> {
    let index = index.floor()?;
    let length_of = i64::try_from(length).ok()?;
    let index = if index < 0 { index.checked_add(length_of)? } else { index };
    usize::try_from(index).ok().filter(|index| *index < length)
}

fn cannot_delete(whole: &Datum, key: &Datum) -> jaq_core::Error<Datum> {
    let what = match key {
        Datum::Text(_) => "field",
        Datum::Object(_) => "slice",
        _ => "element",
    };
    match (whole, key) {
        (_, Datum::Text(_) | Datum::Number(_)) => {
            let of = whole.jq_type();
            let at = if what == "field" { "object" } else { "array" };
            plain(&format!("Cannot delete {what} at {at} index of {of}"))
        }
        _ => no_index(whole, key),
    }
}
