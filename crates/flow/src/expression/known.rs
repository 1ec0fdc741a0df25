//! Whether an expression compiles, without compiling it: compiling takes a millisecond, for the definitions of jq are
//! compiled with it, and most expressions of a flow are looked at before any is evaluated.
//!
//! What cannot be told at once is for the compiler: definitions, labels, variables of the expression's own.

use jaq_core::load::parse::Term;

use super::library;
use super::terms::children;

/// Whether a term calls nothing but what every expression has, with these variables (each with its `$`). `false` where
/// only the compiler can tell.
pub(super) fn compiles(term: &Term<&str>, variables: &[&str]) -> bool {
    let is_known = match term {
        Term::Call(name, parameters) => library::names().contains(&(*name, parameters.len())),
        Term::Str(format, _) => format.is_none_or(|name| library::names().contains(&(name, 0))),
        Term::Var(name) => variables.contains(name),
        Term::Def(..) | Term::Label(..) | Term::Break(_) | Term::Fold(..) => false,
        _ => true,
    };
    let mut all = is_known;
    if all {
        children(term, &mut |inner| all = all && compiles(inner, variables));
    }
    all
}
