//! What a reference that leads nowhere was meant to be.

use super::names::Names;
use cardhost_core::template::{Reference, Root};

impl Names<'_> {
    /// The one reference in scope that a path without a root, or under the wrong one, fits.
    pub(super) fn meant(
        &self,
        path: &[String],
        roots: &[Root],
        optional: bool,
    ) -> Option<Reference> {
        let leads = |reference: &Reference| {
            let known = self.card.is_some()
                || matches!(reference.root, Root::Connection | Root::Response | Root::Signing);
            known && !reference.segments.is_empty() && self.resolve(reference).is_ok()
        };
        let under = |root: &Root| Reference { root: *root, segments: path.to_vec(), optional };
        let mut fits: Vec<Reference> = roots.iter().map(under).filter(leads).collect();
        if fits.is_empty() {
            let (label, rest) = path.split_first()?;
            let fields = self.fields(roots);
            let same = fields.into_iter().filter(|field| field.segments.last() == Some(label));
            let whole = same.map(|field| {
                let segments = [field.segments.as_slice(), rest].concat();
                Reference { segments, optional, ..field }
            });
            fits = whole.filter(leads).collect();
        }
        match fits.as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        }
    }

    /// What a reference was meant to be whose segment is that of another root or group.
    pub(super) fn elsewhere(
        &self,
        reference: &Reference,
        segment: &str,
        roots: &[Root],
    ) -> Option<Reference> {
        let at = reference.segments.iter().position(|name| name == segment)?;
        let labels_at = if reference.root == Root::Input { 1 } else { 0 };
        let others: Vec<Root> =
            roots.iter().copied().filter(|root| *root != reference.root).collect();
        let whole = self.meant(&reference.segments, &others, reference.optional);
        whole.filter(|_| reference.root != Root::Response).or_else(|| {
            let from_label = reference.segments.get(at..).filter(|_| at <= labels_at)?;
            let misplaced = reference.root != Root::Response;
            misplaced.then(|| self.meant(from_label, roots, reference.optional)).flatten()
        })
    }

    /// The spelling that a reference with spaces needs in a helper call that has it without brackets.
    pub(super) fn spaced(&self, call: &str, roots: &[Root]) -> Option<String> {
        let bare: String = call.chars().filter(|c| !matches!(c, '[' | ']')).collect();
        let stands = |field: &Reference| {
            let mut odd = field.segments.iter().filter(|segment| !is_plain(segment)).peekable();
            odd.peek().is_some()
                && odd.any(|segment| !call.contains(&format!("[{segment}]")))
                && bare.contains(&format!("{}.{}", field.root.as_str(), field.segments.join(".")))
        };
        let declared = self.fields(roots).into_iter().filter(stands);
        declared
            .max_by_key(|field| bracketed(field).len())
            .or_else(|| undeclared(call))
            .map(|field| bracketed(&field))
    }

    /// Every field that a reference can name.
    fn fields(&self, roots: &[Root]) -> Vec<Reference> {
        let named = |root: Root, path: &[&String]| {
            let segments = path.iter().map(|segment| (*segment).clone()).collect();
            Reference { root, segments, optional: false }
        };
        let mut found = Vec::new();
        for root in roots {
            match (root, self.card) {
                (Root::Connection, _) => {
                    let labels = self.connector.connection.fields.keys();
                    found.extend(labels.map(|label| named(*root, &[label])));
                }
                (Root::Options, Some(card)) => {
                    found.extend(card.options.keys().map(|label| named(*root, &[label])));
                }
                (Root::Input, Some(card)) => {
                    for (group, fields) in &card.input {
                        found.extend(fields.keys().map(|label| named(*root, &[group, label])));
                    }
                }
                _ => {}
            }
        }
        found
    }
}

/// The words of a call from a root on that are one reference if they are read with their spaces.
fn undeclared(call: &str) -> Option<Reference> {
    let words = |(at, _): (usize, char)| {
        let rest = call[at..].trim_start_matches(['(', ' ']);
        let rest = rest.split(['"', '\'', '(', ')']).next().unwrap_or_default();
        let reference = Reference::parse(rest)?;
        let spaced = |segment: &String| segment.contains(char::is_whitespace);
        let in_brackets = rest.contains('[');
        (!in_brackets && reference.segments.iter().any(spaced)).then_some(reference)
    };
    call.char_indices().filter(|(_, c)| matches!(c, ' ' | '(')).find_map(words)
}

fn is_plain(segment: &str) -> bool {
    segment.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The spelling of a reference; in a helper call, names with spaces need their brackets.
pub(super) fn spelled(reference: &Reference, in_call: bool) -> String {
    if !in_call || reference.segments.iter().all(|segment| is_plain(segment)) {
        return reference.to_string();
    }
    format!("{}{}", bracketed(reference), if reference.optional { "?" } else { "" })
}

/// `input.[Filter].[Per Page]`.
fn bracketed(reference: &Reference) -> String {
    let segments: Vec<String> = reference.segments.iter().map(|s| format!(".[{s}]")).collect();
    format!("{}{}", reference.root.as_str(), segments.concat())
}

/// The text of the expression that starts at an offset of a template.
pub(super) fn expression(source: &str, offset: usize) -> &str {
    let rest = source.get(offset..).unwrap_or_default();
    let close = match source.get(..offset) {
        Some(before) if before.ends_with("{{") => "}}",
        _ => ">>",
    };
    rest.split(close).next().unwrap_or_default().trim()
}

/// The segments of a path that lacks its root, and whether it ends with `?`.
pub(super) fn path(text: &str) -> Option<(Vec<String>, bool)> {
    let text = text.trim().trim_start_matches('/').trim_start();
    let dot = if text.starts_with('[') { "" } else { "." };
    let reference = Reference::parse(&format!("{}{dot}{text}", Root::Input.as_str()))?;
    Some((reference.segments, reference.optional))
}
