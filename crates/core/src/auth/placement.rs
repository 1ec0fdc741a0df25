//! Where a credential goes: a header, a query parameter or a cookie.

use http::header::COOKIE;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::AuthFault;
use super::credential::{check_pasted, check_token, set_sensitive};
use crate::inject::header::{HeaderFault, header_name};
use crate::inject::query::push_parameter;
use crate::request::RequestSpec;

/// Where a key or token goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CredentialPlace {
    /// A header.
    #[default]
    Header,
    /// A query parameter, after the request's own.
    Query,
    /// A cookie (RFC 6265, section 4.2), after the request's own.
    Cookie,
}

/// Where the token of `oauth2` and `session` goes; by default the header `Authorization` as `Bearer` (RFC 6750).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenPlace {
    /// Where it goes.
    #[serde(rename = "in", default)]
    pub place: CredentialPlace,
    /// Name of the header, parameter or cookie.
    #[serde(default = "authorization")]
    pub name: String,
    /// Text before the token, such as `"Bearer "`; none by default.
    #[serde(default)]
    pub prefix: String,
}

fn authorization() -> String {
    "Authorization".to_owned()
}

impl Default for TokenPlace {
    fn default() -> TokenPlace {
        TokenPlace {
            place: CredentialPlace::Header,
            name: authorization(),
            prefix: "Bearer ".to_owned(),
        }
    }
}

impl TokenPlace {
    /// Whether it is sent as RFC 6750 has it.
    pub(crate) fn is_bearer(&self) -> bool {
        self.prefix.trim().eq_ignore_ascii_case("bearer")
    }

    /// Adds the token to the request.
    pub(super) fn put(&self, token: &str, request: &mut RequestSpec) -> Result<(), AuthFault> {
        if self.place == CredentialPlace::Header {
            check_token(token, &self.prefix)?;
        }
        let value = Zeroizing::new([self.prefix.as_str(), token].concat());
        put(self.place, &self.name, &value, request)
    }
}

/// Adds a credential to the request.
pub(super) fn put(
    place: CredentialPlace,
    name: &str,
    value: &str,
    request: &mut RequestSpec,
) -> Result<(), AuthFault> {
    match place {
        CredentialPlace::Header => {
            let name = header_name(name)
                .map_err(|_| AuthFault::Header(HeaderFault::Name { name: name.to_owned() }))?;
            check_pasted(value)?;
            set_sensitive(request, name, value)
        }
        CredentialPlace::Query => {
            let mut query = request.url.query().unwrap_or_default().to_owned();
            push_parameter(name, value, &mut query);
            request.url.set_query(Some(&query));
            Ok(())
        }
        CredentialPlace::Cookie => {
            if !is_cookie_name(name) || !is_cookie_value(value) {
                return Err(AuthFault::Cookie { name: name.to_owned() });
            }
            let own = request.headers.get(COOKIE).map(|own| own.as_bytes().to_vec());
            let own = own.and_then(|own| String::from_utf8(own).ok()).map(Zeroizing::new);
            let pair = Zeroizing::new(match &own {
                Some(own) => format!("{}; {name}={value}", own.as_str()),
                None => format!("{name}={value}"),
            });
            set_sensitive(request, COOKIE, &pair)
        }
    }
}

/// A `token` of RFC 9110, section 5.6.2.
pub fn is_cookie_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}

/// A `cookie-value` of RFC 6265, section 4.1.1: perhaps in quotation marks, which are part of it.
fn is_cookie_value(value: &str) -> bool {
    let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    quoted.unwrap_or(value).bytes().all(is_cookie_octet)
}

/// A `cookie-octet` of RFC 6265, section 4.1.1.
fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_joins_the_requests_own() {
        let mut request = RequestSpec::get("https://api.example/x").unwrap();
        put(CredentialPlace::Cookie, "session", "abc", &mut request).unwrap();
        put(CredentialPlace::Cookie, "csrf", "d=e", &mut request).unwrap();
        put(CredentialPlace::Cookie, "id", "\"f\"", &mut request).unwrap();
        assert_eq!(request.headers[COOKIE], "session=abc; csrf=d=e; id=\"f\"");
        assert!(request.headers[COOKIE].is_sensitive());
    }

    #[test]
    fn what_would_end_a_cookie_is_refused() {
        let mut request = RequestSpec::get("https://api.example/x").unwrap();
        for value in ["a;b", "a b", "a\"b", "\"", "\"a", "a,b", "a\\b", "é", "a\r\nb"] {
            let fault = put(CredentialPlace::Cookie, "session", value, &mut request);
            assert_eq!(fault, Err(AuthFault::Cookie { name: "session".into() }), "{value}");
        }
        assert!(put(CredentialPlace::Cookie, "a=b", "x", &mut request).is_err());
    }
}
