//! Where things are in a definition's text: JSON Pointer → bytes → line and column.
//!
//! Strict JSON (RFC 8259): no comments, no trailing commas, no duplicate keys. What the places mean is left
//! to the checks.

use std::ops::Range;

use jsonc_parser::ParseOptions;
use jsonc_parser::ast::{self, ObjectProp};
use jsonc_parser::common::Ranged;
use serde_json::Value;

use super::File;
use super::finding::{DefinitionFault, Finding, Severity};
use super::findings::Findings;
use cardhost_core::error::{Code, Place, push_pointer};

/// The text of a definition with its syntax tree.
pub(super) struct Document<'t> {
    file: File<'t>,
    tree: ast::Value<'t>,
}

impl<'t> Document<'t> {
    /// Reads the text: its tree, and its value.
    ///
    /// # Errors
    /// `definition.syntax` at the place of the fault.
    pub(super) fn read(file: File<'t>) -> Result<(Document<'t>, Value), Box<Finding>> {
        let fail = |offset: usize, reason: String| {
            let offset = offset.min(file.text.len());
            Box::new(Finding {
                code: Code::DEFINITION_SYNTAX,
                severity: Severity::Error,
                place: Place {
                    file: file.path.to_owned(),
                    line_column: Some(line_column(file.text, offset)),
                    ..Place::default()
                },
                span: Some(offset..next_boundary(file.text, offset)),
                fault: DefinitionFault::Syntax { reason },
            })
        };
        let value: Value = serde_json::from_str(file.text).map_err(|error| {
            let offset = match error.is_eof() {
                true => file.text.trim_end().len(),
                false => offset_of(file.text, error.line(), error.column()),
            };
            fail(offset, cardhost_core::value::reason(&error))
        })?;
        let parsed = jsonc_parser::parse_to_ast(file.text, &Default::default(), &strict())
            .map_err(|error| fail(error.range().start, error.kind().to_string().to_lowercase()))?;
        match parsed.value {
            Some(tree) => Ok((Document { file, tree }, value)),
            None => Err(fail(0, "the file is empty".to_owned())),
        }
    }

    /// Every key that its object already has.
    pub(super) fn duplicate_keys(&self, findings: &mut Findings<'_>) {
        duplicates(&self.tree, "", findings, self.file.text);
    }

    /// The bytes of the value at a pointer; of an object or list, its opening bracket.
    pub(super) fn value_span(&self, pointer: &str) -> Option<Range<usize>> {
        let found = self.value_at(pointer)?;
        let range = found.range();
        Some(match found {
            ast::Value::Object(_) | ast::Value::Array(_) => range.start..range.start + 1,
            _ => range.start..range.end,
        })
    }

    /// The bytes of the key at the end of a pointer.
    pub(super) fn key_span(&self, pointer: &str) -> Option<Range<usize>> {
        let (parent, key) = pointer.rsplit_once('/')?;
        let ast::Value::Object(object) = self.value_at(parent)? else {
            return None;
        };
        let range = property(object, &unescape(key))?.name.range();
        Some(range.start..range.end)
    }

