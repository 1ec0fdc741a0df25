//! Terms that jaq evaluates otherwise than jq, written so that it does as jq does.
//!
//! | term | jq | here |
//! |---|---|---|
//! | `a + b`, `a == b` | the right side goes round outside | `b as $x \| a + $x` |
//! | `"\(a)\(b)"` | the last part goes round outside | `b as $x \| "\(a)\($x)"` |
//! | `reduce … (i; u)` | the last output of `u`, `null` where it has none | `_last_or_null(u)` |
//! | `foreach … (i; u; x)` | each output of `u`, the last one is kept | a list of the outputs is kept |
//! | `p \|= f` | the first output of `f`; places without one go at the end | `_modify(p; f)` |
//!
//! Only what may have several outputs, or none, is written otherwise.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::{Opt, Part, Path};

use super::terms::{children, mapped};

type T<'s> = Term<&'s str>;

/// Names of variables that no program can write.
const HIDDEN: [&str; 12] =
    ["$ 0", "$ 1", "$ 2", "$ 3", "$ 4", "$ 5", "$ 6", "$ 7", "$ 8", "$ 9", "$ 10", "$ 11"];

/// Functions with one output for each of the outputs of their parameters.
const ONE_EACH: &[&str] = &[
    "length",
    "not",
    "tostring",
    "tojson",
    "fromjson",
    "tonumber",
    "toboolean",
    "type",
    "keys",
    "keys_unsorted",
    "add",
    "sort",
    "unique",
    "min",
    "max",
    "to_entries",
    "from_entries",
    "join",
    "split",
    "test",
    "ascii_downcase",
    "ascii_upcase",
    "floor",
    "ceil",
    "round",
    "sqrt",
    "fabs",
    "pow",
    "log",
    "exp",
    "has",
    "contains",
    "inside",
    "in",
    "startswith",
    "endswith",
    "ltrimstr",
    "rtrimstr",
    "trimstr",
    "trim",
    "ltrim",
    "rtrim",
    "flatten",
    "reverse",
    "transpose",
    "now",
    "todate",
    "fromdate",
    "mktime",
    "gmtime",
    "strftime",
    "strptime",
    "index",
    "rindex",
    "indices",
    "explode",
    "implode",
    "utf8bytelength",
    "abs",
    "toarray",
    "setpath",
    "getpath",
    "delpaths",
    "sub",
    "gsub",
    "true",
    "false",
    "null",
    "walk",
    "bsearch",
    "@csv",
    "@tsv",
    "@json",
    "@text",
    "@html",
    "@uri",
    "@urid",
    "@sh",
    "@base64",
    "@base64d",
    "@base32",
    "@base32d",
    "isnan",
    "isinfinite",
    "nan",
    "infinite",
];

/// Functions with one output whatever their parameters give.
const ONE: &[&str] = &[
    "map",
    "map_values",
    "with_entries",
    "sort_by",
    "group_by",
    "unique_by",
    "min_by",
    "max_by",
    "any",
    "all",
    "del",
    "isempty",
    "pick",
];

