//! The scripted services themselves.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use serde_json::{Value, json};

use super::analytics::Analytics;
use super::warehouse::{Stage, Warehouse};
use super::{Answered, Misbehaviour, Service};
use crate::peers::Server;
use crate::support::{Message, exchange};
use crate::warehouse;

/// `robot:canary-5ecret` in base64.
const CREDENTIALS: &str = "Basic cm9ib3Q6Y2FuYXJ5LTVlY3JldA==";
const SOURCES: &str = "/projects/1/warehouse-sources";

/// The warehouse behind Prism; `None` where Prism cannot be had.
fn judged() -> Option<(Service<Warehouse>, Arc<Server>)> {
    let prism = warehouse::prism()?;
    Some((Service::start(Warehouse::new(), Some(&prism.base_url)), prism))
}

fn request(method: &str, path: &str, body: &Value) -> Vec<u8> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: {CREDENTIALS}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn ask<M: super::Model>(
    service: &Service<M>,
    method: &str,
    path: &str,
    body: &Value,
) -> (Message, Value) {
    let reply = exchange(service.url(), &request(method, path, body));
    let message = Message::parse(&String::from_utf8(reply).unwrap());
    let body = serde_json::from_str(&message.body).unwrap_or_default();
    (message, body)
}

fn orders() -> Value {
    let tables = json!([{ "tableName": "shop.orders", "importType": "event" }]);
    json!({ "name": "Orders", "type": "snowflake", "connectionDetails": {}, "tables": tables })
}

#[test]
fn a_source_is_there_once_it_was_created_and_not_before() {
    let Some((service, _prism)) = judged() else { return };
    assert_eq!(ask(&service, "GET", SOURCES, &Value::Null).1, json!({ "results": [] }));
    let (_, created) = ask(&service, "POST", SOURCES, &orders());
    let source = json!({
        "id": "wh_1", "name": "Orders", "type": "snowflake", "status": "active", "schedule": "hourly",
        "createdAt": "2026-11-21T09:00:00Z",
    });
    assert_eq!(created, source);
    assert_eq!(ask(&service, "GET", SOURCES, &Value::Null).1, json!({ "results": [source] }));
    let (_, tables) = ask(&service, "GET", &format!("{SOURCES}/wh_1/tables"), &Value::Null);
    assert_eq!(tables["results"][0]["tableName"], "shop.orders");
    let book = service.book();
    assert_eq!(book.done(), [format!("POST {SOURCES} {}", orders())]);
    let seen = [
        &format!("GET {SOURCES}"),
        &book.done()[0],
        &format!("GET {SOURCES}"),
        &format!("GET {SOURCES}/wh_1/tables"),
    ];
    assert_eq!(book.seen().iter().collect::<Vec<_>>(), seen);
}

#[test]
fn the_third_trigger_is_accepted_and_its_run_is_over_at_the_third_look() {
    let Some((service, _prism)) = judged() else { return };
    ask(&service, "POST", SOURCES, &orders());
    let runs = format!("{SOURCES}/wh_1/runs");
    for _ in 0..2 {
        let (message, body) = ask(&service, "POST", &runs, &Value::Null);
        assert_eq!((message.status(), message.header("retry-after")), (429, vec!["0"]));
        assert_eq!(body["error"], "too many runs triggered");
    }
    assert_eq!(ask(&service, "GET", &runs, &Value::Null).1, json!({ "results": [] }));
    let (message, body) = ask(&service, "POST", &runs, &Value::Null);
    assert_eq!((message.status(), &body["id"]), (200, &json!("run_1")));
    for status in [None, Some("running"), Some("completed"), Some("completed")] {
        let (_, body) = ask(&service, "GET", &runs, &Value::Null);
        assert_eq!(body["results"][0]["id"], "run_1");
        assert_eq!(body["results"][0]["status"].as_str(), status);
    }
    assert_eq!(service.book().done()[1..], [format!("POST {runs}")]);
}

#[test]
fn what_the_judge_refuses_is_not_carried_out() {
    let Some((service, _prism)) = judged() else { return };
    let (message, _) =
        ask(&service, "POST", SOURCES, &json!({ "name": "Orders", "type": "oracle" }));
    assert_eq!(message.status(), 400);
    assert_eq!(message.header("sl-violations").len(), 1);
    let book = service.book();
    assert_eq!((book.seen().len(), book.done().len(), book.model.sources.len()), (1, 0, 0));
}

