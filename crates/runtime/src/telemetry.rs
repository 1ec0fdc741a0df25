//! One span an invocation: card, target, effect, status, duration. No URL, no header, no body, no secret.

use std::time::Instant;

use cardhost_core::call::Outcome;
use cardhost_core::failure::Error;
use cardhost_core::plan::Plan;
use tracing::Span;
use tracing::field::Empty;

/// The span of one invocation.
pub(crate) fn span(card: &str) -> Span {
    tracing::info_span!(
        "invocation",
        card,
        target = Empty,
        auth = Empty,
        effect = Empty,
        status = Empty,
        error = Empty,
        duration_ms = Empty
    )
}

/// What the plan tells.
pub(crate) fn planned(span: &Span, plan: &Plan) {
    if !span.is_disabled() {
        span.record("target", plan.target.as_str());
        span.record("auth", plan.auth.as_str());
        span.record("effect", plan.effect.as_str());
    }
}

/// What the end tells.
pub(crate) fn ended(span: &Span, since: Instant, result: &Result<Outcome, Error>) {
    if span.is_disabled() {
        return;
    }
    let status = match result {
        Ok(outcome) => Some(outcome.status),
        Err(error) => {
            span.record("error", error.code().as_str());
            error.response().map(|response| response.status)
        }
    };
    if let Some(status) = status {
        span.record("status", status);
    }
    span.record("duration_ms", u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX));
    span.in_scope(|| match result {
        Ok(_) => tracing::info!("done"),
        Err(error) => tracing::info!(code = error.code().as_str(), "failed"),
    });
}
