//! Spans of time on the command line.

use std::time::Duration;

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    cardhost::core::connector::Span::parse(text)
        .map(|span| span.0)
        .ok_or_else(|| "a span of time such as 500ms, 10s or 2m is expected".to_owned())
}

/// As [`duration`], and `0s`.
pub(crate) fn duration_or_none(text: &str) -> Result<Duration, String> {
    if text == "0s" { Ok(Duration::ZERO) } else { duration(text) }
}
