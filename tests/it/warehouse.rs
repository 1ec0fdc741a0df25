//! The eight warehouse cards against Prism, which judges each request by the API description they were made from.
//!
//! ```text
//! cardhost ─▶ a relay that keeps what arrives ─▶ Prism
//! ```

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::peers::{self, Server, Shared};
use crate::support::{
    Answer, Message, Ran, RawServer, assert_as_planned, cardhost, edited_mixpanel, exchange, path,
    skipped,
};

const SPEC: &str = "../shared/seeds/warehouse-connectors.openapi.yaml";
/// `robot:canary-5ecret` in base64.
const CREDENTIALS: &str = "Basic cm9ib3Q6Y2FuYXJ5LTVlY3JldA==";

/// Prism behind a relay.
struct Service {
    relay: RawServer,
    replies: Arc<Mutex<Vec<String>>>,
    prism: Arc<Server>,
}

/// Prism with the description that the cards were made from; `None` where it cannot be had, and then says why.
pub fn prism() -> Option<Arc<Server>> {
    static PRISM: Shared = Shared::new();
    let spec = path(SPEC);
    if !spec.is_file() {
        skipped("shared", &format!("{} is missing", spec.display()));
        return None;
    }
    PRISM.get(|| peers::prism(&spec))
}

/// A service for one test; `None` where it cannot be had, and then says why.
fn service() -> Option<Service> {
    let prism = prism()?;
    let replies = Arc::new(Mutex::new(Vec::new()));
    let (base, kept) = (prism.base_url.clone(), Arc::clone(&replies));
    let relay = RawServer::start(move |_, request| {
        let line_end = request.windows(2).position(|pair| pair == b"\r\n").unwrap() + 2;
        let (line, rest) = request.split_at(line_end);
        let reply = exchange(&base, &[line, b"connection: close\r\n", rest].concat());
        kept.lock().unwrap().push(String::from_utf8(reply.clone()).unwrap());
        Answer::Bytes(reply)
    });
    Some(Service { relay, replies, prism })
}

impl Service {
    fn run(&self, card: &str, invocation: &Value) -> Ran {
        self.command(&["run"], card, invocation)
    }

    /// A card of a copy of the connector.
    fn run_from(&self, cards: &TempDir, card: &str, invocation: &Value) -> Ran {
        self.command(&["run", "--cards", cards.path().to_str().unwrap()], card, invocation)
    }

    fn command(&self, words: &[&str], card: &str, invocation: &Value) -> Ran {
        let card = format!("mixpanel/{card}");
        let mut args = words.to_vec();
        args.extend([card.as_str(), "--base", &self.relay.url, "--errors", "json"]);
        cardhost(&args, &invocation.to_string())
    }

    /// The only request so far, and the reply that it got.
    fn exchanged(&self) -> (Message, Message) {
        let (requests, replies) = (self.relay.requests(), self.replies.lock().unwrap());
        assert_eq!((requests.len(), replies.len()), (1, 1), "{requests:?}");
        (Message::parse(&requests[0]), Message::parse(&replies[0]))
    }

    /// The JSON that Prism gives for a request of our own making.
    fn told_directly(&self, method: &str, path: &str, body: &str) -> Value {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: prism\r\nauthorization: {CREDENTIALS}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let reply = exchange(&self.prism.base_url, request.as_bytes());
        let reply = Message::parse(&String::from_utf8(reply).unwrap());
        assert_eq!(reply.status(), 200, "{reply:?}");
        if reply.body.is_empty() { Value::Null } else { serde_json::from_str(&reply.body).unwrap() }
    }
}

fn connection() -> Value {
    json!({ "fields": { "Service Account: Username": "robot", "Service Account: Secret": "canary-5ecret" } })
}

fn invocation(input: &Value) -> Value {
    json!({ "connection": connection(), "input": input })
}

