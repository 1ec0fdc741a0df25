//! The definitions of jq that every expression has, parsed once.

use std::sync::OnceLock;

use jaq_core::load::parse::Def;

use super::natives;

/// Every definition; the native functions under them are [`natives::functions`].
pub(super) fn definitions() -> &'static [Def<&'static str>] {
    static DEFINITIONS: OnceLock<Vec<Def<&'static str>>> = OnceLock::new();
    DEFINITIONS.get_or_init(|| {
        jaq_core::defs().chain(jaq_std::defs()).chain(natives::definitions()).collect()
    })
}
