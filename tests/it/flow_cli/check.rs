//! `flow check`, and `check` of flows.

use std::fs;

use serde_json::Value;

use super::{Folder, GOOD, HEAD, told};

/// Five faults and a warning, each on a line of its own.
const BAD: &str = "document: { dsl: '1.0.3', namespace: shop, name: bad, version: 1.0.0 }
do:
  - a: { call: list-warehouse-runz@mixpanel }
  - b:
      call: custom-api-action@mixpanel
      with:
        options: { Request Typ: GET, Select API: Query API, Request Type: FETCH }
        input: { Request: { Relative URL: /app/me, Qery: {} } }
  - c: { run: { workflow: { namespace: shop, name: restok, version: latest } } }
schedule: { every: PT1H }
";

#[test]
fn flows_without_a_fault_are_counted() {
    let folder = Folder::new(&[("flows/restock.flow.yaml", GOOD)]);
    for args in [
        &["flow", "check"][..],
        &["flow", "check", "flows"],
        &["flow", "check", "flows/restock.flow.yaml"],
        &["flow", "check", "flows", "flows/restock.flow.yaml"],
        &["check", "flows"],
        &["check", "flows/restock.flow.yaml"],
    ] {
        let ran = folder.run(args);
        assert_eq!(
            (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
            (0, "1 flow: no fault\n", ""),
            "{args:?}"
        );
    }
}

#[test]
fn each_fault_is_told_with_its_line_what_it_is_and_what_to_do() {
    let folder = Folder::new(&[("flows/restock.yaml", GOOD), ("flows/bad.yaml", BAD)]);
    let ran = folder.run(&["flow", "check", "flows/bad.yaml"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    insta::assert_snapshot!("flow_check_faults", ran.stderr);
    // The same code behind the wider spelling.
    assert_eq!(folder.run(&["check", "flows/bad.yaml"]).stderr, ran.stderr);
}

#[test]
fn programs_get_an_object_for_each_finding() {
    let folder = Folder::new(&[("flows/restock.yaml", GOOD), ("flows/bad.yaml", BAD)]);
    let ran = folder.run(&["flow", "check", "--errors", "json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    assert_eq!(
        told(&ran),
        [
            "card.unknown flows/bad.yaml:3:16",
            "options.unknown flows/bad.yaml:7:20",
            "options.choice flows/bad.yaml:7:75",
            "input.unknown flows/bad.yaml:8:52",
            "flow.unknown flows/bad.yaml:9:52",
            "flow.unsupported flows/bad.yaml:10:11",
        ]
    );
    let first: Value = serde_json::from_str(ran.stderr.lines().next().unwrap()).unwrap();
    assert_eq!(
        first,
        serde_json::json!({
            "code": "card.unknown", "severity": "error",
            "message": "there is no card `list-warehouse-runz@mixpanel`",
            "where": { "file": "flows/bad.yaml", "pointer": "/do/0/a/call", "line": 3, "column": 16 },
            "hint": "did you mean `list-warehouse-runs@mixpanel`?",
        })
    );
    let last: Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(last["severity"], "warning");
}

#[test]
fn a_warning_alone_is_no_failure() {
    let text = format!("{HEAD}do: []\nschedule: {{ every: PT1H }}\n");
    let folder = Folder::new(&[("x.yaml", &text)]);
    let ran = folder.run(&["flow", "check", "x.yaml"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "1 flow: no fault, 1 warning\n"));
    assert!(
        ran.stderr.starts_with("warning[flow.unsupported]: `schedule` has no effect here\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_folder_is_walked_for_flows_by_name_and_by_what_they_hold() {
    let json = r#"{ "document": { "dsl": "1.0.3", "namespace": "x", "name": "y", "version": "1.0.0" }, "do": [] }"#;
    let folder = Folder::new(&[
        ("flows/a.flow.yaml", "x: 1\n"),
        ("flows/deep/er/b.yml", "document:\n  dsl: '1.0.3'\ndo: [\n"),
        ("flows/deep/c.json", json),
        ("flows/deep/d.flow.json", "[]"),
        ("flows/services.yaml", "services: { web: { image: x } }\n"),
        ("flows/package.json", "{ \"name\": \"x\" }"),
        ("flows/notes.txt", "document: { dsl: '1.0.3' }"),
        ("flows/.git/e.flow.yaml", "x: 1\n"),
        ("flows/node_modules/f.flow.yaml", "x: 1\n"),
    ]);
    let ran = folder.run(&["flow", "check", "--errors", "json"]);
    assert_eq!(ran.code, 3);
    let mut files: Vec<String> =
        told(&ran).iter().map(|text| text.split([' ', ':']).nth(1).unwrap().to_owned()).collect();
    files.dedup();
    assert_eq!(files, ["flows/a.flow.yaml", "flows/deep/d.flow.json", "flows/deep/er/b.yml"]);
    assert!(folder.run(&["flow", "check"]).stderr.ends_with("4 flows: 4 faults\n"));
}

#[cfg(unix)]
#[test]
fn links_that_lead_in_a_circle_are_not_followed() {
    let folder = Folder::new(&[("flows/restock.yaml", GOOD)]);
    std::os::unix::fs::symlink("..", folder.path().join("flows/up")).unwrap();
    let ran = folder.run(&["flow", "check"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "1 flow: no fault\n"));
}

#[test]
fn connectors_and_flows_in_one_folder_are_told_apart() {
    let folder = Folder::new(&[
        (
            "all/acme/connector.json",
            r#"{
            "format": 1, "name": "acme", "version": "1.0.0", "title": "Acme", "connection": { "fields": {} },
            "auth": { "none": { "scheme": "none" } },
            "targets": { "api": { "auth": ["none"], "base": "https://acme.example" } } }"#,
        ),
        (
            "all/acme/get.json",
            r#"{
            "format": 1, "name": "get", "version": "1.0.0", "title": "Get", "effect": "read",
            "request": { "target": "api", "method": "GET", "path": "/" },
            "output": { "Response": { "Body": { "type": "any", "value": "<<response.body?>>" } } } }"#,
        ),
        (
            "all/acme/beside.flow.json",
            r#"{ "document": { "dsl": "1.0.3", "namespace": "x", "name": "y", "version": "1.0.0" },
            "do": [ { "a": { "call": "get@acme" } } ] }"#,
        ),
        (
            "all/flows/one.json",
            r#"{ "document": { "dsl": "1.0.3", "namespace": "x", "name": "z", "version": "1.0.0" },
            "do": [ { "a": { "call": "git@acme" } } ] }"#,
        ),
    ]);
    let ran = folder.run(&["check", "all", "--cards", "all", "--errors", "json"]);
    assert_eq!(
        told(&ran),
        ["definition.missing_key all/acme/get.json:1:1", "card.unknown all/flows/one.json:2:38",]
    );
    assert_eq!(ran.code, 3);
    let ran = folder.run(&["check", "all", "--cards", "all"]);
    assert!(
        ran.stderr
            .ends_with("1 connector, 1 card, 0 examples, 0 anti-examples, 2 flows: 1 fault\n"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("did you mean `get@acme`?"), "{}", ran.stderr);
    // Without the folder, nothing has that connector.
    let ran = folder.run(&["flow", "check", "all", "--errors", "json"]);
    assert_eq!(
        told(&ran),
        [
            "connector.unknown all/acme/beside.flow.json:2:38",
            "connector.unknown all/flows/one.json:2:38"
        ]
    );
}

#[test]
fn the_default_of_check_has_the_flows_of_the_folder_flows() {
    let folder = Folder::new(&[("flows/restock.yaml", GOOD)]);
    let ran = folder.run(&["check"]);
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.contains(" connectors, "), "{}", ran.stdout);
    assert!(ran.stdout.ends_with(" anti-examples, 1 flow: no fault\n"), "{}", ran.stdout);
}

#[test]
fn a_flow_may_run_those_that_are_checked_and_those_beside_it() {
    let run = |name: &str| {
        format!(
            "document: {{ dsl: '1.0.3', namespace: shop, name: all, version: 1.0.0 }}\ndo:\n  - a: {{ run: {{ workflow: {{ namespace: shop, name: {name}, version: 1.0.0 }} }} }}\n"
        )
    };
    let folder = Folder::new(&[
        ("flows/all.yaml", &run("restock")),
        ("flows/restock.yaml", GOOD),
        (
            "flows/broken.yaml",
            "document: { dsl: '1.0.3', namespace: shop, name: broken, version: 1.0.0 }\n",
        ),
        ("other/restock.yaml", &GOOD.replace("name: restock", "name: elsewhere")),
        ("other.yaml", &run("elsewhere")),
        ("flows/to-elsewhere.yaml", &run("elsewhere")),
        ("to-broken.yaml", &run("broken")),
    ]);
    assert_eq!(folder.run(&["flow", "check", "flows/all.yaml"]).code, 0);
    assert_eq!(folder.run(&["flow", "check", "./flows/all.yaml"]).code, 0);
    assert_eq!(folder.run(&["flow", "check", "other.yaml"]).code, 0);
    assert_eq!(folder.run(&["flow", "check", "flows/to-elsewhere.yaml"]).code, 3);
    assert_eq!(folder.run(&["flow", "check", "flows/to-elsewhere.yaml", "other"]).code, 0);
    // A flow that has a fault is there all the same.
    let ran =
        folder.run(&["flow", "check", "to-broken.yaml", "flows/broken.yaml", "--errors", "json"]);
    assert_eq!(told(&ran), ["definition.missing_key flows/broken.yaml:1:1"]);
}

#[test]
fn files_that_are_no_flows_end_with_a_code() {
    let folder = Folder::new(&[
        ("not.yaml", "a: [1\n"),
        ("list.yaml", "- 1\n"),
        ("empty.yaml", ""),
        ("two.yaml", "a: 1\n---\nb: 2\n"),
        ("card.txt", "{"),
    ]);
    folder.write("binary.yaml", b"\x00\xff\xfe\x01");
    folder.write("latin.yaml", b"document: \xe9\n");
    fs::create_dir(folder.path().join("void")).unwrap();
    let long = vec![b'#'; 9 * 1024 * 1024];
    folder.write("long.yaml", &long);
    for (file, code, expected) in [
        ("not.yaml", 3, "definition.syntax not.yaml:1:4"),
        ("list.yaml", 3, "definition.type list.yaml:1:1"),
        ("empty.yaml", 3, "definition.syntax empty.yaml:1:1"),
        ("two.yaml", 3, "definition.syntax two.yaml:3:1"),
        ("card.txt", 3, "definition.syntax card.txt:1:1"),
        ("binary.yaml", 3, "definition.unreadable binary.yaml"),
        ("latin.yaml", 3, "definition.unreadable latin.yaml"),
        ("long.yaml", 3, "definition.unreadable long.yaml"),
    ] {
        for args in [&["flow", "check", file][..], &["flow", "graph", file]] {
            let ran = folder.run(&[args, &["--errors", "json"]].concat());
            assert_eq!((ran.code, told(&ran)), (code, vec![expected.to_owned()]), "{args:?}");
            assert_eq!(ran.stdout, "", "{args:?}");
        }
    }
    for (args, message) in [
        (&["flow", "check", "void"][..], "no flow in void"),
        (&["check", "void"], "no connector and no flow in void"),
        (&["flow", "check", "gone.yaml"], "gone.yaml: No such file or directory (os error 2)"),
        (&["flow", "graph", "gone.yaml"], "gone.yaml: No such file or directory (os error 2)"),
        (&["flow", "check"], "flows: No such file or directory (os error 2)"),
    ] {
        let ran = folder.run(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert_eq!(ran.stderr, format!("error[usage]: {message}\n"), "{args:?}");
    }
}

#[test]
fn a_large_flow_is_checked_whole() {
    let mut text = format!("{HEAD}do:\n");
    while text.len() < 5 * 1024 * 1024 {
        text.push_str("  - me: { call: custom-api-actoin@mixpanel, with: { input: { Request: { Relative URL: /app/me } } } }\n");
    }
    let folder = Folder::new(&[("large.yaml", &text)]);
    let ran = folder.run(&["flow", "check", "large.yaml"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    let faults = text.lines().count() - 2;
    assert!(
        ran.stderr.ends_with(&format!(
            "… and {} more; `--errors json` shows all\n\n1 flow: {faults} faults\n",
            faults - 200
        )),
        "{}",
        &ran.stderr[ran.stderr.len() - 200..]
    );
}

#[test]
fn deep_nesting_is_checked_or_refused() {
    let nested = |levels: usize| {
        let tasks = format!(
            "{}{}{}",
            "[{a: {do: ".repeat(levels),
            "[{ z: { call: x@y } }]",
            "}}]".repeat(levels)
        );
        format!("{HEAD}do: {tasks}\n")
    };
    let folder = Folder::new(&[("deep.yaml", &nested(200)), ("deeper.yaml", &nested(2_000))]);
    let ran = folder.run(&["flow", "check", "deep.yaml", "--errors", "json"]);
    assert_eq!((ran.code, told(&ran)), (3, vec!["connector.unknown deep.yaml:2:2019".to_owned()]));
    let ran = folder.run(&["flow", "check", "deeper.yaml", "--errors", "json"]);
    // As deep as the reader goes.
    assert_eq!(
        (ran.code, told(&ran)),
        (3, vec!["definition.syntax deeper.yaml:2:3336".to_owned()])
    );
}
