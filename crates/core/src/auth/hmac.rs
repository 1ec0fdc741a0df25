//! Request signing that is described as data: an HMAC (RFC 2104), a digest or an Ed25519 signature over a message made of
//! parts of the request.
//!
//! ```text
//! headers and query without the signature ─▶ message ─ HMAC ─▶ headers and query with it
//! ```

use std::cell::RefCell;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use indexmap::IndexMap;
use ring::hmac;
use ring::signature::Ed25519KeyPair;
use rustls_pki_types::PrivateKeyDer;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::credential::{credential, set_sensitive};
use super::hash::{Hash, from_hex, hex};
use super::pending::Signer;
use super::scheme::{entries, given, keyed, nested};
use super::signing::{Held, SigningScope, held, signed_bytes};
use super::{Applying, AuthFault, AuthScheme, CredentialPlace, Demand, InCurl, Keyed, Pending};
use crate::inject::header::{header_name, header_value};
use crate::inject::query::push_parameter;
use crate::moment::Moment;
use crate::pem;
use crate::request::RequestSpec;
use crate::secret::Secret;
use crate::template::{Reference, Root, Scope, Template};

/// A key with which a message made of parts of the request is signed, or a digest of that message.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hmac {
    /// How the signature is made.
    pub algorithm: HmacAlgorithm,
    /// The key; a plain digest has none.
    pub key: Option<Template>,
    /// How the key's bytes are written; as text by default.
    #[serde(default)]
    pub key_encoding: KeyEncoding,
    /// What is signed; may use `signing` besides `connection`.
    pub message: Template,
    /// How the signature's bytes are written; hexadecimal by default.
    #[serde(default)]
    pub signature_encoding: SignatureEncoding,
    /// Headers to set, by name; may use `signing`. Those with `signing.signature` are set last.
    #[serde(default)]
    pub headers: IndexMap<String, Template>,
    /// Query parameters to add after the request's own, by name; may use `signing`. Those with
    /// `signing.signature` are added last.
    #[serde(default)]
    pub query: IndexMap<String, Template>,
}

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HmacAlgorithm {
    /// HMAC with SHA-1.
    Sha1,
    /// HMAC with SHA-256.
    Sha256,
    /// HMAC with SHA-384.
    Sha384,
    /// HMAC with SHA-512.
    Sha512,
    /// MD5 of the message alone, without a key.
    DigestMd5,
    /// SHA-1 of the message alone.
    DigestSha1,
    /// SHA-256 of the message alone.
    DigestSha256,
    /// SHA-512 of the message alone.
    DigestSha512,
    /// Ed25519 (RFC 8032): the key is a private key in PEM (PKCS #8), or its 32 bytes in `base64` or `hex`.
    Ed25519,
}

impl HmacAlgorithm {
    /// The digest, where there is no key.
    fn digest(self) -> Option<Hash> {
        match self {
            HmacAlgorithm::DigestMd5 => Some(Hash::Md5),
            HmacAlgorithm::DigestSha1 => Some(Hash::Sha1),
            HmacAlgorithm::DigestSha256 => Some(Hash::Sha256),
            HmacAlgorithm::DigestSha512 => Some(Hash::Sha512),
            _ => None,
        }
    }
}

/// How the bytes of a key are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum KeyEncoding {
    /// The text's own bytes.
    #[default]
    Utf8,
    /// Base64 (RFC 4648, section 4), with or without `=` at its end.
    Base64,
    /// Hexadecimal digits.
    Hex,
}

/// How the bytes of a signature are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SignatureEncoding {
    /// Lower-case hexadecimal digits.
    #[default]
    Hex,
    /// Base64 (RFC 4648, section 4).
    Base64,
    /// Base64 for URLs (RFC 4648, section 5), without `=` at its end.
    Base64url,
}

/// What a request is signed with.
#[derive(Clone, Debug)]
pub(crate) struct HmacCredentials {
    algorithm: HmacAlgorithm,
    /// As it is written; of a digest, empty.
    key: Secret,
    key_encoding: KeyEncoding,
    message: Template,
    signature_encoding: SignatureEncoding,
    headers: Vec<(String, Template)>,
    query: Vec<(String, Template)>,
    connection: Vec<(Reference, Held)>,
}

