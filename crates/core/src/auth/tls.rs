//! A client certificate (mutual TLS, RFC 8446, section 4.4.2) and a private certificate authority.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{AuthFault, credential};
use crate::request::{ClientIdentity, RequestSpec, TlsSettings};
use crate::secret::Secret;
use crate::template::{Scope, Template};

/// What TLS is done with: a certificate of the client, certificates that are trusted besides the public ones.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The client's certificate in PEM, followed by those between it and its authority; needs `key`.
    pub certificate: Option<Template>,
    /// The certificate's private key in PEM (PKCS #8, PKCS #1 or SEC 1), not encrypted; needs `certificate`.
    pub key: Option<Template>,
    /// Certificates of a private authority in PEM; they are trusted besides the public ones.
    pub authority: Option<Template>,
}

impl Tls {
    /// Its templates by key.
    pub(super) fn templates(&self) -> Vec<(&'static str, &Template)> {
        let all = [
            ("certificate", &self.certificate),
            ("key", &self.key),
            ("authority", &self.authority),
        ];
        all.into_iter().filter_map(|(key, template)| Some((key, template.as_ref()?))).collect()
    }

    pub(super) fn apply(
        &self,
        request: &mut RequestSpec,
        scope: &dyn Scope,
    ) -> Result<(), AuthFault> {
        let text = |template: &Option<Template>| -> Result<Option<Secret>, AuthFault> {
            let Some(template) = template else { return Ok(None) };
            let text = credential(template, scope)?;
            Ok((!text.is_empty()).then(|| Secret::from(&*text)))
        };
        let identity = match (text(&self.certificate)?, text(&self.key)?) {
            (Some(certificate), Some(key)) => Some(ClientIdentity { certificate, key }),
            (None, None) => None,
            _ => return Err(AuthFault::HalfIdentity),
        };
        let authority = text(&self.authority)?;
        if identity.is_some() || authority.is_some() {
            request.tls = Some(Arc::new(TlsSettings { identity, authority }));
        }
        Ok(())
    }
}
