use super::*;
use crate::datum::{Datum, Limits};

struct Plain(u64);

impl Scope for Plain {
    fn argument(&self, index: usize) -> Datum {
        Datum::text(ARGUMENTS[index])
    }
    fn variable(&self, index: usize) -> Datum {
        Datum::from(index)
    }
    fn limits(&self) -> Limits {
        Limits { steps: self.0, ..Limits::default() }
    }
    fn now(&self) -> i64 {
        1_500
    }
}

fn run(text: &str, input: serde_json::Value) -> Result<serde_json::Value, ExpressionFault> {
    let expression = Expression::compile(text, &["color".to_owned()]).unwrap();
    expression.evaluate(&Datum::from(input), &Plain(200_000)).map(serde_json::Value::from)
}

fn value(text: &str, input: serde_json::Value) -> serde_json::Value {
    run(text, input).unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
}

use serde_json::json;

#[test]
fn jq_works_over_our_values() {
    let data = json!({"a": {"b": [1, 2, 3]}, "t": "héllo", "n": null});
    for (text, expected) in [
        (".", data.clone()),
        ("${ .a.b }", json!([1, 2, 3])),
        (".a.b[1]", json!(2)),
        (".a.b[-1:]", json!([3])),
        (".t[1:3]", json!("él")),
        ("[.a.b[] | . * 2]", json!([2, 4, 6])),
        (".a.b | add", json!(6)),
        (".a.b | length", json!(3)),
        (".missing.deep", json!(null)),
        (".n + 1", json!(1)),
        ("6 / 2", json!(3)),
        ("1 / 2", json!(0.5)),
        ("7 % 3", json!(1)),
        ("\"x\" * 3", json!("xxx")),
        (".a.b |= map(. + 1) | .a", json!({"b": [2, 3, 4]})),
        (".a.c.d = 1 | .a", json!({"b": [1, 2, 3], "c": {"d": 1}})),
        ("del(.a.b[0]) | .a.b", json!([2, 3])),
        ("to_entries | map(.key)", json!(["a", "t", "n"])),
        ("{a: 1} * {a: {b: 2}}", json!({"a": {"b": 2}})),
        ("[3, 1, 2] | sort", json!([1, 2, 3])),
        ("[{a: 2}, {a: 1}] | sort_by(.a) | map(.a)", json!([1, 2])),
        ("[1, 2, 2] | unique", json!([1, 2])),
        ("\"a,b\" | split(\",\")", json!(["a", "b"])),
        ("\"a-b\" | test(\"^a\")", json!(true)),
        ("\"Hello \\(.t)!\"", json!("Hello héllo!")),
        ("@base64 \"\\(.t)\"", json!("aMOpbGxv")),
        ("\"{\\\"x\\\": 1.50}\" | fromjson", serde_json::from_str("{\"x\": 1.50}").unwrap()),
        (". as $d | [paths] | length", json!(7)),
        ("[.. | numbers]", json!([1, 2, 3])),
        ("$color", json!(0)),
        ("[$color, $context]", json!([0, "$context"])),
        ("$input", json!("$input")),
        ("empty", json!(null)),
        ("1, 2", json!([1, 2])),
        ("now", json!(1.5)),
        ("[1, \"a\\\"b\", null, true, 1.10, \"\"] | @csv", json!("1,\"a\"\"b\",,true,1.10,\"\"")),
        ("[\"a\\tb\\\\\\n\\r\", 2, null] | @tsv", json!("a\\tb\\\\\\n\\r\t2\t")),
        ("@csv \"row: \\([1, \"x\"])\"", json!("row: 1,\"x\"")),
        ("[] | @csv", json!("")),
        (
            "try ({} | @csv) catch .",
            json!("object ({}) cannot be csv-formatted, only an array can be"),
        ),
        ("try ([[1]] | @tsv) catch .", json!("array ([1]) is not valid in a tsv row")),
        ("65 | ascii", json!("A")),
        ("[1, [1] | toarray]", json!([[1], [1]])),
        ("[2 | IN(1, 2), IN([1, 2][]; 3)]", json!([true, false])),
        ("[{i: 1}, {i: 2}] | INDEX(.i)", json!({"1": {"i": 1}, "2": {"i": 2}})),
        ("[[1, {a: 2}] | leaf_paths]", json!([[0], [1, "a"]])),
        ("[1, \"x\"] | map(isvalid(tonumber))", json!([true, false])),
        ("fromstream([1, {a: [2]}] | tostream)", json!([1, {"a": [2]}])),
        ("[1 | truncate_stream([[0], 1], [[1, 0], 2], [[1, 0]], [[1]])]", json!([[[0], 2], [[0]]])),
        ("\"xax\" | trimstr(\"x\")", json!("a")),
        ("[0 | date, dateadd(\"seconds\"; 5)]", json!(["1970-01-01T00:00:00Z", 5])),
        ("\"1e3\" | fromjson", cardhost_core::value::parse("1e3").unwrap()),
        ("1700000000 | todate", json!("2023-11-14T22:13:20Z")),
        ("try error(\"x\") catch .", json!("x")),
        ("[limit(3; repeat(1))]", json!([1, 1, 1])),
        ("first(range(10))", json!(0)),
        ("\"abc\" | contains(\"b\")", json!(true)),
        ("has(\"a\")", json!(true)),
        ("\"12\" | tonumber", json!(12)),
        ("[1, [2]] | flatten", json!([1, 2])),
        ("if .n then 1 else 2 end", json!(2)),
        ("reduce range(5) as $i (0; . + $i)", json!(10)),
        ("infinite > 1", json!(true)),
    ] {
        assert_eq!(value(text, data.clone()), expected, "{text}");
    }
}

