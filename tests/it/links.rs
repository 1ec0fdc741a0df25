//! Links between our own documents lead somewhere: the file is there, and has the heading.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::root;

/// A document's lines with whether they are prose: what stands in a code block links nowhere.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in prose(text).filter(|line| line.starts_with('#')) {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        // Of a link only the words are shown.
        let shown: String =
            words.split("](").map(|piece| piece.split_once(')').map_or(piece, |p| p.1)).collect();
        let kept = shown.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let again = (1..).map(|count| format!("{anchor}-{count}"));
        let free = std::iter::once(anchor.clone()).chain(again).find(|name| !found.contains(name));
        found.extend(free);
    }
    found
}

/// Where the links of a document lead.
fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        // Nor does what stands between backticks.
        let outside: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for rest in outside.split("](").skip(1) {
            found.extend(rest.split([')', ' ']).next().map(str::to_owned));
        }
        if let Some((_, target)) = line.split_once("]: ").filter(|_| line.starts_with('[')) {
            found.push(target.trim().to_owned());
        }
    }
    found
}

fn fault(document: &Path, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = match file {
        "" => document.to_owned(),
        file => document.parent().unwrap().join(file),
    };
    if !path.exists() {
        return Some(format!("`{target}`: there is no such file"));
    }
    let is_document = path.extension().is_some_and(|extension| extension == "md");
    let known = || anchors(&fs::read_to_string(&path).unwrap()).contains(anchor);
    (!anchor.is_empty() && is_document && !known())
        .then(|| format!("`{target}`: there is no such heading"))
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut list = Command::new("git");
    list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]);
    let listed = list.current_dir(root()).output().unwrap();
    let names = String::from_utf8(listed.stdout).unwrap();
    let (mut faults, mut links) = (Vec::new(), 0);
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        let document = root().join(name);
        // Listed, and removed since.
        let Ok(text) = fs::read_to_string(&document) else { continue };
        for target in targets(&text) {
            links += 1;
            faults.extend(fault(&document, &target).map(|fault| format!("{name}: {fault}")));
        }
    }
    assert_eq!(faults, Vec::<String>::new());
    assert!(links > 100, "only {links} links were found");
}

#[test]
fn anchors_are_those_of_github() {
    let text = "# A `b.c` and d\n```\n# no\n```\n## A [link](x.md): yes\n## Twice\n## Twice\n";
    let expected = ["a-bc-and-d", "a-link-yes", "twice", "twice-1"];
    assert_eq!(anchors(text), expected.map(str::to_owned).into());
    assert_eq!(
        targets("[a](b.md#c) `[no](x)` [d](#e \"title\")\n[f]: g.md"),
        ["b.md#c", "#e", "g.md"]
    );
}
