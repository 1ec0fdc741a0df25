//! jaq's parser calls itself: what nests too deep is refused before it is asked.

use super::syntax::SyntaxFault;

/// Most levels: a third of what overflows the 2 MiB of a thread in a build without optimisation.
const MAX_LEVELS: usize = 100;

/// What is open around a character.
enum Open {
    /// A bracket, with the operators and words so far at its level, each of which is one level to the parser, and the parts of the
    /// path that is read there, each of which is one level to the evaluation.
    Bracket { is_object: bool, chain: usize, parts: usize },
    /// A text.
    Text,
}

/// Refuses what could overflow the stack of jaq's parser and compiler.
pub(super) fn check(text: &str) -> Result<(), SyntaxFault> {
    let mut open = vec![Open::Bracket { is_object: false, chain: 0, parts: 0 }];
    let mut levels = 0_usize;
    let mut chars = text.char_indices().peekable();
    let mut word_start = None;
    while let Some((offset, c)) = chars.next() {
        if let (false, Some(start)) = (c.is_ascii_alphabetic(), word_start) {
            if is_keyword(&text[start..offset]) {
                lengthen(&mut open, &mut levels);
            }
            word_start = None;
        }
        if matches!(open.last(), Some(Open::Text)) {
            match (c, chars.peek()) {
                ('\\', Some((_, '('))) => {
                    chars.next();
                    push(&mut open, &mut levels, false);
                }
                ('\\', _) => {
                    chars.next();
                }
                ('"', _) => {
                    open.pop();
                }
                _ => {}
            }
            continue;
        }
        match c {
            c if c.is_ascii_alphabetic() => word_start = word_start.or(Some(offset)),
            '"' => open.push(Open::Text),
            '.' | '(' | '[' | '{' => {
                if let Some(Open::Bracket { parts, .. }) = open.last_mut() {
                    *parts += 1;
                    if *parts > MAX_LEVELS {
                        return Err(SyntaxFault::new(offset, "its path is too long".to_owned()));
                    }
                }
                if c != '.' {
                    push(&mut open, &mut levels, c == '{');
                }
            }
            ')' | ']' | '}' if open.len() > 1 => {
                if let Some(Open::Bracket { chain, .. }) = open.pop() {
                    levels -= chain + 2;
                }
            }
            ',' | ';' => match open.last_mut() {
                // The next entry of an object, the next parameter of a call.
                Some(Open::Bracket { is_object, chain, parts }) if *is_object || c == ';' => {
                    *parts = 0;
                    levels -= std::mem::take(chain);
                }
                _ => lengthen(&mut open, &mut levels),
            },
            '|' | '-' | '+' | '*' | '/' | '%' | '=' | '<' | '>' | '?' => {
                lengthen(&mut open, &mut levels);
            }
            _ => {}
        }
        if levels > MAX_LEVELS {
            return Err(SyntaxFault::new(offset, "it is nested too deep".to_owned()));
        }
    }
    Ok(())
}

fn push(open: &mut Vec<Open>, levels: &mut usize, is_object: bool) {
    open.push(Open::Bracket { is_object, chain: 0, parts: 0 });
    *levels += 2;
}

fn lengthen(open: &mut [Open], levels: &mut usize) {
    if let Some(Open::Bracket { chain, parts, .. }) = open.last_mut() {
        *parts = 0;
        *chain += 1;
        *levels += 1;
    }
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "if" | "elif"
            | "def"
            | "try"
            | "catch"
            | "reduce"
            | "foreach"
            | "label"
            | "as"
            | "and"
            | "or"
    )
}
