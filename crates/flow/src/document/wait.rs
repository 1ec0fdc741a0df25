//! `wait`

use super::parts::{DURATION_SHAPE, Duration};
use super::shape::{Keys, key};

/// `wait`
#[derive(Clone, Debug)]
pub struct Wait {
    /// How long.
    pub duration: Duration,
}

pub(crate) const KEYS: Keys = Keys {
    name: "wait",
    doc: "Waits; its output is its input.",
    keys: &[key("wait", "How long.", DURATION_SHAPE)],
    required: &["wait"],
    one_of: &[],
    open: false,
};
