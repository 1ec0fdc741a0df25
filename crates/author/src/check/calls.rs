//! Helper calls: how many parameters they have, and which types where that can be told without a run.

use super::fault::DefinitionFault;
use super::findings::Findings;
use super::names::Names;
use cardhost_core::error::Code;
use cardhost_core::field::{FieldType, Format};
use cardhost_core::template::{self, HelperDef, Kind, Part, Reference, Root, Template};

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

/// Roots of templates that are no request's: what they read is there already.
const MADE_BEFORE: [Root; 3] = [Root::Response, Root::Redirect, Root::Signing];

/// Checks that no helper asks for a moment where there is none.
fn no_moment(called: &HelperCall<'_>, pointer: &str, findings: &mut Findings<'_>) {
    if template::helper(called.name).is_some_and(HelperDef::asks) {
        let fault = DefinitionFault::NoMoment { helper: called.name.to_owned() };
        findings.at(Code::TEMPLATE_HELPER, pointer, fault);
    }
    for parameter in &called.parameters {
        if let Parameter::HelperCall(inner) = parameter {
            no_moment(inner, pointer, findings);
        }
    }
}

/// The same for the calls of a template.
pub(super) fn no_moments(template: &Template, pointer: &str, findings: &mut Findings<'_>) {
    for part in template.parts().into_iter().flatten() {
        if let Part::Helper(helper) = part {
            no_moment(&read(&mut helper.source()), pointer, findings);
        }
    }
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
    if roots.iter().any(|root| MADE_BEFORE.contains(root)) {
        no_moment(&called, pointer, findings);
    }
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
    if let Some(&HelperDef { least, most, .. }) = template::helper(called.name) {
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
                expected: in_words(takes),
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
    takes: Kind,
) -> Option<(String, &'static str)> {
    let (given, found, fits) = match parameter {
        Parameter::Reference(reference) => {
            let field = names.resolve(reference).ok()?.field?;
            let fits = |kind: &FieldType| match (takes, kind) {
                (Kind::Any, _) | (_, FieldType::Any) => true,
                (Kind::Text, kind) => !matches!(kind, FieldType::List | FieldType::Object),
                // Text may be that of a number.
                (Kind::Number, kind) => matches!(
                    kind,
                    FieldType::Number | FieldType::Text | FieldType::Dropdown | FieldType::Secret
                ),
                (Kind::List, kind) => *kind == FieldType::List,
                (Kind::TextOrList, kind) => *kind != FieldType::Object,
                (Kind::DateTime, FieldType::Text) => field.format != Some(Format::Date),
                (Kind::DateTime, kind) => {
                    matches!(kind, FieldType::DateTime | FieldType::Dropdown | FieldType::Secret)
                }
            };
            let fits = fits(&field.kind) || field.accepts.iter().any(fits);
            let reference = Reference { optional: false, ..reference.clone() };
            (reference.to_string(), field.kind.as_str(), fits)
        }
        Parameter::Text => ("it".to_owned(), "text", takes != Kind::List),
        Parameter::Plain => {
            let fits = !matches!(takes, Kind::List | Kind::DateTime);
            ("it".to_owned(), "a literal", fits)
        }
        Parameter::HelperCall(inner) => {
            let gives = template::helper(inner.name)?.gives;
            let fits = match (takes, gives) {
                (Kind::Any, _) | (_, Kind::Any | Kind::TextOrList) => true,
                (Kind::List, gives) => gives == Kind::List,
                (Kind::Text, gives) => gives != Kind::List,
                (Kind::Number, gives) => matches!(gives, Kind::Number | Kind::Text),
                (Kind::TextOrList, _) => true,
                (Kind::DateTime, gives) => matches!(gives, Kind::DateTime | Kind::Text),
            };
            (inner.name.to_owned(), type_of(gives), fits)
        }
        Parameter::Other => return None,
    };
    (!fits).then_some((given, found))
}

/// A kind as the type of what a helper gives.
fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Any => "any",
        Kind::Text | Kind::TextOrList => "text",
        Kind::Number => "number",
        Kind::List => "list",
        Kind::DateTime => "date-time",
    }
}

/// A kind as what a helper takes.
fn in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Any => "any value",
        Kind::Text => "text",
        Kind::Number => "a number",
        Kind::List => "a list",
        Kind::TextOrList => "text or a list",
        Kind::DateTime => "a date-time",
    }
}

fn takes(helper: &str, index: usize) -> Kind {
    template::helper(helper).map_or(Kind::Any, |helper| helper.takes_at(index))
}

/// The parameters of a helper in words.
pub(super) fn parameters(helper: &str) -> Option<String> {
    let &HelperDef { least, most, .. } = template::helper(helper)?;
    if (least, most) == (1, 32) {
        return Some(format!("{least} to {most} texts"));
    }
    if most == 0 {
        return Some("none".to_owned());
    }
    let words: Vec<String> = (0..most)
        .map(|index| match (helper, index) {
            ("replace", 1) => "what to replace".to_owned(),
            ("replace", 2) => "what to put there".to_owned(),
            ("split", 1) => "the separator".to_owned(),
            ("slice", 1) => "where it begins".to_owned(),
            ("slice", 2) => "perhaps where it ends".to_owned(),
            ("hash", 1) => "the digest".to_owned(),
            ("hash", 2) => "perhaps the form of its digits".to_owned(),
            ("add_time", 1) => "a span such as -1h".to_owned(),
            ("format_time", 1) => "a form such as %Y-%m-%d".to_owned(),
            _ => in_words(takes(helper, index)).to_owned(),
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
