//! The form of documents that are neither connector nor card, such as test cases.

use serde_json::Value;

use super::File;
use super::findings::Findings;
use super::locate::DefinitionText;
use super::shape::Format;
use cardhost_document::Finding;

/// Checks a JSON document against the JSON Schema of its format, in the words of cards and connectors; every fault at once.
#[must_use]
pub fn check_form(file: File<'_>, schema: Value) -> Vec<Finding> {
    let (document, value) = match DefinitionText::read(file) {
        Ok(read) => read,
        Err(findings) => return findings,
    };
    let mut findings = Findings::new(&document);
    Format::of(schema).check(&value, &mut findings);
    findings.into_sorted()
}
