//! Connectors as large as a catalogue: 900 auth methods with base URLs of every kind in one, and 900 connectors.
//!
//! What comes out is asserted; how long it took is printed: `cargo test --release --test it many:: -- --nocapture`.

use std::time::Instant;

use cardhost::author::check::{File, check_connector};
use cardhost::catalog::MemorySource;
use cardhost::{Host, Invocation};
use serde_json::{Map, Value, json};

use crate::schemes::block_on;

const MANY: usize = 900;

/// A base URL of each kind, with what becomes of it; `Host` and the like are fields of the connection.
const BASES: [(&str, &str); 9] = [
    ("https://api.example.com", "https://api.example.com"),
    ("https://api.example.com/v{n}", "https://api.example.com/v{n}"),
    ("https://<<connection.Site>>.example.com/api", "https://acme.example.com/api"),
    ("https://api.<<connection.Site>>.example.com:8443", "https://api.acme.example.com:8443"),
    ("https://<<connection.Host>>/v2", "https://shop.example.org/v2"),
    ("https://<<connection.Host>>:<<connection.Port>>/", "https://shop.example.org:4433"),
    ("https://api.example.com/<<connection.Account>>/v{n}", "https://api.example.com/a%20b/v{n}"),
    ("<<connection.Server>>/rest", "https://own.example.net:9000/base/rest"),
    ("https://<<lower connection.Region>>.example.com", "https://eu.example.com"),
];

/// An auth method of each kind that sends what it has.
fn method(n: usize) -> Value {
    match n % 6 {
        0 => json!({ "scheme": "bearer", "token": "<<connection.Token>>" }),
        1 => {
            json!({ "scheme": "basic", "username": "<<connection.Account>>", "password": "<<connection.Token>>" })
        }
        2 => {
            json!({ "scheme": "api_key", "in": "header", "name": format!("x-key-{n}"), "value": "<<connection.Token>>" })
        }
        3 => {
            json!({ "scheme": "api_key", "in": "query", "name": format!("key{n}"), "value": "<<connection.Token>>" })
        }
        4 => {
            json!({ "scheme": "hmac", "algorithm": "sha256", "key": "<<connection.Token>>", "message": "<<signing.method>> <<signing.path>>",
            "headers": { "x-signature": "<<signing.signature>>" } })
        }
        _ => {
            json!({ "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": format!("https://login{n}.example.com/token"),
            "clientId": "<<connection.Account>>", "clientSecret": "<<connection.Token>>" })
        }
    }
}

fn of(n: usize, text: &str) -> String {
    text.replace("{n}", &n.to_string())
}

/// The connector with all of them, and a card that goes wherever it is told.
fn large() -> (String, String) {
    let (mut auth, mut targets) = (Map::new(), Map::new());
    for n in 0..MANY {
        auth.insert(format!("method {n}"), method(n));
        let base = of(n, BASES[n % BASES.len()].0);
        // Every tenth is chosen by region.
        let base = match n % 10 {
            9 => {
                json!({ "by": "connection.Region", "EU": base, "US": format!("https://us{n}.example.com") })
            }
            _ => json!(base),
        };
        let hosts = json!(["*.example.com", "*.example.org", "*.example.net"]);
        let hosts = if n % BASES.len() == 0 { json!([]) } else { hosts };
        targets.insert(
            format!("target {n}"),
            json!({ "auth": [format!("method {n}")], "base": base, "hosts": hosts }),
        );
    }
    let names: Vec<&String> = targets.keys().collect();
    let card = json!({
        "options": { "Target": { "type": "dropdown", "required": true, "choicesFrom": { "targets": names } } },
        "request": { "target": "<<options.Target>>", "path": "/things" },
        "output": {},
        "examples": [{ "name": "the first", "options": { "Target": "target 0" }, "reply": {} }],
    });
    let text = |description: &str| json!({ "required": true, "description": description });
    let connector = json!({
        "format": 1, "name": "large", "version": "1.0.0", "title": "Large",
        "connection": {
            "fields": {
                "Token": { "type": "secret", "required": true }, "Site": text("a site"), "Host": text("a host"),
                "Port": text("a port"), "Account": text("an account"), "Server": text("a server"),
                "Region": { "choices": ["EU", "US"], "required": true },
            },
            "example": connection("EU"),
        },
        "auth": auth, "targets": targets,
    });
    (connector.to_string(), card.to_string())
}

