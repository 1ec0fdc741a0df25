//! What is found in a document: a code, a place, the facts.

use std::cell::OnceCell;
use std::ops::Range;

use super::document_fault::DocumentFault;
use super::document_words;
use cardhost_core::error::{Code, Fault, Place};

/// One fault of a document, or something that deserves attention.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The stable code.
    pub code: Code,
    /// Whether the document can be used all the same.
    pub is_warning: bool,
    /// File, JSON Pointer, and one-based line and column (in characters).
    pub place: Place,
    /// The bytes of the text that it is about.
    pub span: Range<usize>,
    /// The facts.
    pub fault: DocumentFault,
}

impl Finding {
    /// What is wrong: a lower-case fragment without a full stop.
    #[must_use]
    pub fn message(&self) -> String {
        document_words::document(&self.fault)
    }

    /// What to do, where there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        document_words::document_hint(&self.fault)
    }
}

/// Collects what is found in one document.
pub(super) struct Findings<'t> {
    file: &'t str,
    text: &'t str,
    list: Vec<Finding>,
    /// Where the lines end, once that is asked for.
    line_ends: OnceCell<Vec<usize>>,
}

impl<'t> Findings<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Findings<'t> {
        Findings { file, text, list: Vec::new(), line_ends: OnceCell::new() }
    }

    /// An error about some bytes.
    pub(super) fn at(&mut self, pointer: &str, span: &Range<usize>, fault: DocumentFault) {
        self.push(false, pointer, span, fault);
    }

    /// Something that deserves attention.
    pub(super) fn warn(&mut self, pointer: &str, span: &Range<usize>, fault: DocumentFault) {
        self.push(true, pointer, span, fault);
    }

    /// Whether there is an error, other than of a feature that is not carried out.
    pub(super) fn are_malformed(&self) -> bool {
        self.list.iter().any(|finding| {
            !finding.is_warning && !matches!(finding.fault, DocumentFault::Unsupported { .. })
        })
    }

    /// One-based line of a byte.
    pub(super) fn line(&self, offset: usize) -> usize {
        let ends = self.line_ends.get_or_init(|| {
            self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at).collect()
        });
        ends.partition_point(|end| *end < offset) + 1
    }

    /// Everything found, by position.
    pub(super) fn into_sorted(mut self) -> Vec<Finding> {
        self.list.sort_by_key(|finding| finding.span.start);
        // Counted from one to the next: a large text may have many faults, and all of them on one line.
        let (mut before, mut line, mut column) = (0, 1, 1);
        for finding in &mut self.list {
            let mut start = finding.span.start.min(self.text.len());
            while !self.text.is_char_boundary(start) {
                start -= 1;
            }
            for c in self.text[before..start].chars() {
                (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
            before = start;
            finding.place.line_column = Some((line, column));
        }
        self.list
    }

    fn push(&mut self, warning: bool, pointer: &str, span: &Range<usize>, fault: DocumentFault) {
        let code = code_of(&fault);
        let place = Place::definition(self.file, pointer);
        self.list.push(Finding { code, is_warning: warning, place, span: span.clone(), fault });
    }
}

pub(crate) fn code_of(fault: &DocumentFault) -> Code {
    match fault {
        DocumentFault::Syntax { .. } => Code::DEFINITION_SYNTAX,
        DocumentFault::DuplicateKey { .. } => Code::DEFINITION_DUPLICATE_KEY,
        DocumentFault::UnknownKey { .. } => Code::DEFINITION_UNKNOWN_KEY,
        DocumentFault::MissingKey { .. } => Code::DEFINITION_MISSING_KEY,
        DocumentFault::Type { .. } => Code::DEFINITION_TYPE,
        DocumentFault::Choice { .. }
        | DocumentFault::Form { .. }
        | DocumentFault::ExactlyOne { .. }
        | DocumentFault::Schema { .. } => Code::DEFINITION_VALUE,
        DocumentFault::Unsupported { .. } | DocumentFault::Ignored { .. } => Code::FLOW_UNSUPPORTED,
        DocumentFault::Version { .. } => Code::FLOW_VERSION,
        DocumentFault::UnknownName { what: "connector", .. } => Code::CONNECTOR_UNKNOWN,
        DocumentFault::UnknownName { what: "card", .. } | DocumentFault::CardVersion { .. } => {
            Code::CARD_UNKNOWN
        }
        DocumentFault::UnknownName { what: "flow", .. } => Code::FLOW_UNKNOWN,
        DocumentFault::UnknownName { .. } => Code::FLOW_REFERENCE,
        DocumentFault::CardBroken { code, .. } => code.clone(),
        DocumentFault::Invocation(fault) => fault.code(),
        DocumentFault::Expression { .. } => Code::FLOW_EXPRESSION_SYNTAX,
    }
}
