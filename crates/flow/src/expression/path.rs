//! `.`, `.a.b`, `$x`, `$x.a`: evaluated without jaq.

use super::scope::{ARGUMENTS, Scope};
use crate::datum::{Datum, shown};

/// Where a path begins.
enum Root {
    Input,
    Argument(usize),
    Variable(usize),
}

/// Keys from a root on.
pub(super) struct Path {
    root: Root,
    keys: Vec<String>,
}

impl Path {
    /// Reads a path; `None` where the text is something else, which jaq then reads.
    pub(super) fn parse(text: &str, variables: &[String]) -> Option<Path> {
        let text = text.trim();
        let (root, keys) = match text.strip_prefix('$') {
            Some(rest) => {
                let (name, keys) = match rest.find('.') {
                    Some(dot) => rest.split_at(dot),
                    None => (rest, ""),
                };
                // Of equal names, the innermost counts.
                let own = variables.iter().rposition(|variable| variable == name);
                let argument = || ARGUMENTS.iter().position(|known| known[1..] == *name);
                let root = match own {
                    Some(index) => Root::Variable(index),
                    None => Root::Argument(argument()?),
                };
                (root, keys)
            }
            None => (Root::Input, text.strip_prefix('.').map(|_| text)?),
        };
        if keys.is_empty() || keys == "." {
            let bare_root = keys != "." || matches!(root, Root::Input);
            return bare_root.then_some(Path { root, keys: Vec::new() });
        }
        let keys: Vec<&str> = keys.strip_prefix('.')?.split('.').collect();
        keys.iter()
            .all(|key| is_name(key))
            .then(|| Path { root, keys: keys.into_iter().map(str::to_owned).collect() })
    }

    /// The value, as jq finds it.
    pub(super) fn evaluate(&self, input: &Datum, scope: &dyn Scope) -> Result<Datum, String> {
        let mut value = match self.root {
            Root::Input => input.clone(),
            Root::Argument(index) => scope.argument(index),
            Root::Variable(index) => scope.variable(index),
        };
        for key in &self.keys {
            value = match &value {
                Datum::Null => return Ok(Datum::Null),
                Datum::Object(object) => object.get(key).cloned().unwrap_or_default(),
                other => {
                    let key = Datum::text(key);
                    return Err(format!("Cannot index {} with {}", other.jq_type(), shown(&key)));
                }
            };
        }
        Ok(value)
    }
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
