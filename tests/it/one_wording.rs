//! The same mistake is told in the same words, with the same hint and at the same place, whatever the document is.

use cardhost::Invocation;
use cardhost::author::check::{File, check_connector, check_form};
use cardhost::document::Finding;
use cardhost::flow;

const CONNECTOR: &str = r#"{
  "format": 1, "name": "shop", "title": "Shop", "version": "1.0.0",
  "connection": { "fields": {} },
  "auth": { "open": { "scheme": "none" } },
  "targets": { "api": { "base": "https://shop.example", "auth": ["open"] } }
}"#;

/// One mistake: in which document, what stands there instead of what, and the mark where it is found.
struct Mistake {
    name: &'static str,
    /// Code, message and hint.
    told: (&'static str, &'static str, Option<&'static str>),
    /// Each document with what is wrong in it: a pair of what is replaced and by what, `^` before the place.
    connector: (&'static str, &'static str),
    card: (&'static str, &'static str),
    flow_json: (&'static str, &'static str),
    flow_yaml: (&'static str, &'static str),
}

const CARD: &str = r#"{
  "format": 1, "name": "get", "title": "Get", "version": "1.0.0", "effect": "read",
  "request": { "target": "api", "method": "GET", "path": "/" },
  "output": {}
}"#;

const FLOW_JSON: &str = r#"{
  "document": { "dsl": "1.0.3", "namespace": "shop", "name": "get", "title": "Get", "version": "1.0.0" },
  "do": [ { "set": { "set": { "a": 1 } } } ]
}"#;

const FLOW_YAML: &str = "\
document:
  dsl: 1.0.3
  namespace: shop
  name: get
  title: Get
  version: 1.0.0
do:
  - set: { set: { a: 1 } }
";

const MISTAKES: &[Mistake] = &[
    Mistake {
        name: "an unknown key with a near one",
        told: ("definition.unknown_key", "unknown key `titel`", Some("did you mean `title`?")),
        connector: ("\"title\"", "^\"titel\""),
        card: ("\"title\"", "^\"titel\""),
        flow_json: ("\"title\"", "^\"titel\""),
        flow_yaml: ("title:", "^titel:"),
    },
    Mistake {
        name: "a value of another type",
        told: ("definition.type", "this must be text, not a number", None),
        connector: ("\"Shop\"", "^7"),
        card: ("\"Get\"", "^7"),
        flow_json: ("\"Get\"", "^7"),
        flow_yaml: ("Get", "^7"),
    },
    Mistake {
        name: "an object where text must be",
        told: ("definition.type", "this must be text, not an object", None),
        connector: ("\"Shop\"", "^{}"),
        card: ("\"Get\"", "^{}"),
        flow_json: ("\"Get\"", "^{}"),
        flow_yaml: ("Get", "^{}"),
    },
    Mistake {
        name: "a key that must be there is not",
        told: ("definition.missing_key", "key `version` is missing", None),
        connector: (r#", "version": "1.0.0""#, ""),
        // What a card leaves out follows from its connector.
        card: ("", ""),
        flow_json: (r#", "version": "1.0.0""#, ""),
        flow_yaml: ("\n  version: 1.0.0", ""),
    },
    Mistake {
        name: "a key that is there twice",
        told: (
            "definition.duplicate_key",
            "key `name` is there twice",
            Some("the first is on line 2; only one can count"),
        ),
        connector: ("\"title\": \"Shop\"", "^\"name\": \"shop\""),
        card: ("\"title\": \"Get\"", "^\"name\": \"get\""),
        flow_json: ("\"title\": \"Get\"", "^\"name\": \"get\""),
        // In YAML, the first is on a line of its own.
        flow_yaml: ("title: Get", "^name: get"),
    },
    Mistake {
        name: "a comma too many",
        told: ("definition.syntax", "this is not JSON: trailing comma", None),
        connector: ("[\"open\"] }", "[\"open\"], ^}"),
        card: ("\"path\": \"/\" }", "\"path\": \"/\", ^}"),
        flow_json: ("\"1.0.0\" }", "\"1.0.0\", ^}"),
        flow_yaml: ("", ""),
    },
];

/// A text with the mistake in it, and the line and column of the mark, if it has one.
fn damaged(text: &str, (what, instead): (&str, &str)) -> (String, Option<(usize, usize)>) {
    assert!(text.contains(what), "{what} is not in {text}");
    let marked = text.replacen(what, instead, 1);
    let mark = marked.find('^').map(|mark| cardhost::document::line_column(&marked, mark));
    (marked.replacen('^', "", 1), mark)
}

fn told<'f>(mistake: &Mistake, found: &'f [Finding]) -> &'f Finding {
    let (code, ..) = mistake.told;
    let all: Vec<&Finding> = found.iter().filter(|found| found.code.as_str() == code).collect();
    let [one] = all.as_slice() else { panic!("{}: {found:#?}", mistake.name) };
    one
}

