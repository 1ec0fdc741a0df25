//! The target of a connector that a URL is below.

use cardhost_core::connector::{BaseUrl, Connector};
use cardhost_core::template::Decision;

use super::fault::DraftFault;

/// Where a URL goes: a target, what is after its base URL, and the connection that leads there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) target: String,
    pub(super) path: String,
    /// Labels of the connection and their values: choices of decisions, and what stands in the base URL.
    pub(super) connection: Vec<Value>,
}

/// A label and its value.
type Value = (String, String);

/// Looks for the longest base URL that a URL (without query) is below.
pub(super) fn find(connector: &Connector, url: &str) -> Result<Found, DraftFault> {
    let mut best: Option<(usize, Found)> = None;
    let mut bases = Vec::new();
    for (name, target) in &connector.targets {
        leaves(&target.base, &mut Vec::new(), &mut |base, choices| {
            bases.push(format!("`{name}` {}", base.text()));
            let Some((length, path, values)) = below(base.text(), url) else { return };
            if best.as_ref().is_some_and(|(longest, _)| *longest >= length) {
                return;
            }
            let connection = choices.iter().cloned().chain(values).collect();
            best = Some((length, Found { target: name.clone(), path, connection }));
        });
    }
    bases.dedup();
    best.map(|(_, found)| found).ok_or_else(|| DraftFault::NoTarget {
        connector: connector.name.as_str().to_owned(),
        url: url.to_owned(),
        bases: bases.join(", "),
    })
}

/// Calls `visit` with each base URL and the choices of the connection that lead to it.
fn leaves(
    base: &Decision<BaseUrl>,
    choices: &mut Vec<Value>,
    visit: &mut dyn FnMut(&BaseUrl, &[Value]),
) {
    match base {
        Decision::Always(base) => visit(base, choices),
        Decision::By { by, rows, otherwise } => {
            let label = by.segments.first().cloned().unwrap_or_default();
            for (value, row) in rows {
                choices.push((label.clone(), value.clone()));
                leaves(row, choices, visit);
                choices.pop();
            }
            if let Some(row) = otherwise {
                leaves(row, choices, visit);
            }
        }
    }
}

/// A base URL as it stands: text, and labels of the connection between.
enum Piece<'b> {
    Text(&'b str),
    Value(&'b str),
}

fn pieces(base: &str) -> Vec<Piece<'_>> {
    let mut all = Vec::new();
    let mut rest = base;
    while let Some(at) = rest.find("<<").into_iter().chain(rest.find("{{")).min() {
        let close = if rest[at..].starts_with("<<") { ">>" } else { "}}" };
        let Some(length) = rest[at..].find(close) else { break };
        if at > 0 {
            all.push(Piece::Text(&rest[..at]));
        }
        let inner = rest[at + 2..at + length].trim().trim_start_matches('/').trim();
        all.push(Piece::Value(
            inner.strip_prefix("connection.").unwrap_or(inner).trim_end_matches('?'),
        ));
        rest = &rest[at + length + 2..];
    }
    let rest = rest.trim_end_matches('/');
    if !rest.is_empty() {
        all.push(Piece::Text(rest));
    }
    all
}

type Below = (usize, String, Vec<Value>);

/// What of a URL is after a base URL, how much of that is text, and what stands where the base has values.
fn below(base: &str, url: &str) -> Option<Below> {
    let pieces = pieces(base);
    let (mut rest, mut length) = (url, 0);
    let mut values = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(text) => {
                rest = rest.strip_prefix(text)?;
                length += text.len();
            }
            Piece::Value(label) => {
                // All of the URL up to the path, or what ends with the next text, or the segment.
                let after_scheme =
                    if at == 0 { rest.find("://").map_or(0, |at| at + 3) } else { 0 };
                let within = &rest[after_scheme..];
                let next = match pieces.get(at + 1) {
                    Some(Piece::Text(text)) => within.find(text)?,
                    _ => within.find(['/', '?']).unwrap_or(within.len()),
                };
                let value = &rest[..after_scheme + next];
                let is_one = at == 0 || !value.contains('/');
                if value.is_empty() || !is_one {
                    return None;
                }
                values.push(((*label).to_owned(), value.to_owned()));
                rest = &rest[after_scheme + next..];
            }
        }
    }
    (rest.is_empty() || rest.starts_with('/')).then(|| {
        let path = if rest.is_empty() { "/" } else { rest };
        (length, path.to_owned(), values)
    })
}
