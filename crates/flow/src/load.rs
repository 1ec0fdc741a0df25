//! A text to a document, or everything that is wrong with it.

use super::document::{self, Document, Head, ROOT, build};
use cardhost_core::error::Code;
use cardhost_document::{Finding, Findings, Node, ReadFault};

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
/// Everything that is wrong, by position: `definition.*` for the `flow.unsupported`,
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
/// let faults = cardhost_flow::load("flows/y.yaml", text).unwrap_err();
/// let shown: Vec<_> = faults.iter().map(|f| (f.code.as_str(), f.place.line_column)).collect();
/// assert_eq!(
///     shown,
///     [("definition.unknown_key", Some((4, 25))), ("flow.unsupported", Some((5, 18)))]
/// );
/// assert_eq!(faults[0].hint(), Some("did you mean `then`?"));
/// ```
pub fn load(file: &str, text: &str) -> Result<Loaded, Vec<Finding>> {
    let (document, findings) = examine(file, text, |_, _, _| {});
    match document {
        Some(document) if !findings.iter().any(Finding::is_error) => {
            Ok(Loaded { document, warnings: findings })
        }
        _ => Err(findings),
    }
}

/// Who a flow says it is, whatever else is wrong with it; `None` where the text is no flow.
///
/// # Example: a flow is told by its `document.dsl`
/// ```
/// use cardhost_flow::head;
/// let text = "document: { dsl: '1.0.3', namespace: shop, name: pet, version: 1.0.0 }";
/// assert_eq!(head(text).map(|head| head.name).as_deref(), Some("pet"));
/// assert_eq!(head("name: pet"), None);
/// ```
#[must_use]
pub fn head(text: &str) -> Option<Head> {
    let root = read(text).ok()?;
    root.get("document")?.get("dsl")?;
    Some(document::head(&root))
}

/// Whether a text is meant to be a flow: it has a `document` with a `dsl`. Where it cannot be read at all, the words decide.
///
/// # Example: a flow that somebody is writing
/// ```
/// use cardhost_flow::is_flow;
/// assert!(is_flow("document: { dsl: '1.0.3' }"));
/// assert!(is_flow("document:\n  dsl: '1.0.3'\ndo: ["));
/// assert!(!is_flow("services: [ { image: x } ]"));
/// ```
#[must_use]
pub fn is_flow(text: &str) -> bool {
    match read(text) {
        Ok(root) => root.get("document").is_some_and(|head| head.get("dsl").is_some()),
        Err(_) => {
            let is_head =
                |line: &str| line.starts_with("document:") || line.contains("\"document\"");
            text.contains("dsl") && text.lines().any(is_head)
        }
    }
}

/// Reads and builds a document; `then` looks further into what could be built.
pub(super) fn examine(
    file: &str,
    text: &str,
    then: impl FnOnce(&Document, &Node, &mut Findings<'_>),
) -> (Option<Document>, Vec<Finding>) {
    let mut findings = Findings::new(file, text);
    let root = match read(text) {
        Ok(root) => root,
        Err(fault) => {
            findings.unread(fault);
            return (None, findings.into_sorted());
        }
    };
    document::check(&root, &ROOT, &mut findings);
    let document = match is_malformed(findings.list()) {
        true => None,
        false => build(&root, text, &mut findings),
    };
    if let Some(document) = &document {
        then(document, &root, &mut findings);
    }
    (document, findings.into_sorted())
}

/// Whether there is an error, other than of a feature that is not carried out.
fn is_malformed(findings: &[Finding]) -> bool {
    findings.iter().any(|found| found.is_error() && found.code != Code::FLOW_UNSUPPORTED)
}

fn read(text: &str) -> Result<Node, ReadFault> {
    if text.len() > MAX_DOCUMENT_BYTES {
        let reason = format!("it is longer than {MAX_DOCUMENT_BYTES} bytes");
        return Err(ReadFault::limit(0, reason));
    }
    cardhost_document::read(text)
}

/// The line and column of what stands at a JSON Pointer of the text of a flow: from one, in characters. `None` where nothing
/// stands there.
#[must_use]
pub fn place_of(text: &str, pointer: &str) -> Option<(usize, usize)> {
    let root = read(text).ok()?;
    let at = match root.entry_at(pointer) {
        Some(entry) => entry.key_at.start,
        None => root.find(pointer)?.start().start,
    };
    Some(cardhost_document::line_column(text, at))
}
