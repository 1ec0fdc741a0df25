//! The terms that a term is made of.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::Part;

/// Calls `each` with every term directly inside a term.
pub(super) fn children<'t, 's>(term: &'t Term<&'s str>, each: &mut dyn FnMut(&'t Term<&'s str>)) {
    match term {
        Term::Call(_, parameters) => parameters.iter().for_each(each),
        Term::Def(definitions, rest) => {
            definitions.iter().for_each(|Def { body, .. }| each(body));
            each(rest);
        }
        Term::Str(_, parts) => parts.iter().for_each(|part| {
            if let StrPart::Term(term) = part {
                each(term);
            }
        }),
        Term::Arr(inner) => inner.iter().for_each(|term| each(term)),
        Term::Obj(entries) => entries.iter().for_each(|(key, value)| {
            each(key);
            value.iter().for_each(&mut *each);
        }),
        Term::Neg(inner) | Term::Label(_, inner) => each(inner),
        Term::BinOp(left, operator, right) => {
            each(left);
            if let BinaryOp::Pipe(Some(pattern)) = operator {
                in_pattern(pattern, each);
            }
            each(right);
        }
        Term::Fold(_, items, pattern, parameters) => {
            each(items);
            in_pattern(pattern, each);
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
                    Part::Range(from, to) => from.iter().chain(to).for_each(&mut *each),
                }
            }
        }
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => {}
    }
}

fn in_pattern<'t, 's>(pattern: &'t Pattern<&'s str>, each: &mut dyn FnMut(&'t Term<&'s str>)) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(patterns) => patterns.iter().for_each(|pattern| in_pattern(pattern, each)),
        Pattern::Obj(entries) => entries.iter().for_each(|(key, pattern)| {
            each(key);
            in_pattern(pattern, each);
        }),
    }
}
