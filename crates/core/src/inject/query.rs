//! Query parameters and form fields: names and values percent-encoded, lists and objects as the encoding says, null left out.

use percent_encoding::utf8_percent_encode;
use serde_json::{Map, Value};

use crate::encoding::UNRESERVED;
use crate::parameters::{Lists, Nested, ParameterEncoding};
use crate::template::scalar_text;
use crate::text::article;
use crate::value::type_name;

/// Deepest object or list in a parameter.
const DEEPEST: usize = 16;

/// A value that no parameter can carry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parameter `{name}` {problem}")]
pub struct QueryFault {
    /// The parameter's name.
    pub name: String,
    /// Why.
    pub problem: QueryProblem,
}

/// Why no parameter can carry a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryProblem {
    /// Its type cannot be written, or not so deep.
    #[error("must be text, a number, true-false or a list of them, not {}", article(.0))]
    Type(&'static str),
    /// An item holds what stands between the items: it would be read as several.
    #[error("has an item with {0} in it, which is what stands between its items")]
    Separator(&'static str),
    /// Two objects of a list, or two lists in one, that would be read as one.
    #[error(
        "has items that would be read as one: after `[]` only a key that two objects share tells them apart"
    )]
    Joined,
    /// A key with a bracket: it would be read as several keys.
    #[error("has a key with a bracket in it, which would be read as two keys")]
    Bracket,
}

/// Appends the parameters to `out`, joined with `&`; gives back the names of those left out because they are null.
///
/// A list repeats its parameter (`a=1&a=2`: OpenAPI's `form`, exploded) and an object is refused, unless the encoding says how
/// they are written. A space is `%20`, which queries and forms both read as a space.
///
/// # Errors
/// [`QueryFault`] for what the encoding does not say how to write.
pub fn push_parameters(
    parameters: &Map<String, Value>,
    encoding: ParameterEncoding,
    out: &mut String,
) -> Result<Vec<String>, QueryFault> {
    let mut left_out = Vec::new();
    for (name, value) in parameters {
        if value.is_null() {
            left_out.push(name.clone());
            continue;
        }
        let mut writer = Writer { encoding, name, out: &mut *out };
        writer.value(&mut encoded(name), value, 0)?;
    }
    Ok(left_out)
}

/// Writes one parameter.
struct Writer<'a> {
    encoding: ParameterEncoding,
    /// Its name, for messages.
    name: &'a str,
    out: &'a mut String,
}

impl Writer<'_> {
    /// Writes a value under a name that is encoded already.
    fn value(&mut self, place: &mut String, value: &Value, depth: usize) -> Result<(), QueryFault> {
        match value {
            Value::Null => Ok(()),
            Value::Array(items) => self.list(place, items, depth),
            Value::Object(map) => self.object(place, map, depth),
            scalar => {
                let text = scalar_text(scalar).unwrap_or_default();
                push_encoded(place, &encoded(&text), self.out);
                Ok(())
            }
        }
    }

    fn object(
        &mut self,
        place: &mut String,
        map: &Map<String, Value>,
        depth: usize,
    ) -> Result<(), QueryFault> {
        let Some(nested) = self.encoding.nested.filter(|_| depth < DEEPEST) else {
            return Err(self.fault(&Value::Object(Map::new())));
        };
        for (key, value) in map {
            if nested == Nested::Brackets && key.contains(['[', ']']) {
                return Err(self.problem(QueryProblem::Bracket));
            }
            let before = place.len();
            match nested {
                Nested::Brackets => place.extend(["%5B", &encoded(key), "%5D"]),
                Nested::Dots => place.extend([".", &encoded(key)]),
            }
            self.value(place, value, depth + 1)?;
            place.truncate(before);
        }
        Ok(())
    }

    fn list(
        &mut self,
        place: &mut String,
        items: &[Value],
        depth: usize,
    ) -> Result<(), QueryFault> {
        let (separator, inside) = match self.encoding.lists.unwrap_or_default() {
            // One in an item is percent-encoded, and this one is not.
            Lists::Comma => (",", None),
            Lists::Space => ("%20", Some((' ', "a space"))),
            Lists::Pipes => ("%7C", Some(('|', "a pipe"))),
            lists => return self.each(place, items, lists, depth),
        };
        let items = items.iter().filter(|item| !item.is_null());
        let texts = items.map(|item| scalar_text(item).ok_or_else(|| self.fault(item)));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        if let Some((separator, words)) = inside
            && texts.iter().any(|text| text.contains(separator))
        {
            return Err(self.problem(QueryProblem::Separator(words)));
        }
        if !texts.is_empty() {
            let texts: Vec<String> = texts.iter().map(|text| encoded(text)).collect();
            push_encoded(place, &texts.join(separator), self.out);
        }
        Ok(())
    }

    /// Writes each item under a name of its own.
    fn each(
        &mut self,
        place: &mut String,
        items: &[Value],
        lists: Lists,
        depth: usize,
    ) -> Result<(), QueryFault> {
        let dots = self.encoding.nested == Some(Nested::Dots);
        let rearranged;
        let mut items = items;
        if lists == Lists::Brackets && items.iter().any(|item| item.is_object() || item.is_array())
        {
            rearranged = told_apart(items).ok_or_else(|| self.problem(QueryProblem::Joined))?;
            items = &rearranged;
        }
        for (index, item) in items.iter().enumerate() {
            let plain = !item.is_object() && !item.is_array();
            let before = place.len();
            match lists {
                Lists::Brackets if depth < DEEPEST => place.push_str("%5B%5D"),
                Lists::Indices if depth < DEEPEST && dots => place.push_str(&format!(".{index}")),
                Lists::Indices if depth < DEEPEST => place.push_str(&format!("%5B{index}%5D")),
                // The items of a list that repeats its name cannot be told apart.
                _ if plain => {}
                _ => return Err(self.fault(item)),
            }
            self.value(place, item, depth + 1)?;
            place.truncate(before);
        }
        Ok(())
    }

    fn fault(&self, found: &Value) -> QueryFault {
        self.problem(QueryProblem::Type(type_name(found)))
    }

    fn problem(&self, problem: QueryProblem) -> QueryFault {
        QueryFault { name: self.name.to_owned(), problem }
    }
}

