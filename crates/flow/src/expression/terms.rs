//! The terms that a term is made of: looked at, and changed.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::{Part, Path};

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

/// A term with every term directly inside it changed.
pub(super) fn mapped<'s>(
    term: Term<&'s str>,
    change: &mut dyn FnMut(Term<&'s str>) -> Term<&'s str>,
) -> Term<&'s str> {
    match term {
        Term::Call(name, parameters) => {
            Term::Call(name, parameters.into_iter().map(change).collect())
        }
        Term::Def(definitions, rest) => {
            let definitions = definitions
                .into_iter()
                .map(|Def { name, args, body }| Def { name, args, body: change(body) })
                .collect();
            Term::Def(definitions, Box::new(change(*rest)))
        }
        Term::Str(format, parts) => {
            let part = |part| match part {
                StrPart::Term(term) => StrPart::Term(change(term)),
                other => other,
            };
            Term::Str(format, parts.into_iter().map(part).collect())
        }
        Term::Arr(inner) => Term::Arr(inner.map(|term| Box::new(change(*term)))),
        Term::Obj(entries) => {
            let entries = entries.into_iter().map(|(key, value)| {
                let key = change(key);
                (key, value.map(&mut *change))
            });
            Term::Obj(entries.collect())
        }
        Term::Neg(inner) => Term::Neg(Box::new(change(*inner))),
        Term::Label(name, inner) => Term::Label(name, Box::new(change(*inner))),
        Term::BinOp(left, operator, right) => {
            let left = change(*left);
            let operator = match operator {
                BinaryOp::Pipe(Some(pattern)) => {
                    BinaryOp::Pipe(Some(mapped_pattern(pattern, change)))
                }
                other => other,
            };
            Term::BinOp(Box::new(left), operator, Box::new(change(*right)))
        }
        Term::Fold(kind, items, pattern, parameters) => {
            let items = Box::new(change(*items));
            let pattern = mapped_pattern(pattern, change);
            Term::Fold(kind, items, pattern, parameters.into_iter().map(change).collect())
        }
        Term::TryCatch(tried, caught) => {
            let tried = Box::new(change(*tried));
            Term::TryCatch(tried, caught.map(|term| Box::new(change(*term))))
        }
        Term::IfThenElse(cases, otherwise) => {
            let cases = cases.into_iter().map(|(condition, then)| {
                let condition = change(condition);
                (condition, change(then))
            });
            let cases = cases.collect();
            Term::IfThenElse(cases, otherwise.map(|term| Box::new(change(*term))))
        }
        Term::Path(inner, path) => {
            let inner = Box::new(change(*inner));
            let parts = path.0.into_iter().map(|(part, opt)| {
                let part = match part {
                    Part::Index(index) => Part::Index(change(index)),
                    Part::Range(from, to) => {
                        let from = from.map(&mut *change);
                        Part::Range(from, to.map(&mut *change))
                    }
                };
                (part, opt)
            });
            Term::Path(inner, Path(parts.collect()))
        }
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => term,
    }
}

fn mapped_pattern<'s>(
    pattern: Pattern<&'s str>,
    change: &mut dyn FnMut(Term<&'s str>) -> Term<&'s str>,
) -> Pattern<&'s str> {
    match pattern {
        Pattern::Var(_) => pattern,
        Pattern::Arr(patterns) => Pattern::Arr(
            patterns.into_iter().map(|pattern| mapped_pattern(pattern, change)).collect(),
        ),
        Pattern::Obj(entries) => {
            let entries = entries.into_iter().map(|(key, pattern)| {
                let key = change(key);
                (key, mapped_pattern(pattern, change))
            });
            Pattern::Obj(entries.collect())
        }
    }
}
