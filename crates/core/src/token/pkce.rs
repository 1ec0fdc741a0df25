//! Proof Key for Code Exchange (RFC 7636), with `S256` only.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

use crate::secret::Secret;

/// A verifier and its challenge.
pub struct Pkce {
    /// Sent with the code: 43 characters.
    pub verifier: Secret,
    /// Sent with the authorization request.
    pub challenge: String,
}

impl fmt::Debug for Pkce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pkce({})", self.challenge)
    }
}

impl Pkce {
    /// Makes a verifier of random bytes (RFC 7636, section 4.1).
    #[must_use]
    pub fn new(random: [u8; 32]) -> Pkce {
        let verifier = Secret::new(URL_SAFE_NO_PAD.encode(random));
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.expose().as_bytes()));
        Pkce { verifier, challenge }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    #[test]
    fn the_example_of_the_rfc() {
        let pkce = Pkce::new([
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212,
            37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
        ]);
        assert_eq!(pkce.verifier.expose(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(pkce.challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
