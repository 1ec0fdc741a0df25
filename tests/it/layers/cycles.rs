//! No circle of modules but parent and child.

use std::collections::BTreeSet;

use super::source::{Crate, crates};

/// Circles that were there when the check came, as `crate::module: {children that use each other}`. The list may only get shorter.
const KNOWN: &[&str] = &[];

/// The circles of a crate: wherever modules lie beside each other, those of them that use each other with all that is below them.
fn circles(of: &Crate) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for (parent, module) in of.modules.iter().enumerate() {
        let children: Vec<(&String, usize)> =
            module.children.iter().map(|(name, child)| (name, *child)).collect();
        let mut uses = vec![vec![false; children.len()]; children.len()];
        let mut reasons = BTreeSet::new();
        let place = |module| children.iter().position(|(_, child)| is_below(of, module, *child));
        for (index, user) in of.modules.iter().enumerate() {
            let Some(from) = place(index) else { continue };
            for path in user.paths.iter().filter(|path| path.len() > 1) {
                let Some(to) = of.resolve(index, path).and_then(place) else { continue };
                if from != to && !uses[from][to] {
                    uses[from][to] = true;
                    reasons.insert((
                        from,
                        to,
                        format!("{} names {}", of.named(index), path.join("::")),
                    ));
                }
            }
        }
        let direct = uses.clone();
        for over in 0..children.len() {
            for from in 0..children.len() {
                for to in 0..children.len() {
                    uses[from][to] |= uses[from][over] && uses[over][to];
                }
            }
        }
        let mut told = BTreeSet::new();
        for start in 0..children.len() {
            let circle: Vec<usize> =
                (0..children.len()).filter(|to| uses[start][*to] && uses[*to][start]).collect();
            if circle.is_empty() || !told.insert(circle.clone()) {
                continue;
            }
            let names: Vec<&str> = circle.iter().map(|at| children[*at].0.as_str()).collect();
            let why = reasons
                .iter()
                .filter(|(from, to, _)| {
                    direct[*from][*to] && circle.contains(from) && circle.contains(to)
                })
                .map(|(from, to, why)| {
                    format!("{} → {}: {why}", children[*from].0, children[*to].0)
                });
            found.push((format!("{}: {{{}}}", of.named(parent), names.join(", ")), why.collect()));
        }
    }
    found
}

fn is_below(of: &Crate, module: usize, above: usize) -> bool {
    let mut at = Some(module);
    while let Some(here) = at {
        if here == above {
            return true;
        }
        at = of.modules[here].parent;
    }
    false
}

#[test]
fn modules_beside_each_other_do_not_use_each_other_in_a_circle() {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for (circle, why) in crates().iter().flat_map(circles) {
        if KNOWN.contains(&circle.as_str()) {
            seen.insert(circle);
        } else {
            faults.push(format!("{circle}\n    {}", why.join("\n    ")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for known in KNOWN.iter().filter(|known| !seen.contains(**known)) {
        println!("no circle any more, take it out of the list: {known}");
    }
}
