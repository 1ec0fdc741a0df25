//! Lists and objects as wholes: sums, orders, groups, entries.

use std::sync::Arc;

use jaq_core::box_iter::box_once;
use jaq_core::native::{Fun, bome, unary, v};
use jaq_core::{Bind, Cv, Exn, Native, ValR, ValX};

use super::super::program::Jq;
use crate::datum::{Datum, of_one, of_two, plain, spend};

pub(super) fn functions() -> Vec<Fun<Jq>> {
    let f = || -> Box<[Bind]> { [Bind::Fun(())].into() };
    vec![
        ("add", v(0), Native::new(|cv| bome(add(&cv.1)))),
        ("join", v(1), Native::new(|cv| unary(cv, |list, between| join(&list, &between)))),
        ("_flatten", v(1), Native::new(|cv| unary(cv, flatten))),
        ("reverse", v(0), Native::new(|cv| bome(reverse(cv.1)))),
        ("keys", v(0), Native::new(|cv| bome(keys(&cv.1, true)))),
        ("keys_unsorted", v(0), Native::new(|cv| bome(keys(&cv.1, false)))),
        ("to_entries", v(0), Native::new(|cv| bome(to_entries(&cv.1)))),
        ("from_entries", v(0), Native::new(|cv| bome(from_entries(&cv.1)))),
        ("sort", v(0), Native::new(|cv| bome(sort(&cv.1)))),
        ("unique", v(0), Native::new(|cv| bome(unique(&cv.1)))),
        ("min", v(0), Native::new(|cv| bome(first_of_all(&cv.1, false)))),
        ("max", v(0), Native::new(|cv| bome(first_of_all(&cv.1, true)))),
        ("sort_by", f(), Native::new(|cv| box_once(keyed(cv, sorted_by)))),
        ("group_by", f(), Native::new(|cv| box_once(keyed(cv, grouped_by)))),
        ("unique_by", f(), Native::new(|cv| box_once(keyed(cv, unique_by)))),
        ("min_by", f(), Native::new(|cv| box_once(keyed(cv, min_by)))),
        ("max_by", f(), Native::new(|cv| box_once(keyed(cv, max_by)))),
        ("bsearch", v(1), Native::new(|cv| unary(cv, |list, wanted| search(&list, &wanted)))),
        (
            "_last_or_null",
            f(),
            Native::new(|mut cv| {
                let (filter, context) = cv.0.pop_fun();
                let last = filter.run((context, cv.1)).try_fold(None, |_, output| output.map(Some));
                box_once(last.map(Option::unwrap_or_default))
            }),
        ),
    ]
}

/// The values of a list or an object.
fn values(value: &Datum) -> ValR<Vec<Datum>, Datum> {
    match value {
        Datum::List(list) => {
            spend(list.items().len() as u64);
            Ok(list.items().to_vec())
        }
        Datum::Object(object) => {
            spend(object.entries().len() as u64);
            Ok(object.entries().values().cloned().collect())
        }
        other => Err(crate::datum::no_parts(other)),
    }
}

fn add(value: &Datum) -> ValR<Datum> {
    let mut rest = values(value)?.into_iter();
    let Some(mut sum) = rest.next() else { return Ok(Datum::Null) };
    while let Some(next) = rest.next() {
        // Texts that follow one another are put together once.
        if let (Datum::Text(first), Datum::Text(second)) = (&sum, &next) {
            let mut text = [&**first, &**second].concat();
            let mut after = None;
            for next in rest.by_ref() {
                match next {
                    Datum::Text(more) => text.push_str(&more),
                    Datum::Null => {}
                    other => {
                        after = Some(other);
                        break;
                    }
                }
                if text.len() as u64 > crate::datum::max_value_bytes() {
                    break;
                }
            }
            sum = Datum::from(text);
            if let Some(after) = after {
                sum = (sum + after)?;
            }
            continue;
        }
        sum = (sum + next)?;
    }
    Ok(sum)
}

