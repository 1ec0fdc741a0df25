//! jaq under a meter: an expression compiled once, without environment, files and inputs, and evaluated with an end
//! ([`super::program`] has how).

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars};

use super::program::{Jq, MAX_TERMS, Program};
use super::syntax::{self, SyntaxFault};
use super::{known, library, recursion, rewrite};
use crate::datum::{Datum, Excess, Limits, measured};

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
    let term = syntax::parse(text)?;
    if let Some(name) = recursion::find(&term) {
        return Err(SyntaxFault {
            offset: syntax::offset(text, name),
            reason: format!("`{name}` takes a filter and calls itself"),
            hint: Some("`recurse`, `until`, `while` and functions that take values (`def f($n): …`) go on as long".to_owned()),
        });
    }
    if text.len() <= SURELY_SHORT && known::compiles(&term, variables) {
        return Ok(Compiled::Later);
    }
    compile(text, variables).map(Compiled::Now)
}

/// Bytes of an expression that make less than the table of terms holds: a character makes at most a dozen.
const SURELY_SHORT: usize = 4 * 1024;

/// Compiles an expression that was [looked](look) at.
///
/// # Errors
/// The first fault.
pub(super) fn compile(text: &str, variables: &[&str]) -> Result<Filter<Jq>, SyntaxFault> {
    let expression = rewrite::definition(syntax::parse(text)?);
    let definitions = library::definitions().iter().cloned().chain([expression]);
    let arena = Arena::default();
    let file = File { code: rewrite::EXPRESSION, path: () };
    let modules = Loader::new(definitions)
        .load(&arena, file)
        .map_err(|_| SyntaxFault::new(0, "it cannot be read".to_owned()))?;
    let filter = Compiler::default()
        .with_funs(library::functions())
        .with_global_vars(variables.iter().copied())
        .compile(modules)
        .map_err(|errors| syntax::undefined(text, variables, errors))?;
    // The call of the expression is the last term.
    let digits: String = format!("{:?}", filter.id).chars().filter(char::is_ascii_digit).collect();
    let last = digits.parse::<usize>().unwrap_or(MAX_TERMS);
    if last + 1 > MAX_TERMS {
        return Err(SyntaxFault::new(0, "it is too long".to_owned()));
    }
    Ok(filter)
}

/// What an evaluation ends with, other than its outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Error(String),
    Excess(Excess),
}

/// The outputs of a program.
pub(super) fn run(
    filter: &Filter<Jq>,
    input: Datum,
    variables: impl Iterator<Item = Datum>,
    limits: Limits,
    now: i64,
) -> Result<Vec<Datum>, Ended> {
    let context = Ctx::<Jq>::new(Program::of(filter), Vars::new(variables));
    let (outputs, excess) = measured(limits, now, || {
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
        Ok(outputs)
    });
    if let Some(excess) = excess {
        return Err(Ended::Excess(excess));
    }
    outputs.map_err(Ended::Error)
}

/// An error's value, short: cut between two words, for half a secret is one that nobody masks.
fn shown(value: &Datum) -> String {
    const LONGEST: usize = 200;
    let text = match value {
        Datum::Text(text) => text.to_string(),
        other => other.to_string(),
    };
    if text.len() <= LONGEST {
        return text;
    }
    let start = &text[..text.floor_char_boundary(LONGEST)];
    let words = start.rfind(char::is_whitespace).map_or("", |end| &start[..end]);
    format!("{words} …")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number that [`compile`] reads out of jaq's `Debug`.
    fn last(text: &str) -> usize {
        let shown = format!("{:?}", compile(text, &[]).unwrap().id);
        shown.strip_prefix("TermId(").unwrap().strip_suffix(')').unwrap().parse().unwrap()
    }

    #[test]
    fn the_call_of_an_expression_is_the_last_term() {
        let of_nothing = last(".");
        for (text, terms) in [("1 + 1", 2), ("[.[] | .a]", 4), ("[1, [2, [3]]]", 7)] {
            assert!(last(text) >= of_nothing + terms, "{text}");
        }
        assert!(of_nothing < MAX_TERMS / 8, "{of_nothing}");
    }

    /// A term beyond the table of [`stop`](super::super::program) would panic: jaq looks a term up by its number.
    #[test]
    fn the_longest_expressions_end_within_the_table() {
        // What makes many terms without nesting, which is refused before.
        for piece in
            ["a,", "a:1,", "a:.b,", "a:(.[]+.[]),", "a:(.[]|=.[]),", "a:\"\\(.[])\\(.[])\","]
        {
            for length in [SURELY_SHORT, crate::expression::MAX_EXPRESSION_BYTES] {
                let text = ["{", &piece.repeat((length - 3) / piece.len()), "b}"].concat();
                let Ok(filter) = compile(&text, &[]) else {
                    assert!(length > SURELY_SHORT, "{piece}");
                    continue;
                };
                for steps in [1, 100, 1_500] {
                    let limits = Limits { steps, ..Limits::default() };
                    let ended = run(&filter, Datum::Null, std::iter::empty(), limits, 0);
                    let is_over = matches!(ended, Err(Ended::Excess(_) | Ended::Error(_)));
                    assert!(is_over || piece == "a,", "{piece} {steps}: {ended:?}");
                }
            }
        }
    }
}
