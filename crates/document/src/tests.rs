//! Both languages give the same values, at the places where they stand.

use super::*;

fn value(text: &str) -> String {
    read(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}")).to_value().to_string()
}

#[test]
fn yaml_and_json_give_the_same_values() {
    let yaml = "a: 1\nb: [x, 'y', \"z\\u00e9\"]\nc:\n  - d: true\n  - e: ~\nf: 1.10\ng: 0x1f\nh: '1'\ni: 1.0.3\nj: |\n  text\n  more\n";
    let json = r#"{"a":1,"b":["x","y","z\u00e9"],"c":[{"d":true},{"e":null}],"f":1.10,"g":31,"h":"1","i":"1.0.3","j":"text\nmore\n"}"#;
    assert_eq!(value(yaml), value(json));
    assert_eq!(
        value(yaml),
        "{\"a\":1,\"b\":[\"x\",\"y\",\"zé\"],\"c\":[{\"d\":true},{\"e\":null}],\"f\":1.10,\"g\":31,\"h\":\"1\",\"i\":\"1.0.3\",\"j\":\"text\\nmore\\n\"}"
    );
    assert_eq!(value("{a: 1, b: [2]}"), "{\"a\":1,\"b\":[2]}");
    assert_eq!(value("\u{feff}{\"a\": \"\\ud83d\\ude00\"}"), "{\"a\":\"😀\"}");
}

#[test]
fn numbers_are_those_of_the_core_schema() {
    for (yaml, json) in [
        ("1", "1"),
        ("-0", "-0"),
        ("+12", "12"),
        ("0o17", "15"),
        ("1e3", "1e3"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1_000", "\"1_000\""),
        ("0x", "\"0x\""),
        ("1.2.3", "\"1.2.3\""),
        ("e3", "\"e3\""),
        (".", "\".\""),
        ("007", "7"),
        ("7615917337495251231000", "7615917337495251231000"),
        ("yes", "\"yes\""),
        ("!!str 1", "\"1\""),
    ] {
        let node = read(&format!("a: {yaml}")).unwrap();
        let Kind::Number(text) = &node.get("a").unwrap().kind else {
            assert_eq!(node.get("a").unwrap().to_value().to_string(), json, "{yaml}");
            continue;
        };
        assert_eq!(text, json, "{yaml}");
    }
}

#[test]
fn places_are_bytes_lines_and_columns() {
    let text = "ä: x\nb:\n  - c: 1\n    d: [1, 2]\n";
    let node = read(text).unwrap();
    let c = node.get("b").unwrap().items()[0].entries();
    assert_eq!(&text[c[0].key_at.clone()], "c");
    assert_eq!(line_column(text, c[0].key_at.start), (3, 5));
    assert_eq!(&text[c[1].value.items()[1].at.clone()], "2");
    let text = "{\"ä\": [1,\n {\"b\": 2}]}";
    let node = read(text).unwrap();
    let b = &node.get("ä").unwrap().items()[1].entries()[0];
    assert_eq!((&text[b.key_at.clone()], line_column(text, b.value.at.start)), ("\"b\"", (2, 8)));
}

#[test]
fn faults_have_a_place() {
    for (text, place) in [
        ("", (1, 1)),
        ("a: [1", (1, 4)),
        ("a: 1\n b: 2\n", (2, 3)),
        ("a: *b\n", (1, 4)),
        ("{\"a\": 1,}", (1, 9)),
        ("{\"a\" 1}", (1, 6)),
        ("{\"a\": [1, 2", (1, 12)),
        ("{\"a\": tru}", (1, 10)),
        ("{\"a\": 1} x", (1, 10)),
        ("a: .nan", (1, 4)),
        ("a: 1\n---\nb: 2\n", (3, 1)),
    ] {
        let fault = read(text).unwrap_err();
        assert_eq!(line_column(text, fault.offset), place, "{text:?}: {fault:?}");
    }
}

#[test]
fn aliases_are_repeated_within_a_budget() {
    assert_eq!(value("a: &x [1, 2]\nb: *x\n"), "{\"a\":[1,2],\"b\":[1,2]}");
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let parts = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{parts}]\n"));
    }
    assert_eq!(read(&bomb).unwrap_err().reason, "it has too many values");
}

#[test]
fn deep_texts_are_read_or_refused() {
    for deep in [900, 5_000, 200_000] {
        let list = ["{\"a\":", &"[".repeat(deep), &"]".repeat(deep), "}"].concat();
        assert_eq!(read(&list).is_ok(), deep < 1_000);
        let yaml = format!("a: {list}");
        assert_eq!(read(&yaml).is_ok(), deep < 1_000);
    }
    let block: String = (0..900).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert!(read(&block).is_ok());
}

#[test]
fn pointers_lead_to_keys_and_values() {
    let text = "{\n  \"ä/b\": [1, {\"x y\": \"z\"}]\n}";
    let root = read_json(text).unwrap();
    let span = root.find("/ä~1b/1/x y").unwrap().start();
    assert_eq!(&text[span.clone()], "\"z\"");
    assert_eq!(line_column(text, span.start), (2, 22));
    assert_eq!(&text[root.entry_at("/ä~1b").unwrap().key_at.clone()], "\"ä/b\"");
    assert_eq!(root.find("/ä~1b").unwrap().start(), 12..12);
    assert!(root.find("/none").is_none() && root.entry_at("").is_none());
    assert!(root.find("").is_some() && root.find("/ä~1b/0").is_some());
    assert!(root.find("/ä~1b/2").is_none());
}

#[test]
fn json_is_strict_and_its_faults_have_a_place() {
    for (text, place, reason) in [
        ("{\n  \"a\": 1,\n}", (3, 1), "trailing comma"),
        ("{\n  // why\n}", (2, 3), "key must be a string"),
        ("{\"a\": 'x'}", (1, 7), "expected value"),
        ("", (1, 1), "EOF while parsing a value"),
        ("{\"ä\" 1}", (1, 6), "expected `:`"),
        ("[1, 2\n", (1, 6), "EOF while parsing a list"),
        (
            "{\"a\": \"\\ud800\"}",
            (1, 7),
            "an escape is half a character: a surrogate without its other half",
        ),
    ] {
        let fault = read_json(text).unwrap_err();
        assert_eq!((line_column(text, fault.offset), fault.reason.as_str()), (place, reason));
        assert_eq!(fault.language, Some(Language::Json));
    }
}

#[test]
fn each_key_that_is_there_twice_is_found() {
    let text = "{\"a\": 1,\n \"b\": {\"c\": 1, \"\\u0063\": 2}}";
    let mut findings = Findings::new("c/x.json", text);
    findings.duplicate_keys(&read_json(text).unwrap());
    let [finding] = &findings.into_sorted()[..] else { panic!() };
    assert_eq!(finding.code.as_str(), "definition.duplicate_key");
    assert_eq!(finding.place.pointer, "/b/c");
    assert_eq!(finding.place.line_column, Some((2, 16)));
    assert_eq!(finding.message(), "key `c` is there twice");
    assert_eq!(finding.hint(), Some("the first is on line 2; only one can count"));
}
