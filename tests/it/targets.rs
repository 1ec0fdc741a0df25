//! The target table of the Mixpanel connector: every cell, and the auth method for every set of credentials.

use std::fmt::Write as _;
use std::fs;

use cardhost::author::check::{File, check_connector};
use cardhost::{Embedded, Host, Invocation};
use serde_json::{Map, Value, json};

use crate::support::path;

const TARGETS: [&str; 7] = [
    "Ingestion API",
    "Query API",
    "Lexicon Schemas API",
    "Raw Data Export API",
    "Data Pipelines API",
    "Connectors API",
    "Warehouse Connectors API",
];

const CELLS: [(&str, &str); 5] = [
    ("Okta Workflows page", "Standard"),
    ("Okta Workflows page", "EU"),
    ("Mixpanel reference", "Standard"),
    ("Mixpanel reference", "EU"),
    ("Mixpanel reference", "India"),
];

/// The credentials of a connection: T token, A API secret, S service account.
fn credentials(set: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    for kind in set.chars() {
        let pairs: &[(&str, &str)] = match kind {
            'T' => &[("Project: Token", "token")],
            'A' => &[("Project: API Secret", "api-secret")],
            _ => &[("Service Account: Username", "sa"), ("Service Account: Secret", "sa-secret")],
        };
        fields.extend(pairs.iter().map(|(label, text)| ((*label).to_owned(), json!(text))));
    }
    fields
}

#[test]
fn every_cell_has_its_base_url_and_its_auth_method() {
    let host = Host::builder().cards(Embedded).build();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let sets = ["", "T", "A", "S", "TA", "TS", "AS", "TAS"];
    let mut table = String::new();
    for target in TARGETS {
        writeln!(table, "{target}").unwrap();
        for (endpoint_set, location) in CELLS {
            let mut base = String::new();
            let mut methods = Vec::new();
            for set in sets {
                let mut fields = credentials(set);
                fields.insert("Endpoint Set".to_owned(), json!(endpoint_set));
                fields.insert("API Server Location".to_owned(), json!(location));
                let invocation = Invocation::from_value(json!({
                    "connection": { "fields": fields },
                    "options": { "Request Type": "GET", "Select API": target },
                    "input": { "Request": { "Relative URL": "/x" } },
                }));
                let plan = runtime
                    .block_on(host.plan(Some("mixpanel/custom-api-action"), invocation.unwrap()));
                let method = match plan {
                    Ok(plan) => {
                        let url = plan.request.url.to_string();
                        base = url.strip_suffix("/x").unwrap().to_owned();
                        plan.auth
                    }
                    Err(error) => error.code().to_string(),
                };
                let set = if set.is_empty() { "-" } else { set };
                methods.push(format!("{set}: {method}"));
            }
            writeln!(table, "  {endpoint_set}, {location}: {base}").unwrap();
            writeln!(table, "    {}", methods.join(" | ")).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_removed_cell_makes_check_fail_and_name_it() {
    let text = fs::read_to_string(path("cards/mixpanel/connector.json")).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    for target in TARGETS {
        for (endpoint_set, location) in CELLS {
            let mut connector = whole.clone();
            let cells = connector["targets"][target]["base"][endpoint_set].as_object_mut().unwrap();
            assert!(cells.shift_remove(location).is_some(), "{target} {endpoint_set} {location}");
            let text = serde_json::to_string_pretty(&connector).unwrap();
            let file = File { path: "cards/mixpanel/connector.json", text: &text };
            let findings = check_connector(file, &[]).findings;
            let named = findings.iter().any(|finding| {
                let message = finding.message();
                finding.code.as_str() == "target.incomplete"
                    && [target, endpoint_set, location].iter().all(|part| message.contains(part))
            });
            let said: Vec<&str> = findings.iter().map(|finding| finding.message()).collect();
            assert!(named, "{target} {endpoint_set} {location}: {said:?}");
        }
    }
}
