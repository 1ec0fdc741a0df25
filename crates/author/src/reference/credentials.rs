//! What a page says about credentials: the auth methods in order, and the connection fields each needs.

use super::document::{Block, Inline};
use super::words;
use cardhost_core::auth::{AuthMethod, Place};
use cardhost_core::connector::Connector;
use cardhost_core::template::Template;

/// The auth methods with these names, in order.
pub(super) fn blocks(connector: &Connector, auth: &[String]) -> Vec<Block> {
    let methods: Vec<(&String, &AuthMethod)> =
        auth.iter().filter_map(|name| connector.auth.get_key_value(name)).collect();
    let lead = match methods.as_slice() {
        [] => return Vec::new(),
        [(_, AuthMethod::None(_))] => {
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
    let how = how(method);
    let values: Vec<String> = method
        .templates()
        .into_iter()
        .map(|(key, template)| {
            format!("{}: {}", key.rsplit('/').next().unwrap_or(&key), value(template))
        })
        .collect();
    let values = if values.is_empty() { String::new() } else { format!("; {}", values.join(", ")) };
    format!("{}: {how}{values}.", words::code(name))
}

/// What a method does, in a few words.
fn how(method: &AuthMethod) -> String {
    match method {
        AuthMethod::None(_) => "nothing is added".to_owned(),
        AuthMethod::Basic(_) => "Basic authentication".to_owned(),
        AuthMethod::Bearer(_) => "Bearer token".to_owned(),
        AuthMethod::ApiKey(key) => match key.place {
            Place::Header => format!("key in the header {}", words::code(&key.name)),
            Place::Query => format!("key in the query parameter {}", words::code(&key.name)),
            Place::Cookie => format!("key in the cookie {}", words::code(&key.name)),
        },
        AuthMethod::Digest(_) => "Digest authentication".to_owned(),
        AuthMethod::Hmac(_) => "the request is signed with a key".to_owned(),
        AuthMethod::OAuth1(_) => "OAuth 1.0a signature".to_owned(),
        AuthMethod::AwsSigv4(_) => "AWS Signature Version 4".to_owned(),
        AuthMethod::OAuth2(oauth2) => {
            format!("OAuth 2.0, grant {}", words::code(oauth2.grant.as_str()))
        }
        AuthMethod::Session(_) => "a login, whose reply gives the token".to_owned(),
        AuthMethod::Tls(tls) if tls.certificate.is_some() => "client certificate".to_owned(),
        AuthMethod::Tls(_) => "private certificate authority".to_owned(),
        AuthMethod::Custom(custom) => format!("scheme {} of the host", words::code(&custom.name)),
        AuthMethod::All(all) => {
            let parts: Vec<String> = all.of.iter().map(how).collect();
            parts.join(" and ")
        }
    }
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
