//! Helper calls: how many parameters they have, and which types where that can be told without a run.

use super::fault::DefinitionFault;
use super::findings::Findings;
use super::names::Names;
use cardhost_core::error::Code;
use cardhost_core::field::{FieldType, Format};
use cardhost_core::template::{Reference, Root};

/// A call as it stands in a template that was parsed before.
struct HelperCall<'s> {
    name: &'s str,
    parameters: Vec<Parameter<'s>>,
}

enum Parameter<'s> {
    Reference(Reference),
    Text,
    Plain,
    HelperCall(HelperCall<'s>),
    Other,
}

/// What a helper takes in some place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Any,
    Text,
    List,
    DateTime,
}

/// Checks a helper call and those nested in it.
pub(super) fn check(
    names: Names<'_>,
    source: &str,
    pointer: &str,
    roots: &[Root],
    findings: &mut Findings<'_>,
) {
    let mut rest = source;
    let called = read(&mut rest);
    call(names, &called, &|| names.spaced(source, roots), pointer, findings);
}

fn call(
    names: Names<'_>,
    called: &HelperCall<'_>,
    spaced: &dyn Fn() -> Option<String>,
    pointer: &str,
    findings: &mut Findings<'_>,
) {
    let helper = called.name.to_owned();
    if let Some((least, most)) = cardhost_core::template::arity(called.name) {
        let found = called.parameters.len();
        if !(least..=most).contains(&found) {
            let spaced = spaced();
            let fault = DefinitionFault::ParameterCount { helper, least, most, found, spaced };
            return findings.at(Code::TEMPLATE_HELPER, pointer, fault);
        }
    }
    for (index, parameter) in called.parameters.iter().enumerate() {
        if let Parameter::HelperCall(inner) = parameter {
            call(names, inner, spaced, pointer, findings);
        }
        let takes = takes(called.name, index);
        if let Some((given, found)) = unfit(names, parameter, takes) {
            let fault = DefinitionFault::Parameter {
                helper: called.name.to_owned(),
                index,
                expected: takes.as_str(),
                given,
                found,
            };
            findings.at(Code::TEMPLATE_HELPER, pointer, fault);
        }
    }
}

/// What stands there and its type, where that never fits.
fn unfit(
    names: Names<'_>,
    parameter: &Parameter<'_>,
    takes: Takes,
) -> Option<(String, &'static str)> {
    let (given, found, fits) = match parameter {
        Parameter::Reference(reference) => {
            let field = names.resolve(reference).ok()?.field?;
            let fits = |kind: &FieldType| match (takes, kind) {
                (Takes::Any, _) | (_, FieldType::Any) => true,
                (Takes::Text, kind) => !matches!(kind, FieldType::List | FieldType::Object),
                (Takes::List, kind) => *kind == FieldType::List,
                (Takes::DateTime, FieldType::Text) => field.format != Some(Format::Date),
                (Takes::DateTime, kind) => {
                    matches!(kind, FieldType::DateTime | FieldType::Dropdown | FieldType::Secret)
                }
            };
            let fits = fits(&field.kind) || field.accepts.iter().any(fits);
            let reference = Reference { optional: false, ..reference.clone() };
            (reference.to_string(), field.kind.as_str(), fits)
        }
        Parameter::Text => ("it".to_owned(), "text", takes != Takes::List),
        Parameter::Plain => {
            ("it".to_owned(), "a literal", matches!(takes, Takes::Any | Takes::Text))
        }
        Parameter::HelperCall(inner) => match inner.name {
            "default" => return None,
            "unix" | "unix_ms" => {
                (inner.name.to_owned(), "number", matches!(takes, Takes::Any | Takes::Text))
            }
            name => (name.to_owned(), "text", takes != Takes::List),
        },
        Parameter::Other => return None,
    };
    (!fits).then_some((given, found))
}

impl Takes {
    fn as_str(self) -> &'static str {
        match self {
            Takes::Any => "any value",
            Takes::Text => "text",
            Takes::List => "a list",
            Takes::DateTime => "a date-time",
        }
    }
}

fn takes(helper: &str, index: usize) -> Takes {
    match (helper, index) {
        ("default" | "json", _) => Takes::Any,
        ("join", 0) => Takes::List,
        ("date" | "unix" | "unix_ms", _) => Takes::DateTime,
        _ => Takes::Text,
    }
}

/// The parameters of a helper in words.
pub(super) fn parameters(helper: &str) -> Option<String> {
    let (least, most) = cardhost_core::template::arity(helper)?;
    if most > least {
        return Some(format!("{least} to {most} texts"));
    }
    let words: Vec<String> = (0..least)
        .map(|index| match (helper, index) {
            ("replace", 1) => "what to replace".to_owned(),
            ("replace", 2) => "what to put there".to_owned(),
            _ => takes(helper, index).as_str().to_owned(),
        })
        .collect();
    Some(cardhost_core::text::listed(&words, "and"))
}

/// Reads a call up to its closing parenthesis or the end.
fn read<'s>(rest: &mut &'s str) -> HelperCall<'s> {
    let name = word(rest);
    let mut parameters = Vec::new();
    loop {
        *rest = rest.trim_start();
        let Some(first) = rest.chars().next() else {
            break;
        };
        match first {
            ')' => {
                *rest = &rest[1..];
                break;
            }
            '(' => {
                *rest = &rest[1..];
                parameters.push(Parameter::HelperCall(read(rest)));
            }
            '"' | '\'' => {
                quoted(rest, first);
                parameters.push(Parameter::Text);
            }
            _ => {
                let text = word(rest);
                if text.is_empty() {
                    break;
                }
                parameters.push(match Reference::parse(text) {
                    Some(reference) => Parameter::Reference(reference),
                    None if text.parse::<f64>().is_ok() || text == "true" || text == "false" => {
                        Parameter::Plain
                    }
                    None => Parameter::Other,
                });
            }
        }
    }
    HelperCall { name, parameters }
}

/// Takes what goes up to a space or parenthesis outside brackets.
fn word<'s>(rest: &mut &'s str) -> &'s str {
    *rest = rest.trim_start();
    let mut in_brackets = false;
    let end = rest.find(|c: char| {
        match c {
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            _ => {}
        }
        !in_brackets && (c.is_whitespace() || matches!(c, '(' | ')'))
    });
    let (text, after) = rest.split_at(end.unwrap_or(rest.len()));
    *rest = after;
    text
}

/// Skips a quoted text.
fn quoted(rest: &mut &str, quote: char) {
    let mut escaped = false;
    let end = rest[1..].find(|c: char| {
        let closes = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    *rest = end.map_or("", |end| &rest[end + 2..]);
}