/// An expression as jaq has to see it.
pub(super) fn rewritten(term: T<'_>) -> T<'_> {
    let rewriter = Rewriter { own_functions: defines(&term) };
    rewriter.term(term)
}

/// Whether a term defines functions, which could have the names of others.
fn defines(term: &T<'_>) -> bool {
    let mut found = matches!(term, Term::Def(..));
    children(term, &mut |inner| found = found || defines(inner));
    found
}

struct Rewriter {
    own_functions: bool,
}

impl Rewriter {
    fn term<'s>(&self, term: T<'s>) -> T<'s> {
        match mapped(term, &mut |inner| self.term(inner)) {
            Term::BinOp(left, operator @ (BinaryOp::Math(_) | BinaryOp::Cmp(_)), right)
                if !self.is_one(&left) && !self.is_one(&right) =>
            {
                let value = Term::BinOp(left, operator, Box::new(Term::Var(HIDDEN[0])));
                bound(*right, HIDDEN[0], value)
            }
            Term::BinOp(path, BinaryOp::Update, new) => match self.is_plain(&path) {
                true if self.is_one(&new) => Term::BinOp(path, BinaryOp::Update, new),
                true if is_one_step(&path) => {
                    let first = Term::Call("first", vec![*new]);
                    Term::BinOp(path, BinaryOp::Update, Box::new(first))
                }
                _ => Term::Call("_modify", vec![*path, *new]),
            },
            Term::BinOp(path, BinaryOp::Assign, new) if !self.is_plain(&path) => {
                Term::Call("_assign", vec![*path, *new])
            }
            Term::BinOp(path, BinaryOp::UpdateMath(math), new) if !self.is_plain(&path) => {
                changed(*path, *new, BinaryOp::Math(math))
            }
            Term::BinOp(path, BinaryOp::UpdateAlt, new) if !self.is_plain(&path) => {
                changed(*path, *new, BinaryOp::Alt)
            }
            Term::Str(format, parts) => self.text(format, parts),
            Term::Fold(kind, items, pattern, parameters) => {
                self.fold(kind, items, pattern, parameters)
            }
            other => other,
        }
    }

    /// The parts of a text that go round: all but the first of them are bound outside.
    fn text<'s>(&self, format: Option<&'s str>, mut parts: Vec<StrPart<&'s str, T<'s>>>) -> T<'s> {
        let mut outside = Vec::new();
        let mut is_first = true;
        for part in &mut parts {
            let StrPart::Term(term) = part else { continue };
            if self.is_one(term) {
                continue;
            }
            if !std::mem::take(&mut is_first) && outside.len() < HIDDEN.len() {
                let name = HIDDEN[outside.len()];
                outside.push((name, std::mem::replace(term, Term::Var(name))));
            }
        }
        let text = Term::Str(format, parts);
        outside.into_iter().fold(text, |text, (name, term)| bound(term, name, text))
    }

    fn fold<'s>(
        &self,
        kind: &'s str,
        items: Box<T<'s>>,
        pattern: Pattern<&'s str>,
        mut parameters: Vec<T<'s>>,
    ) -> T<'s> {
        if parameters.get(1).is_some_and(|update| !self.is_one(update)) {
            let mut parts = parameters.into_iter();
            let start = parts.next().unwrap_or_default();
            let update = parts.next().unwrap_or_default();
            parameters = match kind {
                "reduce" => vec![start, Term::Call("_last_or_null", vec![update])],
                _ => {
                    let last = Term::Neg(Box::new(Term::Num("1")));
                    let last = part(Part::Index(last));
                    let each = part(Part::Range(None, None));
                    vec![
                        then(start, Term::Arr(Some(Box::new(Term::Id)))),
                        then(last, Term::Arr(Some(Box::new(update)))),
                        then(each, parts.next().unwrap_or_default()),
                    ]
                }
            };
        }
        Term::Fold(kind, items, pattern, parameters)
    }

    /// Whether a term has one output, or an error.
    fn is_one(&self, term: &T<'_>) -> bool {
        let one = |term: &T<'_>| self.is_one(term);
        match term {
            Term::Id | Term::Num(_) | Term::Var(_) | Term::Arr(_) => true,
            Term::Str(_, parts) => parts.iter().all(|part| match part {
                StrPart::Term(term) => one(term),
                _ => true,
            }),
            Term::Obj(entries) => {
                entries.iter().all(|(key, value)| one(key) && value.iter().all(one))
            }
            Term::Neg(inner) => one(inner),
            Term::BinOp(left, operator, right) => match operator {
                BinaryOp::Comma => false,
                BinaryOp::Pipe(Some(Pattern::Var(_)) | None)
                | BinaryOp::Alt
                | BinaryOp::Or
                | BinaryOp::And
                | BinaryOp::Math(_)
                | BinaryOp::Cmp(_) => one(left) && one(right),
                BinaryOp::Pipe(Some(_)) => false,
                BinaryOp::Update => self.is_plain(left),
                _ => self.is_plain(left) && one(right),
            },
            Term::IfThenElse(cases, otherwise) => {
                cases.iter().all(|(condition, then)| one(condition) && one(then))
                    && otherwise.iter().all(|otherwise| one(otherwise))
            }
            Term::TryCatch(tried, Some(caught)) => one(tried) && one(caught),
            Term::Fold("reduce", _, _, parameters) => parameters.first().is_some_and(one),
            Term::Path(root, path) => {
                one(root)
                    && path.0.iter().all(|(part, opt)| {
                        matches!(opt, Opt::Essential)
                            && match part {
                                Part::Index(index) => one(index),
                                Part::Range(None, None) => false,
                                Part::Range(from, to) => from.iter().chain(to).all(one),
                            }
                    })
            }
            Term::Call(name, parameters) if !self.own_functions => {
                ONE.contains(name) || (ONE_EACH.contains(name) && parameters.iter().all(one))
            }
            _ => false,
        }
    }

    /// Whether a path is a chain of keys, indexes, slices and `[]` from `.` on, perhaps with a `select` behind a pipe: there jaq
    /// goes the way that jq goes.
    fn is_plain(&self, path: &T<'_>) -> bool {
        match path {
            Term::Id => true,
            Term::Path(root, path) => {
                self.is_plain(root)
                    && path.0.iter().all(|(part, _)| match part {
                        Part::Index(index) => is_constant(index),
                        Part::Range(from, to) => from.iter().chain(to).all(is_constant),
                    })
            }
            Term::BinOp(left, BinaryOp::Pipe(None), right) => {
                self.is_plain(left) && self.is_plain(right)
            }
            Term::Call("select", parameters) if !self.own_functions => {
                parameters.iter().all(|condition| self.is_one(condition))
            }
            _ => false,
        }
    }
}

