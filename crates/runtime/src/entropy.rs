//! Randomness: the only source of it for nonces, states and verifiers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cardhost_core::error::Internal;
use cardhost_core::failure::Error;
use cardhost_core::moment::Moment;
use ring::hmac;
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

/// Bytes that follow from a seed: whoever has it gets the same again, in the same order. A recording keeps its seed, so that its replay
/// makes the same nonces. A clone goes on where the other is.
#[derive(Clone, Debug)]
pub struct SeededEntropy {
    seed: [u8; 32],
    taken: Arc<AtomicU64>,
}

impl SeededEntropy {
    /// The bytes of a seed.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> SeededEntropy {
        SeededEntropy { seed, taken: Arc::default() }
    }

    /// Begins again.
    pub fn restart(&self) {
        self.taken.store(0, Ordering::Relaxed);
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> bool {
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.seed);
        for (block, chunk) in (0_u64..).zip(bytes.chunks_mut(32)) {
            let mut message = *b"cardhost entropy\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
            message[16..24].copy_from_slice(&number.to_be_bytes());
            message[24..].copy_from_slice(&block.to_be_bytes());
            chunk.copy_from_slice(&hmac::sign(&key, &message).as_ref()[..chunk.len()]);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_again_and_never_twice() {
        let take = |from: &SeededEntropy| random::<40>(from).unwrap();
        let (one, other) = (SeededEntropy::new([7; 32]), SeededEntropy::new([8; 32]));
        let (first, second) = (take(&one), take(&one.clone()));
        assert_ne!(first, second);
        assert_ne!(first, take(&other));
        assert_ne!(first[..8], first[32..]);
        one.restart();
        assert_eq!([first, second], [take(&one), take(&one)]);
    }
}
