//! Settles the values of a form: defaults, visibility, required fields, types, choices, formats.
//!
//! A light checker of our own field types. A JSON Schema is compiled only for a field that carries one.

mod fault;
mod json;

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::condition::When;
use crate::field::{Choice, Field, FieldType, Fields, Format};
use crate::template::{Found, Reference, Scope};
use crate::value::{get, get_mut, type_name};

pub use fault::{FieldFault, FieldProblem, FieldRoot, path_place, reference_place};
pub use json::check_json;

/// A value that was settled in another way than it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// It was given for a field that is not visible, and is not used.
    NotApplicable {
        /// Group and label.
        path: Vec<String>,
    },
    /// Only the host of a URL is used.
    HostOnly {
        /// Group and label.
        path: Vec<String>,
        /// What was dropped: the scheme and the path.
        dropped: Vec<String>,
    },
}

/// What the conditions of a form are looked up in: its own values so far, and what lies around it.
pub trait FormScope {
    /// The value of a reference.
    fn lookup<'v>(
        &'v self,
        own: &'v Map<String, Value>,
        reference: &Reference,
    ) -> Option<Found<'v>>;
}

/// A form's scope with its values at one moment.
struct Now<'a> {
    form: &'a dyn FormScope,
    own: &'a Map<String, Value>,
}

impl Scope for Now<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        self.form.lookup(self.own, reference)
    }
}

/// Settles one form in place: fills defaults in, takes null and invisible values out, checks the rest.
///
/// # Errors
/// The first [`FieldFault`], in the order of the form.
pub fn settle_fields(
    root: FieldRoot,
    fields: &Fields,
    path: &[&str],
    values: &mut Map<String, Value>,
    form: &dyn FormScope,
    remarks: &mut Vec<Remark>,
) -> Result<(), FieldFault> {
    refuse_unknown(root, fields, path, values)?;
    for (label, field) in fields {
        match get_mut(values, label) {
            Some(Value::Null) if field.nullable => continue,
            Some(Value::Null) => drop(values.shift_remove(label)),
            Some(value) => {
                settle_inside(field, value);
                if let (Some(Format::Host), Value::String(text)) = (field.format, &mut *value)
                    && let Some((host, dropped)) = host_of_url(text)
                {
                    *text = host;
                    remarks.push(Remark::HostOnly { path: join(path, label), dropped });
                }
                continue;
            }
            None => {}
        }
        if let Some(default) = &field.default {
            values.insert(label.clone(), default.clone());
        }
    }
    for (label, field) in fields {
        let holds = |when: &When, own: &Map<String, Value>| when.holds(&Now { form, own });
        let visible = field.visible_when.as_ref().is_none_or(|when| holds(when, values));
        if !visible {
            if values
                .shift_remove(label)
                .is_some_and(|value| Some(&value) != field.default.as_ref())
            {
                remarks.push(Remark::NotApplicable { path: join(path, label) });
            }
            continue;
        }
        let required_now = field.required_when.as_ref().is_some_and(|when| holds(when, values));
        let found = get(values, label).filter(|value| !required_now || value.as_str() != Some(""));
        let Some(value) = found else {
            // What a login brings is there after it.
            if (field.required || required_now) && field.from.is_none() {
                let problem = missing(field, &|choice| {
                    choice.visible_when.as_ref().is_none_or(|when| holds(when, values))
                });
                return Err(fault(root, join(path, label), problem));
            }
            continue;
        };
        let mut place: Vec<&str> = path.to_vec();
        place.push(label);
        let offered =
            |choice: &Choice| choice.visible_when.as_ref().is_none_or(|when| holds(when, values));
        check_value(root, field, value, &mut place, &offered)?;
    }
    Ok(())
}

/// Calls `found` with every text, and every long number, of a value that its field says must not be shown.
pub fn sensitive_texts(field: &Field, value: &Value, found: &mut dyn FnMut(&str)) {
    if field.is_secret() {
        return all_texts(value, found);
    }
    let Some(fields) = &field.fields else { return };
    match value {
        Value::Array(items) => items.iter().for_each(|item| sensitive_texts(field, item, found)),
        Value::Object(map) => {
            for (key, value) in map {
                if let Some(inner) = fields.get(key) {
                    sensitive_texts(inner, value, found);
                }
            }
        }
        _ => {}
    }
}

