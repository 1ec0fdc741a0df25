//! Properties over generated input. They replace a fuzzer where none is at hand: `CARDHOST_PROPERTY_CASES=100000` is the long
//! tier, and a few of each run with every `cargo test`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at once")]
#![allow(clippy::disallowed_methods, reason = "how long the tests run is asked of the environment")]

use std::sync::Arc;

use cardhost_author::check::{File, check_connector};
use cardhost_author::sample::plan_example;
use cardhost_core::base_url::BaseUrl;
use cardhost_core::decoder::{DecodeFault, DecodedBody, Look, Paths, decode};
use cardhost_core::inject::path::{check_relative, join, pin, push_segment};
use cardhost_core::load::{load_card, load_connector};
use cardhost_core::request::HostFrom;
use cardhost_core::template::{Found, Reference, Scope, Template};
use cardhost_core::value::text::mended;
use cardhost_core::value::{descend, parse, text};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use url::Url;

/// How many cases a property is tried with where nothing else is asked for.
const FEW: u32 = 2_000;

/// How many cases each property is tried with.
fn cases() -> u32 {
    let asked = std::env::var("CARDHOST_PROPERTY_CASES").ok();
    asked.map_or(FEW, |text| text.parse().expect("CARDHOST_PROPERTY_CASES is a number"))
}

/// Runs a property; a failing case is shrunk and printed.
fn property<S: Strategy>(
    cases: u32,
    input: &S,
    holds: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    TestRunner::new(config).run(input, holds).unwrap();
}

/// Pieces that URL parsers disagree about, between pieces that they do not.
fn url_pieces() -> impl Strategy<Value = String> {
    let tricks = prop::sample::select(vec![
        "/",
        "//",
        "\\",
        ".",
        "..",
        "%2e",
        "%2E%2e",
        "%2f",
        "%5c",
        "%252e",
        "@",
        ":",
        "?",
        "#",
        ";",
        "&",
        "=",
        "%",
        "%00",
        "%0d%0a",
        "\r\n",
        "\t",
        "\0",
        " ",
        "evil.example",
        "user:pass@",
        "http://",
        "https:",
        "[::1]",
        "\u{FF0F}",
        "\u{FF0E}",
        "\u{2025}",
        "\u{FF20}",
        "\u{FF3C}",
        "\u{202E}",
        "\u{FEFF}",
        "\u{AD}",
        "é",
        "日",
        "%C3%A9",
        "%ff",
        "xn--",
        "0x7f.1",
        ":80",
        ":443",
        "api",
        "apix",
        "..;",
        ".%2e",
        "|",
        "<",
        "\"",
        "'",
        "{",
        "}",
        "^",
        "`",
    ]);
    let piece =
        prop_oneof![4 => tricks.prop_map(str::to_owned), 1 => "[ -~]{0,6}", 1 => any::<String>()];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// Gives every reference one text.
struct Everywhere(Value);

impl Scope for Everywhere {
    fn lookup(&self, _: &Reference) -> Option<Found<'_>> {
        Some(Found::Value(&self.0))
    }
}

