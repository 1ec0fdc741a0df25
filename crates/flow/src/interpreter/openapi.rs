//! An operation of an OpenAPI 3.x or Swagger 2.0 document, by its id: enough to call it.
//!
//! Left out: serialization styles other than the defaults, references to other documents, security
//! schemes (the call's own authentication counts). An importer makes cards of a document; use those.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use url::Url;

use super::http::HttpRequest;
use crate::document::call::ReplyAs;
use crate::problem::{Problem, Standard};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

fn wrong(detail: String) -> Problem {
    Problem::new(Standard::Configuration, "the operation cannot be called", detail)
}

/// The request of an operation with its parameters.
///
/// # Errors
/// A configuration error where the document lacks what is needed.
pub(super) fn request(
    document: &Value,
    document_url: &str,
    operation_id: &str,
    parameters: &Map<String, Value>,
) -> Result<HttpRequest, Problem> {
    let (path, method, item, operation) = find(document, operation_id)?;
    let mut url = base(document, document_url)?;
    let mut headers = Vec::new();
    let mut query = Vec::new();
    let mut form = Map::new();
    let mut body = parameters.get("body").cloned();
    let mut path = path.to_owned();
    let declared = [item.get("parameters"), operation.get("parameters")];
    for parameter in declared.into_iter().flatten().filter_map(Value::as_array).flatten() {
        let parameter = resolve(document, parameter);
        let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
        let (name, place) = (text("name"), text("in"));
        let Some(value) = parameters.get(name).filter(|value| !value.is_null()) else {
            if parameter.get("required") == Some(&Value::Bool(true)) && place != "body" {
                return Err(wrong(format!("parameter `{name}` is missing")));
            }
            continue;
        };
        match place {
            "path" => {
                let value = utf8_percent_encode(&plain(value), NON_ALPHANUMERIC).to_string();
                path = path.replace(&format!("{{{name}}}"), &value);
            }
            "query" => match value {
                Value::Array(items) => {
                    query.extend(items.iter().map(|item| (name.to_owned(), plain(item))));
                }
                other => query.push((name.to_owned(), plain(other))),
            },
            "header" => headers.push((name.to_owned(), plain(value))),
            "body" => body = Some(value.clone()),
            "formData" => {
                form.insert(name.to_owned(), value.clone());
            }
            _ => {}
        }
    }
    if !form.is_empty() {
        let pairs = form.iter().map(|(key, value)| (key.as_str(), plain(value)));
        let encoded =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        body = Some(Value::String(encoded));
    }
    let joined = [url.path().trim_end_matches('/'), &path].concat();
    url.set_path(&joined);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(HttpRequest {
        method: method.to_uppercase(),
        url: url.to_string(),
        headers,
        body,
        authentication: None,
        output: ReplyAs::Content,
        redirect: false,
    })
}

type Found<'d> = (&'d str, &'d str, &'d Value, &'d Value);

fn find<'d>(document: &'d Value, id: &str) -> Result<Found<'d>, Problem> {
    let paths = document.get("paths").and_then(Value::as_object);
    let mut known = Vec::new();
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let found = operation.get("operationId").and_then(Value::as_str);
            if !METHODS.contains(&method.as_str()) {
                continue;
            }
            match found {
                Some(found) if found == id => return Ok((path, method, item, operation)),
                Some(found) => known.push(found),
                None => {}
            }
        }
    }
    let nearest = cardhost_core::text::nearest(id, known.into_iter());
    let hint = nearest.map(|name| format!(", did you mean `{name}`?")).unwrap_or_default();
    Err(wrong(format!("the document has no operation `{id}`{hint}")))
}

/// Where the operations are: the first server, or host and base path of Swagger 2.0.
fn base(document: &Value, document_url: &str) -> Result<Url, Problem> {
    let from = Url::parse(document_url).map_err(|error| wrong(error.to_string()))?;
    let text = |key: &str| document.get(key).and_then(Value::as_str);
    if let Some(server) = document.pointer("/servers/0") {
        let mut url = server.get("url").and_then(Value::as_str).unwrap_or_default().to_owned();
        let variables = server.get("variables").and_then(Value::as_object);
        for (name, variable) in variables.into_iter().flatten() {
            let value = variable.get("default").and_then(Value::as_str).unwrap_or_default();
            url = url.replace(&format!("{{{name}}}"), value);
        }
        return from.join(&url).map_err(|error| wrong(error.to_string()));
    }
    let schemes = document.get("schemes").and_then(Value::as_array);
    let schemes: Vec<&str> = schemes.into_iter().flatten().filter_map(Value::as_str).collect();
    let scheme = match schemes.contains(&from.scheme()) || schemes.is_empty() {
        true => from.scheme(),
        false => schemes[0],
    };
    let authority = match text("host") {
        Some(host) => host.to_owned(),
        None => from.authority().to_owned(),
    };
    let url = format!("{scheme}://{authority}{}", text("basePath").unwrap_or_default());
    Url::parse(&url).map_err(|error| wrong(error.to_string()))
}

/// A parameter, or the one it refers to in the same document.
fn resolve<'d>(document: &'d Value, parameter: &'d Value) -> &'d Value {
    let reference = parameter.get("$ref").and_then(Value::as_str);
    let target = reference.and_then(|text| document.pointer(text.strip_prefix('#')?));
    target.unwrap_or(parameter)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call(document: &Value, id: &str, parameters: Value) -> Result<HttpRequest, Problem> {
        request(document, "https://h.example/v2/api.json", id, parameters.as_object().unwrap())
    }

    #[test]
    fn an_operation_of_either_version_becomes_a_request() {
        let three = json!({
            "openapi": "3.1.0",
            "servers": [{ "url": "/api/{v}", "variables": { "v": { "default": "v1" } } }],
            "components": { "parameters": { "id": { "name": "id", "in": "path", "required": true } } },
            "paths": { "/pet/{id}": {
                "parameters": [{ "$ref": "#/components/parameters/id" }],
                "post": { "operationId": "update", "parameters": [
                    { "name": "tag", "in": "query" }, { "name": "x-trace", "in": "header" }
                ] }
            } }
        });
        let request = call(
            &three,
            "update",
            json!({ "id": "a/b", "tag": ["x", "y z"], "x-trace": 1, "body": { "n": 1 } }),
        )
        .unwrap();
        assert_eq!(request.method, "POST");
        assert_eq!(request.url, "https://h.example/api/v1/pet/a%2Fb?tag=x&tag=y+z");
        assert_eq!(request.headers, [("x-trace".to_owned(), "1".to_owned())]);
        assert_eq!(request.body, Some(json!({ "n": 1 })));
        let missing = call(&three, "update", json!({})).unwrap_err();
        assert_eq!(missing.detail.as_deref(), Some("parameter `id` is missing"));
        let unknown = call(&three, "updat", json!({})).unwrap_err();
        assert_eq!(
            unknown.detail.as_deref(),
            Some("the document has no operation `updat`, did you mean `update`?")
        );
        let two = json!({
            "swagger": "2.0", "host": "pets.example", "basePath": "/v2", "schemes": ["http", "https"],
            "paths": { "/pet": { "post": { "operationId": "form", "parameters": [
                { "name": "a", "in": "formData" }
            ] } } }
        });
        let request = call(&two, "form", json!({ "a": "1 & 2" })).unwrap();
        assert_eq!(request.url, "https://pets.example/v2/pet");
        assert_eq!(request.body, Some(json!("a=1+%26+2")));
    }
}
