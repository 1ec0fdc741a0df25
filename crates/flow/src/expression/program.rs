//! What jaq sees of a program, so that each ends: nothing of jaq's own limits how long one runs.
//!
//! jaq asks its data for the table of terms whenever it evaluates one. While the meter lets it, it gets
//! the program; after that it gets a table in which every term is `stop`, so that whatever is going
//! round, `def f: f; f` too, ends with jaq's own exception for `halt`, which nothing catches. What goes
//! round between two terms (`range`, comparison, text) pays in [`crate::datum`].

use std::sync::OnceLock;

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, DataT, Exn, Filter, Lut, Native};

use crate::datum::{Datum, step};

/// jaq's view of a program.
pub(super) struct Jq;

impl DataT for Jq {
    type V<'a> = Datum;
    type Data<'a> = Program<'a>;
}

/// The terms of a program.
#[derive(Clone, Copy)]
pub(super) struct Program<'a>(&'a Lut<Jq>);

impl<'a> Program<'a> {
    pub(super) fn of(filter: &'a Filter<Jq>) -> Program<'a> {
        Program(&filter.lut)
    }
}

impl<'a> jaq_core::data::HasLut<'a, Jq> for Program<'a> {
    fn lut(&self) -> &'a Lut<Jq> {
        if step() { self.0 } else { stop() }
    }
}

/// Most terms of a program; `.[stop]` makes one.
pub(super) const MAX_TERMS: usize = 96 * 1024;

/// A table of terms of which each ends the evaluation.
fn stop() -> &'static Lut<Jq> {
    static STOP: OnceLock<Filter<Jq>> = OnceLock::new();
    let filter = STOP.get_or_init(|| {
        let arena = Arena::default();
        let code = [".", &"[stop]".repeat(MAX_TERMS)].concat();
        let file = File { code: code.as_str(), path: () };
        let halts = ("stop", Box::from([]), Native::new(|_| ended()));
        Loader::new([])
            .load(&arena, file)
            .ok()
            .and_then(|modules| Compiler::default().with_funs([halts]).compile(modules).ok())
            .unwrap_or_default()
    });
    &filter.lut
}

/// jaq's exception for `halt`.
pub(super) fn ended<'a>() -> jaq_core::ValXs<'a, Datum> {
    jaq_core::box_iter::box_once(Err(Exn::halt(0)))
}