/// A value stays in its place of a base URL: the literal parts around it are where they were, or it is refused.
#[test]
fn a_value_never_leaves_its_place_in_a_base_url() {
    let bases = [
        "https://<<connection.A>>.okta.example/api/v1",
        "https://api-<<connection.A>>.okta.example:8443/<<connection.A>>/v1",
        "https://okta.example/x/<<connection.A>>/v1",
        "<<connection.A>>/v1",
    ]
    .map(BaseUrl::new);
    let hosts = prop_oneof!["[a-z0-9.-]{1,12}", "https?://[a-z0-9.:@/-]{0,12}"];
    let input = (0..bases.len(), prop_oneof![2 => url_pieces(), 1 => hosts]);
    property(cases(), &input, |(index, value)| {
        let scope = Everywhere(Value::String(value.clone()));
        let Ok(rendered) = bases[index].render(&scope) else { return Ok(()) };
        let rendered = rendered.unwrap();
        let url = rendered.url;
        let host = url.host_str().unwrap();
        prop_assert!(url.username().is_empty() && url.password().is_none(), "{value:?}: {url}");
        prop_assert!(url.query().is_none() && url.fragment().is_none(), "{value:?}: {url}");
        let (suffix, port, segments) = match index {
            0 => (".okta.example", Some(443), Some(2)),
            1 => (".okta.example", Some(8443), Some(2)),
            2 => ("okta.example", Some(443), Some(3)),
            _ => ("", None, None),
        };
        prop_assert!(host.ends_with(suffix), "{value:?}: {url}");
        prop_assert!(port.is_none() || url.port_or_known_default() == port, "{value:?}: {url}");
        prop_assert!(url.path().ends_with("/v1"), "{value:?}: {url}");
        let count = url.path_segments().unwrap().count();
        prop_assert!(segments.is_none_or(|segments| segments == count), "{value:?}: {url}");
        let decided = index != 2;
        prop_assert_eq!(rendered.host_from == HostFrom::Value, decided);
        Ok(())
    });
}

/// The planned URL always keeps the target's origin and base path, whatever the relative URL is.
#[test]
fn a_relative_url_never_leaves_its_base() {
    let bases =
        ["https://mixpanel.com/api", "https://api.mixpanel.com", "http://127.0.0.1:8080/a/b"]
            .map(|text| (text, Url::parse(text).unwrap()));
    let input = (0..bases.len(), url_pieces(), "[a-z=&%0-9]{0,8}");
    property(cases(), &input, |(index, relative, query)| {
        let (text, base) = &bases[index];
        if check_relative(&relative).is_err() {
            return Ok(());
        }
        let Ok(joined) = join(base, text, &relative, &query) else { return Ok(()) };
        let url = joined.url;
        prop_assert!(pin(base, &url).is_ok());
        prop_assert_eq!(url.origin(), base.origin());
        prop_assert_eq!((url.username(), url.password(), url.fragment()), ("", None, None));
        let below = url.path().strip_prefix(base.path().trim_end_matches('/'));
        prop_assert!(below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')), "{}", url);
        prop_assert!(url.path().split('/').all(|segment| segment != ".." && segment != "."));
        prop_assert!(
            url.as_str().is_ascii() && !url.as_str().contains([' ', '\r', '\n', '\t', '\0'])
        );
        Ok(())
    });
}

/// A value stays one segment of the path, and a server that decodes it gets the value back.
#[test]
fn a_value_stays_one_path_segment() {
    let base = Url::parse("https://mixpanel.com/api").unwrap();
    property(cases(), &url_pieces(), |value| {
        let mut path = "/projects/".to_owned();
        if push_segment(&value, "input.Path.id", &mut path).is_err() {
            return Ok(());
        }
        path.push_str("/runs");
        let url = join(&base, "https://mixpanel.com/api", &path, "").unwrap().url;
        let segments: Vec<&str> = url.path_segments().unwrap().collect();
        prop_assert_eq!(segments.len(), 4, "{}", url);
        prop_assert_eq!((segments[0], segments[1], segments[3]), ("api", "projects", "runs"));
        let decoded = percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap();
        prop_assert_eq!(decoded, value);
        Ok(())
    });
}

struct Input(Value);

impl Scope for Input {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        let mut at = self.0.get(reference.root.as_str())?;
        for segment in &reference.segments {
            at = at.get(segment)?;
        }
        Some(Found::Value(at))
    }
}