#[test]
fn numbers_keep_their_text_until_they_are_calculated_with() {
    let data: serde_json::Value = serde_json::from_str(
        "{\"a\": 7615917337495251231000, \"b\": 1.10, \"c\": 9007199254740993}",
    )
    .unwrap();
    assert_eq!(
        value("[.a, .b, .c]", data.clone()).to_string(),
        "[7615917337495251231000,1.10,9007199254740993]"
    );
    assert_eq!(value(".c + 1", data).to_string(), "9007199254740994");
}

#[test]
fn faults_have_a_place_and_a_reason() {
    for (text, offset, reason) in [
        ("${ .a + }", 7, "expected a value, found the end"),
        (".a | nope", 5, "there is no function `nope/0`"),
        ("$nope + 1", 0, "there is no variable `$nope`"),
        ("env", 0, "`env` of jq is not there"),
        ("input", 0, "`input` of jq is not there"),
        ("$ENV", 0, "there is no variable `$ENV`"),
        ("\"abc", 4, "`\"` is not closed: expected `\"`, found the end"),
        ("def f(x): f(x | x); f(.)", 10, "`f` takes a filter and calls itself"),
        ("[1] | def w(c; u): if c then (u | w(c; u)) else . end; w(1; 2)", 34, "`w` takes"),
    ] {
        let fault = Expression::compile(text, &[]).unwrap_err();
        assert!(fault.reason.starts_with(reason), "{text}: {fault:?}");
        assert_eq!(fault.offset, offset, "{text}: {fault:?}");
    }
    let fault = run(".a.b", json!({"a": 1})).unwrap_err();
    let ExpressionFault::Failed { expression, reason } = fault else { panic!("{fault:?}") };
    assert_eq!(
        (expression.as_str(), reason.as_str()),
        (".a.b", "Cannot index number with string (\"b\")")
    );
}

#[test]
fn what_has_no_end_ends_with_the_limit() {
    for text in [
        "def f: f; f",
        "def f: (f?); f",
        "def f: 1 + f; f",
        "def f: [f]; f",
        "def f: try f catch f; f",
        "[range(1e12)]",
        "last(repeat(1))",
        "last(range(1e15))",
        "[repeat(1)]",
        "until(false; .)",
        "[recurse(.)]",
        "[while(true; .)] | length",
        "reduce repeat(1) as $x (0; .)",
        "isempty(repeat(1) | select(false))",
        "first(range(1; infinite) | select(. < 0))",
        "label $out | foreach repeat(1) as $x (0; . + 1; empty)",
        "any(repeat(false); .)",
        "reduce range(60) as $i (\"x\"; . + .)",
        "\"x\" * 1e12",
        "reduce range(60) as $i ([1]; . + .)",
        "reduce range(60) as $i (1; [., .])",
        "reduce range(60) as $i (1; [., .]) | tojson",
        "reduce range(60) as $i (1; {a: ., b: .}) == 1",
        "reduce range(100000) as $i (0; [.])",
        "reduce range(60) as $i ({}; .a = . | .b = .)",
        "[range(30)] | [combinations(20)] | length",
        ".. |= last(repeat(.))",
        "path(repeat(.))",
        "limit(1e12; repeat(1))",
        "def f: reduce f as $x (0; .); f",
        "[1, 2] | .[0] |= (def f: f; f)",
        "(def f: f; f) as [$a] | $a",
        "[range(1e6)] | sort | [., .] | tojson | [., .] | tojson | length",
        "input_line_number?, [splits(\"a\"; null)?], (def f: f; f)",
    ] {
        let Ok(expression) = Expression::compile(text, &[]) else {
            assert!(text.starts_with("input_line"), "{text}");
            continue;
        };
        let result = expression.evaluate(&Datum::from(json!({"a": 1})), &Plain(200_000));
        assert!(matches!(result, Err(ExpressionFault::Limit { .. })), "{text}: {result:?}");
    }
}

