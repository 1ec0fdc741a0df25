//! What an embedder can name of the facade: a change is seen, and accepted by
//! `UPDATE_API=1 cargo test --test it public_api`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::layers::source::{Crate, Segments, crates};
use crate::support::path;

const FILE: &str = "docs/public-api.txt";

/// Names below a module of a crate, with all features.
struct Api {
    names: BTreeSet<String>,
    /// What is being listed: modules may hand each other on.
    open: Vec<(String, usize)>,
}

fn find(name: &str) -> Option<&'static Crate> {
    crates().iter().find(|one| one.name == name)
}

impl Api {
    fn module(&mut self, of: &'static Crate, index: usize, above: &str) {
        let here = (of.name.clone(), index);
        if self.open.contains(&here) {
            return;
        }
        self.open.push(here);
        let module = &of.modules[index];
        let own: BTreeSet<&String> = module.public.iter().map(|(name, _)| name).collect();
        for name in own {
            self.item(of, name, &format!("{above}::{name}"));
        }
        for name in &module.open {
            self.module(of, module.children[name], &format!("{above}::{name}"));
        }
        for (name, target) in &module.exports {
            self.export(of, index, name.as_deref(), target, above);
        }
        self.open.pop();
    }

    fn export(
        &mut self,
        of: &'static Crate,
        index: usize,
        name: Option<&str>,
        target: &[String],
        above: &str,
    ) {
        let full: Segments = of.full(index, target);
        // In another crate of ours, or in this one.
        let (of, index, full) = match find(&full[0]) {
            Some(other) => (other, 0, [&["crate".to_owned()], &full[1..]].concat()),
            None => (of, index, full),
        };
        let Some(found) = of.resolve(index, &full) else { return };
        let is_module = of.modules[found].path.last() == full.last() || full.len() == 1;
        match name {
            None => self.module(of, found, above),
            Some(name) if is_module => self.module(of, found, &format!("{above}::{name}")),
            Some(name) => {
                self.item(
                    of,
                    full.last().map_or(name, String::as_str),
                    &format!("{above}::{name}"),
                );
            }
        }
    }

    /// An item, and what stands at it wherever its crate writes that.
    fn item(&mut self, of: &Crate, name: &str, shown: &str) {
        self.names.insert(shown.to_owned());
        for (own, members) in of.modules.iter().flat_map(|module| &module.public) {
            if own == name {
                self.names.extend(members.iter().map(|member| format!("{shown}::{member}")));
            }
        }
    }
}

#[test]
fn the_public_api_is_the_one_that_was_accepted() {
    let facade = find("cardhost").unwrap();
    let mut api = Api { names: BTreeSet::new(), open: Vec::new() };
    api.module(facade, 0, "cardhost");
    let found: String = api.names.iter().map(|name| format!("{name}\n")).collect();
    if std::env::var_os("UPDATE_API").is_some() {
        fs::write(path(FILE), &found).unwrap();
    }
    let accepted = fs::read_to_string(path(FILE)).unwrap_or_default();
    let mut changes: BTreeMap<&str, char> = found.lines().map(|name| (name, '+')).collect();
    for name in accepted.lines() {
        if changes.remove(name).is_none() {
            changes.insert(name, '-');
        }
    }
    let changes: Vec<String> =
        changes.iter().map(|(name, sign)| format!("{sign} {name}")).collect();
    assert!(
        changes.is_empty(),
        "the public API changed; `UPDATE_API=1 cargo test --test it public_api` accepts it, CHANGELOG.md tells it:\n{}",
        changes.join("\n")
    );
}
