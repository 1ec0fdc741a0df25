//! Why credentials cannot be applied.

use crate::error::{Code, Fault};
use crate::inject::header::HeaderFault;
use crate::template::TemplateValueError;

/// Why credentials cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthFault {
    /// A template of the method has no value.
    #[error("{0}")]
    Template(TemplateValueError),
    /// Basic credentials: the user holds a colon (RFC 7617, section 2).
    #[error("the user name holds a colon, which Basic credentials cannot carry")]
    ColonInUser,
    /// Basic credentials: a part holds a control character (RFC 7617, section 2).
    #[error("the {part} holds a control character, which Basic credentials cannot carry")]
    ControlCharacter {
        /// `user name` or `password`.
        part: &'static str,
    },
    /// The credential was copied with something that does not belong to it.
    #[error("the credential {how}")]
    Pasted {
        /// What is wrong with it, such as `ends with U+200B`.
        how: String,
    },
    /// The credential cannot stand in a header.
    #[error("the credential holds a character that no header can carry")]
    Header(HeaderFault),
    /// The credential cannot stand in a cookie (RFC 6265, section 4.1.1).
    #[error("the credential holds a character that the cookie `{name}` cannot carry")]
    Cookie {
        /// The cookie's name.
        name: String,
    },
    /// A client certificate without its key, or a key without its certificate.
    #[error("a client certificate needs its key, and a key its certificate")]
    HalfIdentity,
    /// The URL of a token or login request is none, or its values cannot stand in it.
    #[error("`{key}`: {reason}")]
    Endpoint {
        /// The key, such as `tokenUrl`.
        key: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// A private key cannot be used.
    #[error("the private key cannot be used: {reason}")]
    Key {
        /// Why.
        reason: &'static str,
    },
    /// The host was given no scheme of this name.
    #[error("this host has no auth scheme `{name}`")]
    UnknownScheme {
        /// The name.
        name: String,
    },
    /// A custom scheme refused.
    #[error("scheme `{name}`: {reason}")]
    Custom {
        /// Its name.
        name: String,
        /// Its words.
        reason: String,
    },
    /// Request signing: what is signed of the body is not known before it is sent.
    #[error("the whole body is signed, and {why}")]
    BodyNotKnown {
        /// Why it is not known.
        why: &'static str,
    },
    /// Request signing: the key is not written in the encoding that it is said to have.
    #[error("the signing key is not {encoding}")]
    KeyEncoding {
        /// `base64` or `hex`.
        encoding: &'static str,
    },
}

impl AuthFault {
    /// Whether the method itself is at fault, and not the connection's values.
    #[must_use]
    pub fn is_of_definition(&self) -> bool {
        matches!(self, AuthFault::Template(_) | AuthFault::UnknownScheme { .. })
    }
}

impl Fault for AuthFault {
    fn code(&self) -> Code {
        match self {
            AuthFault::Template(error) => error.code(),
            AuthFault::UnknownScheme { .. } => Code::AUTH_SCHEME,
            _ => Code::AUTH_VALUE,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            AuthFault::ControlCharacter { .. }
            | AuthFault::Header(_)
            | AuthFault::Cookie { .. } => {
                "check the connection for a line break at the end of the credential"
            }
            AuthFault::UnknownScheme { .. } => {
                "the embedding program brings it with `HostBuilder::auth_scheme`"
            }
            AuthFault::BodyNotKnown { .. } => {
                "send a smaller file, without a content coding, or log in in another way"
            }
            _ => "check the credentials of the connection",
        };
        Some(text.to_owned())
    }
}
