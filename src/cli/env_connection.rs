//! `--connection env:PREFIX`: the fields of a connection from environment variables, `PREFIX_API_TOKEN` for `API Token`.

use std::path::Path;

use cardhost::Error;
use cardhost::author::variable::variable;
use cardhost::core::connection::ConnectionFault;
use cardhost::core::connector::Connector;
use cardhost::core::field::{Field, FieldType};
use serde_json::{Map, Value};

/// What the argument begins with, and where such a connection is said to come from.
const BEGINS: &str = "env:";

/// The prefix, where the argument names one, or what is wrong with it.
pub(crate) fn prefix(argument: &Path) -> Option<Result<String, String>> {
    let prefix = argument.to_str()?.strip_prefix(BEGINS)?.trim_end_matches('_');
    let is_name = !prefix.is_empty()
        && !prefix.starts_with(|c: char| c.is_ascii_digit())
        && prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    Some(match is_name {
        true => Ok(prefix.to_owned()),
        false => {
            let message = "--connection env:PREFIX takes letters, digits and `_`: `env:SHOP` reads SHOP_API_TOKEN for `API Token`";
            Err(message.to_owned())
        }
    })
}

/// The prefix of the connection that an error is about.
pub(crate) fn prefix_of(error: &Error) -> Option<&str> {
    error.place().file.strip_prefix(BEGINS)
}

/// What errors about such a connection name as its file.
pub(crate) fn shown(prefix: &str) -> String {
    format!("{BEGINS}{prefix}")
}

/// The variable of a field.
pub(crate) fn variable_of(prefix: &str, label: &str) -> String {
    format!("{prefix}_{}", variable(label))
}

/// The fields whose variables are set; an empty one is not.
pub(crate) fn fields(
    prefix: &str,
    connector: &Connector,
    value_of: &dyn Fn(&str) -> Option<String>,
) -> Result<Map<String, Value>, Error> {
    let form = &connector.connection.fields;
    let mut fields = Map::new();
    let mut missing = Vec::new();
    for (label, field) in form {
        let name = variable_of(prefix, label);
        match value_of(&name).filter(|text| !text.is_empty()) {
            Some(text) => drop(fields.insert(label.clone(), value(field, text))),
            // Whether a field with a condition is needed is known once the others are.
            None if field.required && field.default.is_none() && field.visible_when.is_none() => {
                missing.push(name);
            }
            None => {}
        }
    }
    if !missing.is_empty() {
        return Err(ConnectionFault::NotSet { variables: missing, any: false }.into());
    }
    if fields.is_empty() && !form.is_empty() {
        let variables = form.keys().map(|label| variable_of(prefix, label)).collect();
        return Err(ConnectionFault::NotSet { variables, any: true }.into());
    }
    Ok(fields)
}

/// The value that a text means for a field.
fn value(field: &Field, text: String) -> Value {
    let is_json = matches!(
        field.kind,
        FieldType::Number
            | FieldType::TrueFalse
            | FieldType::Object
            | FieldType::List
            | FieldType::Any
    );
    let read = is_json.then(|| cardhost::core::value::parse(&text).ok()).flatten();
    read.unwrap_or(Value::String(text))
}

/// A variable of the environment.
pub(crate) fn of_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn connector() -> Connector {
        serde_json::from_value(json!({
            "format": 1, "name": "shop", "version": "1.0.0", "title": "Shop",
            "connection": { "fields": {
                "Site: Name": { "type": "text", "required": true }, "API Token": { "type": "secret", "required": true },
                "Port": { "type": "number", "required": true, "default": 80 }, "Region": { "type": "text" },
                "Late": { "type": "text", "required": true, "visibleWhen": { "connection.Region": ["x"] } },
            } },
            "auth": {}, "targets": {},
        }))
        .unwrap()
    }

    fn read(set: &[(&str, &str)]) -> Result<Value, String> {
        let value_of = |name: &str| {
            set.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
        };
        fields("P", &connector(), &value_of).map(Value::Object).map_err(|error| error.message())
    }

    #[test]
    fn each_field_has_its_variable_and_missing_ones_are_named() {
        let set =
            [("P_SITE_NAME", "1"), ("P_API_TOKEN", "{}"), ("P_PORT", "8080"), ("P_OTHER", "")];
        assert_eq!(read(&set), Ok(json!({ "Site: Name": "1", "API Token": "{}", "Port": 8080 })));
        assert_eq!(
            read(&[("P_SITE_NAME", ""), ("P_REGION", "x")]),
            Err("environment variables `P_SITE_NAME`, `P_API_TOKEN` are not set".to_owned())
        );
        assert_eq!(
            read(&[("P_SITE_NAME", "x")]),
            Err("environment variable `P_API_TOKEN` is not set".to_owned())
        );
    }

    #[test]
    fn a_prefix_is_a_name() {
        let read = |text: &str| prefix(Path::new(text)).map(Result::ok);
        assert_eq!(read("env:SHOP_"), Some(Some("SHOP".to_owned())));
        for text in ["env:", "env:_", "env:1A", "env:A-B", "env:A B", "env:Ä"] {
            assert_eq!(read(text), Some(None), "{text}");
        }
        for text in ["env", "prod", "./env:x", "environment.json"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
