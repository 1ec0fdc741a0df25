//! A client certificate (mutual TLS, RFC 8446, section 4.4.2) and a private certificate authority.

use std::sync::Arc;

use serde::Deserialize;

use super::credential::optional_credential;
use super::scheme::given;
use super::{Applying, AuthFault, AuthScheme, Demand, InCurl, Keyed, Pending};
use crate::request::{ClientIdentity, RequestSpec, TlsSettings};
use crate::template::{Scope, Template};

/// What TLS is done with: a certificate of the client, certificates that are trusted besides the public ones.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The client's certificate in PEM, followed by those between it and its authority; needs `key`.
    pub certificate: Option<Template>,
    /// The certificate's private key in PEM (PKCS #8, PKCS #1 or SEC 1); needs `certificate`.
    pub key: Option<Template>,
    /// The passphrase of a key that is encrypted (PKCS #8); needs `key`.
    pub passphrase: Option<Template>,
    /// Certificates of a private authority in PEM; they are trusted besides the public ones.
    pub authority: Option<Template>,
}

impl AuthScheme for Tls {
    fn templates(&self) -> Keyed<'_> {
        let (certificate, key) = (("certificate", &self.certificate), ("key", &self.key));
        let passphrase = ("passphrase", &self.passphrase);
        given([certificate, key, passphrase, ("authority", &self.authority)]).collect()
    }

    fn apply(
        &self,
        request: &mut RequestSpec,
        with: &mut Applying<'_>,
    ) -> Result<Option<Pending>, AuthFault> {
        self.secure(request, with.scope)?;
        Ok(None)
    }

    fn secure(&self, request: &mut RequestSpec, scope: &dyn Scope) -> Result<(), AuthFault> {
        let text = |template: &Option<Template>| optional_credential(template.as_ref(), scope);
        let identity = match (text(&self.certificate)?, text(&self.key)?) {
            (Some(certificate), Some(key)) => {
                let passphrase = text(&self.passphrase)?;
                Some(ClientIdentity { certificate, key, passphrase })
            }
            (None, None) => None,
            _ => return Err(AuthFault::HalfIdentity),
        };
        let authority = text(&self.authority)?;
        if identity.is_some() || authority.is_some() {
            request.tls = Some(Arc::new(TlsSettings { identity, authority }));
        }
        Ok(())
    }
    fn demands(&self) -> Vec<(String, Demand<'_>)> {
        let missing = match (&self.certificate, &self.key, &self.authority) {
            (Some(_), None, _) => "key",
            (None, Some(_), _) => "certificate",
            (None, None, None) => "authority",
            (None, ..) if self.passphrase.is_some() => "key",
            _ => return Vec::new(),
        };
        vec![(String::new(), Demand::Missing(vec![missing]))]
    }

    fn in_words(&self, _: fn(&str) -> String) -> String {
        match self.certificate {
            Some(_) => "client certificate".to_owned(),
            None => "private certificate authority".to_owned(),
        }
    }

    fn in_curl(&self) -> InCurl<'_> {
        InCurl::LeftOut
    }
}
