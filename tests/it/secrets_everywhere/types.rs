//! The public types that can hold a secret and print themselves, found in the sources: each has been looked at.

use std::collections::BTreeSet;

use crate::support::path;

/// Words in a type's fields that say that it can hold a secret.
const HOLDERS: [&str; 17] = [
    "Secret",
    "HeaderMap",
    "HeaderValue",
    "Bytes",
    "Value",
    "Vec<u8>",
    "Zeroizing",
    "SecretBox",
    "Url",
    "Tokens",
    "Key",
    "RequestSpec",
    "Reply",
    "Plan",
    "Connection",
    "Output",
    "Map",
];

/// Types that hold a connection's secrets or what was made of them: printed with canaries in `host`.
const SHOWN: [&str; 40] = [
    "Action",
    "Anonymous",
    "CardCall",
    "Document",
    "HttpAuthentication",
    "HttpRequest",
    "MemorySecrets",
    "Run",
    "Signed",
    "SubFlow",
    "Unfinished",
    "Unsigned",
    "What",
    "Body",
    "ClientIdentity",
    "Connection",
    "ConnectionRef",
    "ConnectionValue",
    "DeviceCode",
    "ExportedConnection",
    "Fault",
    "Invocation",
    "Key",
    "KeySet",
    "MemoryConnections",
    "Pkce",
    "Plan",
    "PlannedPages",
    "Prepared",
    "Redactor",
    "Reply",
    "RequestSpec",
    "StoredConnection",
    "StoredTokens",
    "TlsSettings",
    "TokenSet",
    "Tokens",
    "AuthFault",
    "PlanFault",
    "StoreFault",
];

/// Types that hold what an author wrote into a card, and names.
const WRITTEN: [&str; 34] = [
    "ConnectionForm",
    "DraftFault",
    "Clause",
    "Entry",
    "Test",
    "Case",
    "RecordedRun",
    "ReplySecret",
    "AntiExample",
    "Change",
    "Next",
    "BaseFault",
    "BaseOverride",
    "Class",
    "Example",
    "ExampleReply",
    "ExampleRequest",
    "Field",
    "FieldRoot",
    "FieldType",
    "HeaderFault",
    "HostFrom",
    "JsonSchemaField",
    "LimitScope",
    "QueryFault",
    "QueryProblem",
    "Root",
    "Severity",
    "ValueTemplate",
    "When",
    "PathFault",
    "Placeholder",
    "BrowserLogin",
    "Joined",
];

/// Types that hold values on their way: what a reply gave to a caller, what a template found, what is written into a case
/// or a cassette once it is masked, what a file holds. Nothing of ours prints them, or no more of them than how long they are.
const VALUES: [&str; 20] = [
    "Offered",
    "Choice",
    "Client",
    "Cursor",
    "DecodedBody",
    "FlowCaseRun",
    "Found",
    "Golden",
    "OpenedFile",
    "Outcome",
    "PageFault",
    "OutputValue",
    "Piece",
    "Polling",
    "RecordedBody",
    "RenderedBase",
    "Response",
    "Server",
    "SoFar",
    "Waited",
];

/// Types of flows: what an author wrote into a document, names, and what was redacted before.
const FLOWS: [&str; 8] =
    ["Call", "Journal", "JournalProblem", "Kind", "Problem", "Settings", "Task", "WatchedCall"];

#[test]
fn every_public_type_that_can_hold_a_secret_was_looked_at() {
    let known = SHOWN.iter().chain(&WRITTEN).chain(&VALUES).chain(&FLOWS);
    let known: BTreeSet<&str> = known.copied().collect();
    let mut found = BTreeSet::new();
    for file in crate::layers::files() {
        let text = std::fs::read_to_string(file).unwrap();
        found.extend(printing_holders(&text));
    }
    let new: Vec<&String> = found.iter().filter(|name| !known.contains(name.as_str())).collect();
    assert!(new.is_empty(), "print them with canaries in `host`, or say why not here: {new:?}");
}

/// The public types of a file that have `Debug` and a field that can hold a secret.
fn printing_holders(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut derives = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("#[derive(") {
            derives = line.contains("Debug");
        }
        let declared = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "));
        let Some(declared) = declared else {
            // Docs and further attributes may stand between.
            derives &= line.starts_with("#[") || line.starts_with("///") || line.starts_with(' ');
            continue;
        };
        let name: String = declared.chars().take_while(|c| c.is_alphanumeric()).collect();
        let mut body = declared[name.len()..].to_owned();
        if !line.ends_with(';') && !line.ends_with('}') {
            for line in lines.by_ref().take_while(|line| *line != "}" && *line != ");") {
                body.push_str(line.split("//").next().unwrap_or_default());
                body.push('\n');
            }
        }
        let prints = derives || text.contains(&format!("fmt::Debug for {name} "));
        let words: BTreeSet<&str> =
            body.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let holds = HOLDERS.iter().any(|holder| {
            words.contains(holder) || (holder.contains('<') && body.contains(holder))
        });
        if prints && holds {
            found.push(name);
        }
        derives = false;
    }
    found
}

#[test]
fn a_type_that_holds_a_secret_is_noticed() {
    let text = "/// x\n#[derive(Clone, Debug)]\npub struct A<'a> {\n    /// Secret.\n    pub b: &'a Secret,\n}\n\
        #[derive(Debug)]\npub struct B(Url);\n#[derive(Clone)]\npub struct C(Secret);\npub struct D {\n    // Secret\n    e: u8,\n}\n\
        impl std::fmt::Debug for C {}\nimpl fmt::Debug for D {}\n";
    assert_eq!(printing_holders(text), ["A", "B", "C"]);
}

#[test]
fn a_panic_of_the_command_shows_its_place_and_not_its_words() {
    let text = std::fs::read_to_string(path("src/cli/dispatch.rs")).unwrap();
    assert!(text.contains("set_hook"));
    assert!(!text.contains("payload"));
}