fn template_pieces() -> impl Strategy<Value = String> {
    let tokens = prop::sample::select(vec![
        "<<",
        ">>",
        "{{",
        "}}",
        "{{{",
        "}}}",
        "\\",
        "\\<<",
        "\\{{",
        "input",
        "input.A.x",
        "input.A.[b.c]",
        "response.body",
        "options.",
        ".",
        "?",
        "/",
        " / ",
        "(",
        ")",
        "[",
        "]",
        "lower ",
        "upper (",
        "default ",
        "json ",
        "concat ",
        "\"",
        "'",
        "#if ",
        "else",
        "> p",
        "* d",
        "!-- c --",
        "~",
        "|",
        "@index",
        "../",
        "this",
        "=",
        "input.A.x?",
        "nothing ",
        " ",
    ]);
    let piece =
        prop_oneof![6 => tokens.prop_map(str::to_owned), 1 => "[ -~]{0,6}", 1 => any::<String>()];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Any text parses or is refused, and what parses evaluates or is refused: no panic, no endless output.
#[test]
fn any_text_is_a_template_or_a_fault() {
    let scope = Input(json!({ "input": { "A": { "x": "v<<w", "b.c": [1, {"d": null}] } } }));
    property(cases(), &template_pieces(), |text| {
        let template = Template::parse(text.clone());
        if let Ok(Some(value)) = template.value(&scope) {
            prop_assert!(value.to_string().len() < 2 * 1024 * 1024);
        }
        if let Err(fault) = template.parts() {
            prop_assert!(fault.offset <= text.len());
        }
        Ok(())
    });
}

/// Text whose delimiters are escaped means itself.
#[test]
fn escaped_text_means_itself() {
    property(cases(), &"[a-z <{\u{e9}]{0,24}", |text| {
        let escaped = text.replace("<<", "\\<<").replace("{{", "\\{{");
        let template = Template::parse(escaped);
        prop_assert_eq!(template.as_literal(), Some(text.as_str()));
        Ok(())
    });
}

const CONNECTOR: &str = include_str!("../../../cards/mixpanel/connector.json");
const CARD: &str = include_str!("../../../cards/mixpanel/list-warehouse-runs.json");

/// An edit of a text: where (as a share of its length), how much goes, what comes.
fn edit() -> impl Strategy<Value = (f64, usize, String)> {
    let new = prop::sample::select(vec![
        "",
        "{",
        "}",
        "[",
        "]",
        "\"",
        ",",
        ":",
        "null",
        "true",
        "1e400",
        "<<",
        ">>",
        "input.",
        "response.body",
        "../",
        "\\u0000",
        "\\ud800",
        "💥",
        "//",
        "@",
        "{\"by\":\"options.x\"}",
        "\"type\":\"list\"",
        "GET",
        "DELETE",
        "<<input.Path.projectId>>",
    ]);
    (0.0..1.0_f64, 0..12_usize, new.prop_map(str::to_owned))
}

fn edited(text: &str, edits: &[(f64, usize, String)]) -> String {
    let mut text = text.to_owned();
    for (share, length, new) in edits {
        let floor = |mut at: usize| {
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor((share * text.len() as f64) as usize);
        let end = floor((start + length).min(text.len())).max(start);
        text.replace_range(start..end, new);
    }
    text
}

/// A damaged card loads or is refused; what it plans stays under the target's bases.
#[test]
fn a_damaged_card_loads_or_is_refused() {
    let connector = Arc::new(load_connector("connector.json", CONNECTOR).unwrap());
    property(cases(), &prop::collection::vec(edit(), 1..4), |edits| {
        let text = edited(CARD, &edits);
        let Ok(definition) = load_card(Arc::clone(&connector), "card.json", &text) else {
            return Ok(());
        };
        for example in definition.examples().unwrap_or_default().iter().take(1) {
            if let Ok(plan) = plan_example(&definition, example) {
                let url = plan.request.url;
                let mut under_a_base = false;
                connector.targets[&plan.target].base.each("", &mut |base, _| {
                    under_a_base |= base.url().is_some_and(|base| pin(base, &url).is_ok());
                });
                prop_assert!(under_a_base, "{}", url);
            }
        }
        Ok(())
    });
}

/// `check` says what is wrong with a damaged card, with places inside its text, and never panics.
#[test]
fn check_survives_a_damaged_card() {
    // One look at a card costs as much as fifty cases of the others.
    property((cases() / 50).max(100), &prop::collection::vec(edit(), 1..3), |edits| {
        let text = edited(CARD, &edits);
        let connector = File { path: "cards/mixpanel/connector.json", text: CONNECTOR };
        let card = File { path: "cards/mixpanel/list-warehouse-runs.json", text: &text };
        for finding in check_connector(connector, &[card]).findings {
            prop_assert!(!finding.message().is_empty());
            let span = &finding.span;
            prop_assert!(span.start <= span.end && span.end <= text.len().max(CONNECTOR.len()));
        }
        Ok(())
    });
}

/// JSON texts with spaces, escapes and keys that come again.
fn json_texts() -> impl Strategy<Value = String> {
    let scalars = vec![
        "1",
        "-0.0",
        "1.10",
        "7615917337495251231",
        "true",
        "false",
        "null",
        "\"x\"",
        "\"\"",
        r#""\u00e9\n\"\\""#,
        r#""\ud83d\ude00 [{""#,
    ];
    let keys = vec!["\"a\"", "\"b\"", "\"0\"", "\"1\"", r#""\u0061""#, "\"é\""];
    let scalar = prop::sample::select(scalars).prop_map(str::to_owned);
    let key = prop::sample::select(keys);
    scalar.prop_recursive(5, 40, 6, move |inner| {
        let items = prop::collection::vec(inner.clone(), 0..6);
        let members = prop::collection::vec((key.clone(), inner), 0..6);
        prop_oneof![
            items.prop_map(|items| format!("[{}]", items.join(" ,"))),
            members.prop_map(|members| {
                let members = members.iter().map(|(key, value)| format!("{key}: {value}"));
                format!("{{\n{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

fn paths() -> impl Strategy<Value = Vec<Vec<String>>> {
    let segments = prop::sample::select(vec!["a", "b", "0", "1", "01", "é", "2"]);
    let path = prop::collection::vec(segments.prop_map(str::to_owned), 0..5);
    prop::collection::vec(path, 0..6)
}

fn json_headers() -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    headers
}

#[test]
fn reading_by_path_gives_what_reading_the_whole_gives() {
    let headers = json_headers();
    property(20_000, &(json_texts(), paths(), paths()), |(text, known, others)| {
        let whole = parse(&text).unwrap();
        let mut wanted = Paths::default();
        known.iter().for_each(|path| wanted.add(path));
        let body = decode(200, &headers, text.as_bytes(), None, Look::Parts(&wanted)).unwrap();
        let DecodedBody::Json(json) = body else { panic!("{body:?}") };
        for path in known.iter().chain(&others) {
            let part = json.part(path).map(text::value);
            prop_assert_eq!(part.as_ref(), descend(&whole, path), "{:?} in {}", path, text);
        }
        Ok(())
    });
}

#[test]
fn a_body_that_is_no_json_is_refused_with_the_words_of_a_reader() {
    let headers = json_headers();
    let broken = (json_texts(), any::<prop::sample::Index>(), "[\\[\\]{},:\"1e.ud\\\\ \n-]{0,3}");
    property(20_000, &(broken, paths()), |((text, at, pieces), known)| {
        let mut wanted = Paths::default();
        known.iter().for_each(|path| wanted.add(path));
        let mut letters: Vec<char> = text.chars().collect();
        let at = at.index(letters.len());
        letters.splice(at..=at, pieces.chars());
        let text: String = letters.into_iter().collect();
        let decoded = decode(200, &headers, text.as_bytes(), None, Look::Parts(&wanted));
        let found = match decoded {
            Ok(_) => None,
            Err(DecodeFault::Malformed { reason, line, column, .. }) => {
                Some(format!("{reason} at line {line} column {column}"))
            }
            Err(other) => panic!("{other:?}"),
        };
        // White space is no body, and half a surrogate pair is no fault.
        let nothing = text.trim_matches([' ', '\t', '\r', '\n']).is_empty();
        let expected = if nothing { None } else { parse(&mended(&text)).err() };
        prop_assert_eq!(found, expected.map(|error| error.to_string()), "{}", text);
        Ok(())
    });
}
