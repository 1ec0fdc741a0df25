//! A token that the client signs itself (RFC 7519), as the apps of GitHub and the service accounts of Google do.

use std::cell::RefCell;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::credential::credential;
use super::pending::Signer;
use super::scheme::{entries, given, keyed, nested};
use super::signed_token::{SigningKey, sign, times};
use super::signing::{Held, SigningScope, held};
use super::{
    Applying, AuthFault, AuthScheme, CredentialPlace, Demand, InCurl, JwtAlgorithm, Keyed, Pending,
    TokenPlace,
};
use crate::moment::Moment;
use crate::request::RequestSpec;
use crate::secret::Secret;
use crate::span::Span;
use crate::template::{Reference, Template, ValueTemplate};

/// A token that is signed for each request.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Jwt {
    /// The algorithm (RFC 7518, section 3.1).
    pub algorithm: JwtAlgorithm,
    /// The private key in PEM (PKCS #8; for `RS…` also PKCS #1, for `ES…` also SEC 1), or the shared secret for `HS…`.
    pub key: Template,
    /// The passphrase of a private key that is encrypted (PKCS #8).
    pub passphrase: Option<Template>,
    /// The key's identifier (`kid`).
    pub key_id: Option<Template>,
    /// How long a token is good (`exp`); `"5m"` by default.
    pub lifetime: Option<Span>,
    /// Claims by name, such as `"iss"`; may use `signing`. `iat` and `exp` are there already, and replaced by those of that name.
    #[serde(default)]
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, ValueTemplate>")
    )]
    pub claims: IndexMap<String, ValueTemplate>,
    /// Further header parameters of the token by name; may use `signing`. `alg` and `typ` are there already, and `kid` where `keyId`
    /// is.
    #[serde(default)]
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, Template>")
    )]
    pub headers: IndexMap<String, Template>,
    /// Where the token goes.
    #[serde(default)]
    pub token: TokenPlace,
}

/// `key`, `passphrase` and `keyId` have only `connection` in scope, the others `signing` as well.
impl AuthScheme for Jwt {
    fn templates(&self) -> Keyed<'_> {
        let key = keyed([("key", &self.key)]);
        key.chain(given([("passphrase", &self.passphrase), ("keyId", &self.key_id)])).collect()
    }

    fn signing_templates(&self) -> Keyed<'_> {
        let mut all = Keyed::new();
        for (name, claim) in &self.claims {
            claim.each(&nested("claims", name), &mut |template, place| {
                all.push((place.to_owned().into(), template));
            });
        }
        all.extend(entries("headers", &self.headers));
        all
    }

    fn puts(&self) -> Vec<(CredentialPlace, &str)> {
        vec![(self.token.place, &self.token.name)]
    }

    fn apply(
        &self,
        _: &mut RequestSpec,
        with: &mut Applying<'_>,
    ) -> Result<Option<Pending>, AuthFault> {
        let text = |template: &Template| -> Result<Secret, AuthFault> {
            Ok(Secret::from(&*credential(template, with.scope)?))
        };
        let said = |template: &Option<Template>| -> Result<Option<Secret>, AuthFault> {
            let text = template.as_ref().map(text).transpose()?;
            Ok(text.filter(|text| !text.expose().is_empty()))
        };
        Ok(Some(Pending::new(JwtCredentials {
            algorithm: self.algorithm,
            key: SigningKey { text: text(&self.key)?, passphrase: said(&self.passphrase)? },
            key_id: said(&self.key_id)?,
            lifetime: self.lifetime,
            claims: self.claims.clone(),
            headers: self.headers.clone(),
            token: self.token.clone(),
            connection: held(&self.signing_templates(), with.scope),
        })))
    }

    fn demands(&self) -> Vec<(String, Demand<'_>)> {
        let mut demands = Vec::new();
        for name in
            self.headers.keys().filter(|name| ["alg", "typ", "kid"].contains(&name.as_str()))
        {
            demands.push((nested("headers", name), Demand::Repeated(name)));
        }
        demands.push(Demand::of_token(&self.token));
        demands
    }

    fn in_words(&self, code: fn(&str) -> String) -> String {
        format!("a token that is signed for each request ({})", code(self.algorithm.as_str()))
    }

    fn in_curl(&self) -> InCurl<'_> {
        InCurl::LeftOut
    }
}

/// What tokens are made of.
#[derive(Debug)]
struct JwtCredentials {
    algorithm: JwtAlgorithm,
    key: SigningKey,
    key_id: Option<Secret>,
    lifetime: Option<Span>,
    claims: IndexMap<String, ValueTemplate>,
    headers: IndexMap<String, Template>,
    token: TokenPlace,
    connection: Vec<(Reference, Held)>,
}

impl Signer for JwtCredentials {
    fn sign(
        &self,
        request: &mut RequestSpec,
        _: Option<&Secret>,
        moment: &Moment,
    ) -> Result<Vec<Secret>, AuthFault> {
        let derived = RefCell::new(Vec::new());
        let token = {
            let scope = SigningScope {
                request,
                moment,
                connection: &self.connection,
                signature: None,
                derived: &derived,
            };
            let mut headers = Map::new();
            if let Some(key_id) = &self.key_id {
                headers.insert("kid".to_owned(), Value::from(key_id.expose()));
            }
            for (name, template) in &self.headers {
                let value = template.value(&scope).map_err(AuthFault::Template)?;
                headers.extend(value.map(|value| (name.clone(), value)));
            }
            let mut claims = Map::new();
            let [issued, end] = times(self.lifetime, moment);
            claims.insert("iat".to_owned(), issued.into());
            claims.insert("exp".to_owned(), end.into());
            for (name, template) in &self.claims {
                let value = template.value(&scope).map_err(AuthFault::Template)?;
                claims.extend(value.map(|value| (name.clone(), value)));
            }
            sign(self.algorithm, &self.key, headers, &claims)?
        };
        self.token.put(token.expose(), request)?;
        let mut secrets = derived.into_inner();
        secrets.push(token);
        Ok(secrets)
    }

    fn parameters(&self) -> Vec<&str> {
        match self.token.place {
            CredentialPlace::Query => vec![&self.token.name],
            CredentialPlace::Header | CredentialPlace::Cookie => Vec::new(),
        }
    }
}
