//! What is in the repository is in the program too: pages of codes, schemas, flows; and the commands of docs/flows.md run.

use std::fs;
use std::process::Command;

use cardhost::Code;
use serde_json::Value;

use crate::support::{cardhost, path, root};

fn printed(args: &[&str]) -> String {
    let ran = cardhost(args, "");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{args:?}");
    ran.stdout
}

#[test]
fn every_code_is_explained_by_its_page() {
    for code in Code::all() {
        let page = fs::read_to_string(path(&format!("docs/errors/{code}.md"))).unwrap();
        assert_eq!(printed(&["explain", code.as_str()]), page);
    }
    let line = "error[input.required]: field `Relative URL` of `Request` is missing";
    assert!(printed(&["explain", line]).starts_with("# input.required\n"));
    let all = printed(&["explain"]);
    assert!(all.contains("\nquery.null_left_out "), "{all}");
    assert!(Code::all().iter().all(|code| all.lines().any(|line| line.starts_with(code.as_str()))));
}

#[test]
fn a_misspelt_code_has_a_nearest_one() {
    let ran = cardhost(&["explain", "input.requierd"], "");
    assert_eq!(ran.code, 2);
    let words = "error[usage]: there is no code `input.requierd`; did you mean `input.required`?\n";
    assert_eq!(ran.stderr, words);
    let ran = cardhost(&["explain", "service.refused"], "");
    assert!(ran.code == 2 && ran.stderr.contains("`cardhost docs CONNECTOR`"), "{ran:?}");
}

#[test]
fn the_schemas_of_the_repository_are_printed() {
    for kind in ["connector", "card", "flow", "case", "cassette"] {
        let file = fs::read_to_string(path(&format!("schemas/{kind}.schema.json"))).unwrap();
        assert_eq!(printed(&["schema", kind]), file);
    }
    let card = "mixpanel/list-warehouse-runs";
    let shown: Value = serde_json::from_str(&printed(&["show", card, "--json"])).unwrap();
    for kind in ["invocation", "output"] {
        let schema: Value = serde_json::from_str(&printed(&["schema", kind, card])).unwrap();
        assert_eq!(schema, shown[kind]);
    }
    for wrong in [&["schema", "card", "x"][..], &["schema", "connection"], &["schema", "output"]] {
        assert_eq!(cardhost(wrong, "").code, 2, "{wrong:?}");
    }
}

#[test]
fn the_schema_of_connections_takes_what_a_run_takes() {
    let schema: Value =
        serde_json::from_str(&printed(&["schema", "connection", "mixpanel"])).unwrap();
    let fields = &schema["properties"]["fields"];
    assert_eq!(fields["additionalProperties"], false);
    let choices = &fields["properties"]["API Server Location"]["anyOf"][0]["enum"];
    assert_eq!(choices, &serde_json::json!(["Standard", "EU", "India", null]));
    let secret = &fields["properties"]["Service Account: Secret"]["anyOf"][1];
    assert_eq!(secret["$ref"], "#/$defs/source");
    assert!(schema["$defs"]["source"].is_object());
}

#[test]
fn flows_are_listed_shown_and_documented() {
    let folder = tempfile::tempdir().unwrap();
    let own = "# What it is for.\n#   More.\ndocument: { dsl: '1.0.3', namespace: shop, name: own, version: 2.0.0, summary: Waits. }\n\
               use: { secrets: [key] }\ndo: [ { w: { wait: PT1S } } ]\n";
    let file = folder.path().join("own.yaml");
    fs::write(&file, own).unwrap();
    let (file, folder) = (file.display().to_string(), folder.path().display().to_string());
    let list: Value = serde_json::from_str(&printed(&["flow", "list", &folder, "--json"])).unwrap();
    assert_eq!(list[0]["flow"], file);
    assert_eq!((&list[0]["version"], &list[0]["summary"]), (&"2.0.0".into(), &"Waits.".into()));
    let shipped =
        ["mixpanel/track-and-find-event", "mixpanel/update-profiles", "mixpanel/warehouse-import"];
    let names: Vec<&str> =
        list.as_array().unwrap().iter().skip(1).filter_map(|row| row["flow"].as_str()).collect();
    assert_eq!(names, shipped);
    let text = printed(&["flow", "list"]);
    assert!(text.lines().all(|line| shipped.iter().any(|name| line.starts_with(name))), "{text}");

    let shown = "shop/own 2.0.0 (own)\nWaits.\n\nWhat it is for.\n  More.\n\nsecrets\n  key\n";
    assert_eq!(printed(&["flow", "show", &file]), shown);
    assert_eq!(printed(&["flow", "show", &file, "--source"]), own);
    let page = printed(&["docs", &file]);
    assert!(page.starts_with("# own\n\nWaits.\n\nFlow `shop/own 2.0.0`.\n"), "{page}");
    assert!(page.contains("```mermaid\nflowchart TD\n"), "{page}");
    let page = printed(&["docs", "mixpanel/warehouse-import"]);
    assert!(page.contains("- `mixpanel/trigger-warehouse-run`\n"), "{page}");
    assert!(page.contains("\"pollInterval\": {"), "{page}");
    let ran = cardhost(&["flow", "show", "mixpanel/warehose-import"], "");
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("did you mean `mixpanel/warehouse-import`?"), "{ran:?}");
}

#[test]
fn the_version_has_no_commit_but_in_a_build_for_use() {
    let version = printed(&["--version"]);
    let rest =
        version.strip_prefix(concat!("cardhost ", env!("CARGO_PKG_VERSION"))).unwrap().trim_end();
    match rest.strip_prefix(" (").map(|rest| rest.trim_end_matches(')')) {
        None => assert_eq!(rest, ""),
        Some(commit) => assert!(commit.len() >= 7 && commit.bytes().all(|b| b.is_ascii_hexdigit())),
    }
}

/// Its first flow is the file that its first commands name.
#[test]
fn the_first_commands_of_the_page_on_flows_run_as_written() {
    let page = fs::read_to_string(path("docs/flows.md")).unwrap();
    let blocks = |start: &'static str| {
        page.split(start).skip(1).map(|block| block.split("```").next().unwrap().to_owned())
    };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("restock.yaml"), blocks("```yaml\n").next().unwrap()).unwrap();
    let binary = root().join(env!("CARGO_BIN_EXE_cardhost"));
    for script in blocks("```sh\n").take(2) {
        let script = script.replace("cardhost ", &format!("{} ", binary.display()));
        let mut command = Command::new("sh");
        command.args(["-ec", &script]).current_dir(folder.path());
        command.env_clear().env("HOME", folder.path()).env("PATH", "/usr/bin:/bin");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stdout.is_empty(), "{script}");
    }
}
