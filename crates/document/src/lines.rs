//! Bytes of a text as lines and columns, and back.

use std::ops::Range;

/// One-based line and column, in characters.
#[must_use]
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..boundary(text, offset)];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

/// The byte at a one-based line and a one-based column in bytes, as serde_json counts.
#[must_use]
pub fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    boundary(text, start + column.saturating_sub(1))
}

/// The bytes of the character at an offset; none at the end.
#[must_use]
pub fn character(text: &str, offset: usize) -> Range<usize> {
    let start = boundary(text, offset);
    start..text[start..].chars().next().map_or(start, |c| start + c.len_utf8())
}

/// The nearest byte before an offset, or at it, at which a character begins.
pub(crate) fn boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
