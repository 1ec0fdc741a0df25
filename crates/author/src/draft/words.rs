//! A command as a person pastes it, split into words: quotes, `$'…'`, lines that go on, what stands around it.
//!
//! The splitting itself is shlex's; it knows no `$'…'`, and nothing of where a command ends.

use super::fault::DraftFault;

/// The words of the first command of a text.
pub(super) fn words(text: &str) -> Result<Vec<String>, DraftFault> {
    let text = text.replace("\r\n", "\n");
    if text.contains("^\n") || text.contains("^\"") {
        return Err(DraftFault::WindowsShell);
    }
    let text = text.trim();
    let text = text.strip_prefix("$ ").unwrap_or(text);
    let command = one_command(text)?;
    shlex::split(&command).ok_or(DraftFault::Unclosed)
}

/// The text up to where the command ends, with `$'…'` in quotes that every shell has.
fn one_command(text: &str) -> Result<String, DraftFault> {
    let mut command = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let starts_word = command.is_empty() || command.ends_with(char::is_whitespace);
        let after = &rest[c.len_utf8()..];
        let taken = match c {
            '\\' if after.starts_with('\n') => {
                rest = &after[1..];
                continue;
            }
            '\\' => c.len_utf8() + after.chars().next().map_or(0, char::len_utf8),
            '\'' => 1 + after.find('\'').ok_or(DraftFault::Unclosed)? + 1,
            '"' => double_quoted(rest)?,
            '$' if after.starts_with('\'') => {
                let (value, taken) = ansi_c(&after[1..])?;
                command.push_str(&format!("'{}'", value.replace('\'', "'\\''")));
                rest = &after[1 + taken..];
                continue;
            }
            '|' | ';' => break,
            '&' if after.is_empty() || after.starts_with(['&', ' ', '\n']) => break,
            '<' | '>' if starts_word => break,
            // A line that lost its backslash where it was copied.
            '\n' if !after.trim_start().starts_with('-') => break,
            c => c.len_utf8(),
        };
        command.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    Ok(command)
}

/// The length of a text in double quotes, with them.
fn double_quoted(text: &str) -> Result<usize, DraftFault> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Ok(at + 1),
            _ => {}
        }
    }
    Err(DraftFault::Unclosed)
}

/// What `$'…'` holds, and its length with the quote at its end (bash, ANSI-C quoting).
fn ansi_c(text: &str) -> Result<(String, usize), DraftFault> {
    let mut bytes = Vec::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, c)) = letters.next() {
        match c {
            '\'' => return Ok((String::from_utf8_lossy(&bytes).into_owned(), at + 1)),
            '\\' => {}
            c => {
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
        }
        let Some((_, escape)) = letters.next() else { break };
        let mut digits = |most: usize, radix: u32, first: Option<char>| {
            let mut number = first.and_then(|c| c.to_digit(radix));
            for _ in 0..most {
                let Some(digit) = letters.peek().and_then(|(_, c)| c.to_digit(radix)) else {
                    break;
                };
                number = Some(number.unwrap_or(0) * radix + digit);
                letters.next();
            }
            number
        };
        let code = match escape {
            'n' => Some(10),
            't' => Some(9),
            'r' => Some(13),
            'a' => Some(7),
            'b' => Some(8),
            'e' | 'E' => Some(27),
            'f' => Some(12),
            'v' => Some(11),
            'x' => {
                bytes.extend(digits(2, 16, None).and_then(|byte| u8::try_from(byte).ok()));
                continue;
            }
            'u' => digits(4, 16, None),
            'U' => digits(8, 16, None),
            '0'..='7' => {
                bytes.extend(digits(2, 8, Some(escape)).and_then(|byte| u8::try_from(byte).ok()));
                continue;
            }
            other => Some(u32::from(other)),
        };
        let letter = code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
        bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Err(DraftFault::Unclosed)
}
