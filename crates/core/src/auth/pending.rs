//! What has to be done for each sending of a request: what depends on the time, on the whole request, on a token that
//! may change, or on what the service answered.

use std::fmt;

use super::AuthFault;
use super::custom::CustomCredentials;
use super::placement::TokenPlace;
use crate::moment::Moment;
use crate::request::RequestSpec;
use crate::secret::Secret;

/// What has to be done for each sending of a request.
#[derive(Debug)]
pub enum Pending {
    /// A token is put in.
    Token(TokenUse),
    /// A scheme of the embedder's own.
    Custom(CustomCredentials),
    /// Several, in order.
    All(Vec<Pending>),
}

/// Where a token goes, and when it is no longer good.
#[derive(Clone)]
pub struct TokenUse {
    place: TokenPlace,
    renew_on: Vec<u16>,
}

impl fmt::Debug for TokenUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenUse({:?})", self.place)
    }
}

impl Pending {
    pub(super) fn token(place: &TokenPlace, renew_on: &[u16]) -> Pending {
        Pending::Token(TokenUse { place: place.clone(), renew_on: renew_on.to_vec() })
    }

    /// The statuses that say that the token is no longer good; `None` where no token is needed.
    #[must_use]
    pub fn renew_on(&self) -> Option<&[u16]> {
        match self {
            Pending::Token(token) => Some(&token.renew_on),
            Pending::All(parts) => parts.iter().find_map(Pending::renew_on),
            Pending::Custom(_) => None,
        }
    }

    /// Completes a request that nothing was signed in yet. Without a token, the place of one is marked.
    ///
    /// Gives back what was derived and must not be shown.
    ///
    /// # Errors
    /// [`AuthFault`].
    pub fn sign(
        &self,
        request: &mut RequestSpec,
        token: Option<&Secret>,
        moment: &Moment,
    ) -> Result<Vec<Secret>, AuthFault> {
        match self {
            Pending::Token(used) => {
                let token = token.map_or(crate::secret::MASK, Secret::expose);
                used.place.put(token, request)?;
                Ok(Vec::new())
            }
            Pending::Custom(custom) => custom.sign(request, moment),
            Pending::All(parts) => {
                let mut derived = Vec::new();
                for part in parts {
                    derived.extend(part.sign(request, token, moment)?);
                }
                Ok(derived)
            }
        }
    }
}