/// Calls `found` with every text, and every long number, inside a value.
pub fn all_texts(value: &Value, found: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => found(text),
        Value::Array(items) => items.iter().for_each(|item| all_texts(item, found)),
        Value::Object(map) => map.values().for_each(|value| all_texts(value, found)),
        // A short number is a port or a flag, and masking it would mask much else.
        Value::Number(number) if number.as_str().len() >= 6 => found(number.as_str()),
        Value::Number(_) | Value::Null | Value::Bool(_) => {}
    }
}

/// Takes declared keys that are null out of objects, where null and absent mean the same, and fills defaults in.
fn settle_inside(field: &Field, value: &mut Value) {
    let Some(fields) = &field.fields else { return };
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| settle_inside(field, item)),
        Value::Object(map) => {
            map.retain(|key, value| {
                !value.is_null() || fields.get(key).is_none_or(|field| field.nullable)
            });
            for (key, value) in &mut *map {
                if let Some(inner) = fields.get(key) {
                    settle_inside(inner, value);
                }
            }
            for (key, inner) in fields {
                if let Some(default) = inner.default.as_ref().filter(|_| !map.contains_key(key)) {
                    map.insert(key.clone(), default.clone());
                }
            }
        }
        _ => {}
    }
}

/// The host of a URL that was pasted where a host is meant, and what of it is dropped. One with a user, a query or a fragment is
/// left as it is, and refused where it is used: whoever wrote it meant more by it.
fn host_of_url(text: &str) -> Option<(String, Vec<String>)> {
    let text = text.trim();
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    let rest = &text[scheme.map_or(0, str::len)..];
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let meant = |text: &str| !text.contains(['@', '?', '#']);
    if host.is_empty() || !meant(rest) || (scheme.is_none() && path.is_empty()) {
        return None;
    }
    let dropped = scheme.into_iter().chain([path]).filter(|part| !part.is_empty());
    Some((host.to_owned(), dropped.map(str::to_owned).collect()))
}

fn refuse_unknown(
    root: FieldRoot,
    fields: &Fields,
    path: &[&str],
    values: &Map<String, Value>,
) -> Result<(), FieldFault> {
    for key in values.keys() {
        if !fields.contains_key(key) {
            let nearest = crate::text::nearest(key, fields.keys().map(String::as_str));
            return Err(fault(root, join(path, key), FieldProblem::Unknown { nearest }));
        }
    }
    Ok(())
}