/// An input that fits `create-warehouse-source`, with one part put in or replaced.
fn source_with(pointer: &str, value: Value) -> Value {
    let mut input = json!({
        "Path": { "projectId": 2195193 },
        "Body": {
            "name": "Orders",
            "type": "snowflake",
            "connectionDetails": { "account": "acme", "password": "warehouse-canary" },
            "tables": [{ "tableName": "shop.orders", "importType": "event" }],
        },
    });
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = input.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => drop(parent.shift_remove(key)),
        value => drop(parent.insert(key.to_owned(), value)),
    }
    input
}

fn stderr_json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stderr).unwrap_or_else(|_| panic!("{ran:?}"))
}

/// Runs a card that Prism accepts and compares what was sent with the plan, and the outputs with Prism's own JSON.
fn accepted(card: &str, input: &Value, method: &str, path: &str, body: &str, group: Option<&str>) {
    let Some(service) = service() else { return };
    let invocation = invocation(input);
    let ran = service.run(card, &invocation);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");

    let (request, reply) = service.exchanged();
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.header("sl-violations"), Vec::<&str>::new());
    assert_eq!((request.method(), request.target()), (method, path));
    assert_eq!(request.body, body);
    assert_eq!(request.header("authorization"), [CREDENTIALS]);
    let plan = service.command(&["plan", "--json"], card, &invocation);
    assert!(!plan.stdout.contains("canary"), "{}", plan.stdout);
    assert_as_planned(&request, &serde_json::from_str(&plan.stdout).unwrap());

    let told = service.told_directly(method, path, body);
    let output: Value = serde_json::from_str(&ran.stdout).unwrap();
    let expected = match group {
        Some(group) => json!({ group: told }),
        None => json!({ "Response": { "Status Code": 200 } }),
    };
    assert_eq!(output, expected);
    assert_every_declared_field(card, &output);
}

/// Every output field that the card declares is there, and so is every field of a list's items.
fn assert_every_declared_field(card: &str, output: &Value) {
    let text = std::fs::read(path(&format!("cards/mixpanel/{card}.json"))).unwrap();
    let card: Value = serde_json::from_slice(&text).unwrap();
    for (group, fields) in card["output"].as_object().unwrap() {
        for (label, field) in fields.as_object().unwrap() {
            let value = &output[group][label];
            assert!(!value.is_null(), "{group}.{label} in {output}");
            let Some(inner) = field.get("fields") else { continue };
            for label in inner.as_object().unwrap().keys() {
                assert!(!value[0][label].is_null(), "{label} in {value}");
            }
        }
    }
}

#[test]
fn list_warehouse_sources_gives_what_the_service_sent() {
    let input = json!({ "Path": { "projectId": 2195193 } });
    let path = "/projects/2195193/warehouse-sources";
    accepted("list-warehouse-sources", &input, "GET", path, "", Some("Response"));
}

#[test]
fn create_warehouse_source_gives_what_the_service_sent() {
    let body = json!({
        "name": "Orders \"2026\"",
        "type": "postgresql",
        "schedule": "weekly",
        "connectionDetails": { "host": "db.example", "port": 5432, "password": "warehouse-canary" },
        "tables": [
            { "tableName": "shop.orders", "importType": "event", "eventNameColumn": "kind",
              "distinctIdColumn": "customer", "timeColumn": "at" },
            { "tableName": "shop.größen", "importType": "lookup_table" },
        ],
    });
    let input = json!({ "Path": { "projectId": 7615917337495251231_u64 }, "Body": body });
    let path = "/projects/7615917337495251231/warehouse-sources";
    let text = body.to_string();
    accepted("create-warehouse-source", &input, "POST", path, &text, Some("Warehouse Source"));
}

#[test]
fn create_warehouse_source_leaves_out_what_is_not_given() {
    let input = source_with("/Body/tables", Value::Null);
    let body = r#"{"name":"Orders","type":"snowflake","connectionDetails":{"account":"acme","password":"warehouse-canary"}}"#;
    let path = "/projects/2195193/warehouse-sources";
    accepted("create-warehouse-source", &input, "POST", path, body, Some("Warehouse Source"));
}

