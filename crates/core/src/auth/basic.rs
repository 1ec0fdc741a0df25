//! `Authorization: Basic` (RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::credential::{credential, set_sensitive};
use super::scheme::keyed;
use super::{Applying, AuthFault, AuthScheme, CredentialPlace, InCurl, Keyed, Pending};
use crate::request::RequestSpec;
use crate::secret::Secret;
use crate::template::Template;

/// User and password, joined by a colon, in base64 of their UTF-8.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// The user; may not hold a colon.
    pub username: Template,
    /// The password; may be empty.
    pub password: Template,
}

impl AuthScheme for Basic {
    fn templates(&self) -> Keyed<'_> {
        keyed([("username", &self.username), ("password", &self.password)]).collect()
    }

    fn puts(&self) -> Vec<(CredentialPlace, &str)> {
        vec![(CredentialPlace::Header, "Authorization")]
    }

    fn apply(
        &self,
        request: &mut RequestSpec,
        with: &mut Applying<'_>,
    ) -> Result<Option<Pending>, AuthFault> {
        let user = credential(&self.username, with.scope)?;
        let password = credential(&self.password, with.scope)?;
        if user.contains(':') {
            return Err(AuthFault::ColonInUser);
        }
        for (part, text) in [("user name", &user), ("password", &password)] {
            if text.chars().any(char::is_control) {
                return Err(AuthFault::ControlCharacter { part });
            }
        }
        let mut pair = Zeroizing::new(String::with_capacity(user.len() + password.len() + 1));
        pair.push_str(&user);
        pair.push(':');
        pair.push_str(&password);
        let mut header = Zeroizing::new("Basic ".to_owned());
        STANDARD.encode_string(pair.as_bytes(), &mut header);
        with.redactor.add_pair(Secret::from(&*user), Secret::from(&*password));
        set_sensitive(request, AUTHORIZATION, &header)?;
        Ok(None)
    }

    fn in_words(&self, _: fn(&str) -> String) -> String {
        "Basic authentication".to_owned()
    }

    fn in_curl(&self) -> InCurl<'_> {
        let (username, password) = (&self.username, &self.password);
        InCurl::User { options: "--user", username, password }
    }
}
