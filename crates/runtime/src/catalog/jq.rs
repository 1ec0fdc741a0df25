//! What reads jq in the outputs of cards.

use cardhost_core::jq::Engine;

/// The engine, where it is part of the build.
pub(super) fn engine() -> Option<&'static dyn Engine> {
    #[cfg(feature = "flow")]
    return Some(&cardhost_flow::CardJq);
    #[cfg(not(feature = "flow"))]
    None
}
