//! What is found in a document: a code, a place, the facts.

use std::ops::Range;

use crate::error::{Code, Place};
use crate::flow_fault::DocumentFault;

use super::node::line_column;

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
        crate::message::document(&self.fault)
    }

    /// What to do, where there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        crate::message::document_hint(&self.fault)
    }
}

/// Collects what is found in one document.
pub(super) struct Findings<'t> {
    file: &'t str,
    text: &'t str,
    list: Vec<Finding>,
}

impl<'t> Findings<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Findings<'t> {
        Findings { file, text, list: Vec::new() }
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
        line_column(self.text, offset).0
    }

    /// Everything found, by position.
    pub(super) fn into_sorted(mut self) -> Vec<Finding> {
        self.list.sort_by_key(|finding| finding.span.start);
        self.list
    }

    fn push(&mut self, warning: bool, pointer: &str, span: &Range<usize>, fault: DocumentFault) {
        let code = code_of(&fault);
        let place = Place {
            line_column: Some(line_column(self.text, span.start)),
            ..Place::definition(self.file, pointer)
        };
        self.list.push(Finding { code, is_warning: warning, place, span: span.clone(), fault });
    }
}

fn code_of(fault: &DocumentFault) -> Code {
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
        DocumentFault::UnknownName { .. } => Code::FLOW_REFERENCE,
        DocumentFault::Expression { .. } => Code::FLOW_EXPRESSION_SYNTAX,
    }
}
