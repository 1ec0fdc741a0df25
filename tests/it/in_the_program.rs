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

/// The judge is bash.
#[test]
fn completions_know_cards_flows_and_connections() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("cardhost.bash");
    fs::write(&script, printed(&["completions", "bash"])).unwrap();
    let binary = root().join(env!("CARGO_BIN_EXE_cardhost"));
    std::os::unix::fs::symlink(binary, folder.path().join("cardhost")).unwrap();
    let completed = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let run = format!(
            "source {}; COMP_WORDS=({}); [[ '{line}' == *' ' ]] && COMP_WORDS+=(''); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); \
             _cardhost_names cardhost \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            script.display(),
            words.join(" ")
        );
        let mut bash = Command::new("bash");
        bash.args(["-c", &run]).env_clear().env("HOME", folder.path());
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let output = bash.env("PATH", path).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(completed("cardhost run mixpanel/custom"), "mixpanel/custom-api-action\n");
    assert!(completed("cardhost flow run mix").contains("mixpanel/warehouse-import\n"));
    assert!(completed("cardhost mock mi").contains("mixpanel\n"));
    assert!(completed("cardhost expl").contains("explain\n"));
    let fields = r#"{"Service Account: Username": "sa", "Service Account: Secret": "s"}"#;
    let home = folder.path().display().to_string();
    let added = crate::support::cardhost_with(
        &["connection", "add", "mixpanel", "prod"],
        fields,
        &[("HOME", &home)],
    );
    assert_eq!(added.code, 0, "{added:?}");
    assert_eq!(completed("cardhost run --connection pr"), "prod\n");
    for shell in ["zsh", "fish"] {
        let script = printed(&["completions", shell]);
        for kind in ["cards", "connections", "connectors", "flows"] {
            assert!(script.contains(&format!("cardhost names {kind}")), "{shell} {kind}");
        }
    }
}

/// The judges are the formatters of manual pages, where there is one.
#[test]
fn the_manual_page_has_every_command() {
    let page = printed(&["man"]);
    for name in ["run", "connection add", "flow run", "explain", "schema", "man"] {
        assert!(page.contains(&format!("\n.SS cardhost {name}\n")), "{name}");
    }
    for text in ["\n.B \\-\\-cards DIR\n", "\n.B 70\na bug in cardhost\n", "\n.B CARDHOST_KEY\n"] {
        assert!(page.contains(text), "{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cardhost.1");
    fs::write(&file, &page).unwrap();
    let Ok(shown) = Command::new("groff").args(["-man", "-Tutf8", "-ww"]).arg(&file).output()
    else {
        return crate::support::skipped("machine", "there is no groff");
    };
    assert_eq!(String::from_utf8_lossy(&shown.stderr), "");
    assert!(shown.stdout.len() > 10_000, "{}", shown.stdout.len());
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
