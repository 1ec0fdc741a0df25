//! `explain`: the page of an error code.

use std::io;
use std::ops::Range;

use cardhost::core::text::nearest;
use clap::Args;

use super::console::{Console, Failure};

/// Where the pages of `docs/errors` are in [`TEXT`], by their codes; sorted.
static PAGES: &[(&str, Range<usize>)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The pages one after the other, deflated (RFC 1951).
static TEXT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/pages.deflate"));

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The code, such as `input.required`; every code by default
    pub(crate) code: Option<String>,
}

pub(crate) fn run(args: &ExplainArgs, console: &Console) -> Result<(), Failure> {
    let text = inflated().map_err(|error| Failure::Io("the pages", error))?;
    let page = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
    let Some(given) = &args.code else { return console.text(&all(page)) };
    let code = bare(given);
    match PAGES.iter().find(|(known, _)| *known == code) {
        Some((_, range)) => console.text(page(range)),
        None => Err(Failure::Usage(unknown(code))),
    }
}

fn inflated() -> io::Result<String> {
    let bytes = miniz_oxide::inflate::decompress_to_vec(TEXT)
        .map_err(|error| io::Error::other(error.to_string()))?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// The code of a line that was copied: `error[input.required]: …`.
fn bare(given: &str) -> &str {
    let inside = given.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    inside.map_or(given, |(code, _)| code).trim()
}

/// Why there is no page.
fn unknown(code: &str) -> String {
    if code.starts_with("service.") {
        return format!(
            "`{code}` is a code of its connector, whose author decides what it means: `cardhost docs CONNECTOR` tells"
        );
    }
    match nearest(code, PAGES.iter().map(|(known, _)| *known)) {
        Some(near) => format!("there is no code `{code}`; did you mean `{near}`?"),
        None => format!("there is no code `{code}`; `cardhost explain` lists all of them"),
    }
}

/// Every code with the first sentence of its page.
fn all<'t>(page: impl Fn(&Range<usize>) -> &'t str) -> String {
    let width = PAGES.iter().map(|(code, _)| code.len()).max().unwrap_or_default();
    let line = |(code, range): &(&str, Range<usize>)| {
        let mut lines = page(range).lines().skip(1).map(str::trim);
        let about = lines.find(|line| !line.is_empty()).unwrap_or_default();
        format!("{code:<width$}  {about}\n")
    };
    PAGES.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_an_error_names_its_code() {
        assert_eq!(bare("error[input.required]: field `x` is missing"), "input.required");
        assert_eq!(bare("warning[query.null_left_out]"), "query.null_left_out");
        assert_eq!(bare(" usage "), "usage");
    }
}
