//! Collects what is found in one document, each with its place.

use std::ops::Range;

use super::fault::DefinitionFault;
use super::hidden::Hidden;
use super::locate::DefinitionText;

use cardhost_core::error::Code;
use cardhost_document::{self as document, Finding, Severity};

/// Everything found in one document.
pub(super) struct Findings<'d> {
    document: &'d DefinitionText<'d>,
    found: document::Findings<'d>,
    /// What the checks do not see.
    hidden: Hidden,
}

impl<'d> Findings<'d> {
    /// Nothing found yet but keys that are there twice.
    pub(super) fn new(document: &'d DefinitionText<'d>) -> Findings<'d> {
        let file = document.file();
        let mut found = document::Findings::new(file.path, file.text);
        found.duplicate_keys(document.root());
        Findings { document, found, hidden: Hidden::default() }
    }

    /// Goes on without a part of the document: what that explains is not told.
    pub(super) fn hide(&mut self, hidden: Hidden) {
        self.hidden = hidden;
    }

    /// Whether a part of the document is hidden.
    pub(super) fn hides(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// The keys that stand twice in their object.
    pub(super) fn twice(&self) -> Vec<String> {
        let twice = |finding: &&Finding| finding.code == Code::DEFINITION_DUPLICATE_KEY;
        let places = self.found.list().iter().filter(twice);
        places.map(|finding| finding.place.pointer.clone()).collect()
    }

    /// The document they are about.
    pub(super) fn document(&self) -> &'d DefinitionText<'d> {
        self.document
    }

    /// Whether there is one of that code at the pointer.
    pub(super) fn has(&self, code: &Code, pointer: &str) -> bool {
        self.found
            .list()
            .iter()
            .any(|finding| finding.code == *code && finding.place.pointer == pointer)
    }

    /// Whether there is one of that code.
    pub(super) fn has_code(&self, code: &Code) -> bool {
        self.found.list().iter().any(|finding| finding.code == *code)
    }

    /// Whether one of them is an error.
    pub(super) fn has_errors(&self) -> bool {
        self.found.list().iter().any(Finding::is_error)
    }

    /// An error about the value at a pointer, or about the nearest value above it.
    pub(super) fn at(&mut self, code: Code, pointer: &str, fault: DefinitionFault) {
        let pointer = &self.hidden.original(pointer);
        let span = self.value_or_above(pointer);
        self.push(code, Severity::Error, pointer, span, &fault);
    }

    /// An error about the key at the end of a pointer.
    pub(super) fn at_key(&mut self, code: Code, pointer: &str, fault: DefinitionFault) {
        let pointer = &self.hidden.original(pointer);
        let span = self.key_or_above(pointer);
        self.push(code, Severity::Error, pointer, span, &fault);
    }

    /// An error inside the text at a pointer, by an offset into the decoded text.
    pub(super) fn inside(
        &mut self,
        code: Code,
        pointer: &str,
        offset: usize,
        fault: DefinitionFault,
    ) {
        let pointer = &self.hidden.original(pointer);
        let whole = self.value_or_above(pointer);
        let start = self.document.inside_text(pointer, offset);
        let span = match start {
            Some(start) => start.min(whole.end)..whole.end,
            None => whole,
        };
        self.push(code, Severity::Error, pointer, span, &fault);
    }

    /// A warning about the value at a pointer.
    pub(super) fn warn(&mut self, code: Code, pointer: &str, fault: DefinitionFault) {
        let pointer = &self.hidden.original(pointer);
        let span = self.value_or_above(pointer);
        self.push(code, Severity::Warning, pointer, span, &fault);
    }

    /// A note about the value at a pointer, or about the nearest value above it.
    pub(super) fn note(&mut self, code: Code, pointer: &str, fault: DefinitionFault) {
        let pointer = &self.hidden.original(pointer);
        let span = self.value_or_above(pointer);
        self.push(code, Severity::Note, pointer, span, &fault);
    }

    /// A warning about the key at the end of a pointer.
    pub(super) fn warn_key(&mut self, code: Code, pointer: &str, fault: DefinitionFault) {
        let pointer = &self.hidden.original(pointer);
        let span = self.key_or_above(pointer);
        self.push(code, Severity::Warning, pointer, span, &fault);
    }

    /// An error of a reader that knows line and column only.
    pub(super) fn at_line(
        &mut self,
        code: Code,
        line: usize,
        column: usize,
        fault: DefinitionFault,
    ) {
        let span = self.document.line_span(line, column);
        self.push(code, Severity::Error, "", span, &fault);
    }

    /// The findings by position, each once.
    pub(super) fn into_sorted(self) -> Vec<Finding> {
        self.found.into_sorted()
    }

    fn push(
        &mut self,
        code: Code,
        severity: Severity,
        pointer: &str,
        span: Range<usize>,
        fault: &DefinitionFault,
    ) {
        let (message, hint) = (fault.message(), fault.hint());
        let said = [message.as_str(), hint.as_deref().unwrap_or_default()];
        // What could be better is told where nothing is misshapen.
        let is_told = severity == Severity::Error || !self.hidden.is_own();
        if is_told && !self.hidden.explains(pointer, &said) {
            self.found.push(severity, code, pointer, span, message, hint);
        }
    }

    fn key_or_above(&self, pointer: &str) -> Range<usize> {
        let entry = self.document.root().entry_at(pointer);
        entry.map_or_else(|| self.value_or_above(pointer), |entry| entry.key_at.clone())
    }

    fn value_or_above(&self, pointer: &str) -> Range<usize> {
        let mut at = pointer;
        loop {
            match (self.document.root().find(at), at.rsplit_once('/')) {
                (Some(node), _) => return node.start(),
                (None, Some((above, _))) => at = above,
                (None, None) => return self.document.root().start(),
            }
        }
    }
}