#[test]
fn a_limit_is_for_one_evaluation_only() {
    let endless = Expression::compile("def f: f; f", &[]).unwrap();
    assert!(endless.evaluate(&Datum::Null, &Plain(1_000)).is_err());
    assert_eq!(value("1 + 1", json!(null)), json!(2));
}

#[test]
fn deep_texts_are_refused_before_jaq_reads_them() {
    for (before, middle, after) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{a: ", "1", "}"),
        ("-", "1", ""),
        ("1 | ", "1", ""),
        ("1, ", "1", ""),
        ("1 + ", "1", ""),
        ("try ", "1", ""),
        ("if 1 then ", "1", " else 2 end"),
        ("def f: ", "1", "; 1"),
        ("reduce . as $x (1; ", "1", ")"),
        ("label $a | ", "1", ""),
        (". as $x | ", "1", ""),
        ("\"\\(", "1", ")\""),
        ("", "1", "?"),
        ("", ".", ".a"),
        ("", ".", "[0]"),
        ("map(", "1", ")"),
        ("(if 1 then [", "1", "] else 2 end)"),
        ("{\"a\\(", "1", ")\": 1}"),
    ] {
        for times in [10, 20, 40, 60, 80, 98, 100, 400, 1_000] {
            let text = [before.repeat(times), middle.to_owned(), after.repeat(times)].concat();
            // Whatever comes of it: no overflow, here on the 2 MiB of a test's thread.
            if let Ok(expression) = Expression::compile(&text, &[]) {
                let _ = expression.evaluate(&Datum::Null, &Plain(10_000));
            }
        }
    }
}

#[test]
fn long_expressions_that_are_not_deep_are_read() {
    let keys = vec!["(.a + 1 | tostring): [1, 2, \"a | b | c, d\"]"; 60].join(", ");
    let text = format!("{{ {keys} }}");
    assert_eq!(value(&text, json!({"a": 1})), json!({"2": [1, 2, "a | b | c, d"]}));
}

#[test]
fn uri_templates_take_values_of_the_input() {
    let expand = |text: &str, input: serde_json::Value| {
        UriTemplate::read(text).expand(&Datum::from(input), &Plain(1_000), &[])
    };
    assert_eq!(expand("https://h/pet/{petId}", json!({"petId": 1})).unwrap(), "https://h/pet/1");
    assert_eq!(
        expand("https://h/{a}?s={b}", json!({"a": "x/y", "b": "1 & 2"})).unwrap(),
        "https://h/x%2Fy?s=1%20%26%202"
    );
    assert_eq!(expand("https://h/{ x }{", json!({})).unwrap(), "https://h/{ x }{");
    assert_eq!(expand("https://h/{a}?b={c}", json!({ "c": null })).unwrap(), "https://h/?b=");
    assert!(expand("https://h/{a}", json!({"a": {}})).is_err());
}

#[test]
fn a_path_is_no_longer_than_the_stack_allows() {
    for piece in ["[0]", ".a", "[.b]"] {
        let text = |parts: usize| [".a", &piece.repeat(parts)].concat();
        let expression = Expression::compile(&text(99), &[]).unwrap();
        let result = expression.evaluate(&Datum::from(json!({"a": null})), &Plain(200_000));
        assert_eq!(serde_json::Value::from(result.unwrap()), json!(null), "{piece}");
        let fault = Expression::compile(&text(100), &[]).unwrap_err();
        assert_eq!(fault.reason, "its path is too long", "{piece}");
    }
    let separate = vec![".a.b[0]"; 60].join(", ");
    assert!(Expression::compile(&format!("[{separate}]"), &[]).is_ok());
}

#[test]
fn what_is_compiled_later_is_what_compiles() {
    let variables = ["$x", "$input"];
    for text in [
        ".a | map(.b) | length + 1",
        "if .a == null then {b: [1, 2]} else $x end",
        "\"\\(.a | tostring) and \\($x)\"",
        "@base64 \"a\\(.b)\"",
        "try error(\"x\") catch .",
        ".[1:2], .[\"k\"]?, ..",
        "-1 // empty | select(. > 0) | IN(1, 2)",
    ] {
        let looked = super::engine::look(text, &variables);
        assert!(matches!(looked, Ok(super::engine::Compiled::Later)), "{text}");
        assert!(super::engine::compile(text, &variables).is_ok(), "{text}");
    }
    for text in [
        "nonsuch",
        "map(1; 2)",
        "$y",
        "\"\\(nonsuch)\"",
        "@nonsuch \"x\"",
        ".[nonsuch]",
        "{(nonsuch): 1}",
        "if nonsuch then 1 end",
        "break $out",
        "[1] | . as [$a, {(nonsuch): $b}] | $a",
        "env",
        "$ENV",
        "input",
    ] {
        let fault = Expression::compile(text, &["x".to_owned()]);
        assert!(fault.is_err(), "{text}");
    }
    for text in
        ["def f: 1; f", "label $out | break $out", "reduce .[] as $i (0; . + $i)", ". as $a | $a"]
    {
        let looked = super::engine::look(text, &variables);
        assert!(matches!(looked, Ok(super::engine::Compiled::Now(_))), "{text}");
    }
}

