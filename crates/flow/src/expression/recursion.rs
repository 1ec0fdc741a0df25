//! Refuses functions that take filters and call themselves: `def f(g): f(g | g); f(.)`.
//!
//! Each such call keeps the one before it alive, in a chain that jaq takes apart by calling itself: a
//! long one overflows the stack. `recurse`, `until`, `while`, `repeat` and functions that take values
//! (`def f($n): …`) do the same work without the chain.

use jaq_core::load::parse::{Def, Term};

use super::terms::children;

/// A name and a number of parameters.
type Function<'s> = (&'s str, usize);

/// The first function that takes a filter and calls itself.
pub(super) fn find<'s>(term: &Term<&'s str>) -> Option<&'s str> {
    let mut found = None;
    walk(term, &mut Vec::new(), &mut found);
    found
}

fn walk<'s>(term: &Term<&'s str>, inside: &mut Vec<Function<'s>>, found: &mut Option<&'s str>) {
    match term {
        Term::Call(name, parameters) => {
            if inside.contains(&(*name, parameters.len())) {
                *found = Some(name);
            }
            parameters.iter().for_each(|term| walk(term, inside, found));
        }
        Term::Def(definitions, rest) => {
            for Def { name, args, body } in definitions {
                let takes_filter = args.iter().any(|name| !name.starts_with('$'));
                if takes_filter {
                    inside.push((name, args.len()));
                }
                walk(body, inside, found);
                if takes_filter {
                    inside.pop();
                }
            }
            walk(rest, inside, found);
        }
        _ => children(term, &mut |inner| walk(inner, inside, found)),
    }
}
