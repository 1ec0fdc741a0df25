//! Query parameters and form fields: names and values percent-encoded, lists repeated, null left out.

use percent_encoding::utf8_percent_encode;
use serde_json::{Map, Value};

use crate::encoding::UNRESERVED;
use crate::template::scalar_text;
use crate::text::article;
use crate::value::type_name;

/// A value that no parameter can carry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "parameter `{name}` must be text, a number, true-false or a list of them, not {}",
    article(found)
)]
pub struct QueryFault {
    /// The parameter's name.
    pub name: String,
    /// The type that was found.
    pub found: &'static str,
}

/// Appends the parameters to `out`, joined with `&`; gives back the names of those left out because they are null.
///
/// A list repeats its parameter (`a=1&a=2`: OpenAPI's `form`, exploded). A space is `%20`, which queries and
/// forms both read as a space.
///
/// # Errors
/// [`QueryFault`] for an object, or a list inside a list.
pub fn push_parameters(
    parameters: &Map<String, Value>,
    out: &mut String,
) -> Result<Vec<String>, QueryFault> {
    let mut left_out = Vec::new();
    for (name, value) in parameters {
        let fault = |found: &Value| QueryFault { name: name.clone(), found: type_name(found) };
        match value {
            Value::Null => left_out.push(name.clone()),
            Value::Array(items) => {
                for item in items {
                    let text = scalar_text(item).ok_or_else(|| fault(item))?;
                    push_parameter(name, &text, out);
                }
            }
            value => {
                let text = scalar_text(value).ok_or_else(|| fault(value))?;
                push_parameter(name, &text, out);
            }
        }
    }
    Ok(left_out)
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
        let left_out = push_parameters(value.as_object().unwrap(), &mut out)?;
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
        let fault = QueryFault { name: "o".into(), found: "object" };
        assert_eq!(pushed(json!({"o": {"x": 1}})), Err(fault.clone()));
        assert_eq!(pushed(json!({"o": [{"x": 1}]})), Err(fault));
    }
}
