//! What chance is made of in a recording.

use cardhost::Error;
use cardhost::core::error::Internal;
use cardhost::entropy::{Entropy as _, SystemEntropy};

/// A seed that no other recording has.
pub(super) fn random_seed() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    match SystemEntropy.fill(&mut bytes) {
        true => Ok(bytes),
        false => Err(Error::from(Internal { what: "the system gives no random bytes" })),
    }
}