fn connection(region: &str) -> Value {
    json!({
        "Token": "made-up-token-1", "Site": "acme", "Host": "shop.example.org", "Port": "4433", "Account": "a b",
        "Server": "https://own.example.net:9000/base/", "Region": region,
    })
}

#[test]
fn a_connector_of_nine_hundred_auth_methods_is_checked_and_planned() {
    let (connector, card) = large();
    let begun = Instant::now();
    let checked = check_connector(
        File { path: "cards/large/connector.json", text: &connector },
        &[File { path: "cards/large/get.json", text: &card }],
    );
    let found: Vec<String> = checked.findings.iter().map(ToString::to_string).collect();
    assert_eq!(found, Vec::<String>::new());
    println!("check of {MANY} auth methods and targets: {:?}", begun.elapsed());

    let begun = Instant::now();
    let cards = MemorySource::new().with("large/connector", connector).with("large/get", card);
    let host = Host::builder().cards(cards).build();
    for n in 0..MANY {
        let region = if n % 20 == 19 { "US" } else { "EU" };
        let expected = match (n % 10, region) {
            (9, "US") => format!("https://us{n}.example.com"),
            _ => of(n, BASES[n % BASES.len()].1)
                .replace("eu.", &format!("{}.", region.to_lowercase())),
        };
        let key = if n % 6 == 3 { format!("?key{n}=made-up-token-1") } else { String::new() };
        let invocation = json!({
            "connection": { "fields": connection(region) }, "options": { "Target": format!("target {n}") },
        });
        let invocation = Invocation::from_value(invocation).unwrap();
        let planned = block_on(host.plan(Some("large/get"), invocation)).unwrap();
        assert_eq!(planned.auth, format!("method {n}"));
        assert_eq!(planned.request.url.as_str(), format!("{expected}/things{key}"), "target {n}");
    }
    println!("{MANY} plans, the definitions read: {:?}", begun.elapsed());
}

#[test]
fn nine_hundred_connectors_are_checked() {
    let connectors: Vec<(String, String, String)> = (0..MANY)
        .map(|n| {
            let name = format!("service-{n}");
            let base = of(n, BASES[n % BASES.len()].0);
            let connector = json!({
                "format": 1, "name": name, "version": "1.0.0", "title": format!("Service {n}"),
                "connection": {
                    "fields": {
                        "Token": { "type": "secret", "required": true }, "Site": { "required": true }, "Host": { "required": true },
                        "Port": { "required": true }, "Account": { "required": true }, "Server": { "required": true },
                        "Region": { "choices": ["EU", "US"], "required": true },
                    },
                    "test": { "path": "/me" }, "example": connection("EU"),
                },
                "auth": { "main": method(n) },
                "targets": { "API": { "auth": ["main"], "base": base, "hosts": ["*.example.com", "*.example.org", "*.example.net"] } },
                "errors": [{ "status": [429], "code": "http.rate_limited", "retry": "after" }],
            });
            let card = json!({
                "input": { "Search": { "Text": {}, "Most": { "format": "integer", "min": 1 } } },
                "request": { "path": "/things", "query": { "q": "<<input.Search.Text?>>", "limit": "<<input.Search.Most?>>" } },
                "output": { "Things": { "Things": { "of": "object", "value": "<<response.body.things?>>" } } },
                "examples": [{
                    "name": "two", "input": { "Search": { "Text": "tea", "Most": 2 } },
                    "reply": { "body": { "things": [{ "id": n }] } }, "output": { "Things": { "Things": [{ "id": n }] } },
                }],
            });
            (name, connector.to_string(), card.to_string())
        })
        .collect();
    let begun = Instant::now();
    let mut examples = 0;
    for (name, connector, card) in &connectors {
        let connector = File { path: &format!("cards/{name}/connector.json"), text: connector };
        let card = File { path: &format!("cards/{name}/list-things.json"), text: card };
        let checked = check_connector(connector, &[card]);
        let found: Vec<String> = checked.findings.iter().map(ToString::to_string).collect();
        assert_eq!(found, Vec::<String>::new(), "{name}");
        examples += checked.tally.examples;
    }
    assert_eq!(examples, MANY);
    println!("check of {MANY} connectors with a card and an example each: {:?}", begun.elapsed());
}