/// Objects of a list under `[]`, each after the first beginning with a plain key that the one before it has: Rack begins another object
/// where a key comes again. `None` where that cannot be.
fn told_apart(items: &[Value]) -> Option<Vec<Value>> {
    let is_plain = |value: &Value| !(value.is_null() || value.is_object() || value.is_array());
    let mut told: Vec<Value> = Vec::with_capacity(items.len());
    for item in items.iter().filter(|item| !is_nothing(item)) {
        let map = item.as_object()?;
        let Some(before) = told.last() else {
            told.push(item.clone());
            continue;
        };
        let again = |(key, value): &(&String, &Value)| {
            is_plain(value) && before.get(key.as_str()).is_some_and(is_plain)
        };
        let (first, value) = map.iter().find(again)?;
        let rest = map.iter().filter(|(key, _)| *key != first);
        let all = std::iter::once((first, value)).chain(rest);
        told.push(all.map(|(key, value)| (key.clone(), value.clone())).collect());
    }
    Some(told)
}

/// Whether nothing of a value is written.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().all(is_nothing),
        Value::Object(map) => map.values().all(is_nothing),
        _ => false,
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

fn push_encoded(name: &str, value: &str, out: &mut String) {
    if !out.is_empty() {
        out.push('&');
    }
    out.push_str(name);
    out.push('=');
    out.push_str(value);
}

