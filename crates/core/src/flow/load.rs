//! A text to a document, or everything that is wrong with it.

use super::document::{Document, ROOT, build, shape};
use super::findings::{Finding, Findings};
use super::node;
use crate::flow_fault::DocumentFault;

/// Longest text of a document, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 8 * 1024 * 1024;

/// A document, and what about it deserves attention.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The document.
    pub document: Document,
    /// What deserves attention.
    pub warnings: Vec<Finding>,
}

/// Loads a flow from YAML or JSON; `file` is its path in the findings.
///
/// # Errors
/// Everything that is wrong, by position: `definition.*` for the shape, `flow.unsupported`,
/// `flow.version`, `flow.reference` and `flow.expression_syntax`; warnings too.
///
/// # Example: two faults at once
/// ```
/// let text = "
/// document: { dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }
/// do:
///   - a: { set: { n: 1 }, than: b }
///   - b: { listen: { to: { any: [] } } }
/// ";
/// let faults = cardhost_core::flow::load("flows/y.yaml", text).unwrap_err();
/// let shown: Vec<_> = faults.iter().map(|f| (f.code.as_str(), f.place.line_column)).collect();
/// assert_eq!(
///     shown,
///     [("definition.unknown_key", Some((4, 25))), ("flow.unsupported", Some((5, 18)))]
/// );
/// assert_eq!(faults[0].hint().as_deref(), Some("did you mean `then`?"));
/// ```
pub fn load(file: &str, text: &str) -> Result<Loaded, Vec<Finding>> {
    let mut findings = Findings::new(file, text);
    let root = match read(text) {
        Ok(root) => root,
        Err(fault) => {
            let end = (fault.offset..=text.len()).skip(1).find(|end| text.is_char_boundary(*end));
            let span = fault.offset..end.unwrap_or(fault.offset);
            findings.at("", &span, DocumentFault::Syntax { reason: fault.reason });
            return Err(findings.into_sorted());
        }
    };
    shape::check(&root, &ROOT, &mut findings);
    let document = match findings.are_malformed() {
        true => None,
        false => build(&root, text, &mut findings),
    };
    let findings = findings.into_sorted();
    match document {
        Some(document) if findings.iter().all(|finding| finding.is_warning) => {
            Ok(Loaded { document, warnings: findings })
        }
        _ => Err(findings),
    }
}

fn read(text: &str) -> Result<node::Node, node::ReadFault> {
    if text.len() > MAX_DOCUMENT_BYTES {
        let reason = format!("it is longer than {MAX_DOCUMENT_BYTES} bytes");
        return Err(node::ReadFault { offset: 0, reason });
    }
    node::read(text)
}
