//! When a token is no longer good.

/// Statuses that say so by default.
pub(super) fn renew_on() -> Vec<u16> {
    vec![401]
}
