//! What `check` finds: a code, a place, the facts, and the sentences made of them.

use std::ops::Range;

use crate::error::{Code, Place};
use crate::settle::FieldFault;
use crate::template::{Root, TemplateFault, TemplateProblem};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The definition must not be used as it is.
    Error,
    /// The definition works; something about it should be better.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One fault of a connector or card.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The stable code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// File, JSON Pointer, and one-based line and column (in characters).
    pub place: Place,
    /// The bytes of the file's text that it is about.
    pub span: Option<Range<usize>>,
    /// The facts.
    pub fault: DefinitionFault,
}

impl Finding {
    /// What is wrong: a lower-case fragment without a full stop.
    #[must_use]
    pub fn message(&self) -> String {
        self.fault.message()
    }

    /// What to do, where there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        self.fault.hint()
    }
}

/// What can be wrong with a definition.
#[derive(Clone, Debug, PartialEq)]
pub enum DefinitionFault {
    /// It is not JSON.
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
        /// Every key that is known there.
        known: Vec<String>,
    },
    /// A key that must be there is not.
    MissingKey {
        /// The key.
        key: String,
    },
    /// A value of another type.
    Type {
        /// The types it may have.
        expected: Vec<String>,
        /// The type it has.
        found: &'static str,
    },
    /// A value that is not one of a list.
    Choice {
        /// What the value is, such as `choice` or `value`.
        what: &'static str,
        /// The list.
        expected: Vec<String>,
        /// The value.
        found: String,
    },
    /// A value in another form.
    Form {
        /// The form, in words.
        expected: String,
        /// The value.
        found: String,
    },
    /// None or several of keys of which exactly one must be there.
    ExactlyOne {
        /// The keys.
        of: Vec<String>,
        /// Those that are there.
        found: Vec<String>,
    },
    /// A default that its field does not take.
    Default {
        /// What is wrong with it.
        fault: FieldFault,
    },
    /// A key that means nothing beside the others.
    Together {
        /// The part, such as `choices`.
        part: &'static str,
        /// What it needs, in words.
        needs: String,
    },
    /// A value that is there already.
    Repeated {
        /// The value.
        found: String,
    },
    /// A name that is not the folder's or file's.
    Name {
        /// `folder` or `file`.
        of: &'static str,
        /// Its name.
        expected: String,
        /// The name in the definition.
        found: String,
    },
    /// A name that the connector does not have.
    Unknown {
        /// `auth method` or `target`.
        what: &'static str,
        /// The name.
        found: String,
        /// The nearest name.
        nearest: Option<String>,
    },
    /// A template that cannot be read.
    Template {
        /// What is wrong and where in it.
        fault: TemplateFault,
        /// The nearest root or helper.
        nearest: Option<String>,
    },
    /// A root that is not in scope where it stands.
    Root {
        /// The reference.
        reference: String,
        /// The roots in scope.
        allowed: Vec<Root>,
    },
    /// A reference to nothing that is declared.
    UnknownReference {
        /// The reference.
        reference: String,
        /// The segment that nothing has.
        segment: String,
        /// The nearest name.
        nearest: Option<String>,
        /// Every name that is known there.
        known: Vec<String>,
    },
    /// A condition or decision on something else than a dropdown.
    NotADropdown {
        /// The reference.
        reference: String,
        /// The type of its field.
        found: &'static str,
    },
    /// A reference whose value may be absent, without `?`.
    MayBeAbsent {
        /// The reference.
        reference: String,
        /// Why it may be.
        because: Absence,
        /// Whether it is a parameter of a helper, where no `?` can stand.
        in_helper: bool,
    },
    /// A table lacks a row that can be reached.
    NoRow {
        /// Whose table it is.
        table: Table,
        /// A combination without a row: each dropdown with its value, `None` where none is chosen.
        combination: Vec<(String, Option<String>)>,
    },
    /// A table has a row that nothing leads to.
    UnreachableRow {
        /// The row.
        row: String,
        /// The dropdown that decides.
        by: String,
        /// The choices on the way to the row.
        under: Vec<(String, Option<String>)>,
        /// The nearest choice.
        nearest: Option<String>,
    },
    /// A table depends on so many choices that not all combinations were tried.
    TooManyCombinations {
        /// How many were.
        most: usize,
    },
    /// A target or card without an auth method.
    NoAuth,
    /// A JSON Schema that does not compile.
    Schema {
        /// The compiler's words.
        reason: String,
    },
    /// An example plans or gives something else.
    Differs {
        /// What differs, such as `url` or `header accept`.
        what: String,
        /// What the example says; redacted.
        expected: String,
        /// What the card makes of it; redacted.
        found: String,
    },
    /// An example ends with an error.
    Fails {
        /// The code that was to come; `None` where none was.
        expected: Option<String>,
        /// The code that came.
        code: Code,
        /// Its message; redacted.
        message: String,
    },
    /// An example that must end with an error does not.
    Succeeds {
        /// The code that was to come.
        expected: String,
        /// Whether the reply was looked at, or only the request planned.
        replied: bool,
    },
    /// An example expects an output or error of a reply that it does not have.
    NoReply,
    /// The reply of an example is a redirect that is followed.
    Redirected,
    /// An output that cannot be shown as JSON.
    Output {
        /// The reader's words.
        reason: String,
    },
    /// A card without an example.
    NoExample,
}

