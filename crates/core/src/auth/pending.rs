//! What has to be done for each sending of a request: what depends on the time, on the whole request, on a token that
//! may change, or on what the service answered.

use std::fmt;

use http::HeaderMap;
use url::{Url, form_urlencoded};

use super::{AuthFault, CredentialPlace, TokenPlace};
use crate::moment::Moment;
use crate::request::RequestSpec;
use crate::secret::{MASK, Secret};

/// What has to be done for each sending of a request.
#[derive(Debug)]
pub struct Pending(Box<dyn Signer>);

/// Credentials that complete a request each time it is sent.
pub(super) trait Signer: fmt::Debug + Send + Sync {
    /// Completes a request that nothing was signed in yet; without a token, the place of one is marked. Gives back what was
    /// derived and must not be shown.
    fn sign(
        &self,
        request: &mut RequestSpec,
        token: Option<&Secret>,
        moment: &Moment,
    ) -> Result<Vec<Secret>, AuthFault>;

    /// The names of what it puts into queries.
    fn parameters(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The statuses that say that its token is no longer good; `None` where it needs none.
    fn renew_on(&self) -> Option<&[u16]> {
        None
    }

    /// Whether it answers challenges.
    fn answers(&self) -> bool {
        false
    }

    /// Answers the challenge of a reply; `None` where there is none to be answered.
    fn answer(
        &self,
        _headers: &HeaderMap,
        _request: &mut RequestSpec,
        _moment: &Moment,
    ) -> Result<Option<ChallengeAnswer>, AuthFault> {
        Ok(None)
    }
}

/// An answer that was put into a request.
#[derive(Clone, Debug)]
pub(crate) struct ChallengeAnswer {
    /// The server says that only its nonce was too old: the credentials may be right though it refused them.
    pub(crate) stale: bool,
    /// What was derived from the password.
    pub(crate) derived: Vec<Secret>,
}

impl Pending {
    pub(super) fn new(signer: impl Signer + 'static) -> Pending {
        Pending(Box::new(signer))
    }

    /// A token is put in.
    pub(super) fn token(place: &TokenPlace, renew_on: &[u16]) -> Pending {
        Pending::new(TokenUse { place: place.clone(), renew_on: renew_on.to_vec() })
    }

    /// The statuses that say that the token is no longer good; `None` where no token is needed.
    #[must_use]
    pub fn renew_on(&self) -> Option<&[u16]> {
        self.0.renew_on()
    }

    /// Whether it answers challenges.
    pub(crate) fn answers(&self) -> bool {
        self.0.answers()
    }

    /// Takes what it puts into queries out of a URL that the service has made of the request's.
    pub(crate) fn take_out(&self, url: &mut Url) {
        let names = self.0.parameters();
        let Some(query) = url.query().filter(|_| !names.is_empty()) else { return };
        let own = |pair: &&str| {
            let read = form_urlencoded::parse(pair.as_bytes()).next();
            read.is_some_and(|(name, _)| names.contains(&&*name))
        };
        let kept = query.split('&').filter(|pair| !own(pair)).collect::<Vec<_>>().join("&");
        url.set_query(Some(kept.as_str()).filter(|kept| !kept.is_empty()));
    }

    /// Answers the challenge of a reply (RFC 9110, section 11.6.1); `None` where there is none to be answered.
    ///
    /// # Errors
    /// [`AuthFault`].
    pub(crate) fn answer(
        &self,
        headers: &HeaderMap,
        request: &mut RequestSpec,
        moment: &Moment,
    ) -> Result<Option<ChallengeAnswer>, AuthFault> {
        self.0.answer(headers, request, moment)
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
        self.0.sign(request, token, moment)
    }
}

/// Where a token goes, and when it is no longer good.
struct TokenUse {
    place: TokenPlace,
    renew_on: Vec<u16>,
}

impl fmt::Debug for TokenUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenUse({:?})", self.place)
    }
}

impl Signer for TokenUse {
    fn sign(
        &self,
        request: &mut RequestSpec,
        token: Option<&Secret>,
        _: &Moment,
    ) -> Result<Vec<Secret>, AuthFault> {
        self.place.put(token.map_or(MASK, Secret::expose), request)?;
        Ok(Vec::new())
    }

    fn parameters(&self) -> Vec<&str> {
        match self.place.place {
            CredentialPlace::Query => vec![&self.place.name],
            CredentialPlace::Header | CredentialPlace::Cookie => Vec::new(),
        }
    }

    fn renew_on(&self) -> Option<&[u16]> {
        Some(&self.renew_on)
    }
}

/// Several, in order.
impl Signer for Vec<Pending> {
    fn sign(
        &self,
        request: &mut RequestSpec,
        token: Option<&Secret>,
        moment: &Moment,
    ) -> Result<Vec<Secret>, AuthFault> {
        let mut derived = Vec::new();
        for part in self {
            derived.extend(part.0.sign(request, token, moment)?);
        }
        Ok(derived)
    }

    fn parameters(&self) -> Vec<&str> {
        self.iter().flat_map(|part| part.0.parameters()).collect()
    }

    fn renew_on(&self) -> Option<&[u16]> {
        self.iter().find_map(Pending::renew_on)
    }

    fn answers(&self) -> bool {
        self.iter().any(Pending::answers)
    }

    fn answer(
        &self,
        headers: &HeaderMap,
        request: &mut RequestSpec,
        moment: &Moment,
    ) -> Result<Option<ChallengeAnswer>, AuthFault> {
        for part in self {
            if let Some(answer) = part.answer(headers, request, moment)? {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }
}
