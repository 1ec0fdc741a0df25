//! What is wrong with credentials and with getting tokens.

use super::template;
use crate::auth::AuthFault;
use crate::token::{GrantFault, Refused};

/// Why credentials cannot be applied.
pub(super) fn auth(method: &str, fault: &AuthFault) -> String {
    let said = match fault {
        AuthFault::Template(error) => template(error),
        AuthFault::ColonInUser => {
            "the user name holds a colon, which Basic credentials cannot carry".to_owned()
        }
        AuthFault::ControlCharacter { part } => {
            format!("the {part} holds a control character, which Basic credentials cannot carry")
        }
        AuthFault::Header(_) => {
            "the credential holds a character that no header can carry".to_owned()
        }
        AuthFault::Cookie { name } => {
            format!("the credential holds a character that the cookie `{name}` cannot carry")
        }
        AuthFault::HalfIdentity => {
            "a client certificate needs its key, and a key its certificate".to_owned()
        }
        AuthFault::Endpoint { key, reason } => format!("`{key}`: {reason}"),
        AuthFault::Key { reason } => format!("the private key cannot be used: {reason}"),
        AuthFault::KeyEncoding { encoding } => format!("the signing key is not {encoding}"),
        AuthFault::UnknownScheme { name } => format!("this host has no auth scheme `{name}`"),
        AuthFault::Custom { name, reason } => format!("scheme `{name}`: {reason}"),
    };
    format!("auth method `{method}`: {said}")
}

/// Why there is no token.
pub(super) fn grant(method: &str, fault: &GrantFault) -> String {
    let said = match fault {
        GrantFault::LoginRequired => "nobody has logged in yet".to_owned(),
        GrantFault::Revoked(refused) => {
            format!("the grant is no longer good: {}", answered(refused))
        }
        GrantFault::Refused(refused) => {
            format!("the authorization server gives no token: {}", answered(refused))
        }
        GrantFault::Unavailable(refused) => {
            format!("the authorization server is not well: {}", answered(refused))
        }
        GrantFault::Transport { origin, fault } => super::transport(origin, fault),
        GrantFault::Unusable { status, reason } => {
            format!("the token reply (status {status}) cannot be used: {reason}")
        }
        GrantFault::Pending { .. } => "nobody has allowed it yet".to_owned(),
        GrantFault::Denied => "the access was not allowed".to_owned(),
        GrantFault::Expired => "the time to allow the access is over".to_owned(),
        GrantFault::Busy => {
            "the token is being renewed elsewhere, and that did not end in time".to_owned()
        }
    };
    format!("auth method `{method}`: {said}")
}

/// What the server said.
fn answered(refused: &Refused) -> String {
    let Refused { status, error, description, .. } = refused;
    match (error, description) {
        (Some(error), Some(description)) => {
            format!("it answered {status} `{error}`: {description}")
        }
        (Some(error), None) => format!("it answered {status} `{error}`"),
        (None, _) => format!("it answered {status}"),
    }
}

/// What to do where there is no token.
pub(super) fn grant_hint(fault: &GrantFault) -> Option<String> {
    let refused = match fault {
        GrantFault::Revoked(refused) | GrantFault::Refused(refused) => Some(refused),
        _ => None,
    };
    if let Some(seconds) = refused.and_then(|refused| refused.clock_ahead_s) {
        let (seconds, direction) = (seconds.abs(), if seconds > 0 { "ahead of" } else { "behind" });
        return Some(format!(
            "this machine's clock is {seconds} s {direction} the server's: set it, then try again"
        ));
    }
    let text = match fault {
        GrantFault::LoginRequired => "log in with `cardhost connection login`",
        GrantFault::Revoked(_) => {
            "log in again with `cardhost connection login`, or give the connection new credentials"
        }
        GrantFault::Refused(_) => "check the client's id and secret, and what it may ask for",
        GrantFault::Unavailable(_) | GrantFault::Transport { .. } | GrantFault::Busy => {
            "the stored connection is unharmed; try again later"
        }
        GrantFault::Unusable { .. } => {
            "check the URL of the token endpoint; the stored connection is unharmed"
        }
        GrantFault::Pending { .. } | GrantFault::Denied | GrantFault::Expired => {
            "log in again and allow the access"
        }
    };
    Some(text.to_owned())
}
