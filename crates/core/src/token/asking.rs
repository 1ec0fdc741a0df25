//! A token that is being asked for: one request after the other, until the last reply gives it.

use std::collections::HashMap;

use serde_json::Map;

use super::answer::Answer;
use super::fault::GrantFault;
use super::known::Known;
use super::scheme::TokenScheme;
use super::server::Server;
use super::tokens::Tokens;
use crate::auth::AuthFault;
use crate::connection::Connection;
use crate::moment::Moment;
use crate::request::RequestSpec;

/// A token that is being asked for.
pub struct Asking<'a> {
    scheme: TokenScheme<'a>,
    known: Known<'a>,
}

impl<'a> Asking<'a> {
    /// Begins: with the refresh token of the current tokens where there is one, or as the grant says; `server` is what the server
    /// says of itself.
    #[must_use]
    pub fn begin(
        scheme: TokenScheme<'a>,
        connection: &'a Connection,
        current: Option<&'a Tokens>,
        server: Option<&'a Server>,
    ) -> Asking<'a> {
        let known = Known {
            connection,
            current,
            server,
            step: 0,
            given: Map::new(),
            cookies: HashMap::new(),
            cookie: None,
            url: None,
        };
        Asking { scheme, known }
    }

    /// The request that comes next; `None` where a person has to log in.
    ///
    /// # Errors
    /// [`AuthFault`] where a value is missing or unusable.
    pub fn request(&mut self, moment: &Moment) -> Result<Option<RequestSpec>, AuthFault> {
        let request = self.scheme.source().request(&self.known, moment)?;
        self.known.url = request.as_ref().map(|request| request.url.clone());
        Ok(request)
    }

    /// What the reply gives; `None` where another request comes next.
    ///
    /// # Errors
    /// [`GrantFault`].
    pub fn read(&mut self, answer: &Answer<'_>) -> Result<Option<Tokens>, GrantFault> {
        let tokens = self.scheme.source().read(&mut self.known, answer)?;
        self.known.step += 1;
        Ok(tokens)
    }
}

/// The first request that gets a token without a person, where the definition says all of it: with the refresh token, where there is
/// one, or as the grant says. `None` where a person has to log in.
///
/// # Errors
/// [`AuthFault`] where a value is missing or unusable.
pub fn request(
    scheme: TokenScheme<'_>,
    connection: &Connection,
    current: Option<&Tokens>,
    moment: &Moment,
) -> Result<Option<RequestSpec>, AuthFault> {
    Asking::begin(scheme, connection, current, None).request(moment)
}
