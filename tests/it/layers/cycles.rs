//! No circle of modules but parent and child.

use std::collections::BTreeSet;

use super::source::{Crate, crates};

/// Modules that lie beside each other and use each other.
struct Circle {
    /// The module they are in.
    within: String,
    members: Vec<String>,
    /// Who names whom.
    why: Vec<String>,
}

/// The circles of a crate: wherever modules lie beside each other, those of them that use each other with all that is below them.
fn circles(of: &Crate) -> Vec<Circle> {
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
        for over in 0..children.len() {
            for from in 0..children.len() {
                for to in 0..children.len() {
                    uses[from][to] |= uses[from][over] && uses[over][to];
                }
            }
        }
        let together = |one: usize, other: usize| uses[one][other] && uses[other][one];
        let mut told = BTreeSet::new();
        for start in 0..children.len() {
            let circle: Vec<usize> =
                (0..children.len()).filter(|other| together(start, *other)).collect();
            if circle.is_empty() || !told.insert(circle.clone()) {
                continue;
            }
            let is_in = |at: &usize| circle.contains(at);
            let why = reasons.iter().filter(|(from, to, _)| is_in(from) && is_in(to));
            found.push(Circle {
                within: of.named(parent),
                members: circle.iter().map(|at| children[*at].0.clone()).collect(),
                why: why
                    .map(|(from, to, why)| {
                        format!("{} → {}: {why}", children[*from].0, children[*to].0)
                    })
                    .collect(),
            });
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
    let found: Vec<String> = crates()
        .iter()
        .flat_map(circles)
        .map(|circle| {
            let (members, why) = (circle.members.join(", "), circle.why.join("\n    "));
            format!("in {}: {members}\n    {why}", circle.within)
        })
        .collect();
    assert!(found.is_empty(), "modules that use each other:\n{}", found.join("\n"));
}
