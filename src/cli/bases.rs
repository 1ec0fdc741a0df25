//! `--base [CONNECTOR=]URL`: other base URLs than those of the targets.

use cardhost::{BaseOverride, HostBuilder};

use super::console::Failure;
use super::global::Global;
use super::setup;

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

/// Gives a host the bases of the command line. A connector that is not there is an error: its requests would go to the
/// service itself.
pub(crate) fn put(
    mut builder: HostBuilder,
    global: &Global,
    bases: &[String],
) -> Result<HostBuilder, Failure> {
    let mut for_all = false;
    for text in bases {
        let (connector, url) = named(text);
        let base = BaseOverride::parse(url)
            .ok_or_else(|| Failure::Usage(format!("--base {}", BaseOverride::refusal(url))))?;
        builder = match connector {
            Some(connector) => {
                setup::host(global)?.build().catalog().connector(connector)?;
                builder.base_of(connector, base)
            }
            None if std::mem::replace(&mut for_all, true) => {
                let message =
                    "--base is there twice: name the connector of each, as in `--base shop=URL`";
                return Err(Failure::Usage(message.to_owned()));
            }
            None => builder.base(base),
        };
    }
    Ok(builder)
}