/// Sends a request, waits until it is held, and hangs up; what had come by then.
fn hang_up(service: &Service<Warehouse>, method: &str, path: &str, body: &Value) -> String {
    let mut stream = TcpStream::connect(service.url().strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(&request(method, path, body)).unwrap();
    service.wait_for_held();
    stream.set_nonblocking(true).unwrap();
    let mut come = Vec::new();
    // It ends with "would block": nothing more has come.
    let _ = stream.read_to_end(&mut come);
    drop(stream);
    drop(service.book());
    String::from_utf8(come).unwrap()
}

#[test]
fn a_request_is_held_before_or_after_it_was_carried_out_or_with_its_reply() {
    for how in Misbehaviour::WITHOUT_REPLY.into_iter().chain([Misbehaviour::AfterReply]) {
        let service = Service::start(Warehouse::new(), None);
        service.misbehave(1, how);
        ask(&service, "GET", SOURCES, &Value::Null);
        let come = hang_up(&service, "POST", SOURCES, &orders());
        let book = service.book();
        assert_eq!(book.seen().len(), 2, "{how:?}");
        match how {
            Misbehaviour::BeforeDoing => assert_eq!((come.as_str(), book.done().len()), ("", 0)),
            Misbehaviour::AfterDoing => assert_eq!((come.as_str(), book.done().len()), ("", 1)),
            Misbehaviour::HalfReply => {
                assert_eq!(book.done().len(), 1);
                let (head, body) = come.split_once("\r\n\r\n").unwrap_or((&come, ""));
                assert!(head.starts_with("HTTP/1.1 200"), "{come}");
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length = length.and_then(|length| length.parse::<usize>().ok());
                assert!(length.is_none_or(|length| body.len() < length), "{come}");
            }
            Misbehaviour::AfterReply => {
                assert_eq!(book.done().len(), 1);
                assert!(come.ends_with(r#""createdAt":"2026-11-21T09:00:00Z"}"#), "{come}");
            }
        }
        drop(book);
        // The order was for that request alone.
        let (_, body) = ask(&service, "GET", SOURCES, &Value::Null);
        let created = how != Misbehaviour::BeforeDoing;
        assert_eq!(body["results"].as_array().unwrap().len(), usize::from(created), "{how:?}");
    }
}

#[test]
fn a_look_that_nobody_saw_changes_nothing() {
    for how in Misbehaviour::WITHOUT_REPLY {
        let mut warehouse = Warehouse::new();
        (warehouse.busy, warehouse.course) = (1, vec![Stage::Running, Stage::Completed]);
        let service = Service::start(warehouse, None);
        let runs = format!("{SOURCES}/wh_1/runs");
        ask(&service, "POST", SOURCES, &orders());
        // A refusal too is told again.
        service.misbehave(1, how);
        hang_up(&service, "POST", &runs, &Value::Null);
        assert_eq!(ask(&service, "POST", &runs, &Value::Null).0.status(), 429, "{how:?}");
        assert_eq!(ask(&service, "POST", &runs, &Value::Null).0.status(), 200, "{how:?}");
        service.misbehave(4, how);
        hang_up(&service, "GET", &runs, &Value::Null);
        for status in ["running", "completed"] {
            let (_, body) = ask(&service, "GET", &runs, &Value::Null);
            assert_eq!(body["results"][0]["status"], status, "{how:?}");
        }
    }
}

#[test]
fn one_request_can_be_answered_otherwise() {
    let service = Service::start(Warehouse::new(), None);
    service.book().instead(1, Answered::error(503, "later"));
    for status in [200, 503, 200] {
        let (message, _) = ask(&service, "POST", SOURCES, &orders());
        assert_eq!(message.status(), status);
    }
    assert_eq!(service.book().done().len(), 2);
}

#[test]
fn an_event_is_found_once_the_search_sees_and_is_kept_once() {
    let service = Service::start(Analytics { blind: 1, ..Analytics::default() }, None);
    let event =
        json!([{ "event": "Signed up", "properties": { "token": "t", "$insert_id": "i1" } }]);
    let search = "/?event=%5B%22Signed%20up%22%5D";
    for _ in 0..2 {
        assert_eq!(ask(&service, "POST", "/track?verbose=1", &event).1["status"], 1);
    }
    assert_eq!(ask(&service, "GET", search, &Value::Null).0.body, "");
    let found = "{\"event\":\"Signed up\",\"properties\":{\"$insert_id\":\"i1\"}}\n";
    assert_eq!(ask(&service, "GET", search, &Value::Null).0.body, found);
    assert_eq!(ask(&service, "GET", "/?event=%5B%22Other%22%5D", &Value::Null).0.body, "");
    assert_eq!(service.book().done().len(), 2);
}

#[test]
fn a_profile_is_updated_or_refused() {
    let refused = vec![("user-2".to_owned(), "no such plan")];
    let service = Service::start(Analytics { refused, ..Analytics::default() }, None);
    for (id, status) in [("user-1", 1), ("user-2", 0)] {
        let (_, body) = ask(&service, "POST", "/engage", &json!([{ "$distinct_id": id }]));
        assert_eq!(body["status"], status);
    }
    assert_eq!(service.book().done(), [r#"POST /engage [{"$distinct_id":"user-1"}]"#]);
}