/// `key` has only `connection` in scope, the others `signing` as well; `message` lacks `signing.signature`.
impl AuthScheme for Hmac {
    fn templates(&self) -> Keyed<'_> {
        given([("key", &self.key)]).collect()
    }

    fn signing_templates(&self) -> Keyed<'_> {
        let message = keyed([("message", &self.message)]);
        message
            .chain(entries("headers", &self.headers))
            .chain(entries("query", &self.query))
            .collect()
    }

    fn puts(&self) -> Vec<(CredentialPlace, &str)> {
        let headers = self.headers.keys().map(|name| (CredentialPlace::Header, name.as_str()));
        headers
            .chain(self.query.keys().map(|name| (CredentialPlace::Query, name.as_str())))
            .collect()
    }

    fn apply(
        &self,
        _: &mut RequestSpec,
        with: &mut Applying<'_>,
    ) -> Result<Option<Pending>, AuthFault> {
        self.resolve(with.scope).map(Pending::new).map(Some)
    }

    fn demands(&self) -> Vec<(String, Demand<'_>)> {
        // Read off the text: what is in a malformed template is told too.
        let signs = |template: &Template| template.source().contains("signing.signature");
        let mut demands = Vec::new();
        match (self.algorithm.digest(), &self.key) {
            (None, None) => demands.push((String::new(), Demand::Missing(vec!["key"]))),
            (Some(_), Some(_)) => {
                let needs = "is for algorithms that have one, and a digest has none";
                demands.push(("key".to_owned(), Demand::Together { part: "key", needs }));
            }
            _ => {}
        }
        for name in self.headers.keys() {
            demands.push((nested("headers", name), Demand::Name(CredentialPlace::Header, name)));
        }
        if signs(&self.message) {
            let expected = "a text without the signature itself";
            let found = self.message.source();
            demands.push(("message".to_owned(), Demand::Form { expected, found }));
        }
        if !self.headers.values().chain(self.query.values()).any(signs) {
            let needs = "needs `signing.signature` in `headers` or `query`";
            demands.push((String::new(), Demand::Together { part: "message", needs }));
        }
        demands
    }

    fn in_words(&self, _: fn(&str) -> String) -> String {
        "the request is signed with a key".to_owned()
    }

    fn in_curl(&self) -> InCurl<'_> {
        InCurl::LeftOut
    }
}

impl Hmac {
    fn resolve(&self, scope: &dyn Scope) -> Result<HmacCredentials, AuthFault> {
        let key = match &self.key {
            Some(key) => Secret::from(&*credential(key, scope)?),
            None => Secret::from(""),
        };
        match self.algorithm {
            HmacAlgorithm::Ed25519 => ed25519(key.expose(), self.key_encoding).map(|_| ())?,
            _ => key_bytes(key.expose(), self.key_encoding).map(|_| ())?,
        }
        let connection = held(&self.signing_templates(), scope);
        let owned = |templates: &IndexMap<String, Template>| {
            templates.iter().map(|(name, template)| (name.clone(), template.clone())).collect()
        };
        Ok(HmacCredentials {
            algorithm: self.algorithm,
            key,
            key_encoding: self.key_encoding,
            message: self.message.clone(),
            signature_encoding: self.signature_encoding,
            headers: owned(&self.headers),
            query: owned(&self.query),
            connection,
        })
    }
}

impl Signer for HmacCredentials {
    /// Signs the finished request; gives back what must not be shown. A request is signed once: before it is
    /// sent again, it is made anew.
    ///
    /// # Errors
    /// [`AuthFault::Template`] where a template has no value, [`AuthFault::Header`] where a header cannot be set.
    fn sign(
        &self,
        request: &mut RequestSpec,
        _: Option<&Secret>,
        moment: &Moment,
    ) -> Result<Vec<Secret>, AuthFault> {
        if self.signs_body() {
            signed_bytes(request)?;
        }
        let derived = RefCell::new(Vec::new());
        self.add(request, moment, None, &derived)?;
        let message = {
            let scope = self.scope(request, moment, None, &derived);
            Zeroizing::new(credential(&self.message, &scope)?.into_owned())
        };
        let signature = self.signature(message.as_bytes())?;
        self.add(request, moment, Some(&signature), &derived)?;
        let mut secrets = derived.into_inner();
        secrets.push(Secret::from(signature.as_str()));
        Ok(secrets)
    }

    fn parameters(&self) -> Vec<&str> {
        self.query.iter().map(|(name, _)| name.as_str()).collect()
    }
}

impl HmacCredentials {
    /// Whether the body is part of what is signed or sent with it.
    fn signs_body(&self) -> bool {
        let added = self.headers.iter().chain(&self.query).map(|(_, template)| template);
        let references = added.chain([&self.message]).flat_map(|template| template.references());
        references.into_iter().any(|reference| {
            let first = reference.segments.first().map_or("", String::as_str);
            reference.root == Root::Signing && first.starts_with("body")
        })
    }

