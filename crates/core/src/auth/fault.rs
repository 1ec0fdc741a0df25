//! Why credentials cannot be applied.

use crate::inject::header::HeaderFault;
use crate::template::TemplateValueError;

/// Why credentials cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthFault {
    /// A template of the method has no value.
    Template(TemplateValueError),
    /// Basic credentials: the user holds a colon (RFC 7617, section 2).
    ColonInUser,
    /// Basic credentials: a part holds a control character (RFC 7617, section 2).
    ControlCharacter {
        /// `user name` or `password`.
        part: &'static str,
    },
    /// The credential cannot stand in a header.
    Header(HeaderFault),
    /// The credential cannot stand in a cookie (RFC 6265, section 4.1.1).
    Cookie {
        /// The cookie's name.
        name: String,
    },
    /// A client certificate without its key, or a key without its certificate.
    HalfIdentity,
    /// The URL of a token or login request is none, or its values cannot stand in it.
    Endpoint {
        /// The key, such as `tokenUrl`.
        key: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// A private key cannot be used.
    Key {
        /// Why.
        reason: &'static str,
    },
    /// The host was given no scheme of this name.
    UnknownScheme {
        /// The name.
        name: String,
    },
    /// A custom scheme refused.
    Custom {
        /// Its name.
        name: String,
        /// Its words.
        reason: String,
    },
    /// Request signing: the key is not written in the encoding that it is said to have.
    KeyEncoding {
        /// `base64` or `hex`.
        encoding: &'static str,
    },
}
