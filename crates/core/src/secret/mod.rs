//! Secret text and its redaction.
//!
//! A secret is a type of its own: it prints as `[redacted]`, is not serializable and is wiped when dropped.
//! [`Redactor`] finds every spelling a secret can take on its way into a request and back (percent-encoded,
//! JSON-escaped, base64 of `user:secret` …) and masks it in anything that is shown.

mod encoded_forms;
mod redactor;
mod spelling;
mod text;

pub use redactor::Redactor;
pub use text::{MASK, Secret};
