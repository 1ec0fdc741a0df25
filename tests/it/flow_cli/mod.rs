//! `flow check`, `flow graph`, and `check` of flows: what is told of good and bad files, and how they end.

mod check;
mod graph;
mod xml;

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Ran, cardhost, command};

pub const HEAD: &str =
    "document: { dsl: '1.0.3', namespace: shop, name: restock, version: 1.0.0 }\n";

/// A flow that has no fault with the shipped cards.
pub const GOOD: &str = "document: { dsl: '1.0.3', namespace: shop, name: restock, version: 1.0.0 }
do:
  - runs:
      call: list-warehouse-runs:1.0.0@mixpanel
      with:
        connection: prod
        input: { Path: { projectId: '${ .project }', sourceId: '${ .source }' } }
  - me:
      call: custom-api-action@mixpanel
      with:
        options: { Request Type: GET, Select API: Query API }
        input: { Request: { Relative URL: /app/me } }
";

/// A folder with files, in which the command runs.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        for (name, text) in files {
            folder.write(name, text.as_bytes());
        }
        folder
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs the command inside of the folder.
    pub fn run(&self, args: &[&str]) -> Ran {
        let output = command(args).current_dir(self.path()).output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// `code file:line:column` of each line of `--errors json`.
pub fn told(ran: &Ran) -> Vec<String> {
    ran.stderr
        .lines()
        .map(|line| {
            let object: Value =
                serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
            let place = &object["where"];
            let (code, file) = (object["code"].as_str().unwrap(), place["file"].as_str().unwrap());
            match (place["line"].as_u64(), place["column"].as_u64()) {
                (Some(line), Some(column)) => format!("{code} {file}:{line}:{column}"),
                _ => format!("{code} {file}"),
            }
        })
        .collect()
}

#[test]
fn the_help_has_examples() {
    for args in [&["flow", "check", "--help"][..], &["flow", "graph", "--help"]] {
        let ran = cardhost(args, "");
        assert_eq!(ran.code, 0);
        assert!(
            ran.stdout.contains(&format!("Examples:\n  cardhost {} {}", args[0], args[1])),
            "{}",
            ran.stdout
        );
    }
}
