//! jaq's parser calls itself: what nests too deep is refused before it is asked.

use super::SyntaxFault;

/// Most brackets inside each other.
const MAX_BRACKETS: usize = 48;

/// Most words and signs after which jaq's parser calls itself, in one expression.
const MAX_CALLS: usize = 512;

/// Refuses what could overflow the stack of jaq's parser and compiler.
pub(super) fn check(text: &str) -> Result<(), SyntaxFault> {
    let too_deep = |offset| {
        Err(SyntaxFault { offset, reason: "it is nested too deep".to_owned() })
    };
    let (mut open, mut calls) = (0_usize, 0_usize);
    let mut word_start = None;
    for (offset, c) in text.char_indices() {
        let in_word = c.is_ascii_alphabetic();
        match (in_word, word_start) {
            (true, None) => word_start = Some(offset),
            (false, Some(start)) => {
                calls += usize::from(is_keyword(&text[start..offset]));
                word_start = None;
            }
            _ => {}
        }
        match c {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            '|' | ',' | '-' | '+' | '*' | '/' | '%' | '=' | '<' | '>' | '?' => calls += 1,
            _ => {}
        }
        if open > MAX_BRACKETS || calls > MAX_CALLS {
            return too_deep(offset);
        }
    }
    Ok(())
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "if" | "elif" | "def" | "try" | "catch" | "reduce" | "foreach" | "label" | "as" | "and" | "or"
    )
}