/// Why a value may be absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// Its field is not required and has no default.
    NotRequired,
    /// Its field is not always visible.
    NotAlwaysVisible,
}

/// A table of decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Table {
    /// The base URLs of a target.
    Target(String),
    /// The effects of a card.
    Effect,
}

impl DefinitionFault {
    /// What is wrong: a lower-case fragment without a full stop.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            DefinitionFault::Syntax { reason } => format!("this is not JSON: {reason}"),
            DefinitionFault::DuplicateKey { key, .. } => format!("key `{key}` is there twice"),
            DefinitionFault::UnknownKey { key, .. } => format!("unknown key `{key}`"),
            DefinitionFault::MissingKey { key } => format!("key `{key}` is missing"),
            DefinitionFault::Type { expected, found } => {
                format!("this must be {}, not {found}", listed(expected, "or"))
            }
            DefinitionFault::Choice { what, found, .. } => format!("there is no {what} `{found}`"),
            DefinitionFault::Form { expected, found } => format!("`{found}` is not {expected}"),
            DefinitionFault::ExactlyOne { of, found } if found.is_empty() => {
                format!("one of {} is missing", listed(&quoted(of), "and"))
            }
            DefinitionFault::ExactlyOne { of, found } => format!(
                "only one of {} can be there, not {}",
                listed(&quoted(of), "and"),
                listed(&quoted(found), "and")
            ),
            DefinitionFault::Default { fault } => {
                format!("the default does not fit: {}", crate::message::field(fault))
            }
            DefinitionFault::Together { part, needs } => format!("`{part}` {needs}"),
            DefinitionFault::Repeated { found } => format!("`{found}` is there twice"),
            DefinitionFault::Name { of, expected, found } => {
                format!("the name is `{found}`, but the {of} is `{expected}`")
            }
            DefinitionFault::Unknown { what, found, .. } => {
                format!("the connector has no {what} `{found}`")
            }
            DefinitionFault::Template { fault, .. } => crate::message::template_fault(fault),
            DefinitionFault::Root { reference, .. } => {
                format!("`{reference}` is not in scope here")
            }
            DefinitionFault::UnknownReference { reference, segment, .. } if segment.is_empty() => {
                format!("`{reference}` is no reference to one value: a name must follow")
            }
            DefinitionFault::UnknownReference { reference, segment, .. } => {
                format!("`{reference}` refers to nothing: there is no `{segment}`")
            }
            DefinitionFault::NotADropdown { reference, found } => {
                format!("`{reference}` is {found}, not a dropdown")
            }
            DefinitionFault::MayBeAbsent { reference, because, .. } => match because {
                Absence::NotRequired => {
                    format!("`{reference}` may have no value: its field is not required")
                }
                Absence::NotAlwaysVisible => {
                    format!("`{reference}` may have no value: its field is not always visible")
                }
            },
            DefinitionFault::NoRow { table, combination } => {
                let table = match table {
                    Table::Target(name) => format!("target `{name}` has no base URL"),
                    Table::Effect => "the effect is not said".to_owned(),
                };
                format!("{table} for {}", combined(combination))
            }
            DefinitionFault::UnreachableRow { row, by, .. } if row == "else" => {
                format!("row `else` is never reached: every choice of `{by}` has a row")
            }
            DefinitionFault::UnreachableRow { row, by, under, .. } if under.is_empty() => {
                format!("row `{row}` is never reached: `{by}` has no such choice")
            }
            DefinitionFault::UnreachableRow { row, by, under, .. } => {
                let under = combined(under);
                format!("row `{row}` is never reached: `{by}` has no such choice for {under}")
            }
            DefinitionFault::TooManyCombinations { most } => {
                format!("the table has more than {most} combinations; the rest was not tried")
            }
            DefinitionFault::NoAuth => "there is no auth method".to_owned(),
            DefinitionFault::Schema { reason } => format!("this is no JSON Schema: {reason}"),
            DefinitionFault::Differs { what, expected, found } => {
                format!("the {what} is {found}, not {expected}")
            }
            DefinitionFault::Fails { expected: None, code, message } => {
                format!("the example ends with `{code}`: {message}")
            }
            DefinitionFault::Fails { expected: Some(expected), code, message } => {
                format!("it ends with `{code}`, not `{expected}`: {message}")
            }
            DefinitionFault::Succeeds { expected, replied: true } => {
                format!("it succeeds, but should end with `{expected}`")
            }
            DefinitionFault::Succeeds { expected, replied: false } => {
                format!("its request can be planned, but it should end with `{expected}`")
            }
            DefinitionFault::NoReply => "the example has no `reply` that leads to this".to_owned(),
            DefinitionFault::Redirected => {
                "the reply is a redirect that is followed with another request".to_owned()
            }
            DefinitionFault::Output { reason } => format!("the output is not JSON: {reason}"),
            DefinitionFault::NoExample => "the card has no example".to_owned(),
        }
    }

    /// What to do, where there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            DefinitionFault::DuplicateKey { first_line, .. } => {
                Some(format!("the first is on line {first_line}; only one can count"))
            }
            DefinitionFault::UnknownKey { nearest, known, .. }
            | DefinitionFault::UnknownReference { nearest, known, .. } => {
                nearest_of(nearest.as_deref(), known)
            }
            DefinitionFault::Choice { expected, found, .. } => {
                let names = expected.iter().map(String::as_str);
                nearest_of(crate::error::nearest(found, names).as_deref(), expected)
            }
            DefinitionFault::Name { expected, .. } => {
                Some(format!("write `{expected}`, or rename what holds it"))
            }
            DefinitionFault::Unknown { nearest, .. }
            | DefinitionFault::UnreachableRow { nearest, .. } => {
                nearest.as_deref().map(|nearest| format!("did you mean `{nearest}`?"))
            }
            DefinitionFault::Template { fault, nearest } => {
                template_hint(fault, nearest.as_deref())
            }
            DefinitionFault::Root { allowed, .. } => {
                let roots: Vec<_> = allowed.iter().map(|root| root.as_str().to_owned()).collect();
                Some(format!("here it can start with {}", listed(&quoted(&roots), "or")))
            }
            DefinitionFault::NotADropdown { .. } => {
                Some("a decision needs a dropdown, so that its rows can be counted".to_owned())
            }
            DefinitionFault::MayBeAbsent { in_helper: true, .. } => {
                Some("make the field required, or use the helper `default`".to_owned())
            }
            DefinitionFault::MayBeAbsent { reference, .. } => {
                Some(format!("write `{reference}?`, or make the field required"))
            }
            DefinitionFault::NoRow { .. } => Some("add a row for it, or `else`".to_owned()),
            DefinitionFault::NoAuth => {
                Some("name one; a method of scheme `none` sends no credentials".to_owned())
            }
            DefinitionFault::Succeeds { replied: false, .. } => {
                Some("give a `reply` if the error is to come from it".to_owned())
            }
            DefinitionFault::NoReply => Some("add a `reply`, or take this out".to_owned()),
            DefinitionFault::NoExample => {
                Some("an example is its test, its documentation and the mock's reply".to_owned())
            }
            DefinitionFault::Syntax { .. }
            | DefinitionFault::MissingKey { .. }
            | DefinitionFault::Type { .. }
            | DefinitionFault::Form { .. }
            | DefinitionFault::ExactlyOne { .. }
            | DefinitionFault::Default { .. }
            | DefinitionFault::Together { .. }
            | DefinitionFault::TooManyCombinations { .. }
            | DefinitionFault::Repeated { .. }
            | DefinitionFault::Schema { .. }
            | DefinitionFault::Differs { .. }
            | DefinitionFault::Fails { .. }
            | DefinitionFault::Succeeds { .. }
            | DefinitionFault::Redirected
            | DefinitionFault::Output { .. } => None,
        }
    }
}