#[test]
fn the_same_mistake_has_one_wording_hint_and_place() {
    for mistake in MISTAKES {
        let texts = [
            ("connector", CONNECTOR, mistake.connector),
            ("card", CARD, mistake.card),
            ("flow in JSON", FLOW_JSON, mistake.flow_json),
            ("flow in YAML", FLOW_YAML, mistake.flow_yaml),
        ];
        for (kind, whole, change) in texts {
            if change == ("", "") {
                continue;
            }
            let (text, mark) = damaged(whole, change);
            let text = text.as_str();
            let found = match kind {
                "connector" => {
                    check_connector(File { path: "shop/connector.json", text }, &[]).findings
                }
                "card" => {
                    let connector = File { path: "shop/connector.json", text: CONNECTOR };
                    check_connector(connector, &[File { path: "shop/get.json", text }]).findings
                }
                _ => flow::load("get.flow", text).unwrap_err(),
            };
            let found = told(mistake, &found);
            let (_, message, hint) = mistake.told;
            let what = format!("{} in a {kind}", mistake.name);
            assert_eq!(found.message(), message, "{what}");
            // In YAML, lines are counted otherwise.
            let hint = hint.map(|hint| match kind {
                "flow in YAML" => hint.replace("line 2", "line 4"),
                _ => hint.to_owned(),
            });
            assert_eq!(found.hint().map(str::to_owned), hint, "{what}");
            if mark.is_some() {
                assert_eq!(found.place.line_column, mark, "{what}");
            }
        }
    }
}

/// The same sentences, of a test case: each with what is replaced, `^` before the place, and message and hint.
const CASE_MISTAKES: &[((&str, &str), &str, Option<&str>)] = &[
    (
        ("\"description\"", "^\"descripton\""),
        "unknown key `descripton`",
        Some("did you mean `description`?"),
    ),
    (("\"Get\"", "^7"), "this must be text, not a number", None),
    (("\"Get\"", "^{}"), "this must be text, not an object", None),
    (
        ("\"description\": \"Get\"", "^\"card\": \"shop/get\""),
        "key `card` is there twice",
        Some("the first is on line 2; only one can count"),
    ),
    (("\"case\": 1, ", ""), "key `case` is missing", None),
    (("\"options\": {}", "\"options\": {},^"), "this is not JSON: trailing comma", None),
];

#[test]
fn a_case_is_told_of_in_the_same_words() {
    let case =
        "{\n  \"case\": 1, \"card\": \"shop/get\", \"description\": \"Get\",\n  \"options\": {}}";
    for (change, message, hint) in CASE_MISTAKES {
        let (text, mark) = damaged(case, *change);
        let file = File { path: "case.json", text: &text };
        let found = check_form(file, cardhost::testing::formats::case_schema());
        let [found] = found.as_slice() else { panic!("{text}: {found:#?}") };
        assert_eq!((found.message(), found.hint()), (*message, *hint), "{text}");
        if mark.is_some() {
            assert_eq!(found.place.line_column, mark, "{text}");
        }
    }
}

#[test]
fn an_invocation_is_told_of_in_the_same_words() {
    for (text, code, pointer, message) in [
        ("{\"optons\": {}}", "invocation.unknown_key", "/optons", "unknown key `optons`"),
        (
            "{\"connection\": {\"a\": 1}}",
            "invocation.unknown_key",
            "/connection/a",
            "unknown key `a`",
        ),
        (
            "{\"options\": 7}",
            "invocation.type",
            "/options",
            "`options` must be an object, not a number",
        ),
        ("{\"card\": {}}", "invocation.type", "/card", "`card` must be text, not an object"),
        ("{\"id\": 1, \"id\": 2}", "invocation.duplicate_key", "", "key `id` is there twice"),
        ("{\"id\": 1,}", "invocation.syntax", "", "this is not JSON: trailing comma"),
    ] {
        let error = cardhost::Error::from(Invocation::from_json(text.as_bytes()).unwrap_err());
        let told = (error.code().as_str(), error.place().pointer.as_str(), error.message());
        assert_eq!(told, (code, pointer, message.to_owned()), "{text}");
    }
}
