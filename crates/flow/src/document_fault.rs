//! What can be wrong with the document of a flow.
//!
//! Facts only; the sentences are in `document_words`.

use cardhost_core::error::Code;
use cardhost_core::plan::PlanFault;

/// Why a document cannot be used, or what about it deserves attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentFault {
    /// It is neither YAML nor JSON.
    Syntax {
        /// The reader's words.
        reason: String,
    },
    /// A key that its object already has.
    DuplicateKey {
        /// The key.
        key: String,
        /// One-based line of the first.
        first_line: usize,
    },
    /// A key that the format does not know.
    UnknownKey {
        /// The key.
        key: String,
        /// The nearest known key.
        nearest: Option<String>,
        /// Every key that is known there and not given yet.
        known: Vec<String>,
    },
    /// Keys that must be there are not.
    MissingKey {
        /// The keys.
        keys: Vec<String>,
    },
    /// A value of another type.
    Type {
        /// The types it may have.
        expected: Vec<&'static str>,
        /// The type it has.
        found: &'static str,
    },
    /// A value that is not one of a list.
    Choice {
        /// The list.
        expected: Vec<String>,
        /// The value.
        found: String,
    },
    /// A value in another form.
    Form {
        /// The form, in words.
        expected: String,
        /// The value, cut.
        found: String,
    },
    /// None or several of keys of which exactly one must be there.
    ExactlyOne {
        /// The keys.
        of: Vec<String>,
        /// Those that are there.
        found: Vec<String>,
    },
    /// A feature of the language that is not carried out.
    Unsupported {
        /// Its name, such as `listen` or `run.container`.
        feature: String,
    },
    /// A version of the language that is not known.
    Version {
        /// The version.
        found: String,
    },
    /// A name that nothing has.
    UnknownName {
        /// What it should name, such as `task`, `retry policy`, `card` or `flow`.
        what: &'static str,
        /// The name.
        found: String,
        /// The nearest name.
        nearest: Option<String>,
    },
    /// A version that the card does not have.
    CardVersion {
        /// The card's full name.
        card: String,
        /// The version.
        found: String,
        /// The version that it has.
        there: String,
    },
    /// A card that cannot be used: its own file, or its connector's, is wrong.
    CardBroken {
        /// The card's full name.
        card: String,
        /// The code of its first fault.
        code: Code,
        /// What is wrong.
        reason: String,
    },
    /// Options or inputs that the card refuses.
    Invocation(Box<PlanFault>),
    /// An expression that cannot be compiled.
    Expression {
        /// jq's words, or ours.
        reason: String,
    },
    /// A JSON Schema that does not compile.
    Schema {
        /// The compiler's words.
        reason: String,
    },
    /// A part that is read and has no effect.
    Ignored {
        /// Its name, such as `schedule`.
        feature: String,
    },
}