/// Checks one value, and what is inside it, against its field.
///
/// # Errors
/// The first [`FieldFault`].
pub fn check_value<'p>(
    root: FieldRoot,
    field: &'p Field,
    value: &'p Value,
    place: &mut Vec<&'p str>,
    offered: &dyn Fn(&Choice) -> bool,
) -> Result<(), FieldFault> {
    let problem = |place: &[&str], problem| {
        Err(fault(root, place.iter().map(|s| (*s).to_owned()).collect(), problem))
    };
    if value.is_null() {
        let missing = field.required && !field.nullable;
        return if missing { problem(place, FieldProblem::Missing) } else { Ok(()) };
    }
    let Some(kind) = taken_as(field, value) else {
        let mut expected = vec![field.kind.as_str()];
        expected.extend(field.accepts.iter().map(|kind| kind.as_str()));
        return problem(place, FieldProblem::Type { expected, found: type_name(value) });
    };
    match (kind, value) {
        (FieldType::Text | FieldType::Secret, Value::String(text)) => {
            if text.is_empty() && field.required {
                return problem(place, FieldProblem::Missing);
            }
            if let Some(expected) = text_format_fault(field, text) {
                return problem(place, FieldProblem::Format { expected });
            }
            if let Some(expected) = pattern_fault(field, text) {
                return problem(place, FieldProblem::Pattern { expected });
            }
            if let Some(expected) = length_fault(field, text.chars().count(), "characters") {
                return problem(place, FieldProblem::Range { expected });
            }
        }
        (FieldType::Dropdown, Value::String(text)) => {
            if text.is_empty() && field.required {
                return problem(place, missing(field, offered));
            }
            if let Some(expected) = choice_fault(field, text, offered) {
                return problem(place, FieldProblem::Choice { expected, found: text.clone() });
            }
        }
        (FieldType::DateTime, Value::String(text)) => {
            if let Some(expected) = date_time_fault(text) {
                return problem(place, FieldProblem::Format { expected });
            }
        }
        (FieldType::Number, Value::Number(number)) => {
            if field.format == Some(Format::Integer) && !is_integer(number) {
                let expected = "a whole number";
                return problem(place, FieldProblem::Format { expected });
            }
            if let Some(expected) = number_fault(field, number) {
                return problem(place, FieldProblem::Range { expected });
            }
        }
        (FieldType::Object, Value::Object(map)) => {
            check_object(root, field, map, place)?;
        }
        (FieldType::File, Value::Object(map)) => {
            if let Some(expected) = crate::file::shape_fault(map) {
                return problem(place, FieldProblem::Format { expected });
            }
        }
        (FieldType::List, Value::Array(items)) => {
            if let Some(expected) = length_fault(field, items.len(), "items") {
                return problem(place, FieldProblem::Range { expected });
            }
            check_items(root, field, items, place)?;
        }
        _ => {}
    }
    if let Some(schema) = &field.schema
        && let Some((at, reason)) = schema.first_fault(value)
    {
        let mut path: Vec<String> = place.iter().map(|s| (*s).to_owned()).collect();
        path.extend(at.split('/').skip(1).map(|s| s.replace("~1", "/").replace("~0", "~")));
        return Err(fault(root, path, FieldProblem::Schema { reason }));
    }
    Ok(())
}

/// The first of the field's types that the value has.
fn taken_as(field: &Field, value: &Value) -> Option<FieldType> {
    std::iter::once(&field.kind).chain(&field.accepts).copied().find(|kind| has_type(*kind, value))
}

fn has_type(kind: FieldType, value: &Value) -> bool {
    use FieldType as T;
    match value {
        Value::Null => matches!(kind, T::Any),
        Value::Bool(_) => matches!(kind, T::Any | T::TrueFalse),
        Value::Number(_) => matches!(kind, T::Any | T::Number),
        Value::String(_) => {
            matches!(kind, T::Any | T::Text | T::Secret | T::Dropdown | T::DateTime)
        }
        Value::Array(_) => matches!(kind, T::Any | T::List),
        Value::Object(_) => matches!(kind, T::Any | T::Object | T::File),
    }
}

