//! The text of a definition and what stands in it: strict JSON (RFC 8259), with its places.

use std::ops::Range;

use serde_json::Value;

use super::File;
use cardhost_document::{self as document, Finding, Node, offset_of, read_json};

/// The text of a definition with its parts.
pub(super) struct DefinitionText<'t> {
    file: File<'t>,
    root: Node,
}

impl<'t> DefinitionText<'t> {
    /// Reads the text: its parts, and its value.
    ///
    /// # Errors
    /// `definition.syntax` at the place of the fault.
    pub(super) fn read(file: File<'t>) -> Result<(DefinitionText<'t>, Value), Vec<Finding>> {
        let read = read_json(file.text).and_then(|root| {
            // What the reader of a run refuses on top: a depth that is none of a definition.
            let value = serde_json::from_str(file.text);
            Ok((root, value.map_err(|error| document::malformed_json(file.text, &error))?))
        });
        read.map(|(root, value)| (DefinitionText { file, root }, value)).map_err(|fault| {
            let mut findings = document::Findings::new(file.path, file.text);
            findings.unread(fault);
            findings.into_sorted()
        })
    }

    /// The file.
    pub(super) fn file(&self) -> File<'t> {
        self.file
    }

    /// The whole.
    pub(super) fn root(&self) -> &Node {
        &self.root
    }

    /// The keys of the object at a pointer, in order.
    pub(super) fn keys(&self, pointer: &str) -> Vec<String> {
        let entries = self.root.find(pointer).map_or(&[][..], Node::entries);
        entries.iter().map(|entry| entry.key.clone()).collect()
    }

    /// Whether there is a value at the pointer.
    pub(super) fn has(&self, pointer: &str) -> bool {
        self.root.find(pointer).is_some()
    }

    /// The byte of the file at which a byte of the decoded text at a pointer stands.
    pub(super) fn inside_text(&self, pointer: &str, offset: usize) -> Option<usize> {
        let span = self.root.find(pointer)?.start();
        let raw = self.file.text.get(span.start + 1..span.end.checked_sub(1)?)?;
        Some(span.start + 1 + raw_offset(raw, offset))
    }

    /// The byte at a line and column of a reader that counts columns in bytes.
    pub(super) fn line_span(&self, line: usize, column: usize) -> Range<usize> {
        document::character(self.file.text, offset_of(self.file.text, line, column))
    }
}

/// The offset in a raw JSON text (without quotes) of an offset in the decoded text.
fn raw_offset(raw: &str, offset: usize) -> usize {
    let mut decoded = 0;
    let mut rest = raw;
    while decoded < offset && !rest.is_empty() {
        let (taken, gives) = match rest.strip_prefix('\\') {
            None => {
                let length = rest.chars().next().map_or(1, char::len_utf8);
                (length, length)
            }
            Some(after) if after.starts_with('u') => unicode_escape(rest),
            Some(_) => (2, 1),
        };
        decoded += gives;
        rest = rest.get(taken..).unwrap_or_default();
    }
    raw.len() - rest.len()
}

/// How many bytes `\uXXXX`, or a pair of surrogates, takes in the raw text and gives in the decoded.
fn unicode_escape(rest: &str) -> (usize, usize) {
    let unit =
        |at: usize| rest.get(at + 2..at + 6).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    match unit(0) {
        Some(high @ 0xD800..=0xDBFF) => match unit(6) {
            Some(low) => {
                let code = 0x10000 + ((high - 0xD800) << 10) + low.wrapping_sub(0xDC00);
                (12, char::from_u32(code).map_or(4, char::len_utf8))
            }
            None => (6, 3),
        },
        Some(code) => (6, char::from_u32(code).map_or(3, char::len_utf8)),
        None => (2, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_in_decoded_text_is_found_among_escapes() {
        let raw = r#"a\"\u00e9\ud83d\ude00ü<<x"#;
        let decoded: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
        let offset = decoded.find("<<").unwrap();
        assert_eq!(raw_offset(raw, offset), raw.find("<<").unwrap());
    }
}
