//! The definitions of jq that every expression has, parsed once.

use std::collections::HashSet;
use std::sync::OnceLock;

use jaq_core::Native;
use jaq_core::load::{self, parse::Def};
use jaq_core::native::{Fun, bome, v};

use super::functions;
use super::program::Jq;
use crate::datum::{Datum, spend};

/// The native functions, and the one that names them all.
pub(super) fn functions() -> impl Iterator<Item = Fun<Jq>> {
    let builtins = Native::new(|_| bome(Ok(builtins())));
    functions::functions().chain([("builtins", v(0), builtins)])
}

/// Every definition; the native functions under them are [`functions`].
pub(super) fn definitions() -> &'static [Def<&'static str>] {
    static DEFINITIONS: OnceLock<Vec<Def<&'static str>>> = OnceLock::new();
    DEFINITIONS.get_or_init(|| {
        load::parse(include_str!("definitions.jq"), |parser| parser.defs()).unwrap_or_default()
    })
}

/// Names with their number of parameters.
pub(super) type Names = HashSet<(&'static str, usize)>;

/// The functions that every expression has.
pub(super) fn names() -> &'static Names {
    static NAMES: OnceLock<Names> = OnceLock::new();
    NAMES.get_or_init(|| {
        let defined = definitions().iter().map(|def| (def.name, def.args.len()));
        let native = functions().map(|(name, parameters, _)| (name, parameters.len()));
        native.chain(defined).collect()
    })
}

/// The functions that are for everyone: `map/1`.
fn builtins() -> Datum {
    let names = names();
    spend(names.len() as u64);
    let names = names.iter().filter(|(name, _)| !name.starts_with(['_', '@']));
    let mut names: Vec<String> = names.map(|(name, arity)| format!("{name}/{arity}")).collect();
    names.sort_unstable();
    names.into_iter().map(|name| Datum::text(&name)).collect()
}