/// A scope with limits of its own.
struct Limited(Limits);

impl Scope for Limited {
    fn argument(&self, _: usize) -> Datum {
        Datum::Null
    }
    fn variable(&self, _: usize) -> Datum {
        Datum::Null
    }
    fn limits(&self) -> Limits {
        self.0
    }
    fn now(&self) -> i64 {
        0
    }
}

/// What the records themselves bring is enough: so it is for 100,000 of them as for these.
#[test]
fn reports_of_many_records_are_within_the_limits() {
    let record = |id: u32| {
        json!({
            "id": id, "name": format!("Person {id} O'Neil"), "email": format!("p{id}@example.com"),
            "country": (["AT", "CH", "DE"][(id % 3) as usize]), "amount": f64::from(id) * 1.25, "active": id.is_multiple_of(3),
            "tags": ["a", "b"], "address": { "city": format!("City {}", id % 100), "zip": id.to_string() },
        })
    };
    let records = Datum::from(serde_json::Value::from_iter((0..2_000).map(record)));
    let limits = Limits { steps: 20_000, value_bytes: 64 * 1024 };
    for (text, expected) in [
        ("map({id, name, total: (.amount * 1.2), city: .address.city}) | length", json!(2_000)),
        ("group_by(.country) | map({n: length, sum: (map(.amount) | add)}) | length", json!(3)),
        ("map(.name | gsub(\"[^A-Za-z]+\"; \"-\")) | first", json!("Person-O-Neil")),
        (
            "walk(if type == \"string\" then ascii_upcase else . end) | .[0].name",
            json!("PERSON 0 O'NEIL"),
        ),
        (
            "map([.id, .name, .amount] | @csv) | join(\"\\n\") | .[:19]",
            json!("0,\"Person 0 O'Neil\""),
        ),
        ("map(select(.active)) | sort_by(.amount) | .[-1].id", json!(1_998)),
        ("map(to_entries | map(select(.key != \"tags\")) | from_entries) | length", json!(2_000)),
        ("unique_by(.address.city) | length", json!(100)),
        ("INDEX(.id) | length", json!(2_000)),
        ("del(.[] | select(.active)) | length", json!(1_333)),
        ("map(.amount |= floor) | map(.amount) | max", json!(2_498)),
        ("[.[] | tojson | fromjson | .email | test(\"^p[0-9]+@\")] | all", json!(true)),
        ("map(.name | capture(\"(?<n>[0-9]+)\") | .n | tonumber) | add", json!(1_999_000)),
        ("[paths(type == \"number\")] | length", json!(4_000)),
    ] {
        let expression = Expression::compile(text, &[]).unwrap();
        let result = expression.evaluate(&records, &Limited(limits));
        assert_eq!(result.map(serde_json::Value::from), Ok(expected), "{text}");
    }
}

/// With lookaround and references to groups a search tries; each has so many tries for the length of its text.
#[test]
fn patterns_end_whatever_they_are() {
    let text = Datum::text(&["a".repeat(40), "c".to_owned()].concat());
    let limits = Limits { steps: 200_000, ..Limits::default() };
    for (pattern, expected) in [
        ("(?:a+)+(a)\\\\1b", Err("takes too many tries here")),
        ("(a*)*(?!c)(?<=a)\\\\1{30}d?(?=x)", Err("takes too many tries here")),
        ("(a*)*\\\\1b", Err("takes too many tries here")),
        ("((a{1,90}){1,90}){1,90}b", Err("is not a valid regex")),
        ("(", Err("is not a valid regex")),
        ("(a+)+c", Ok(true)),
        ("a(?=c)", Ok(true)),
        ("(a)\\\\1", Ok(true)),
    ] {
        let expression = Expression::compile(&format!("test(\"{pattern}\")"), &[]).unwrap();
        match (expression.evaluate(&text, &Limited(limits)), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, Datum::Bool(expected), "{pattern}"),
            (Err(ExpressionFault::Failed { reason, .. }), Err(expected)) => {
                assert!(reason.contains(expected), "{pattern}: {reason}");
            }
            // That no match is possible may be seen without a try.
            (Ok(Datum::Bool(false)), Err("takes too many tries here")) => {}
            (found, _) => panic!("{pattern}: {found:?}"),
        }
    }
}