#[test]
fn null_in_a_field_of_a_table_is_left_out_as_it_is_elsewhere() {
    let table = json!({ "tableName": "shop.orders", "importType": "event", "timeColumn": null });
    let input = json!({
        "Path": { "projectId": 1, "sourceId": "wh_1" },
        "Body": { "name": null, "tables": [table] },
    });
    let body = r#"{"tables":[{"tableName":"shop.orders","importType":"event"}]}"#;
    let path = "/projects/1/warehouse-sources/wh_1";
    accepted("update-warehouse-source", &input, "PATCH", path, body, Some("Warehouse Source"));
}

#[test]
fn get_warehouse_source_gives_what_the_service_sent() {
    let input = json!({ "Path": { "projectId": 1, "sourceId": "a/b c?d#é%2F" } });
    let path = "/projects/1/warehouse-sources/a%2Fb%20c%3Fd%23%C3%A9%252F";
    accepted("get-warehouse-source", &input, "GET", path, "", Some("Warehouse Source"));
}

#[test]
fn update_warehouse_source_gives_what_the_service_sent() {
    let body = json!({
        "name": "Orders",
        "schedule": "hourly",
        "tables": [{ "tableName": "shop.users", "importType": "user", "distinctIdColumn": "id" }],
    });
    let input = json!({ "Path": { "projectId": 1, "sourceId": "wh_1" }, "Body": body });
    let path = "/projects/1/warehouse-sources/wh_1";
    let text = body.to_string();
    accepted("update-warehouse-source", &input, "PATCH", path, &text, Some("Warehouse Source"));
}

#[test]
fn update_warehouse_source_without_changes_sends_an_empty_object() {
    let input = json!({ "Path": { "projectId": 1, "sourceId": "wh_1" } });
    let path = "/projects/1/warehouse-sources/wh_1";
    accepted("update-warehouse-source", &input, "PATCH", path, "{}", Some("Warehouse Source"));
}

#[test]
fn delete_warehouse_source_gives_the_status_of_a_reply_without_a_body() {
    let input = json!({ "Path": { "projectId": 1, "sourceId": "wh_1" } });
    let path = "/projects/1/warehouse-sources/wh_1";
    accepted("delete-warehouse-source", &input, "DELETE", path, "", None);
}

#[test]
fn list_warehouse_tables_gives_what_the_service_sent() {
    let input = json!({ "Path": { "projectId": 1, "sourceId": "wh_1" } });
    let path = "/projects/1/warehouse-sources/wh_1/tables";
    accepted("list-warehouse-tables", &input, "GET", path, "", Some("Response"));
}

#[test]
fn list_warehouse_runs_gives_what_the_service_sent() {
    let input = json!({ "Path": { "projectId": 1, "sourceId": "wh_1" } });
    let path = "/projects/1/warehouse-sources/wh_1/runs";
    accepted("list-warehouse-runs", &input, "GET", path, "", Some("Response"));
}

