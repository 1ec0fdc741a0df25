//! Collects what is found in one document, each with its place.

use std::ops::Range;

use super::finding::{DefinitionFault, Finding, Severity};
use super::locate::Document;
use cardhost_core::error::Code;

/// Everything found in one document.
pub(super) struct Findings<'d> {
    document: &'d Document<'d>,
    list: Vec<Finding>,
}

impl<'d> Findings<'d> {
    /// Nothing found yet.
    pub(super) fn new(document: &'d Document<'d>) -> Findings<'d> {
        Findings { document, list: Vec::new() }
    }

    /// The document they are about.
    pub(super) fn document(&self) -> &'d Document<'d> {
        self.document
    }

    /// Whether there is one of that code at the pointer.
    pub(super) fn has(&self, code: &Code, pointer: &str) -> bool {
        self.list.iter().any(|finding| finding.code == *code && finding.place.pointer == pointer)
    }

    /// Whether there is one of that code.
    pub(super) fn has_code(&self, code: &Code) -> bool {
        self.list.iter().any(|finding| finding.code == *code)
    }

    /// Whether one of them is an error.
    pub(super) fn has_errors(&self) -> bool {
        self.list.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// An error about the value at a pointer, or about the nearest value above it.
    pub(super) fn at(&mut self, code: Code, pointer: &str, fault: DefinitionFault) {
        let span = self.value_or_above(pointer);
        self.push(code, Severity::Error, pointer, span, fault);
    }

    /// An error about the key at the end of a pointer.
    pub(super) fn at_key(&mut self, code: Code, pointer: &str, fault: DefinitionFault) {
        let span = self.document.key_span(pointer).or_else(|| self.value_or_above(pointer));
        self.push(code, Severity::Error, pointer, span, fault);
    }

    /// An error inside the text at a pointer, by an offset into the decoded text.
    pub(super) fn inside(
        &mut self,
        code: Code,
        pointer: &str,
        offset: usize,
        fault: DefinitionFault,
    ) {
        let whole = self.value_or_above(pointer);
        let start = self.document.inside_text(pointer, offset);
        let span = match (start, whole) {
            (Some(start), Some(whole)) => Some(start.min(whole.end)..whole.end),
            (_, whole) => whole,
        };
        self.push(code, Severity::Error, pointer, span, fault);
    }

    /// An error about some bytes.
    pub(super) fn at_bytes(
        &mut self,
        code: Code,
        pointer: &str,
        span: Range<usize>,
        fault: DefinitionFault,
    ) {
        self.push(code, Severity::Error, pointer, Some(span), fault);
    }

    /// A warning about the value at a pointer.
    pub(super) fn warn(&mut self, code: Code, pointer: &str, fault: DefinitionFault) {
        let span = self.value_or_above(pointer);
        self.push(code, Severity::Warning, pointer, span, fault);
    }

    /// A warning about the key at the end of a pointer.
    pub(super) fn warn_key(&mut self, code: Code, pointer: &str, fault: DefinitionFault) {
        let span = self.document.key_span(pointer).or_else(|| self.value_or_above(pointer));
        self.push(code, Severity::Warning, pointer, span, fault);
    }

    /// An error of a reader that knows line and column only.
    pub(super) fn at_line(
        &mut self,
        code: Code,
        line: usize,
        column: usize,
        fault: DefinitionFault,
    ) {
        let span = Some(self.document.line_span(line, column));
        self.push(code, Severity::Error, "", span, fault);
    }

    /// The findings by position, each once.
    pub(super) fn into_sorted(mut self) -> Vec<Finding> {
        let start = |finding: &Finding| finding.span.as_ref().map_or(0, |span| span.start);
        self.list
            .sort_by(|a, b| start(a).cmp(&start(b)).then(a.code.as_str().cmp(b.code.as_str())));
        // Two rules may find the same; what is the same stands together now.
        self.list.dedup();
        self.list
    }

    fn push(
        &mut self,
        code: Code,
        severity: Severity,
        pointer: &str,
        span: Option<Range<usize>>,
        fault: DefinitionFault,
    ) {
        let place = self.document.place(pointer, &span);
        let finding = Finding { code, severity, place, span, fault };
        self.list.push(finding);
    }

    fn value_or_above(&self, pointer: &str) -> Option<Range<usize>> {
        let mut at = pointer;
        loop {
            if let Some(span) = self.document.value_span(at) {
                return Some(span);
            }
            at = at.rsplit_once('/')?.0;
        }
    }
}
