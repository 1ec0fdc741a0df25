//! A connector to begin with: one target, one way to log in, and its Custom API Action.

use cardhost_core::label::label;
use serde_json::{Map, Value, json};

use super::curl::{CurlCommand, Login};

/// How a connector's connections log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthDraft {
    /// A token in `Authorization: Bearer …`.
    Bearer,
    /// A user name and a password.
    Basic,
    /// A key in a header of this name.
    Header(String),
    /// A key in a parameter of this name.
    Query(String),
    /// Nothing.
    None,
}

/// A connector's files to begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorDraft {
    /// The text of `connector.json`.
    pub connector: String,
    /// The text of `custom-api-action.json`.
    pub custom_api_action: String,
}

impl AuthDraft {
    /// As a pasted command logs in; a token where that cannot be seen.
    #[must_use]
    pub fn of(command: &CurlCommand) -> AuthDraft {
        match &command.login {
            None | Some(Login::Bearer) => AuthDraft::Bearer,
            Some(Login::Basic) => AuthDraft::Basic,
            Some(Login::Header(name)) => AuthDraft::Header(name.clone()),
            Some(Login::Query(name)) => AuthDraft::Query(name.clone()),
        }
    }
}

impl CurlCommand {
    /// What of the URL is likely to be the same for every request: the origin, and segments such as `api` and `v2`.
    #[must_use]
    pub fn base(&self) -> String {
        let mut base = self.origin.clone();
        for segment in self.path.split('/').skip(1) {
            let is_version = segment.strip_prefix('v').is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            });
            let is_common = is_version || matches!(segment, "api" | "rest" | "services");
            if !is_common {
                break;
            }
            base.push('/');
            base.push_str(segment);
        }
        base
    }
}

/// A connector by its name.
#[must_use]
pub fn connector(name: &str, base: &str, auth: &AuthDraft) -> ConnectorDraft {
    let title = label(name);
    let (method, scheme, fields) = method(auth, &title);
    let connector = json!({
        "format": 1,
        "name": name,
        "version": "1.0.0",
        "title": title,
        "description": format!("{title}: say in a sentence what the service is for."),
        "connection": { "fields": fields },
        "auth": { method: scheme },
        "targets": {
            "API": { "description": format!("The API of {title}."), "auth": [method], "base": base },
        },
        "errors": [
            { "status": [401, 403], "code": "auth.refused" },
            { "status": [404], "code": "http.not_found" },
            { "status": [429], "code": "http.rate_limited", "retry": "after" },
            { "status": [500, 502, 503, 504], "code": "http.transient", "retry": "if_safe" },
        ],
    });
    let connection: Map<String, Value> = fields_of(&connector)
        .map(|(label, kind)| {
            (label.clone(), json!(if kind == "secret" { "made-up-secret" } else { "example" }))
        })
        .collect();
    ConnectorDraft {
        custom_api_action: text(&custom_api_action(&title, &connection)),
        connector: text(&connector),
    }
}

fn text(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

fn fields_of(connector: &Value) -> impl Iterator<Item = (&String, &str)> {
    let fields = connector.pointer("/connection/fields").and_then(Value::as_object);
    fields.into_iter().flatten().map(|(label, field)| {
        (label, field.get("type").and_then(Value::as_str).unwrap_or_default())
    })
}

/// The name of the method, the method, and the fields that it needs.
fn method(auth: &AuthDraft, title: &str) -> (&'static str, Value, Value) {
    let secret = |description: String| json!({ "type": "secret", "required": true, "description": description });
    let key = |place: &str, name: &str| {
        let scheme = json!({ "scheme": "api_key", "in": place, "name": name, "value": "<<connection.API Key>>" });
        ("api key", scheme, json!({ "API Key": secret(format!("API key of {title}.")) }))
    };
    match auth {
        AuthDraft::Bearer => (
            "token",
            json!({ "scheme": "bearer", "token": "<<connection.API Token>>" }),
            json!({ "API Token": secret(format!("API token of {title}.")) }),
        ),
        AuthDraft::Basic => (
            "user",
            json!({ "scheme": "basic", "username": "<<connection.Username>>", "password": "<<connection.Password>>" }),
            json!({
                "Username": { "type": "text", "required": true, "description": format!("User name at {title}.") },
                "Password": secret(format!("Password at {title}.")),
            }),
        ),
        AuthDraft::Header(name) => key("header", name),
        AuthDraft::Query(name) => key("query", name),
        AuthDraft::None => ("none", json!({ "scheme": "none" }), json!({})),
    }
}

fn custom_api_action(title: &str, connection: &Map<String, Value>) -> Value {
    json!({
        "format": 1,
        "name": "custom-api-action",
        "version": "1.0.0",
        "title": "Custom API Action",
        "description": format!("Send any authenticated request to {title} and get the reply as it is."),
        "options": {
            "Request Type": {
                "type": "dropdown",
                "required": true,
                "choices": ["GET", "POST", "PUT", "PATCH", "DELETE"],
                "description": "HTTP method of the request.",
            },
        },
        "input": {
            "Request": {
                "Relative URL": {
                    "type": "text",
                    "format": "relative-url",
                    "required": true,
                    "description": "Path after the base URL, perhaps with a query.",
                },
                "Query": { "type": "object", "description": "Further query parameters." },
                "Headers": {
                    "type": "object",
                    "deny": [
                        "authorization", "proxy-authorization", "cookie", "host", "content-length",
                        "transfer-encoding", "connection", "upgrade", "te", "trailer",
                    ],
                    "description": "Further request headers.",
                },
                "Body": {
                    "type": "object",
                    "accepts": ["list"],
                    "visibleWhen": { "options.Request Type": ["POST", "PUT", "PATCH"] },
                    "description": "JSON body of the request.",
                },
            },
        },
        "request": {
            "target": "API",
            "method": "<<options.Request Type>>",
            "path": "<<input.Request.Relative URL>>",
            "query": "<<input.Request.Query?>>",
            "headers": "<<input.Request.Headers?>>",
            "body": { "json": "<<input.Request.Body?>>" },
        },
        "effect": {
            "by": "options.Request Type",
            "GET": "read",
            "PUT": "idempotent",
            "DELETE": "destructive",
            "else": "write",
        },
        "response": { "httpError": "return" },
        "output": {
            "Response": {
                "Status Code": { "type": "number", "value": "<<response.status>>", "description": "HTTP status of the reply." },
                "Headers": { "type": "object", "value": "<<response.headers>>", "description": "Headers of the reply, names in lower case." },
                "Body": { "type": "any", "value": "<<response.body?>>", "description": "What the service sent back." },
            },
        },
        "examples": [{
            "name": "read something",
            "connection": connection,
            "options": { "Request Type": "GET" },
            "input": { "Request": { "Relative URL": "/" } },
            "reply": { "status": 200, "body": {} },
        }],
        "antiExamples": [{
            "name": "a path that leads elsewhere",
            "input": { "Request": { "Relative URL": "//other.example/" } },
            "error": "url.outside_base",
        }],
    })
}