    /// The keys of the object at a pointer, in order.
    pub(super) fn keys(&self, pointer: &str) -> Vec<String> {
        match self.value_at(pointer) {
            Some(ast::Value::Object(object)) => {
                object.properties.iter().map(|property| property.name.as_str().to_owned()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether there is a value at the pointer.
    pub(super) fn has(&self, pointer: &str) -> bool {
        self.value_span(pointer).is_some()
    }

    fn value_at(&self, pointer: &str) -> Option<&ast::Value<'t>> {
        let mut found = &self.tree;
        for segment in segments(pointer) {
            found = match found {
                ast::Value::Object(object) => &property(object, &segment)?.value,
                ast::Value::Array(list) => list.elements.get(segment.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(found)
    }

    /// The byte of the file at which a byte of the decoded text at a pointer stands.
    pub(super) fn inside_text(&self, pointer: &str, offset: usize) -> Option<usize> {
        let span = self.value_span(pointer)?;
        let raw = self.file.text.get(span.start + 1..span.end.checked_sub(1)?)?;
        Some(span.start + 1 + raw_offset(raw, offset))
    }

    /// The byte at a line and column of a reader that counts columns in bytes.
    pub(super) fn line_span(&self, line: usize, column: usize) -> Range<usize> {
        let start = offset_of(self.file.text, line, column);
        start..next_boundary(self.file.text, start)
    }

    /// A place in this document.
    pub(super) fn place(&self, pointer: &str, span: &Option<Range<usize>>) -> Place {
        Place {
            file: self.file.path.to_owned(),
            pointer: pointer.to_owned(),
            field: None,
            line_column: span.as_ref().map(|span| line_column(self.file.text, span.start)),
        }
    }
}

fn strict() -> ParseOptions {
    ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

fn duplicates(tree: &ast::Value<'_>, pointer: &str, findings: &mut Findings<'_>, text: &str) {
    match tree {
        ast::Value::Object(object) => {
            for (index, entry) in object.properties.iter().enumerate() {
                let key = entry.name.as_str();
                let mut place = pointer.to_owned();
                push_pointer(&mut place, key);
                let first = object.properties[..index].iter().find(|p| p.name.as_str() == key);
                if let Some(first) = first {
                    let (first_line, _) = line_column(text, first.name.range().start);
                    let range = entry.name.range();
                    findings.at_bytes(
                        Code::DEFINITION_DUPLICATE_KEY,
                        &place,
                        range.start..range.end,
                        DefinitionFault::DuplicateKey { key: key.to_owned(), first_line },
                    );
                }
                duplicates(&entry.value, &place, findings, text);
            }
        }
        ast::Value::Array(list) => {
            for (index, item) in list.elements.iter().enumerate() {
                duplicates(item, &format!("{pointer}/{index}"), findings, text);
            }
        }
        _ => {}
    }
}

/// The property that counts: of duplicates, the last, as everywhere in serde.
fn property<'o, 't>(object: &'o ast::Object<'t>, key: &str) -> Option<&'o ObjectProp<'t>> {
    object.properties.iter().rev().find(|property| property.name.as_str() == key)
}

fn segments(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(unescape)
}

/// One segment of a JSON Pointer as it was before escaping (RFC 6901, section 4).
pub(super) fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// One-based line and column in characters.
fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

/// The byte at a one-based line and a one-based column in bytes, as serde_json counts.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut offset = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn next_boundary(text: &str, offset: usize) -> usize {
    let next = text.get(offset..).and_then(|rest| rest.chars().next());
    next.map_or(offset, |c| offset + c.len_utf8())
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

    fn read(text: &str) -> (Document<'_>, Value) {
        Document::read(File { path: "c/x.json", text }).map_err(|f| f.message()).unwrap()
    }

    fn fault(text: &str) -> (Option<(usize, usize)>, String) {
        let finding = Document::read(File { path: "c/x.json", text }).err().unwrap();
        assert_eq!(finding.code, Code::DEFINITION_SYNTAX);
        (finding.place.line_column, finding.message())
    }

    #[test]
    fn pointers_lead_to_bytes_lines_and_columns() {
        let text = "{\n  \"ä/b\": [1, {\"x y\": \"z\"}]\n}";
        let (document, _) = read(text);
        let span = document.value_span("/ä~1b/1/x y").unwrap();
        assert_eq!(&text[span.clone()], "\"z\"");
        assert_eq!(line_column(text, span.start), (2, 22));
        assert_eq!(&text[document.key_span("/ä~1b").unwrap()], "\"ä/b\"");
        assert_eq!(&text[document.value_span("/ä~1b").unwrap()], "[");
        assert_eq!(document.value_span("/none"), None);
        assert!(document.has("") && document.has("/ä~1b/0") && !document.has("/ä~1b/2"));
    }

    #[test]
    fn syntax_faults_have_line_and_column() {
        assert_eq!(fault("{\n  \"a\": 1,\n}").0, Some((3, 1)));
        assert_eq!(fault("{\n  // why\n}").0, Some((2, 3)));
        assert_eq!(fault("{\"a\": 'x'}").0, Some((1, 7)));
        assert_eq!(fault("").0, Some((1, 1)));
        assert_eq!(fault("{\"ä\" 1}").0, Some((1, 6)));
        assert_eq!(fault("[1, 2\n").0, Some((1, 6)));
    }

    #[test]
    fn the_second_of_two_equal_keys_is_found() {
        let (document, _) = read("{\"a\": 1,\n \"b\": {\"c\": 1, \"\\u0063\": 2}}");
        let mut findings = Findings::new(&document);
        document.duplicate_keys(&mut findings);
        let [finding] = &findings.into_sorted()[..] else { panic!() };
        assert_eq!(finding.code, Code::DEFINITION_DUPLICATE_KEY);
        assert_eq!(
            (finding.place.pointer.as_str(), finding.place.line_column),
            ("/b/c", Some((2, 16)))
        );
        assert_eq!(finding.message(), "key `c` is there twice");
        assert_eq!(finding.hint().unwrap(), "the first is on line 2; only one can count");
    }

    #[test]
    fn an_offset_in_decoded_text_is_found_among_escapes() {
        let raw = r#"a\"\u00e9\ud83d\ude00ü<<x"#;
        let decoded: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
        let offset = decoded.find("<<").unwrap();
        assert_eq!(raw_offset(raw, offset), raw.find("<<").unwrap());
    }
}
