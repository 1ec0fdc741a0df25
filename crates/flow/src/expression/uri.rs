//! URI templates: `https://host/pet/{petId}`, with the values of the task's input (RFC 6570, level 1).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::compiled::Expression;
use super::fault::ExpressionFault;
use super::scope::Scope;
use crate::datum::Datum;

/// Unreserved characters stay (RFC 6570, section 3.2.2).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where a URI comes from.
#[derive(Clone, Debug)]
pub enum UriTemplate {
    /// Text with `{name}` in it: literal text, then a name and the text after it, and so on.
    Text {
        /// Before the first name.
        start: String,
        /// Each name with the text that follows it.
        parts: Vec<(String, String)>,
    },
    /// An expression that gives the whole.
    Expression(Expression),
}

impl UriTemplate {
    /// Reads text; braces that hold no name are text.
    #[must_use]
    pub fn read(text: &str) -> UriTemplate {
        let mut pieces = text.split('{');
        let mut start = pieces.next().unwrap_or_default().to_owned();
        let mut parts: Vec<(String, String)> = Vec::new();
        for piece in pieces {
            match piece.split_once('}') {
                Some((name, after)) if is_name(name) => {
                    parts.push((name.to_owned(), after.to_owned()));
                }
                _ => {
                    let last = parts.last_mut().map_or(&mut start, |(_, after)| after);
                    last.push('{');
                    last.push_str(piece);
                }
            }
        }
        UriTemplate::Text { start, parts }
    }

    /// The URI; the names are keys of `input`, or variables.
    ///
    /// # Errors
    /// Where the expression fails, or a name has no value that can stand in a URI.
    pub fn expand(
        &self,
        input: &Datum,
        scope: &dyn Scope,
        variables: &[String],
    ) -> Result<String, ExpressionFault> {
        match self {
            UriTemplate::Expression(expression) => {
                let value = expression.evaluate(input, scope)?;
                match value.as_text() {
                    Some(text) => Ok(text.to_owned()),
                    None => Err(ExpressionFault::Failed {
                        expression: expression.text().to_owned(),
                        reason: format!("a URI is text, not {}", value.type_name()),
                    }),
                }
            }
            UriTemplate::Text { start, parts } => {
                let mut uri = start.clone();
                for (name, after) in parts {
                    let own = variables.iter().rposition(|variable| variable == name);
                    let value = match input.get(name) {
                        Some(value) => Some(value.clone()),
                        None => own.map(|index| scope.variable(index)),
                    };
                    match value.unwrap_or_default() {
                        Datum::Text(text) => uri.extend(utf8_percent_encode(&text, RESERVED)),
                        value @ (Datum::Number(_) | Datum::Bool(_)) => {
                            uri.extend(utf8_percent_encode(&value.to_string(), RESERVED));
                        }
                        // What is not defined is nothing (RFC 6570, section 2.3).
                        Datum::Null => {}
                        other => {
                            return Err(ExpressionFault::Failed {
                                expression: format!("{{{name}}}"),
                                reason: format!("{} cannot stand in a URI", other.type_name()),
                            });
                        }
                    }
                    uri.push_str(after);
                }
                Ok(uri)
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}
