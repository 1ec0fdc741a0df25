//! jaq under a meter: compiled once, without environment, files and inputs, and always with an end.
//!
//! jaq asks its data for the table of terms whenever it evaluates one. While the meter lets it, it gets
//! the program; after that it gets a table in which every term is `stop`, so that whatever is going
//! round, `def f: f; f` too, ends with jaq's own exception for `halt`, which nothing catches. What goes
//! round between two terms (`range`, comparison, text) pays in [`crate::datum`].

use std::sync::OnceLock;

use jaq_core::load::parse::Def;
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, DataT, Exn, Filter, Lut, Native, Vars};

use super::{natives, recursion};
use crate::datum::{Datum, Excess, measured, step};

/// jaq's view of a program.
pub(super) struct Jq;

impl DataT for Jq {
    type V<'a> = Datum;
    type Data<'a> = Program<'a>;
}

/// The terms of a program.
#[derive(Clone, Copy)]
pub(super) struct Program<'a>(&'a Lut<Jq>);

impl<'a> jaq_core::data::HasLut<'a, Jq> for Program<'a> {
    fn lut(&self) -> &'a Lut<Jq> {
        if step() { self.0 } else { stop() }
    }
}

/// Most terms of a program; `.[stop]` makes one.
const MAX_TERMS: usize = 96 * 1024;

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

fn definitions() -> &'static [Def<&'static str>] {
    static DEFINITIONS: OnceLock<Vec<Def<&'static str>>> = OnceLock::new();
    DEFINITIONS.get_or_init(|| {
        jaq_core::defs().chain(jaq_std::defs()).chain(natives::definitions()).collect()
    })
}

/// Why an expression cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxFault {
    /// Where in the text, in bytes.
    pub offset: usize,
    /// What is wrong: what was expected, or what is not defined.
    pub reason: String,
}

/// Compiles an expression that may use some variables, each with its `$`.
///
/// # Errors
/// The first fault.
pub(super) fn compile(text: &str, variables: &[&str]) -> Result<Filter<Jq>, SyntaxFault> {
    let term = load::parse(text, |parser| parser.term());
    if let Some(name) = term.as_ref().and_then(recursion::find) {
        return Err(SyntaxFault {
            offset: natives::offset(text, name),
            reason: format!("`{name}` takes a filter and calls itself"),
        });
    }
    let arena = Arena::default();
    let file = File { code: text, path: () };
    let modules = Loader::new(definitions().iter().cloned())
        .load(&arena, file)
        .map_err(|errors| natives::load_fault(text, errors))?;
    let filter = Compiler::default()
        .with_funs(natives::functions())
        .with_global_vars(variables.iter().copied())
        .compile(modules)
        .map_err(|errors| natives::compile_fault(text, errors))?;
    // The terms of an expression come after those of the definitions, from its own on: a character
    // makes at most three.
    let digits: String = format!("{:?}", filter.id).chars().filter(char::is_ascii_digit).collect();
    let first = digits.parse::<usize>().unwrap_or(MAX_TERMS);
    if first + 8 * text.len() + 64 > MAX_TERMS {
        return Err(SyntaxFault { offset: 0, reason: "it is too long".to_owned() });
    }
    Ok(filter)
}

/// What an evaluation ends with, other than its outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Error(String),
    Excess(Excess),
}

/// Evaluates a program; no output is `null`, several are a list.
pub(super) fn run(
    filter: &Filter<Jq>,
    input: Datum,
    variables: impl Iterator<Item = Datum>,
    steps: u64,
    now: i64,
) -> Result<Datum, Ended> {
    let context = Ctx::<Jq>::new(Program(&filter.lut), Vars::new(variables));
    let (outputs, excess) = measured(steps, now, || {
        let mut outputs = Vec::new();
        for output in filter.id.run((context, input)) {
            match output {
                Ok(value) => outputs.push(value),
                Err(exception) => {
                    return Err(match exception.get_err() {
                        Ok(error) => shown(&error.into_val()),
                        Err(_) => "`halt` is not for flows".to_owned(),
                    });
                }
            }
        }
        Ok(match outputs.len() {
            0 => Datum::Null,
            1 => outputs.remove(0),
            _ => Datum::list(outputs),
        })
    });
    if let Some(excess) = excess {
        return Err(Ended::Excess(excess));
    }
    outputs.map_err(Ended::Error)
}

/// An error's value, short.
fn shown(value: &Datum) -> String {
    const LONGEST: usize = 200;
    let text = match value {
        Datum::Text(text) => text.to_string(),
        other => other.to_string(),
    };
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}
