//! Refuses functions that take filters and call themselves: `def f(g): f(g | g); f(.)`.
//!
//! Each such call keeps the one before it alive, in a chain that jaq takes apart by calling itself: a
//! long one overflows the stack. `recurse`, `until`, `while`, `repeat` and functions that take values
//! (`def f($n): …`) do the same work without the chain.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::Part;

/// A name and a number of parameters.
type Function<'s> = (&'s str, usize);

/// The first function that takes a filter and calls itself.
pub(super) fn find<'s>(term: &Term<&'s str>) -> Option<&'s str> {
    let mut found = None;
    walk(term, &mut Vec::new(), &mut found);
    found
}

fn walk<'s>(term: &Term<&'s str>, inside: &mut Vec<Function<'s>>, found: &mut Option<&'s str>) {
    let mut each = |term: &Term<&'s str>| walk(term, inside, found);
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
        Term::Str(_, parts) => parts.iter().for_each(|part| {
            if let StrPart::Term(term) = part {
                each(term);
            }
        }),
        Term::Arr(inner) => inner.iter().for_each(|term| each(term)),
        Term::Obj(entries) => entries.iter().for_each(|(key, value)| {
            each(key);
            value.iter().for_each(&mut each);
        }),
        Term::Neg(inner) | Term::Label(_, inner) => each(inner),
        Term::BinOp(left, operator, right) => {
            each(left);
            if let BinaryOp::Pipe(Some(pattern)) = operator {
                in_pattern(pattern, &mut each);
            }
            each(right);
        }
        Term::Fold(_, items, pattern, parameters) => {
            each(items);
            in_pattern(pattern, &mut each);
            parameters.iter().for_each(each);
        }
        Term::TryCatch(tried, caught) => {
            each(tried);
            caught.iter().for_each(|term| each(term));
        }
        Term::IfThenElse(cases, otherwise) => {
            for (condition, then) in cases {
                each(condition);
                each(then);
            }
            otherwise.iter().for_each(|term| each(term));
        }
        Term::Path(inner, path) => {
            each(inner);
            for (part, _) in &path.0 {
                match part {
                    Part::Index(index) => each(index),
                    Part::Range(from, to) => from.iter().chain(to).for_each(&mut each),
                }
            }
        }
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => {}
    }
}

fn in_pattern<'s>(pattern: &Pattern<&'s str>, each: &mut dyn FnMut(&Term<&'s str>)) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(patterns) => patterns.iter().for_each(|pattern| in_pattern(pattern, each)),
        Pattern::Obj(entries) => entries.iter().for_each(|(key, pattern)| {
            each(key);
            in_pattern(pattern, each);
        }),
    }
}
