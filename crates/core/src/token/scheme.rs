//! A scheme that gets a token before a request can be sent, and what is asked of it; each has that in its own file.

use super::answer::Answer;
use super::fault::{GrantFault, Refused};
use super::known::Known;
use super::reply;
use super::tokens::Tokens;
use crate::auth::{AuthFault, AuthMethod, OAuth2, Session};
use crate::moment::Moment;
use crate::request::RequestSpec;

/// How a scheme gets its tokens.
pub(super) trait TokenSource {
    /// The request that comes next; `None` where a person has to log in.
    fn request(&self, known: &Known<'_>, moment: &Moment)
    -> Result<Option<RequestSpec>, AuthFault>;

    /// What its reply gives; `None` where another request comes next.
    fn read(
        &self,
        known: &mut Known<'_>,
        answer: &Answer<'_>,
    ) -> Result<Option<Tokens>, GrantFault>;

    /// As [`starts_alone`].
    fn starts_alone(&self) -> bool {
        true
    }
}

/// A scheme that gets a token before a request can be sent.
#[derive(Clone, Copy, Debug)]
pub enum TokenScheme<'a> {
    /// From an authorization server.
    OAuth2(&'a OAuth2),
    /// From a login request.
    Session(&'a Session),
}

impl<'a> TokenScheme<'a> {
    /// That of a method, or of one of those that it is made of; `None` where it needs no token.
    #[must_use]
    pub fn of(method: &'a AuthMethod) -> Option<TokenScheme<'a>> {
        match method {
            AuthMethod::OAuth2(oauth2) => Some(TokenScheme::OAuth2(oauth2)),
            AuthMethod::Session(session) => Some(TokenScheme::Session(session)),
            AuthMethod::All(all) => all.of.iter().find_map(TokenScheme::of),
            _ => None,
        }
    }

    /// OAuth 2.0, where it is that: a person may have to log in, and there may be something to revoke.
    #[must_use]
    pub fn oauth2(self) -> Option<&'a OAuth2> {
        match self {
            TokenScheme::OAuth2(oauth2) => Some(oauth2),
            TokenScheme::Session(_) => None,
        }
    }

    pub(super) fn source(self) -> &'a dyn TokenSource {
        match self {
            TokenScheme::OAuth2(oauth2) => oauth2,
            TokenScheme::Session(session) => session,
        }
    }
}

/// Whether the token can be got anew without a person, when the refresh token is no longer good.
#[must_use]
pub fn starts_alone(scheme: TokenScheme<'_>) -> bool {
    scheme.source().starts_alone()
}

/// What a reply that refuses something means.
#[must_use]
pub fn refusal(answer: &Answer<'_>) -> GrantFault {
    reply::granted(answer).err().unwrap_or(GrantFault::Denied(Refused::default()))
}
