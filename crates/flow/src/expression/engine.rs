//! jaq under a meter: an expression compiled once, without environment, files and inputs, and evaluated with an end
//! ([`super::program`] has how).

use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars};

use super::program::{Jq, MAX_TERMS, Program, SyntaxFault};
use super::{known, library, natives, recursion};
use crate::datum::{Datum, Excess, measured};

/// A program: compiled where only that tells whether it can be, else when it is first evaluated.
pub(super) enum Compiled {
    Now(Filter<Jq>),
    Later,
}

/// Looks at an expression that may use some variables, each with its `$`.
///
/// # Errors
/// The first fault.
pub(super) fn look(text: &str, variables: &[&str]) -> Result<Compiled, SyntaxFault> {
    let term = load::parse(text, |parser| parser.term());
    if let Some(name) = term.as_ref().and_then(recursion::find) {
        return Err(SyntaxFault {
            offset: natives::offset(text, name),
            reason: format!("`{name}` takes a filter and calls itself"),
        });
    }
    // The definitions take less than an eighth of the table.
    let is_short = most_terms(text) < MAX_TERMS / 8 * 7;
    match term {
        Some(term) if is_short && known::compiles(&term, variables) => Ok(Compiled::Later),
        _ => compile(text, variables).map(Compiled::Now),
    }
}

/// More terms than the text of an expression makes: a character makes at most three.
fn most_terms(text: &str) -> usize {
    8 * text.len() + 64
}

/// Compiles an expression that was [looked](look) at.
///
/// # Errors
/// The first fault.
pub(super) fn compile(text: &str, variables: &[&str]) -> Result<Filter<Jq>, SyntaxFault> {
    let arena = Arena::default();
    let file = File { code: text, path: () };
    let modules = Loader::new(library::definitions().iter().cloned())
        .load(&arena, file)
        .map_err(|errors| natives::load_fault(text, errors))?;
    let filter = Compiler::default()
        .with_funs(natives::functions())
        .with_global_vars(variables.iter().copied())
        .compile(modules)
        .map_err(|errors| natives::compile_fault(text, errors))?;
    // The terms of an expression come after those of the definitions, from its own on.
    let digits: String = format!("{:?}", filter.id).chars().filter(char::is_ascii_digit).collect();
    let first = digits.parse::<usize>().unwrap_or(MAX_TERMS);
    if first + most_terms(text) > MAX_TERMS {
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
    let context = Ctx::<Jq>::new(Program::of(filter), Vars::new(variables));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The number that [`compile`] reads out of jaq's `Debug`.
    fn first(text: &str) -> usize {
        let shown = format!("{:?}", compile(text, &[]).unwrap().id);
        shown.strip_prefix("TermId(").unwrap().strip_suffix(')').unwrap().parse().unwrap()
    }

    #[test]
    fn an_expressions_terms_come_after_those_of_the_definitions() {
        // Whatever an expression is made of, its own first term stands in the same place.
        let of_nothing = first(".");
        for text in ["1 + 1", "[.[] | .a]", "if . then 1 else 2 end", "[1, [2, [3]]]"] {
            assert_eq!(first(text), of_nothing, "{text}");
        }
        assert!(of_nothing < MAX_TERMS / 8, "{of_nothing}");
    }

    /// A term beyond the table of [`stop`] would panic: jaq looks a term up by its number.
    #[test]
    fn the_longest_expressions_end_within_the_table() {
        // What makes many terms without nesting, which is refused before.
        for piece in ["a,", "a:1,", "a:.b,"] {
            let most = (MAX_TERMS - 64 - first(".")) / 8;
            let text = |pieces: usize| ["{", &piece.repeat(pieces), "b}"].concat();
            let pieces = (most - 3) / piece.len();
            let filter = compile(&text(pieces), &[]).unwrap();
            assert!(compile(&text(pieces + 1), &[]).is_err(), "{piece}");
            for steps in [1, 100, 3_000, 10_000] {
                let ended = run(&filter, Datum::Null, std::iter::empty(), steps, 0);
                assert!(matches!(ended, Err(Ended::Excess(_))), "{piece} {steps}: {ended:?}");
            }
        }
    }
}