/// Appends one parameter.
pub fn push_parameter(name: &str, value: &str, out: &mut String) {
    if !out.is_empty() {
        out.push('&');
    }
    out.extend(utf8_percent_encode(name, UNRESERVED));
    out.push('=');
    out.extend(utf8_percent_encode(value, UNRESERVED));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pushed(value: Value) -> Result<(String, Vec<String>), QueryFault> {
        let mut out = String::new();
        let left_out =
            push_parameters(value.as_object().unwrap(), ParameterEncoding::default(), &mut out)?;
        Ok((out, left_out))
    }

    #[test]
    fn values_are_encoded_and_keep_their_order_and_text() {
        let query: Value = serde_json::from_str(
            r#"{"b c": "x&y=z/é ", "a": 7615917337495251231, "f": 1.10, "t": true, "l": ["1", 2]}"#,
        )
        .unwrap();
        assert_eq!(
            pushed(query).unwrap().0,
            "b%20c=x%26y%3Dz%2F%C3%A9%20&a=7615917337495251231&f=1.10&t=true&l=1&l=2"
        );
    }

    #[test]
    fn null_is_left_out_and_told() {
        assert_eq!(pushed(json!({"a": null, "b": ""})).unwrap(), ("b=".into(), vec!["a".into()]));
    }

    #[test]
    fn objects_are_refused_with_their_name() {
        let fault = QueryFault { name: "o".into(), problem: QueryProblem::Type("object") };
        assert_eq!(pushed(json!({"o": {"x": 1}})), Err(fault.clone()));
        assert_eq!(pushed(json!({"o": [{"x": 1}]})), Err(fault));
    }

    #[test]
    fn each_encoding_as_a_table() {
        let plain = json!({ "a": [1, "b,c", null], "o": { "x": { "y": "," } } });
        let objects = json!({ "l": [{ "a": 1, "b": [2, 3] }, { "a": 4 }], "e": [], "n": {} });
        let encoding = |nested, lists| ParameterEncoding { nested, lists };
        let written = |value: &Value, encoding| {
            let mut out = String::new();
            push_parameters(value.as_object().unwrap(), encoding, &mut out)
                .map(|_| out.replace("%5B", "[").replace("%5D", "]"))
                .map_err(|fault| fault.problem)
        };
        use {Lists as L, Nested as N};
        for (nested, lists, of_plain, of_objects) in [
            (Some(N::Brackets), None, Ok("a=1&a=b%2Cc&o[x][y]=%2C"), Err("object")),
            (Some(N::Dots), Some(L::Repeat), Ok("a=1&a=b%2Cc&o.x.y=%2C"), Err("object")),
            (
                Some(N::Brackets),
                Some(L::Brackets),
                Ok("a[]=1&a[]=b%2Cc&o[x][y]=%2C"),
                Ok("l[][a]=1&l[][b][]=2&l[][b][]=3&l[][a]=4"),
            ),
            (
                Some(N::Brackets),
                Some(L::Indices),
                Ok("a[0]=1&a[1]=b%2Cc&o[x][y]=%2C"),
                Ok("l[0][a]=1&l[0][b][0]=2&l[0][b][1]=3&l[1][a]=4"),
            ),
            (
                Some(N::Dots),
                Some(L::Indices),
                Ok("a.0=1&a.1=b%2Cc&o.x.y=%2C"),
                Ok("l.0.a=1&l.0.b.0=2&l.0.b.1=3&l.1.a=4"),
            ),
            (Some(N::Dots), Some(L::Comma), Ok("a=1,b%2Cc&o.x.y=%2C"), Err("object")),
            (Some(N::Dots), Some(L::Space), Ok("a=1%20b%2Cc&o.x.y=%2C"), Err("object")),
            (Some(N::Dots), Some(L::Pipes), Ok("a=1%7Cb%2Cc&o.x.y=%2C"), Err("object")),
            (None, Some(L::Comma), Err("object"), Err("object")),
        ] {
            let encoding = encoding(nested, lists);
            let expected =
                |of: Result<&str, &'static str>| of.map(str::to_owned).map_err(QueryProblem::Type);
            assert_eq!(written(&plain, encoding), expected(of_plain), "{encoding:?}");
            assert_eq!(written(&objects, encoding), expected(of_objects), "{encoding:?}");
        }
    }

    #[test]
    fn what_would_be_read_as_something_else_is_refused() {
        let written = |lists, value: Value| {
            let encoding = ParameterEncoding { nested: Some(Nested::Brackets), lists: Some(lists) };
            let mut out = String::new();
            push_parameters(value.as_object().unwrap(), encoding, &mut out)
                .map(|_| out.replace("%5B", "[").replace("%5D", "]"))
                .map_err(|fault| fault.problem)
        };
        use {Lists as L, QueryProblem as P};
        for (lists, value, expected) in [
            (L::Space, json!(["a", "b c"]), Err(P::Separator("a space"))),
            (L::Space, json!(["a|b", "c"]), Ok("l=a%7Cb%20c")),
            (L::Pipes, json!(["a|b"]), Err(P::Separator("a pipe"))),
            (L::Pipes, json!(["a b", 1]), Ok("l=a%20b%7C1")),
            (L::Comma, json!(["a,b", 1]), Ok("l=a%2Cb,1")),
            (L::Brackets, json!([{ "a": 1 }, { "b": 2 }]), Err(P::Joined)),
            (L::Brackets, json!([{ "a": [1] }, { "a": [2] }]), Err(P::Joined)),
            (L::Brackets, json!([{ "a": 1 }, 2]), Err(P::Joined)),
            (L::Brackets, json!([[1], [2]]), Err(P::Joined)),
            (L::Brackets, json!([{ "b": 1 }]), Ok("l[][b]=1")),
            (L::Brackets, json!([{}, { "b": 1 }, null, { "b": 2 }]), Ok("l[][b]=1&l[][b]=2")),
            (
                L::Brackets,
                json!([{ "a": 1, "b": 2 }, { "c": 3, "b": 4 }]),
                Ok("l[][a]=1&l[][b]=2&l[][b]=4&l[][c]=3"),
            ),
            (L::Indices, json!([{ "a": 1 }, { "b": [[2]] }]), Ok("l[0][a]=1&l[1][b][0][0]=2")),
            (L::Repeat, json!({ "x][y": 1 }), Err(P::Bracket)),
        ] {
            let found = written(lists, json!({ "l": value }));
            assert_eq!(found, expected.map(str::to_owned), "{lists:?} {value}");
        }
    }

    #[test]
    fn what_is_too_deep_is_refused() {
        let deep = (0..40).fold(json!(1), |inner, _| json!({ "a": inner }));
        let encoding = ParameterEncoding { nested: Some(Nested::Dots), lists: None };
        let fault = push_parameters(
            json!({ "x": deep }).as_object().unwrap(),
            encoding,
            &mut String::new(),
        );
        assert_eq!(fault.unwrap_err().name, "x");
    }
}
