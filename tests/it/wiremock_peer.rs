//! WireMock does to a call what networks and services do: how often each request really arrived is in its journal.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::thread;

use serde_json::{Value, json};

use crate::oidc::send;
use crate::peers::{self, Server, Shared};
use crate::retries::{Service, ended, retries, run};

/// Java takes its time at first.
const PATIENCE: &str = "60s";

const CARDS: [&str; 6] = ["read", "put", "write", "write-keyed", "delete", "delete-keyed"];

const JSON: &str = "content-type: application/json\r\n";

static WIREMOCK: Shared = Shared::new();

/// What WireMock answers instead of what is asked for, and whether it says that nothing was done.
fn faults() -> [(&'static str, Value, bool); 12] {
    let status = |status: u16, headers: Value| json!({ "status": status, "headers": headers });
    let dribble = json!({ "numberOfChunks": 4, "totalDuration": 40 });
    [
        ("reset", json!({ "fault": "CONNECTION_RESET_BY_PEER" }), false),
        ("empty", json!({ "fault": "EMPTY_RESPONSE" }), false),
        ("chunk", json!({ "fault": "MALFORMED_RESPONSE_CHUNK" }), false),
        ("garbage", json!({ "fault": "RANDOM_DATA_THEN_CLOSE" }), false),
        (
            "dribble",
            json!({ "status": 200, "jsonBody": { "ok": true }, "chunkedDribbleDelay": dribble }),
            false,
        ),
        ("404", status(404, json!({})), false),
        ("409", status(409, json!({})), true),
        ("429", status(429, json!({})), true),
        ("429-after", status(429, json!({ "Retry-After": "2" })), true),
        ("429-hour", status(429, json!({ "Retry-After": "3600" })), true),
        ("503", status(503, json!({})), false),
        ("503-after", status(503, json!({ "Retry-After": "2" })), true),
    ]
}

/// One stub for each fault, how often it is met, and card. After one that is met once all is well.
fn teach(server: &Server) {
    let mut stubs = Vec::new();
    for (fault, reply, _) in faults() {
        for often in ["once", "always"] {
            for card in CARDS {
                let request = json!({ "urlPath": format!("/{fault}/{often}/{card}/things") });
                let scenario = format!("{fault} {often} {card}");
                let next = if often == "once" { "well" } else { "Started" };
                stubs.push(json!({
                    "request": request, "response": reply, "scenarioName": scenario,
                    "requiredScenarioState": "Started", "newScenarioState": next,
                }));
                stubs.push(json!({
                    "request": request, "response": { "status": 200, "jsonBody": { "ok": true } },
                    "scenarioName": scenario, "requiredScenarioState": "well",
                }));
            }
        }
    }
    let body = json!({ "mappings": stubs }).to_string();
    let taught = send(server, "POST", "/__admin/mappings/import", JSON, &body);
    assert_eq!(taught.status(), 200);
}

/// The idempotency keys of the requests that arrived, by path; none where a request had none.
fn journal(server: &Server) -> BTreeMap<String, Vec<Option<String>>> {
    let reply = send(server, "GET", "/__admin/requests", "", "");
    let journal: Value = serde_json::from_str(&reply.body).unwrap();
    let mut arrived: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for entry in journal["requests"].as_array().unwrap() {
        let request = &entry["request"];
        let headers = request["headers"].as_object().unwrap();
        let key = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"));
        let key = key.map(|(_, value)| value.as_str().unwrap().to_owned());
        arrived.entry(request["url"].as_str().unwrap().to_owned()).or_default().push(key);
    }
    arrived
}

#[test]
fn a_service_of_wiremock_that_says_nothing_in_time() {
    let Some(server) = WIREMOCK.get(peers::wiremock) else { return };
    let hour = 3_600_000;
    for (how, reply) in [
        ("head", json!({ "status": 200, "fixedDelayMilliseconds": hour })),
        (
            "body",
            json!({
                "status": 200, "jsonBody": { "ok": true },
                "chunkedDribbleDelay": { "numberOfChunks": 2, "totalDuration": hour },
            }),
        ),
    ] {
        let request = json!({ "urlPathPattern": format!("/silent-{how}/.*") });
        let stub = json!({ "request": request, "response": reply }).to_string();
        let taught = send(&server, "POST", "/__admin/mappings", JSON, &stub);
        assert_eq!(taught.status(), 201);
        for (card, times) in [("read", 3), ("write", 1)] {
            let service = Service::at(format!("{}/silent-{how}/{card}", server.base_url), "150ms");
            let end = ended(&run(&service.host(retries(), None), &format!("demo/{card}")));
            assert_eq!(end, "transport.timeout", "{how} {card}");
            // A request may come to its end before Java has looked at it: there are no more than these.
            let path = format!("/silent-{how}/{card}/things");
            let arrived = journal(&server).get(&path).map_or(0, Vec::len);
            assert!(arrived <= times, "{how} {card}: {arrived}");
        }
    }
}

#[test]
fn each_fault_of_wiremock_for_each_effect() {
    let Some(server) = WIREMOCK.get(peers::wiremock) else { return };
    teach(&server);
    let url = server.base_url.as_str();
    let calls = |fault: &'static str| {
        move || {
            let mut ends = Vec::new();
            for often in ["once", "always"] {
                for card in CARDS {
                    let service = Service::at(format!("{url}/{fault}/{often}/{card}"), PATIENCE);
                    let host = service.host(retries(), None);
                    ends.push((often, card, ended(&run(&host, &format!("demo/{card}")))));
                }
            }
            ends
        }
    };
    let ends: Vec<_> = thread::scope(|scope| {
        let begun: Vec<_> =
            faults().map(|(fault, ..)| (fault, scope.spawn(calls(fault)))).into_iter().collect();
        begun.into_iter().map(|(fault, calls)| (fault, calls.join().unwrap())).collect()
    });
    let arrived = journal(&server);
    let mut table = String::new();
    for ((fault, ends), (_, _, refuses)) in ends.iter().zip(faults()) {
        for (often, card, end) in ends {
            let keys = &arrived[&format!("/{fault}/{often}/{card}/things")];
            writeln!(table, "{fault:<9} {often:<6} {card:<12} {} {end}", keys.len()).unwrap();
            assert!(keys.iter().all(|key| key == &keys[0]), "{fault} {card}: {keys:?}");
            assert_eq!(keys[0].is_some(), card.ends_with("-keyed"), "{fault} {card}");
            // No write goes twice without a key but after a refusal.
            let harms = matches!(*card, "write" | "delete");
            assert!(!harms || refuses || keys.len() == 1, "{fault} {often} {card}");
        }
    }
    insta::assert_snapshot!(table);
}