fn join(list: &Datum, between: &Datum) -> ValR<Datum> {
    let items = values(list)?;
    if items.is_empty() {
        return Ok(Datum::text(""));
    }
    let Some(between_text) = between.as_text() else {
        let first = if items.len() == 1 { "" } else { return Datum::text("") + between.clone() };
        return Ok(Datum::text(first));
    };
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(between_text);
        }
        match item {
            Datum::Null => {}
            Datum::Text(part) => text.push_str(part),
            Datum::Number(_) | Datum::Bool(_) => text.push_str(&item.to_string()),
            other => return Err(of_two(&Datum::text(&text), other, "cannot be added")),
        }
        if text.len() as u64 > crate::datum::max_value_bytes() {
            break;
        }
    }
    Ok(Datum::from(text))
}

fn flatten(value: Datum, depth: Datum) -> ValR<Datum> {
    let Datum::Number(depth) = depth else {
        return Err(plain("flatten depth must be a number"));
    };
    let depth = depth.as_f64();
    if depth < 0.0 {
        return Err(plain("flatten depth must not be negative"));
    }
    let mut all = Vec::new();
    for item in values(&value)? {
        flatten_into(&mut all, item, depth);
    }
    Ok(all.into_iter().collect())
}

fn flatten_into(all: &mut Vec<Datum>, value: Datum, depth: f64) {
    match value {
        Datum::List(list) if depth > 0.0 => {
            for item in list.items() {
                if !spend(1) {
                    return;
                }
                flatten_into(all, item.clone(), depth - 1.0);
            }
        }
        other => all.push(other),
    }
}

fn reverse(value: Datum) -> ValR<Datum> {
    Ok(match value {
        Datum::Null => Datum::list([]),
        Datum::Text(text) => {
            spend(text.len() as u64 / 16);
            Datum::from(text.chars().rev().collect::<String>())
        }
        Datum::List(list) => list.items().iter().rev().cloned().collect(),
        other => return Err(of_one(&other, "cannot be reversed, as it is not an array")),
    })
}

fn keys(value: &Datum, sorted: bool) -> ValR<Datum> {
    match value {
        Datum::List(list) => Ok((0..list.items().len()).map(Datum::from).collect()),
        Datum::Object(object) => {
            let mut keys: Vec<&Arc<str>> = object.entries().keys().collect();
            if sorted {
                spend(keys.len() as u64 * 4);
                keys.sort();
            }
            Ok(keys.into_iter().map(|key| Datum::Text(Arc::clone(key))).collect())
        }
        other => Err(of_one(other, "has no keys")),
    }
}

fn to_entries(value: &Datum) -> ValR<Datum> {
    let (key_name, value_name): (Arc<str>, Arc<str>) = (Arc::from("key"), Arc::from("value"));
    let entry = |key: Datum, value: &Datum| {
        Datum::object([(Arc::clone(&key_name), key), (Arc::clone(&value_name), value.clone())])
    };
    Ok(match value {
        Datum::List(list) => {
            let items = list.items().iter().enumerate();
            items.map(|(index, item)| entry(Datum::from(index), item)).collect()
        }
        Datum::Object(object) => object
            .entries()
            .iter()
            .map(|(key, value)| entry(Datum::Text(Arc::clone(key)), value))
            .collect(),
        other => return Err(of_one(other, "has no keys")),
    })
}

/// `{"key", "value"}`, and as people write them: `k`, `name`, `Name`, `Key`, `K`; `v`, `Value`, `V`.
fn from_entries(value: &Datum) -> ValR<Datum> {
    let mut object = Vec::new();
    for entry in values(value)? {
        let Datum::Object(fields) = &entry else {
            return Err(crate::datum::no_index(&entry, &Datum::text("key")));
        };
        let given = |names: &[&str]| {
            let mut last = None;
            for value in names.iter().filter_map(|name| fields.get(name)) {
                match value {
                    Datum::Null => {}
                    Datum::Bool(false) => last = Some(value),
                    _ => return Some(value),
                }
            }
            last
        };
        let key = match given(&["key", "k", "name", "Name", "Key", "K"]) {
            Some(Datum::Text(key)) => Arc::clone(key),
            Some(key @ (Datum::Number(_) | Datum::Bool(_))) => Arc::from(key.to_string()),
            None => Arc::from("null"),
            Some(other) => {
                let what = crate::datum::shown(other);
                return Err(plain(&format!("Cannot use {what} as object key")));
            }
        };
        let of_names = ["value", "v", "Value", "V"].iter().find_map(|name| fields.get(name));
        object.push((key, of_names.cloned().unwrap_or_default()));
    }
    Ok(Datum::object(object))
}

