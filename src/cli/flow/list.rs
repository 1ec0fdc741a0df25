//! `flow list`: the flows there are.

use cardhost::flow::{self, Head};
use serde_json::{Value, json};

use super::args::FlowListArgs;
use super::source::{built_in, names};
use crate::cli::check::flows_of;
use crate::cli::console::{Console, Failure};

pub(crate) fn run(args: &FlowListArgs, console: &Console) -> Result<(), Failure> {
    let mut rows: Vec<(String, Head)> = Vec::new();
    for folder in &args.folders {
        for (path, text) in flows_of(folder)? {
            rows.extend(flow::head(&text).map(|head| (path.display().to_string(), head)));
        }
    }
    for name in names() {
        let head = built_in(name).and_then(|(_, text)| flow::head(text));
        rows.extend(head.map(|head| (name.to_owned(), head)));
    }
    if args.json {
        let row = |(flow, head): &(String, Head)| {
            json!({
                "flow": flow, "namespace": head.namespace, "name": head.name, "version": head.version,
                "title": head.title, "summary": head.summary,
            })
        };
        let list: Vec<Value> = rows.iter().map(row).collect();
        return console.out(&format!("{}\n", Value::Array(list)));
    }
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, head) in &rows {
        let title = head.title.as_deref().unwrap_or(&head.name);
        let about = head.summary.as_ref().map(|summary| format!(": {}", summary.trim()));
        text.push_str(&format!("{name:<width$}  {title}{}\n", about.unwrap_or_default()));
    }
    console.text(&text)
}
