//! Auth schemes: how a connection's credentials become part of a request. One file a scheme.
//!
//! ```text
//! AuthMethod ─ AuthScheme::apply ─▶ done (basic, bearer, api_key, tls)
//!                               └─▶ Pending ─ sign, for each sending ─▶ done (signatures, tokens, digest)
//! ```
//! A scheme is a file with its `impl AuthScheme`, its line below and its line in the list of `method.rs`; nothing else asks
//! which scheme a method is of. The only place, with [`crate::inject`], where a secret is opened.

mod all;
mod api_key;
mod aws_sigv4;
mod basic;
mod bearer;
mod challenge;
mod credential;
mod custom;
mod custom_schemes;
mod dates;
mod demand;
mod digest;
mod fault;
mod hash;
mod hmac;
mod jwt;
mod look_up;
mod method;
mod none;
mod oauth1;
mod oauth2;
mod pairs;
mod pending;
mod placement;
mod registration;
mod renewal;
mod resources;
mod scheme;
mod session;
mod signed_token;
mod signing;
mod tls;
mod token_request;

pub use basic::Basic;
pub use bearer::Bearer;
pub(crate) use credential::{credential, set_sensitive};
pub use custom_schemes::{CustomScheme, CustomSchemes, CustomValues};
pub use demand::Demand;
pub use fault::AuthFault;
pub use look_up::{Choose, LookUp};
pub use method::AuthMethod;
pub use oauth2::{Assertion, ClientAuth, Grant, JwtAlgorithm, OAuth2};
pub use pending::Pending;
pub use placement::is_cookie_name;
pub use placement::{CredentialPlace, TokenPlace};
pub use registration::Registration;
pub use resources::Resources;
pub use scheme::{Applying, AuthScheme, Given, InCurl, Keyed};
pub use session::{Login, Logins, Session};
pub(crate) use signed_token::{SigningKey, sign as sign_token, times as token_times};
pub use signing::{NAMES as SIGNING_NAMES, is_signing_name};
pub use token_request::{Carrier, TokenRequest};

#[cfg(test)]
mod tests;
