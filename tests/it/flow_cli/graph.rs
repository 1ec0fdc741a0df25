//! `flow graph`: pictures of flows, whatever they hold.

use std::fs;

use cardhost::flow::{graph, load};
use serde_json::Value;

use super::xml::xml_fault;
use super::{Folder, GOOD, HEAD, told};
use crate::support::{cardhost, path, skipped};

#[test]
fn a_flow_is_drawn_as_mermaid_or_as_svg() {
    let folder = Folder::new(&[("restock.yaml", GOOD)]);
    let ran = folder.run(&["flow", "graph", "restock.yaml"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(
        ran.stdout,
        "flowchart TD
  start((start)) --> t0
  t0[\"runs<br/>list-warehouse-runs:1.0.0@mixpanel\"]
  t1[\"me<br/>custom-api-action@mixpanel\"]
  t0 --> t1
  t1 --> finish
  finish((end))
"
    );
    assert_eq!(
        folder.run(&["flow", "graph", "restock.yaml", "--format", "mermaid"]).stdout,
        ran.stdout
    );
    let ran = folder.run(&["flow", "graph", "restock.yaml", "--format", "svg"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(xml_fault(&ran.stdout), None);
    assert!(ran.stdout.contains("<title>runs: list-warehouse-runs:1.0.0@mixpanel</title>"));
    // Cards need not be there to draw a flow; another format is no format.
    let text = GOOD.replace("mixpanel", "nobody");
    folder.write("other.yaml", text.as_bytes());
    assert_eq!(folder.run(&["flow", "graph", "other.yaml"]).code, 0);
    assert_eq!(folder.run(&["flow", "graph", "other.yaml", "--format", "png"]).code, 2);
}

#[test]
fn a_flow_with_a_fault_is_not_drawn() {
    let text = format!("{HEAD}do:\n  - a: {{ listen: {{ to: {{ any: [] }} }} }}\n");
    let folder = Folder::new(&[("x.yaml", &text)]);
    for format in ["mermaid", "svg"] {
        let ran = folder.run(&["flow", "graph", "x.yaml", "--format", format, "--errors", "json"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
        assert_eq!(told(&ran), ["flow.unsupported x.yaml:3:18"]);
    }
}

#[test]
fn names_that_are_markup_stay_text() {
    let names = [
        "<script>alert(1)</script>",
        "\"quoted\" & 'so'",
        "]]>",
        "&amp;",
        "a\u{0}b\u{1b}[31m",
        "\u{fffe}\u{ffff}",
        "--> x",
        "|x|",
        "\u{202e}abc",
        "",
        "日本語のとても長い名前がここにあります",
        "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
    ];
    let tasks: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(index, name)| match index % 3 {
            0 => serde_json::json!({ *name: { "set": { *name: 1 }, "if": format!("{name:?} == \"x\"") } }),
            1 => serde_json::json!({ *name: { "switch": [{ *name: { "when": ".a", "then": names[0] } }] } }),
            _ => serde_json::json!({ *name: { "do": [{ *name: { "call": format!("{name}@{name}") } }] } }),
        })
        .collect();
    let flow = |tasks: &[Value]| {
        serde_json::json!({
            "document": {
                "dsl": "1.0.3", "namespace": "x", "name": "y", "version": "1.0.0", "title": "</title><script>\u{1}",
            },
            "do": tasks,
        })
        .to_string()
    };
    let mut drawn = 0;
    for task in &tasks {
        let all = [tasks[0].clone(), task.clone()];
        let Ok(loaded) = load("x.json", &flow(&all)) else { continue };
        drawn += 1;
        let svg = graph::svg(&loaded.document);
        assert_eq!(xml_fault(&svg), None, "{svg}");
        assert!(!svg.contains("<script"), "{svg}");
        let mermaid = graph::mermaid(&loaded.document);
        assert!(!mermaid.contains("<script"), "{mermaid}");
        assert!(mermaid.lines().all(|line| line.matches('"').count() % 2 == 0), "{mermaid}");
    }
    assert!(drawn >= 8, "only {drawn} of {} flows loaded", tasks.len());
}

#[test]
fn every_example_of_the_specification_that_is_accepted_is_drawn() {
    let folder = path("../shared/conformance/serverless-workflow/examples");
    let Ok(entries) = fs::read_dir(&folder) else {
        skipped("shared", "the examples are not beside the project");
        return;
    };
    let (mut all, mut drawn) = (0, 0);
    for entry in entries {
        let file = entry.unwrap().path();
        let text = fs::read_to_string(&file).unwrap();
        all += 1;
        let Ok(loaded) = load("x.yaml", &text) else { continue };
        let svg = graph::svg(&loaded.document);
        assert_eq!(xml_fault(&svg), None, "{}: {svg}", file.display());
        assert!(
            graph::mermaid(&loaded.document).ends_with("finish((end))\n"),
            "{}",
            file.display()
        );
        drawn += 1;
    }
    println!("{drawn} of {all} examples are drawn");
    assert_eq!((all, drawn), (66, 35));
    // As the command draws them, and refuses the others.
    for (name, code) in [("star-wars-homeworld", 0), ("fork", 0), ("listen-to-all", 3)] {
        let file = folder.join(format!("{name}.yaml"));
        let ran = cardhost(&["flow", "graph", file.to_str().unwrap(), "--format", "svg"], "");
        assert_eq!((ran.code, ran.stdout.is_empty()), (code, code != 0), "{name}");
    }
}

#[test]
fn the_flow_of_the_docs_has_no_fault_and_its_chart_is_current() {
    let docs = fs::read_to_string(path("docs/flows.md")).unwrap();
    let block = |kind: &str| {
        let start = docs.split(&format!("```{kind}\n")).nth(1).unwrap();
        start.split("```").next().unwrap().to_owned()
    };
    let folder = Folder::new(&[("restock.yaml", &block("yaml"))]);
    let ran = folder.run(&["flow", "check", "restock.yaml"]);
    assert_eq!((ran.stderr.as_str(), ran.stdout.as_str()), ("", "1 flow: no fault\n"));
    assert_eq!(folder.run(&["flow", "graph", "restock.yaml"]).stdout, block("mermaid"));
}
