//! What has to be done for each sending of a request: what depends on the time, on the whole request, on a token that
//! may change, or on what the service answered.

use std::fmt;

use http::HeaderMap;
use url::{Url, form_urlencoded};

use super::AuthFault;
use super::aws_sigv4::AwsSigV4Credentials;
use super::custom::CustomCredentials;
use super::digest::{DigestAnswer, DigestCredentials, challenge_fields};
use super::hmac::HmacCredentials;
use super::oauth1::OAuth1Credentials;
use super::placement::{Place, TokenPlace};
use crate::moment::Moment;
use crate::request::RequestSpec;
use crate::secret::{MASK, Secret};

/// What has to be done for each sending of a request.
#[derive(Debug)]
pub struct Pending(Kind);

/// The kinds of it.
#[derive(Debug)]
pub(super) enum Kind {
    /// A token is put in.
    Token(TokenUse),
    /// The service's challenge is answered.
    Digest(DigestCredentials),
    /// The request is signed as the definition says.
    Hmac(HmacCredentials),
    /// The request is signed.
    OAuth1(Box<OAuth1Credentials>),
    /// The request is signed.
    AwsSigv4(Box<AwsSigV4Credentials>),
    /// A scheme of the embedder's own.
    Custom(CustomCredentials),
    /// Several, in order.
    All(Vec<Pending>),
}

/// Where a token goes, and when it is no longer good.
#[derive(Clone)]
pub(super) struct TokenUse {
    place: TokenPlace,
    renew_on: Vec<u16>,
}

impl fmt::Debug for TokenUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenUse({:?})", self.place)
    }
}

impl From<Kind> for Pending {
    fn from(kind: Kind) -> Pending {
        Pending(kind)
    }
}

impl Pending {
    pub(super) fn token(place: &TokenPlace, renew_on: &[u16]) -> Pending {
        Kind::Token(TokenUse { place: place.clone(), renew_on: renew_on.to_vec() }).into()
    }

    /// The statuses that say that the token is no longer good; `None` where no token is needed.
    #[must_use]
    pub fn renew_on(&self) -> Option<&[u16]> {
        match &self.0 {
            Kind::Token(token) => Some(&token.renew_on),
            Kind::All(parts) => parts.iter().find_map(Pending::renew_on),
            Kind::Digest(_)
            | Kind::Hmac(_)
            | Kind::OAuth1(_)
            | Kind::AwsSigv4(_)
            | Kind::Custom(_) => None,
        }
    }

    /// Whether it answers challenges.
    pub(crate) fn answers(&self) -> bool {
        match &self.0 {
            Kind::Digest(_) => true,
            Kind::All(parts) => parts.iter().any(Pending::answers),
            _ => false,
        }
    }

    /// Takes what it puts into queries out of a URL that the service has made of the request's.
    pub(crate) fn take_out(&self, url: &mut Url) {
        let names = self.parameters();
        let Some(query) = url.query().filter(|_| !names.is_empty()) else { return };
        let own = |pair: &&str| {
            let read = form_urlencoded::parse(pair.as_bytes()).next();
            read.is_some_and(|(name, _)| names.contains(&&*name))
        };
        let kept = query.split('&').filter(|pair| !own(pair)).collect::<Vec<_>>().join("&");
        url.set_query(Some(kept.as_str()).filter(|kept| !kept.is_empty()));
    }

    /// The names of what it puts into queries.
    fn parameters(&self) -> Vec<&str> {
        match &self.0 {
            Kind::Token(token) if token.place.place == Place::Query => vec![&token.place.name],
            Kind::Hmac(hmac) => hmac.parameters(),
            Kind::OAuth1(oauth1) => oauth1.parameters(),
            Kind::All(parts) => parts.iter().flat_map(Pending::parameters).collect(),
            Kind::Token(_) | Kind::Digest(_) | Kind::AwsSigv4(_) | Kind::Custom(_) => Vec::new(),
        }
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
    ) -> Result<Option<DigestAnswer>, AuthFault> {
        match &self.0 {
            Kind::Digest(digest) => {
                // Each answer has a nonce of its own, so it is always the first with it.
                digest.answer(&challenge_fields(headers), request, moment, 1)
            }
            Kind::All(parts) => {
                for part in parts {
                    if let Some(answer) = part.answer(headers, request, moment)? {
                        return Ok(Some(answer));
                    }
                }
                Ok(None)
            }
            _ => Ok(None),
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
        match &self.0 {
            Kind::Token(used) => {
                used.place.put(token.map_or(MASK, Secret::expose), request)?;
                Ok(Vec::new())
            }
            // Nothing is known before the service's challenge.
            Kind::Digest(_) => Ok(Vec::new()),
            Kind::Hmac(hmac) => hmac.sign(request, moment),
            Kind::OAuth1(oauth1) => oauth1.sign(request, moment),
            Kind::AwsSigv4(aws) => aws.sign(request, moment),
            Kind::Custom(custom) => custom.sign(request, moment),
            Kind::All(parts) => {
                let mut derived = Vec::new();
                for part in parts {
                    derived.extend(part.sign(request, token, moment)?);
                }
                Ok(derived)
            }
        }
    }
}
