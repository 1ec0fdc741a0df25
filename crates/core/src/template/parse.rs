//! Cuts a template into text and expressions.
//!
//! Handlebars' own path syntax has no spaces, so the string is cut here and each helper call is compiled
//! alone. Length and depth are limited before Handlebars sees anything: its parser recurses.

#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::Helper;
use super::fault::{TemplateFault, TemplateProblem, quoted_expression};
use super::limits::MAX_TEMPLATE_BYTES;
use super::reference::{Reference, Root};

/// A parsed template.
#[derive(Clone, Debug)]
pub struct Template {
    source: String,
    parts: Result<Vec<Part>, TemplateFault>,
}

/// A piece of a template.
#[derive(Clone, Debug)]
pub enum Part {
    /// Text as it is.
    Text(String),
    /// The value of a reference.
    Reference(Reference),
    /// The value of a helper call.
    Helper(Helper),
}

impl Part {
    /// The text or expression, for messages.
    #[must_use]
    pub fn source(&self) -> String {
        match self {
            Part::Text(text) => text.clone(),
            Part::Reference(reference) => reference.to_string(),
            Part::Helper(helper) => helper.source().to_owned(),
        }
    }
}

impl Template {
    /// Parses the text. A fault is kept and given back at every use, so that all faults of a file can be
    /// reported at once.
    #[must_use]
    pub fn parse(source: impl Into<String>) -> Template {
        let source = source.into();
        let parts = parse_parts(&source);
        Template { source, parts }
    }

    /// The text as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The pieces.
    ///
    /// # Errors
    /// The fault, where the text is not a template.
    pub fn parts(&self) -> Result<&[Part], &TemplateFault> {
        self.parts.as_deref()
    }

    /// The reference, where the whole template is exactly one.
    #[must_use]
    pub fn as_reference(&self) -> Option<&Reference> {
        match self.parts.as_deref() {
            Ok([Part::Reference(reference)]) => Some(reference),
            _ => None,
        }
    }

    /// The text, where the template has no expression.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_deref() {
            Ok([]) => Some(""),
            Ok([Part::Text(text)]) => Some(text),
            _ => None,
        }
    }

    /// Every reference in it, also those inside helper calls.
    #[must_use]
    pub fn references(&self) -> Vec<&Reference> {
        let mut found = Vec::new();
        for part in self.parts.as_deref().unwrap_or_default() {
            match part {
                Part::Text(_) => {}
                Part::Reference(reference) => found.push(reference),
                Part::Helper(helper) => found.extend(helper.references()),
            }
        }
        found
    }
}

impl Default for Template {
    fn default() -> Template {
        Template::parse("")
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Template::parse)
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for Template {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Template".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Text with <<references>> and helper calls.",
            "type": "string",
            "maxLength": MAX_TEMPLATE_BYTES,
        })
    }
}

fn parse_parts(source: &str) -> Result<Vec<Part>, TemplateFault> {
    if source.len() > MAX_TEMPLATE_BYTES {
        let problem = TemplateProblem::TooLong { max: MAX_TEMPLATE_BYTES };
        return Err(TemplateFault { offset: MAX_TEMPLATE_BYTES, problem });
    }
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        let Some(found) = rest.find(['<', '{', '\\']) else {
            text.push_str(rest);
            break;
        };
        text.push_str(&rest[..found]);
        at += found;
        let rest = &source[at..];
        if let Some(taken) = escaped(rest, &mut text) {
            at += taken;
            continue;
        }
        let close = if rest.starts_with("<<") {
            ">>"
        } else if rest.starts_with("{{") {
            "}}"
        } else {
            text.push_str(&rest[..1]);
            at += 1;
            continue;
        };
        let inner_at = at + 2;
        let inner = expression_text(&source[inner_at..], close).ok_or(TemplateFault {
            offset: at,
            problem: TemplateProblem::Unclosed { expected: close },
        })?;
        if !text.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut text)));
        }
        parts.push(
            parse_expression(inner)
                .map_err(|problem| TemplateFault { offset: inner_at, problem })?,
        );
        at = inner_at + inner.len() + 2;
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    Ok(parts)
}

/// Takes `\<<`, `\{{` (the literal delimiter) and `\\` before a delimiter (a literal backslash).
fn escaped(rest: &str, text: &mut String) -> Option<usize> {
    let after = rest.strip_prefix('\\')?;
    if after.starts_with("<<") || after.starts_with("{{") {
        text.push_str(&after[..2]);
        return Some(3);
    }
    text.push('\\');
    let before_delimiter = after.starts_with("\\<<") || after.starts_with("\\{{");
    Some(if before_delimiter { 2 } else { 1 })
}

