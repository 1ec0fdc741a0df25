//! Collects what is found in one document.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;

use cardhost_core::error::{Code, Fault, Place};

use super::finding::{Finding, Severity};
use super::lines::{boundary, character};
use super::malformed::Malformed;
use super::node::Node;
use super::pointer::below;
use super::read_fault::ReadFault;

/// Collects what is found in one document.
pub struct Findings<'t> {
    file: &'t str,
    text: &'t str,
    list: Vec<Finding>,
    /// Where the lines end, once that is asked for.
    line_ends: OnceCell<Vec<usize>>,
}

impl<'t> Findings<'t> {
    /// Nothing found yet in the text of a file.
    #[must_use]
    pub fn new(file: &'t str, text: &'t str) -> Findings<'t> {
        Findings { file, text, list: Vec::new(), line_ends: OnceCell::new() }
    }

    /// An error about some bytes.
    pub fn at(&mut self, pointer: &str, span: &Range<usize>, fault: impl Fault) {
        let (code, message, hint) = (fault.code(), fault.to_string(), fault.hint());
        self.push(Severity::Error, code, pointer, span.clone(), message, hint);
    }

    /// Something about some bytes that deserves attention.
    pub fn warn(&mut self, pointer: &str, span: &Range<usize>, fault: impl Fault) {
        let (code, message, hint) = (fault.code(), fault.to_string(), fault.hint());
        self.push(Severity::Warning, code, pointer, span.clone(), message, hint);
    }

    /// The fault of a text that cannot be read.
    pub fn unread(&mut self, fault: ReadFault) {
        self.at("", &character(self.text, fault.offset), Malformed::from(fault));
    }

    /// A finding in its parts.
    pub fn push(
        &mut self,
        severity: Severity,
        code: Code,
        pointer: &str,
        span: Range<usize>,
        message: String,
        hint: Option<String>,
    ) {
        let place = Place::definition(self.file, pointer);
        self.list.push(Finding { code, severity, place, span, message, hint });
    }

    /// Every key that its object already has; without recursion, as documents are deep.
    pub fn duplicate_keys(&mut self, root: &Node) {
        let mut open = vec![(root, String::new())];
        while let Some((node, pointer)) = open.pop() {
            let mut seen: HashMap<&str, usize> = HashMap::new();
            for entry in node.entries() {
                let place = below(&pointer, &entry.key);
                match seen.get(entry.key.as_str()) {
                    Some(first) => {
                        let (key, first_line) = (entry.key.clone(), self.line(*first));
                        self.at(&place, &entry.key_at, Malformed::DuplicateKey { key, first_line });
                    }
                    None => {
                        seen.insert(&entry.key, entry.key_at.start);
                    }
                }
                open.push((&entry.value, place));
            }
            let items = node.items().iter().enumerate();
            open.extend(items.map(|(index, item)| (item, format!("{pointer}/{index}"))));
        }
    }

    /// Everything found so far, in the order in which it was found.
    #[must_use]
    pub fn list(&self) -> &[Finding] {
        &self.list
    }

    /// Everything found, by position, each once.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Finding> {
        let order = |one: &Finding, other: &Finding| {
            let by_start = one.span.start.cmp(&other.span.start);
            by_start.then_with(|| one.code.as_str().cmp(other.code.as_str()))
        };
        self.list.sort_by(order);
        // Two rules may find the same; what is the same stands together now.
        self.list.dedup();
        // Counted from one to the next: a large text may have many faults, and all of them on one line.
        let (mut before, mut line, mut column) = (0, 1, 1);
        for finding in &mut self.list {
            let start = boundary(self.text, finding.span.start);
            for c in self.text[before..start].chars() {
                (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
            before = start;
            finding.place.line_column = Some((line, column));
        }
        self.list
    }

    /// One-based line of a byte.
    fn line(&self, offset: usize) -> usize {
        let ends = self.line_ends.get_or_init(|| {
            self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at).collect()
        });
        ends.partition_point(|end| *end < offset) + 1
    }
}
