//! Tokens: the requests that get, renew and revoke them, and what their replies mean. Who may send them and when is the
//! business of the runtime.
//!
//! ```text
//! TokenScheme ─ request(connection, tokens, moment) ─▶ RequestSpec ─ reply ─▶ read ─▶ Tokens │ GrantFault
//! ```

mod answer;
mod endpoint;
mod fault;
mod given;
mod look_up;
mod oauth2;
mod pkce;
mod reply;
mod scheme;
mod session;
mod tokens;

pub use answer::{Answer, Now};
pub use fault::{GrantFault, NoToken, Refused};
pub use look_up::{Choice, look_up, look_up_secrets, read_look_up};
pub use oauth2::{
    Authorization, DeviceCode, authorization_url, device_poll, device_request, exchange,
};
pub use oauth2::{has_revocation, read_device, revocations};
pub use pkce::Pkce;
pub use scheme::{TokenScheme, read, read_after_redirect, refusal, request, starts_alone};
pub use tokens::{TokenSet, Tokens};
