//! What is asked of a scheme that gets tokens; each has it in its own file.

use super::{Answer, GrantFault, Tokens};
use crate::auth::{AuthFault, TokenScheme};
use crate::connection::Connection;
use crate::moment::Moment;
use crate::request::RequestSpec;

/// How a scheme gets its tokens.
pub(super) trait TokenSource {
    /// As [`request`].
    fn request(
        &self,
        connection: &Connection,
        current: Option<&Tokens>,
        moment: &Moment,
    ) -> Result<Option<RequestSpec>, AuthFault>;

    /// As [`read`].
    fn read(&self, answer: &Answer<'_>, current: Option<&Tokens>) -> Result<Tokens, GrantFault>;

    /// As [`starts_alone`].
    fn starts_alone(&self) -> bool {
        true
    }
}

fn source(scheme: TokenScheme<'_>) -> &dyn TokenSource {
    match scheme {
        TokenScheme::OAuth2(oauth2) => oauth2,
        TokenScheme::Session(session) => session,
    }
}

/// The request that gets a token without a person: with the refresh token, where there is one, or as the grant says.
/// `None` where a person has to log in.
///
/// # Errors
/// [`AuthFault`] where a value is missing or unusable.
pub fn request(
    scheme: TokenScheme<'_>,
    connection: &Connection,
    current: Option<&Tokens>,
    moment: &Moment,
) -> Result<Option<RequestSpec>, AuthFault> {
    source(scheme).request(connection, current, moment)
}

/// Whether the token can be got anew without a person, when the refresh token is no longer good.
#[must_use]
pub fn starts_alone(scheme: TokenScheme<'_>) -> bool {
    source(scheme).starts_alone()
}

/// What the reply to a [`request`] gives.
///
/// # Errors
/// [`GrantFault`].
pub fn read(
    scheme: TokenScheme<'_>,
    answer: &Answer<'_>,
    current: Option<&Tokens>,
) -> Result<Tokens, GrantFault> {
    source(scheme).read(answer, current)
}
