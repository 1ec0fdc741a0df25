//! Names of headers in the definitions.

use serde::Deserialize;

/// The name of a header (RFC 9110, section 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(try_from = "String")]
pub struct HeaderText(
    #[cfg_attr(feature = "schemas", schemars(regex(pattern = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")))]
    pub String,
);

impl TryFrom<String> for HeaderText {
    type Error = String;

    fn try_from(text: String) -> Result<HeaderText, String> {
        match http::HeaderName::from_bytes(text.as_bytes()) {
            Ok(_) => Ok(HeaderText(text)),
            Err(_) => Err(format!("`{text}` is not the name of a header")),
        }
    }
}
