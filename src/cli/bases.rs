//! `--base [CONNECTOR=]URL`: other base URLs than those of the targets.

use cardhost::BaseOverride;

use super::console::Failure;

/// The connector that a base is for, where it names one, and its URL.
pub(crate) fn named(text: &str) -> (Option<&str>, &str) {
    let is_name = |name: &str| {
        name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) && !name.is_empty()
    };
    match text.split_once('=') {
        Some((connector, url)) if is_name(connector) => (Some(connector), url),
        _ => (None, text),
    }
}

/// The bases of the command line, each with the connector that it is for; at most one is for all others.
pub(crate) fn parsed(bases: &[String]) -> Result<Vec<(Option<&str>, BaseOverride)>, Failure> {
    let mut all: Vec<(Option<&str>, BaseOverride)> = Vec::new();
    for text in bases {
        let (connector, url) = named(text);
        let base = BaseOverride::parse(url)
            .ok_or_else(|| Failure::Usage(format!("--base {}", BaseOverride::refusal(url))))?;
        if connector.is_none() && all.iter().any(|(known, _)| known.is_none()) {
            let message =
                "--base is there twice: name the connector of each, as in `--base shop=URL`";
            return Err(Failure::Usage(message.to_owned()));
        }
        all.push((connector, base));
    }
    Ok(all)
}