/// The text up to the closing delimiter; one inside a quoted text of a helper call does not close.
fn expression_text<'s>(rest: &'s str, close: &str) -> Option<&'s str> {
    let mut from = 0;
    loop {
        let end = from + rest[from..].find(close)?;
        let inner = &rest[..end];
        let open_quote = inner.matches('"').count() % 2 == 1;
        if !open_quote || Reference::parse(inner).is_some() {
            return Some(inner);
        }
        from = end + close.len();
    }
}

fn parse_expression(inner: &str) -> Result<Part, TemplateProblem> {
    let text = inner.trim();
    if text.is_empty() {
        return Err(TemplateProblem::Empty);
    }
    if let Some(reference) = Reference::parse(text) {
        return Ok(Part::Reference(reference));
    }
    if text.starts_with(['#', '>', '!', '*', '^', '&', '~', '{']) || text == "else" {
        return Err(TemplateProblem::NotAllowed { found: quoted_expression(text) });
    }
    let bare = text.strip_prefix('/').map_or(text, str::trim_start);
    let name_end =
        bare.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(bare.len());
    let (name, after) = bare.split_at(name_end);
    if Root::ALL.iter().any(|root| root.as_str() == name) && !after.starts_with(char::is_whitespace)
    {
        return Err(TemplateProblem::MalformedReference { found: quoted_expression(text) });
    }
    if after.starts_with(['.', '[', '?']) || bare.len() < text.len() {
        return Err(TemplateProblem::UnknownRoot { found: name.to_owned() });
    }
    Helper::parse(text).map(Part::Helper)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(source: &str) -> String {
        match Template::parse(source).parts() {
            Ok(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => format!("T({text})"),
                    Part::Reference(reference) => format!("R({reference})"),
                    Part::Helper(helper) => format!("H({})", helper.source()),
                })
                .collect(),
            Err(fault) => format!("{}: {:?}", fault.offset, fault.problem),
        }
    }

    #[test]
    fn both_spellings_and_the_leading_slash_are_one_language() {
        for source in [
            "<<input.Request.Relative URL>>",
            "{{input.Request.Relative URL}}",
            "{{ / input.Request.Relative URL }}",
            "{{/input.Request.Relative URL}}",
        ] {
            assert_eq!(parts(source), "R(input.Request.Relative URL)", "{source}");
        }
    }

    #[test]
    fn text_and_expressions_alternate() {
        assert_eq!(
            parts("/projects/<<input.Path.id>>/x?a={{lower input.[A].[b]}}&"),
            "T(/projects/)R(input.Path.id)T(/x?a=)H(lower input.[A].[b])T(&)"
        );
    }

    #[test]
    fn a_backslash_makes_a_delimiter_literal() {
        assert_eq!(parts(r"a \<<b>> \{{c}} \d"), r"T(a <<b>> {{c}} \d)");
        assert_eq!(parts(r"\\<<input.A.b>>"), r"T(\)R(input.A.b)");
        assert_eq!(parts("a < b { c"), "T(a < b { c)");
    }

    #[test]
    fn a_closing_delimiter_inside_quotes_does_not_close() {
        assert_eq!(parts(r#"{{default input.[A].[b] "}}"}}"#), r#"H(default input.[A].[b] "}}")"#);
    }

    #[test]
    fn faults_have_an_offset_and_a_reason() {
        assert_eq!(parts("ab<<input.x"), r#"2: Unclosed { expected: ">>" }"#);
        assert_eq!(parts("<< >>"), "2: Empty");
        assert_eq!(parts("<<inptu.x>>"), r#"2: UnknownRoot { found: "inptu" }"#);
        assert_eq!(parts("<<input..x>>"), r#"2: MalformedReference { found: "input..x" }"#);
        assert_eq!(parts("{{#if x}}"), r##"2: NotAllowed { found: "#if x" }"##);
        assert_eq!(parts("{{> p}}"), r#"2: NotAllowed { found: "> p" }"#);
        assert_eq!(parts("{{lowr input.[x]}}"), r#"2: UnknownHelper { found: "lowr" }"#);
        assert_eq!(parts(&"x".repeat(8193)), r#"8192: TooLong { max: 8192 }"#);
        let deep = format!("{{{{lower {}input.[x]{}}}}}", "(lower ".repeat(20), ")".repeat(20));
        assert_eq!(parts(&deep), r#"2: TooDeep { max: 16 }"#);
    }
}
