//! Text as wide as the window it is shown in: where a terminal shows it, it is broken between words.

use std::borrow::Cow;
use std::io;

use terminal_size::{Width, terminal_size_of};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Narrower windows are left to the terminal.
const NARROWEST: usize = 20;

/// Where the lines of a message go on.
pub(crate) const OF_MESSAGES: usize = 4;

/// The width of the window that shows stdout.
pub(crate) fn of_stdout() -> Option<usize> {
    usable(terminal_size_of(io::stdout()).map(|(width, _)| width))
}

/// The width of the window that shows stderr.
pub(crate) fn of_stderr() -> Option<usize> {
    usable(terminal_size_of(io::stderr()).map(|(width, _)| width))
}

fn usable(width: Option<Width>) -> Option<usize> {
    width.map(|Width(width)| usize::from(width)).filter(|width| *width >= NARROWEST)
}

/// The text with each line that is longer than the window broken between words. It goes on below where its own text begins:
/// behind a column, behind the mark of a list, else so far to the right of where the line begins. What is drawn or is code stays
/// as it is.
pub(crate) fn wrapped(text: &str, width: Option<usize>, further: usize) -> Cow<'_, str> {
    let Some(width) = width.filter(|width| text.lines().any(|line| shown_width(line) > *width))
    else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut is_code = false;
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        if is_code || is_fence || line.starts_with(['|', '{']) || shown_width(line) <= width {
            out.push_str(line);
        } else {
            wrap_line(line, width, further, &mut out);
        }
    }
    Cow::Owned(out)
}

fn wrap_line(line: &str, width: usize, further: usize, out: &mut String) {
    let below = hang(line, width, further);
    let (mut column, mut spaces) = (0, 0);
    for word in line.split(' ') {
        let wide = shown_width(word);
        if wide == 0 && word.is_empty() {
            spaces += 1;
            continue;
        }
        if column > below && column + spaces + wide > width {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', below));
            column = below;
        } else {
            out.extend(std::iter::repeat_n(' ', spaces));
            column += spaces;
        }
        out.push_str(word);
        column += wide;
        spaces = 1;
    }
}

/// Where a line goes on.
fn hang(line: &str, width: usize, further: usize) -> usize {
    let text = line.trim_start_matches(' ');
    let indent = line.len() - text.len();
    if text.starts_with("- ") {
        return indent + 2;
    }
    // The last column that begins in the left half of the window.
    let mut column = None;
    for (at, _) in line.match_indices("  ").filter(|(at, _)| *at >= indent) {
        let rest = &line[at..];
        let begin = shown_width(&line[..at]) + rest.len() - rest.trim_start_matches(' ').len();
        if begin <= width / 2 {
            column = Some(begin);
        }
    }
    column.unwrap_or((indent + further).min(width / 2))
}

/// How many columns a text takes, without what commands the terminal.
fn shown_width(text: &str) -> usize {
    let Some((before, after)) = text.split_once('\x1b') else { return text.width() };
    let (_, rest) = after.split_once('m').unwrap_or((after, ""));
    before.chars().filter_map(|c| c.width()).sum::<usize>() + shown_width(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_on_below_where_their_text_begins() {
        for (text, further, expected) in [
            ("short", 4, "short"),
            (
                "a message of more than thirty columns",
                4,
                "a message of more than thirty\n    columns",
            ),
            (
                "  hint: a hint of more than thirty columns",
                4,
                "  hint: a hint of more than\n      thirty columns",
            ),
            (
                "  Label   what the field is for, in words",
                4,
                "  Label   what the field is\n          for, in words",
            ),
            (
                "  --flag <A VERY LONG VALUE>  what it is for",
                0,
                "  --flag <A VERY LONG VALUE>\n  what it is for",
            ),
            ("- an item of a list, with many words", 0, "- an item of a list, with many\n  words"),
            ("prose of more than thirty columns", 0, "prose of more than thirty\ncolumns"),
            (
                "https://example.com/a/very/long/url/that/stays",
                4,
                "https://example.com/a/very/long/url/that/stays",
            ),
            (
                "```\na line of code that is not broken, ever\n```",
                0,
                "```\na line of code that is not broken, ever\n```",
            ),
            (
                "{\"code\":\"usage\", \"message\":\"a b c d e f g\"}",
                4,
                "{\"code\":\"usage\", \"message\":\"a b c d e f g\"}",
            ),
            (
                "\x1b[1mred\x1b[0m words that take thirty-three",
                4,
                "\x1b[1mred\x1b[0m words that take\n    thirty-three",
            ),
            (
                "漢字漢字漢字 漢字漢字漢字 漢字漢字漢字",
                0,
                "漢字漢字漢字 漢字漢字漢字\n漢字漢字漢字",
            ),
        ] {
            assert_eq!(wrapped(text, Some(30), further), expected, "{text}");
            assert_eq!(wrapped(text, None, further), text);
        }
    }
}
