//! Tokens: the requests that get, renew and revoke them, and what their replies mean. Who may send them and when is the
//! business of the runtime.
//!
//! ```text
//! TokenScheme ─ request(connection, tokens, moment) ─▶ RequestSpec ─ reply ─▶ read ─▶ Tokens │ GrantFault
//! ```

mod answer;
mod asking;
mod client;
mod endpoint;
mod fault;
mod given;
mod known;
mod look_up;
mod oauth2;
mod pkce;
mod registration;
mod reply;
mod scheme;
mod server;
mod session;
mod timed;
mod tokens;

pub use answer::{Answer, Now};
pub use asking::{Asking, request};
pub use client::Client;
pub use fault::{GrantFault, NoToken, Refused};
pub use look_up::{Choice, look_up, look_up_secrets, read_look_up};
pub use oauth2::{
    Authorization, DeviceCode, Party, authorization_url, device_poll, device_request, exchange,
};
pub use oauth2::{has_revocation, read_device, read_tokens, revocations};
pub use pkce::Pkce;
pub use registration::{deletion, read_registration, registration};
pub use scheme::{TokenScheme, refusal, starts_alone};
pub use server::{Server, read_server, server_requests};
pub use tokens::{TokenSet, Tokens};