fn template_hint(fault: &TemplateFault, nearest: Option<&str>) -> Option<String> {
    if let Some(nearest) = nearest {
        return Some(format!("did you mean `{nearest}`?"));
    }
    match &fault.problem {
        TemplateProblem::UnknownRoot { .. } | TemplateProblem::UnknownHelper { .. } => {
            let helpers: Vec<_> = crate::template::helper_names().map(str::to_owned).collect();
            Some(format!("the helpers are {}", listed(&quoted(&helpers), "and")))
        }
        TemplateProblem::NotAllowed { .. } => {
            Some("what is optional is said with `?` or `visibleWhen`".to_owned())
        }
        TemplateProblem::Unclosed { .. } => {
            Some("a literal `<<` or `{{` is written with a backslash before it".to_owned())
        }
        _ => None,
    }
}

/// The nearest name, or all of them where there are few.
fn nearest_of(nearest: Option<&str>, known: &[String]) -> Option<String> {
    const MOST: usize = 24;
    let all = || listed(&quoted(known), "or");
    match nearest {
        Some(nearest) => Some(format!("did you mean `{nearest}`?")),
        None if known.is_empty() || known.len() > MOST => None,
        None => Some(format!("it can be {}", all())),
    }
}

fn quoted(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("`{name}`")).collect()
}

fn listed(names: &[String], last_word: &str) -> String {
    match names {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {last_word} {last}", first.join(", ")),
    }
}

fn combined(combination: &[(String, Option<String>)]) -> String {
    let parts: Vec<String> = combination
        .iter()
        .map(|(by, value)| match value {
            Some(value) => format!("`{by}` = `{value}`"),
            None => format!("no `{by}`"),
        })
        .collect();
    parts.join(", ")
}