/// Whether an index is the same wherever it is looked at.
fn is_constant(index: &T<'_>) -> bool {
    match index {
        Term::Num(_) | Term::Var(_) => true,
        Term::Neg(inner) => is_constant(inner),
        Term::Str(None, parts) => !parts.iter().any(|part| matches!(part, StrPart::Term(_))),
        _ => false,
    }
}

/// `.a`, `.[0]`, `.[]`: what has no place inside that has to be made first.
fn is_one_step(path: &T<'_>) -> bool {
    match path {
        Term::Path(root, path) => matches!(**root, Term::Id) && path.0.len() == 1,
        _ => false,
    }
}

/// `term as $name | rest`
fn bound<'s>(term: T<'s>, name: &'s str, rest: T<'s>) -> T<'s> {
    let pipe = BinaryOp::Pipe(Some(Pattern::Var(name)));
    Term::BinOp(Box::new(term), pipe, Box::new(rest))
}

/// `left | right`
fn then<'s>(left: T<'s>, right: T<'s>) -> T<'s> {
    Term::BinOp(Box::new(left), BinaryOp::Pipe(None), Box::new(right))
}

/// `.[…]`
fn part<'s>(part: Part<T<'s>>) -> T<'s> {
    Term::Path(Box::new(Term::Id), Path(vec![(part, Opt::Essential)]))
}

/// `new as $x | path |= . op $x`
fn changed<'s>(path: T<'s>, new: T<'s>, operator: BinaryOp<&'s str>) -> T<'s> {
    let update = Term::BinOp(Box::new(Term::Id), operator, Box::new(Term::Var(HIDDEN[0])));
    bound(new, HIDDEN[0], Term::Call("_modify", vec![path, update]))
}

/// Whether a term plainly has a result for each of several.
pub(super) fn goes_round(term: &T<'_>) -> bool {
    match term {
        Term::BinOp(_, BinaryOp::Comma, _) => true,
        Term::BinOp(left, BinaryOp::Pipe(None), right) => goes_round(left) || goes_round(right),
        Term::Path(root, path) => {
            goes_round(root)
                || path.0.iter().any(|(part, _)| matches!(part, Part::Range(None, None)))
        }
        _ => false,
    }
}

/// Whether a term gives its input with something set.
pub(super) fn assigns(term: &T<'_>) -> bool {
    matches!(term, Term::BinOp(_, BinaryOp::Assign, _))
}

/// What an expression is to the compiler: a function of this name.
pub(super) const EXPRESSION: &str = "_expression";

/// The definition that an expression is.
pub(super) fn definition(term: T<'_>) -> Def<&str> {
    Def { name: EXPRESSION, args: Vec::new(), body: rewritten(term) }
}
