//! What a run takes from chance: derived from the seed that the host gave, so that a replay gets the same.

use ring::digest::{SHA256, digest};

use super::step::StepId;

/// The idempotency key of an operation ([`CardCall::operation`](super::step::CardCall::operation)) of a run with this seed: a UUID (RFC 9562, version
/// 8), the same in every replay.
#[must_use]
pub fn idempotency_key(seed: &[u8; 16], operation: &StepId) -> String {
    uuid(seed, &format!("key {operation}"))
}

/// The seed of a flow that an operation of a run with this seed runs.
#[must_use]
pub fn inner_seed(seed: &[u8; 16], operation: &StepId) -> [u8; 16] {
    self::seed(seed, &format!("flow {operation}"))
}

fn bytes(seed: &[u8; 16], of: &str) -> [u8; 32] {
    let text = [&seed[..], of.as_bytes()].concat();
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, &text).as_ref());
    bytes
}

/// A UUID (RFC 9562, version 8) for a step.
pub(super) fn uuid(seed: &[u8; 16], of: &str) -> String {
    let mut b = bytes(seed, of);
    b[6] = b[6] & 0x0f | 0x80;
    b[8] = b[8] & 0x3f | 0x80;
    let hex = hex::encode(&b[..16]);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// A seed for something else.
pub(super) fn seed(seed: &[u8; 16], of: &str) -> [u8; 16] {
    let mut other = [0; 16];
    other.copy_from_slice(&bytes(seed, of)[..16]);
    other
}

/// A number from `from` to `to`, inclusive.
pub(super) fn between(seed: &[u8; 16], of: &str, from: i64, to: i64) -> i64 {
    let b = bytes(seed, of);
    let mut eight = [0; 8];
    eight.copy_from_slice(&b[..8]);
    let span = u64::try_from(to.saturating_sub(from)).unwrap_or(0).saturating_add(1);
    from.saturating_add(i64::try_from(u64::from_le_bytes(eight) % span).unwrap_or(0))
}