#[test]
fn trigger_warehouse_run_gives_what_the_service_sent() {
    let input = json!({ "Path": { "projectId": 1, "sourceId": "wh_1" } });
    let path = "/projects/1/warehouse-sources/wh_1/runs";
    accepted("trigger-warehouse-run", &input, "POST", path, "", Some("Warehouse Run"));
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_sent() {
    let Some(service) = service() else { return };
    let table = |value: Value| {
        source_with("/Body/tables", json!([{ "tableName": "a", "importType": "user" }, value]))
    };
    let cases = [
        (source_with("/Body/type", json!("oracle")), "input.choice", "/input/Body/type", "type"),
        (
            source_with("/Body/schedule", json!("Daily")),
            "input.choice",
            "/input/Body/schedule",
            "schedule",
        ),
        (source_with("/Body/name", Value::Null), "input.required", "/input/Body", "name"),
        (source_with("/Body/name", json!("")), "input.required", "/input/Body", "name"),
        (source_with("/Body/name", json!(7)), "input.type", "/input/Body/name", "name"),
        (
            source_with("/Body/connectionDetails", Value::Null),
            "input.required",
            "/input/Body",
            "connectionDetails",
        ),
        (
            source_with("/Body/connectionDetails", json!("dsn")),
            "input.type",
            "/input/Body/connectionDetails",
            "connectionDetails",
        ),
        (source_with("/Body/nmae", json!("x")), "input.unknown", "/input/Body", "nmae"),
        (source_with("/Path/projectId", Value::Null), "input.required", "/input/Path", "projectId"),
        (
            source_with("/Path/projectId", json!(2.5)),
            "input.format",
            "/input/Path/projectId",
            "projectId",
        ),
        (
            source_with("/Path/projectId", json!("2195193")),
            "input.type",
            "/input/Path/projectId",
            "projectId",
        ),
        (
            table(json!({ "tableName": "b", "importType": "user", "column": "x" })),
            "input.unknown",
            "/input/Body/tables/1",
            "column",
        ),
        (
            table(json!({ "tableName": "b" })),
            "input.required",
            "/input/Body/tables/1",
            "importType",
        ),
        (
            table(json!({ "tableName": "b", "importType": "events" })),
            "input.choice",
            "/input/Body/tables/1/importType",
            "importType",
        ),
        (
            table(json!({ "tableName": 7, "importType": "user" })),
            "input.type",
            "/input/Body/tables/1/tableName",
            "tableName",
        ),
        (table(json!("shop.orders")), "input.type", "/input/Body/tables/1", "1"),
    ];
    for (input, code, pointer, field) in cases {
        let ran = service.run("create-warehouse-source", &invocation(&input));
        assert_eq!((ran.code, ran.stdout.as_str()), (4, ""), "{input} {ran:?}");
        let error = stderr_json(&ran);
        assert_eq!(error["code"], code, "{input} {error}");
        assert_eq!(error["where"], json!({ "pointer": pointer, "field": field }), "{input}");
        assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
    }
    // The warehouse cards take no date; the card beside them that does is refused in the same way.
    let event = json!({ "Start Date": "2026-02-30", "End Date": "2026-03-01" });
    let search = json!({
        "connection": connection(),
        "options": { "Project ID": 1 },
        "input": { "Event": event },
    });
    let ran = service.run("search-track-events", &search);
    assert_eq!(ran.code, 4);
    let error = stderr_json(&ran);
    assert_eq!(error["code"], "input.format", "{error}");
    assert_eq!(error["where"]["pointer"], "/input/Event/Start Date");
    assert_eq!(service.relay.requests(), Vec::<String>::new());
}

#[test]
fn a_connection_without_a_service_account_is_refused_before_anything_is_sent() {
    let Some(service) = service() else { return };
    let input = json!({ "Path": { "projectId": 1 } });
    for (fields, lacks) in [
        (json!({}), "`Service Account: Username`, `Service Account: Secret`"),
        (
            json!({ "Project: Token": "canary-t", "Project: API Secret": "canary-a" }),
            "`Service Account: Username`, `Service Account: Secret`",
        ),
        (json!({ "Service Account: Username": "robot" }), "`Service Account: Secret`"),
        (
            json!({ "Service Account: Username": "", "Service Account: Secret": "canary" }),
            "`Service Account: Username`",
        ),
    ] {
        let ran = service.run(
            "list-warehouse-sources",
            &json!({ "connection": { "fields": fields }, "input": input }),
        );
        assert_eq!((ran.code, ran.stdout.as_str()), (5, ""), "{ran:?}");
        let error = stderr_json(&ran);
        assert_eq!(error["code"], "auth.missing");
        assert_eq!(error["where"]["pointer"], "/connection");
        let message = error["message"].as_str().unwrap();
        assert!(message.ends_with(&format!("`service account` lacks {lacks}")), "{message}");
        assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
    }
    assert_eq!(service.relay.requests(), Vec::<String>::new());
}

#[test]
fn credentials_of_the_wrong_scheme_or_none_are_refused_by_the_service() {
    let bearer = json!({ "scheme": "bearer", "token": "<<connection.Service Account: Secret>>" });
    for (scheme, arrives) in
        [(json!({ "scheme": "none" }), vec![]), (bearer, vec!["Bearer canary-5ecret"])]
    {
        let Some(service) = service() else { return };
        let cards = edited_mixpanel(|name, value| {
            if name == "connector" {
                value["auth"]["service account"] = scheme.clone();
            }
        });
        let input = json!({ "Path": { "projectId": 1 } });
        let ran = service.run_from(&cards, "list-warehouse-sources", &invocation(&input));
        assert_eq!((ran.code, ran.stdout.as_str()), (5, ""), "{ran:?}");
        let error = stderr_json(&ran);
        assert_eq!(error["code"], "auth.refused", "{error}");
        assert_eq!(error["status"], 401);
        assert_eq!(error["retryable"], false);
        assert_eq!(error["response"]["body"], Value::Null);
        let violation = error["response"]["headers"]["sl-violations"].as_str().unwrap();
        assert!(violation.contains("Invalid security scheme used"), "{violation}");
        assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
        let (request, _) = service.exchanged();
        assert_eq!(request.header("authorization"), arrives);
    }
}

#[test]
fn failed_replies_become_the_errors_of_the_connector() {
    let read = json!({ "Path": { "projectId": 1, "sourceId": "wh_1" } });
    for (card, status, exit, code, retryable) in [
        ("trigger-warehouse-run", 429, 10, "http.rate_limited", true),
        ("get-warehouse-source", 404, 8, "http.status", false),
        ("list-warehouse-runs", 401, 5, "auth.refused", false),
        ("list-warehouse-tables", 404, 8, "http.status", false),
    ] {
        let Some(service) = service() else { return };
        let cards = edited_mixpanel(|name, value| {
            if name == card {
                value["request"]["headers"] = json!({ "Prefer": format!("code={status}") });
            }
        });
        let ran = service.run_from(&cards, card, &invocation(&read));
        assert_eq!((ran.code, ran.stdout.as_str()), (exit, ""), "{ran:?}");
        let error = stderr_json(&ran);
        assert_eq!(error["code"], code, "{error}");
        assert_eq!(error["status"], status);
        assert_eq!(error["retryable"], retryable);
        assert_eq!(error["message"], format!("the service answered {status}"));
        let (request, reply) = service.exchanged();
        assert_eq!(request.header("prefer"), [format!("code={status}")]);
        assert_eq!(reply.status(), status);
    }
}

#[test]
fn the_service_itself_refuses_what_the_cards_refuse() {
    // A copy of the card that checks nothing shows that the request would have been refused: the card's checks are the service's.
    let Some(service) = service() else { return };
    let cards = edited_mixpanel(|name, value| {
        if name == "create-warehouse-source" {
            value["input"]["Body"]["type"] = json!({ "type": "text", "required": true });
        }
    });
    let input = source_with("/Body/type", json!("oracle"));
    let ran = service.run_from(&cards, "create-warehouse-source", &invocation(&input));
    assert_eq!(ran.code, 8, "{ran:?}");
    let error = stderr_json(&ran);
    assert_eq!((&error["code"], &error["status"]), (&json!("http.bad_request"), &json!(400)));
    let violation = error["response"]["headers"]["sl-violations"].as_str().unwrap();
    assert!(violation.contains("\"type\"") && violation.contains("enum"), "{violation}");
    assert!(service.prism.log().contains("Request body property type must be equal to one of"));
}