    fn scope<'s>(
        &'s self,
        request: &'s RequestSpec,
        moment: &'s Moment,
        signature: Option<&'s str>,
        derived: &'s RefCell<Vec<Secret>>,
    ) -> SigningScope<'s> {
        SigningScope { request, moment, connection: &self.connection, signature, derived }
    }

    /// Adds the query parameters and headers that use the signature, or those that do not.
    fn add(
        &self,
        request: &mut RequestSpec,
        moment: &Moment,
        signature: Option<&str>,
        derived: &RefCell<Vec<Secret>>,
    ) -> Result<(), AuthFault> {
        let text = |template: &Template, request: &RequestSpec| {
            let scope = self.scope(request, moment, signature, derived);
            let text = template.text(&scope).map_err(AuthFault::Template)?;
            Ok(text.map(|text| Zeroizing::new(text.into_owned())))
        };
        for (name, template) in &self.query {
            if uses_signature(template) != signature.is_some() {
                continue;
            }
            let Some(value) = text(template, request)? else { continue };
            let mut query = Zeroizing::new(request.url.query().unwrap_or_default().to_owned());
            push_parameter(name, &value, &mut query);
            request.url.set_query(Some(&query));
        }
        for (name, template) in &self.headers {
            if uses_signature(template) != signature.is_some() {
                continue;
            }
            let Some(value) = text(template, request)? else { continue };
            let name = header_name(name).map_err(AuthFault::Header)?;
            if signature.is_some() || refers_to(template, Root::Connection) {
                set_sensitive(request, name, &value)?;
            } else {
                let value = header_value(name.as_str(), &value).map_err(AuthFault::Header)?;
                request.headers.insert(name, value);
            }
        }
        Ok(())
    }

    fn signature(&self, message: &[u8]) -> Result<Zeroizing<String>, AuthFault> {
        let keyed = |algorithm| -> Result<Vec<u8>, AuthFault> {
            let key = key_bytes(self.key.expose(), self.key_encoding)?;
            Ok(hmac::sign(&hmac::Key::new(algorithm, &key), message).as_ref().to_vec())
        };
        let tag = match (self.algorithm, self.algorithm.digest()) {
            (_, Some(hash)) => hash.digest(message),
            (HmacAlgorithm::Sha1, _) => keyed(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY)?,
            (HmacAlgorithm::Sha256, _) => keyed(hmac::HMAC_SHA256)?,
            (HmacAlgorithm::Sha384, _) => keyed(hmac::HMAC_SHA384)?,
            (HmacAlgorithm::Sha512, _) => keyed(hmac::HMAC_SHA512)?,
            (_, None) => {
                ed25519(self.key.expose(), self.key_encoding)?.sign(message).as_ref().to_vec()
            }
        };
        let tag = Zeroizing::new(tag);
        Ok(Zeroizing::new(match self.signature_encoding {
            SignatureEncoding::Hex => hex(&tag),
            SignatureEncoding::Base64 => STANDARD.encode(&*tag),
            SignatureEncoding::Base64url => URL_SAFE_NO_PAD.encode(&*tag),
        }))
    }
}

fn refers_to(template: &Template, root: Root) -> bool {
    template.references().iter().any(|reference| reference.root == root)
}

fn uses_signature(template: &Template) -> bool {
    template.references().iter().any(|reference| {
        reference.root == Root::Signing
            && reference.segments.first().is_some_and(|name| name == "signature")
    })
}

/// The key's bytes.
///
/// # Errors
/// [`AuthFault::Key`].
fn key_bytes(text: &str, encoding: KeyEncoding) -> Result<Zeroizing<Vec<u8>>, AuthFault> {
    const BASE64: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let (bytes, encoding) = match encoding {
        KeyEncoding::Utf8 => (Some(text.as_bytes().to_vec()), "utf8"),
        KeyEncoding::Base64 => (BASE64.decode(text).ok(), "base64"),
        KeyEncoding::Hex => (from_hex(text), "hex"),
    };
    bytes.map(Zeroizing::new).ok_or(AuthFault::KeyEncoding { encoding })
}

/// A private key of Ed25519: in PEM, or the 32 bytes that it is made of, which the public ones may follow.
fn ed25519(text: &str, encoding: KeyEncoding) -> Result<Ed25519KeyPair, AuthFault> {
    let no_key = |_| AuthFault::Key { reason: "it is no Ed25519 key" };
    if encoding == KeyEncoding::Utf8 {
        let key = pem::private_key(text, None).map_err(|reason| AuthFault::Key { reason })?;
        let PrivateKeyDer::Pkcs8(der) = key else {
            return Err(AuthFault::Key { reason: "an Ed25519 key in PKCS #8 is needed" });
        };
        return Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()).map_err(no_key);
    }
    let bytes = key_bytes(text, encoding)?;
    match bytes.as_chunks::<32>() {
        ([seed], []) => Ed25519KeyPair::from_seed_unchecked(seed).map_err(no_key),
        ([seed, public], []) => {
            Ed25519KeyPair::from_seed_and_public_key(seed, public).map_err(no_key)
        }
        _ => Err(AuthFault::Key { reason: "it is neither 32 nor 64 bytes" }),
    }
}

#[cfg(test)]
mod tests;