/// Items with what they are ordered by.
type Keyed = Vec<(Vec<Datum>, Datum)>;

/// Pays for putting so much in order.
fn paid(bytes: u64, count: usize) -> bool {
    let count = count.max(1);
    spend(count as u64 + (bytes / 64 + count as u64) * u64::from(count.ilog2() + 1) / 4)
}

fn items<'l>(list: &'l Datum, what: &str) -> ValR<&'l [Datum], Datum> {
    list.as_list().ok_or_else(|| of_one(list, what))
}

const UNSORTED: &str = "cannot be sorted, as it is not an array";

fn ordered(list: &Datum) -> ValR<Vec<Datum>, Datum> {
    let mut items = items(list, UNSORTED)?.to_vec();
    if paid(list.bytes(), items.len()) {
        items.sort();
    }
    Ok(items)
}

fn sort(list: &Datum) -> ValR<Datum> {
    Ok(ordered(list)?.into_iter().collect())
}

fn unique(list: &Datum) -> ValR<Datum> {
    let mut items = ordered(list)?;
    items.dedup_by(|left, right| (*left).cmp(right).is_eq());
    Ok(items.into_iter().collect())
}

fn first_of_all(list: &Datum, greatest: bool) -> ValR<Datum> {
    let items = items(list, "cannot be iterated over")?;
    if !paid(list.bytes(), items.len()) {
        return Ok(Datum::Null);
    }
    let found = if greatest { items.iter().max() } else { items.iter().min() };
    Ok(found.cloned().unwrap_or_default())
}

/// The items of a list with the outputs of a filter over each, handed to `then`.
fn keyed<'a>(mut cv: Cv<'a, Jq>, then: fn(Keyed) -> Datum) -> ValX<'a, Datum> {
    let (filter, context) = cv.0.pop_fun();
    let mut all = Vec::new();
    let mut bytes = 0;
    for item in items(&cv.1, UNSORTED)? {
        let keys: Result<Vec<Datum>, Exn<'a, Datum>> =
            filter.run((context.clone(), item.clone())).collect();
        let keys = keys?;
        bytes += keys.iter().map(Datum::bytes).sum::<u64>();
        all.push((keys, item.clone()));
    }
    if !paid(bytes, all.len()) {
        return Ok(Datum::Null);
    }
    Ok(then(all))
}

fn sorted(mut all: Keyed) -> Keyed {
    all.sort_by(|(left, _), (right, _)| left.cmp(right));
    all
}

fn sorted_by(all: Keyed) -> Datum {
    sorted(all).into_iter().map(|(_, item)| item).collect()
}

fn grouped_by(all: Keyed) -> Datum {
    let all = sorted(all);
    let groups = all.chunk_by(|(left, _), (right, _)| left.cmp(right).is_eq());
    groups.map(|group| group.iter().map(|(_, item)| item.clone()).collect()).collect()
}

fn unique_by(all: Keyed) -> Datum {
    let mut all = sorted(all);
    all.dedup_by(|(left, _), (right, _)| (*left).cmp(right).is_eq());
    all.into_iter().map(|(_, item)| item).collect()
}

fn min_by(all: Keyed) -> Datum {
    let least = all.into_iter().min_by(|(left, _), (right, _)| left.cmp(right));
    least.map(|(_, item)| item).unwrap_or_default()
}

fn max_by(all: Keyed) -> Datum {
    let greatest = all.into_iter().max_by(|(left, _), (right, _)| left.cmp(right));
    greatest.map(|(_, item)| item).unwrap_or_default()
}

fn search(list: &Datum, wanted: &Datum) -> ValR<Datum> {
    let items = items(list, "cannot be searched from")?;
    spend(64 + wanted.bytes() / 4);
    let place = match items.binary_search(wanted) {
        Ok(index) => isize::try_from(index).unwrap_or(isize::MAX),
        Err(index) => -1 - isize::try_from(index).unwrap_or(isize::MAX),
    };
    Ok(Datum::from(place))
}
