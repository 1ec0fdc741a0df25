//! Randomness: the only source of it for nonces, states and verifiers.

use cardhost_core::error::Internal;
use cardhost_core::failure::Error;
use cardhost_core::moment::Moment;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::clock::Clock;

/// Gives random bytes.
pub trait Entropy: Send + Sync {
    /// Fills the bytes; `false` where there are none to be had.
    fn fill(&self, bytes: &mut [u8]) -> bool;
}

/// The system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> bool {
        SystemRandom::new().fill(bytes).is_ok()
    }
}

/// The same bytes each time, for tests.
#[derive(Clone, Copy, Debug)]
pub struct FixedEntropy(pub u8);

impl Entropy for FixedEntropy {
    fn fill(&self, bytes: &mut [u8]) -> bool {
        bytes.fill(self.0);
        true
    }
}

/// Random bytes, or the error that there are none.
pub(crate) fn random<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    if entropy.fill(&mut bytes) {
        return Ok(bytes);
    }
    Err(Error::from(Internal { what: "the system gives no random bytes" }))
}

/// Now, with a fresh random value.
pub(crate) fn moment(clock: &dyn Clock, entropy: &dyn Entropy) -> Result<Moment, Error> {
    Ok(Moment { unix_seconds: clock.unix_seconds(), nonce: random(entropy)? })
}