fn check_object<'p>(
    root: FieldRoot,
    field: &'p Field,
    map: &'p Map<String, Value>,
    place: &mut Vec<&'p str>,
) -> Result<(), FieldFault> {
    for key in map.keys() {
        if field.deny.iter().any(|denied| denied.eq_ignore_ascii_case(key)) {
            let path = place.iter().map(|s| (*s).to_owned()).collect();
            return Err(fault(root, path, FieldProblem::Denied { key: key.to_ascii_lowercase() }));
        }
    }
    let Some(fields) = &field.fields else {
        return Ok(());
    };
    if !field.additional && root != FieldRoot::Output {
        refuse_unknown(root, fields, place, map)?;
    }
    for (label, inner) in fields {
        match get(map, label) {
            Some(value) => {
                place.push(label);
                check_value(root, inner, value, place, &|_| true)?;
                place.pop();
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
    items: &[Value],
    place: &[&str],
) -> Result<(), FieldFault> {
    let of = field.of.unwrap_or(FieldType::Any);
    if of == FieldType::Any && field.fields.is_none() {
        return Ok(());
    }
    for (index, item) in items.iter().enumerate() {
        let index = index.to_string();
        let mut at: Vec<&str> = place.to_vec();
        at.push(&index);
        if let Some(problem) = item_problem(field, of, item) {
            return Err(fault(root, at.iter().map(|s| (*s).to_owned()).collect(), problem));
        }
        if let Value::Object(map) = item {
            check_object(root, field, map, &mut at)?;
        }
    }
    Ok(())
}

/// What is wrong with one item of a list; bounds are the list's own.
fn item_problem(field: &Field, of: FieldType, item: &Value) -> Option<FieldProblem> {
    if !has_type(of, item) {
        return Some(FieldProblem::Type { expected: vec![of.as_str()], found: type_name(item) });
    }
    if let (FieldType::File, Value::Object(map)) = (of, item) {
        return crate::file::shape_fault(map).map(|expected| FieldProblem::Format { expected });
    }
    let text = item.as_str()?;
    match of {
        FieldType::Dropdown => choice_fault(field, text, &|_| true)
            .map(|expected| FieldProblem::Choice { expected, found: text.to_owned() }),
        FieldType::DateTime => {
            date_time_fault(text).map(|expected| FieldProblem::Format { expected })
        }
        _ => text_format_fault(field, text)
            .map(|expected| FieldProblem::Format { expected })
            .or_else(|| {
                pattern_fault(field, text).map(|expected| FieldProblem::Pattern { expected })
            }),
    }
}

/// Whether bytes stand as in a pattern, in which `0` is any digit.
fn has_shape(text: &[u8], pattern: &[u8]) -> bool {
    text.len() == pattern.len()
        && text.iter().zip(pattern).all(|(byte, p)| match p {
            b'0' => byte.is_ascii_digit(),
            p => byte.eq_ignore_ascii_case(p),
        })
}

/// The form of RFC 3339, section 5.6; jiff reads other forms of ISO 8601 as well.
fn has_date_time_shape(text: &str) -> bool {
    let Some((seconds, rest)) = text.as_bytes().split_at_checked(19) else { return false };
    let fraction = match rest.split_first() {
        Some((b'.', digits)) => 1 + digits.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    let zone = &rest[fraction..];
    has_shape(seconds, b"0000-00-00T00:00:00")
        && fraction != 1
        && (has_shape(zone, b"Z") || has_shape(zone, b"+00:00") || has_shape(zone, b"-00:00"))
}

fn date_time_fault(text: &str) -> Option<&'static str> {
    let expected = "a date-time such as \"2026-01-31T08:00:00Z\" (RFC 3339)";
    let valid = has_date_time_shape(text) && text.parse::<jiff::Timestamp>().is_ok();
    (!valid).then_some(expected)
}

/// What is missing where a field has no value: of a dropdown with its choices.
fn missing(field: &Field, offered: &dyn Fn(&Choice) -> bool) -> FieldProblem {
    let expected = match &field.choices_from {
        Some(from) => from.targets.clone(),
        None => offers(field, offered),
    };
    match expected.is_empty() {
        true => FieldProblem::Missing,
        false => FieldProblem::NotChosen { expected },
    }
}

fn offers(field: &Field, offered: &dyn Fn(&Choice) -> bool) -> Vec<String> {
    let offers = field.choices.iter().filter(|choice| offered(choice));
    offers.map(|choice| choice.value.clone()).collect()
}

fn choice_fault(
    field: &Field,
    text: &str,
    offered: &dyn Fn(&Choice) -> bool,
) -> Option<Vec<String>> {
    if let Some(from) = &field.choices_from {
        let known = from.targets.iter().any(|target| target == text);
        return if known { None } else { Some(from.targets.clone()) };
    }
    let known = field.choices.iter().any(|choice| choice.value == text && offered(choice));
    (!known).then(|| offers(field, offered))
}

fn text_format_fault(field: &Field, text: &str) -> Option<&'static str> {
    match field.format? {
        Format::Date => {
            let valid = has_shape(text.as_bytes(), b"0000-00-00") && text.parse::<Date>().is_ok();
            (!valid).then_some("a date such as \"2026-01-31\"")
        }
        Format::Uri => url::Url::parse(text).is_err().then_some("an absolute URL"),
        Format::Host => {
            let url = url::Url::parse(&format!("https://{text}/"));
            let is_host = url.is_ok_and(|url| {
                url.path() == "/" && url.username().is_empty() && url.password().is_none()
            });
            (!is_host || text.contains(['?', '#', '/', '@']))
                .then_some("a host, such as \"example.okta.com\"")
        }
        // Checked where it is joined to its base, so that each trick keeps its own code.
        Format::RelativeUrl | Format::TargetUrl | Format::Integer => None,
    }
}

/// What text of the field's pattern is, where this is none.
fn pattern_fault(field: &Field, text: &str) -> Option<String> {
    let pattern = field.pattern.as_ref()?;
    let expected = || match &field.pattern_message {
        Some(message) => message.clone(),
        None => format!("text of the pattern `{}`", pattern.source()),
    };
    // Whether there must be one is said by `required`.
    (!text.is_empty() && !pattern.is_in(text)).then(expected)
}

/// Whether the number's text has no fraction that counts: `5`, `-7`, `1e3` and `2.0` are whole.
fn is_integer(number: &serde_json::Number) -> bool {
    let text = number.as_str();
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let Ok(exponent) = exponent.parse::<i64>() else {
        return false;
    };
    let fraction = mantissa.split_once('.').map_or("", |(_, fraction)| fraction);
    let significant = fraction.trim_end_matches('0').len() as i64;
    if exponent >= 0 {
        return significant <= exponent;
    }
    let digits = mantissa.split('.').next().unwrap_or_default();
    let zeros = digits.len() - digits.trim_end_matches('0').len();
    let shift = usize::try_from(exponent.unsigned_abs()).unwrap_or(usize::MAX);
    significant == 0 && (zeros >= shift || digits.trim_matches(['-', '0']).is_empty())
}

fn number_fault(field: &Field, number: &serde_json::Number) -> Option<String> {
    // Beyond the range of f64 this gives an infinity, which is outside any bound on its side.
    let value: f64 = number.as_str().parse().ok()?;
    let below = field.min.as_ref().is_some_and(|min| min.as_f64().is_some_and(|min| value < min));
    let above = field.max.as_ref().is_some_and(|max| max.as_f64().is_some_and(|max| value > max));
    (below || above).then(|| bounds(field, ""))
}

fn length_fault(field: &Field, length: usize, unit: &str) -> Option<String> {
    let length = length as f64;
    let below = field.min.as_ref().is_some_and(|min| min.as_f64().is_some_and(|min| length < min));
    let above = field.max.as_ref().is_some_and(|max| max.as_f64().is_some_and(|max| length > max));
    (below || above).then(|| bounds(field, unit))
}

fn bounds(field: &Field, unit: &str) -> String {
    let text = match (&field.min, &field.max) {
        (Some(min), Some(max)) => format!("{min} to {max} {unit}"),
        (Some(min), None) => format!("at least {min} {unit}"),
        (None, Some(max)) => format!("at most {max} {unit}"),
        (None, None) => String::new(),
    };
    text.trim_end().to_owned()
}

fn fault(root: FieldRoot, path: Vec<String>, problem: FieldProblem) -> FieldFault {
    FieldFault { root, path, problem }
}

fn join(path: &[&str], label: &str) -> Vec<String> {
    let mut joined: Vec<String> = path.iter().map(|s| (*s).to_owned()).collect();
    joined.push(label.to_owned());
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_told_by_their_text() {
        for (text, whole) in [
            ("5", true),
            ("-7", true),
            ("2.0", true),
            ("1e3", true),
            ("1.5e1", true),
            ("100e-2", true),
            ("0e-9", true),
            ("1e-9223372036854775808", false),
            ("7615917337495251231999", true),
            ("1.10", false),
            ("15e-1", false),
            ("1e-400", false),
        ] {
            let number: serde_json::Number = serde_json::from_str(text).unwrap();
            assert_eq!(is_integer(&number), whole, "{text}");
        }
    }
}
