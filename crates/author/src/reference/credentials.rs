//! What a page says about credentials: the auth methods in order, and the connection fields each needs.

use super::page::{Block, Inline};
use super::words;
use cardhost_core::auth::AuthMethod;
use cardhost_core::connector::Connector;
use cardhost_core::template::Template;

/// The auth methods with these names, in order.
pub(super) fn blocks(connector: &Connector, auth: &[String]) -> Vec<Block> {
    let methods: Vec<(&String, &AuthMethod)> =
        auth.iter().filter_map(|name| connector.auth.get_key_value(name)).collect();
    let lead = match methods.as_slice() {
        [] => return Vec::new(),
        [(_, method)] if method.is_none() => {
            return vec![Block::prose("Credentials: none are added to the request.")];
        }
        [_] => "Credentials:",
        _ => "Credentials: the first of these for which the connection has every field.",
    };
    let items = methods.into_iter().map(|(name, method)| Inline::prose(&sentence(name, method)));
    vec![Block::prose(lead), Block::Numbers(items.collect())]
}

/// "`service account`: Basic authentication; username `Service Account: Username`, …"
pub(super) fn sentence(name: &str, method: &AuthMethod) -> String {
    let scheme = method.scheme();
    let how = scheme.in_words(words::code);
    let values: Vec<String> = scheme
        .templates()
        .into_iter()
        .map(|(key, template)| {
            format!("{}: {}", key.rsplit('/').next().unwrap_or(&key), value(template))
        })
        .collect();
    let values = if values.is_empty() { String::new() } else { format!("; {}", values.join(", ")) };
    format!("{}: {how}{values}.", words::code(name))
}

fn value(template: &Template) -> String {
    match template.as_literal() {
        Some("") => "empty".to_owned(),
        Some(literal) => words::code(literal),
        None => {
            let labels: Vec<String> = template.references().into_iter().map(words::label).collect();
            words::codes(labels.iter().map(String::as_str))
        }
    }
}
