//! A scheme that gets a token before a request can be sent. How it does is said in [`crate::token`].

use super::{OAuth2, Session};

/// A scheme that gets a token before a request can be sent.
#[derive(Clone, Copy, Debug)]
pub enum TokenScheme<'a> {
    /// From an authorization server.
    OAuth2(&'a OAuth2),
    /// From a login request.
    Session(&'a Session),
}

impl<'a> TokenScheme<'a> {
    /// OAuth 2.0, where it is that: a person may have to log in, and there may be something to revoke.
    #[must_use]
    pub fn oauth2(self) -> Option<&'a OAuth2> {
        match self {
            TokenScheme::OAuth2(oauth2) => Some(oauth2),
            TokenScheme::Session(_) => None,
        }
    }
}
