//! WSSE UsernameToken in a header: a digest of the password over a random value and the time (OASIS Web Services Security
//! UsernameToken Profile 1.1, section 3.1, as Atom's early authentication and its heirs send it).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderName};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use schemars::JsonSchema;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::credential::{credential, set_sensitive};
use super::dates::rfc3339;
use super::pending::Signer;
use super::scheme::keyed;
use super::{Applying, AuthFault, AuthScheme, InCurl, Keyed, Pending, Place};
use crate::moment::Moment;
use crate::request::RequestSpec;
use crate::secret::Secret;
use crate::template::Template;

/// User and password, of which the password is not sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wsse {
    /// The user.
    pub username: Template,
    /// The password.
    pub password: Template,
}

#[derive(Debug)]
struct WsseCredentials {
    username: String,
    password: Secret,
}

impl AuthScheme for Wsse {
    fn templates(&self) -> Keyed<'_> {
        keyed([("username", &self.username), ("password", &self.password)]).collect()
    }

    fn puts(&self) -> Vec<(Place, &str)> {
        vec![(Place::Header, "Authorization"), (Place::Header, "X-WSSE")]
    }

    fn apply(
        &self,
        _: &mut RequestSpec,
        with: &mut Applying<'_>,
    ) -> Result<Option<Pending>, AuthFault> {
        let username = credential(&self.username, with.scope)?.into_owned();
        let password = Secret::from(&*credential(&self.password, with.scope)?);
        Ok(Some(Pending::new(WsseCredentials { username, password })))
    }

    fn in_words(&self, _: fn(&str) -> String) -> String {
        "WSSE UsernameToken".to_owned()
    }

    fn in_curl(&self) -> InCurl<'_> {
        InCurl::LeftOut
    }
}

impl Signer for WsseCredentials {
    fn sign(
        &self,
        request: &mut RequestSpec,
        _: Option<&Secret>,
        moment: &Moment,
    ) -> Result<Vec<Secret>, AuthFault> {
        let (nonce, created) = (moment.nonce_hex(), rfc3339(moment.unix_seconds));
        let text = Zeroizing::new(format!("{nonce}{created}{}", self.password.expose()));
        let password = STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()));
        // A quoted text of RFC 9110, section 5.6.4.
        let username = self.username.replace('\\', r"\\").replace('"', "\\\"");
        let nonce = STANDARD.encode(nonce);
        let token = Zeroizing::new(format!(
            "UsernameToken Username=\"{username}\", PasswordDigest=\"{password}\", \
             Nonce=\"{nonce}\", Created=\"{created}\""
        ));
        set_sensitive(request, HeaderName::from_static("x-wsse"), &token)?;
        set_sensitive(request, AUTHORIZATION, r#"WSSE profile="UsernameToken""#)?;
        Ok(vec![Secret::from(&*password)])
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::auth::tests::{header, request};

    /// The example of "Atom Authentication" (Mark Pilgrim, 2003).
    #[test]
    fn the_digest_is_that_of_the_published_example() {
        let nonce = hex::decode("d36e316282959a9ed4c89851497a717f").unwrap().try_into().unwrap();
        let created: jiff::Timestamp = "2003-12-15T14:43:07Z".parse().unwrap();
        let moment = Moment { unix_seconds: created.as_second(), nonce };
        let (username, password) = ("bob".to_owned(), Secret::from("taadtaadpstcsm"));
        let mut request = request(Method::GET, "https://example.org/atom");
        let derived =
            WsseCredentials { username, password }.sign(&mut request, None, &moment).unwrap();
        assert_eq!(
            header(&request, "x-wsse"),
            "UsernameToken Username=\"bob\", PasswordDigest=\"quR/EWLAV4xLf9Zqyw4pDmfV9OY=\", \
             Nonce=\"ZDM2ZTMxNjI4Mjk1OWE5ZWQ0Yzg5ODUxNDk3YTcxN2Y=\", Created=\"2003-12-15T14:43:07Z\""
        );
        assert_eq!(header(&request, "authorization"), "WSSE profile=\"UsernameToken\"");
        assert_eq!(
            derived.iter().map(Secret::expose).collect::<Vec<_>>(),
            ["quR/EWLAV4xLf9Zqyw4pDmfV9OY="]
        );
    }
}
