//! AWS Signature Version 4 in the `Authorization` header.
//!
//! ```text
//! request ─▶ canonical request ─▶ string to sign ─ key of day, region and service ─▶ signature
//! ```
//! Signed URLs (the parameters in the query), signed chunks of a body and Version 4A are not here.

use std::collections::BTreeMap;

use http::HeaderName;
use http::header::AUTHORIZATION;
use percent_encoding::{AsciiSet, percent_decode_str, percent_encode, utf8_percent_encode};
use ring::hmac;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::credential::{credential, optional_credential, set_sensitive};
use super::dates::iso8601_basic;
use super::hash::{Hash, hex};
use super::pairs::encoded_pairs;
use super::pending::Signer;
use super::scheme::{given, keyed};
use super::signing::signed_bytes;
use super::{Applying, AuthFault, AuthScheme, CredentialPlace, InCurl, Keyed, Pending};
use crate::encoding::UNRESERVED;
use crate::inject::header::header_value;
use crate::moment::Moment;
use crate::request::RequestSpec;
use crate::secret::Secret;
use crate::template::{Scope, Template};

/// An access key of AWS, with which each request is signed.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AwsSigV4 {
    /// Names the key.
    pub access_key_id: Template,
    /// The key.
    pub secret_access_key: Template,
    /// The session's token, where the key is a temporary one.
    pub session_token: Option<Template>,
    /// The region, such as `us-east-1`.
    pub region: Template,
    /// The service's name in signatures, such as `execute-api` or `s3`.
    pub service: Template,
}

/// What a request is signed with.
#[derive(Clone, Debug)]
pub(crate) struct AwsSigV4Credentials {
    access_key_id: Secret,
    secret_access_key: Secret,
    session_token: Option<Secret>,
    region: String,
    service: String,
}

/// In what services differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rules {
    /// Dot segments and empty segments are taken out of the path.
    normalize: bool,
    /// The path that is sent is encoded once more; otherwise it is encoded once, whatever it was.
    encode_again: bool,
    /// The body's digest is a header as well.
    content_header: bool,
}

/// A request as both sides write it down.
struct Canonical {
    text: Zeroizing<String>,
    /// The names of the headers that are signed.
    signed_headers: String,
}

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const CONTENT: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Headers that are never signed: something on the way may change them, or they are the signature.
const UNSIGNED: &[&str] = &[
    "accept-encoding",
    "authorization",
    "connection",
    "expect",
    "transfer-encoding",
    "user-agent",
    "x-amzn-trace-id",
];

impl AuthScheme for AwsSigV4 {
    fn templates(&self) -> Keyed<'_> {
        let always = keyed([
            ("accessKeyId", &self.access_key_id),
            ("secretAccessKey", &self.secret_access_key),
            ("region", &self.region),
            ("service", &self.service),
        ]);
        always.chain(given([("sessionToken", &self.session_token)])).collect()
    }

    fn puts(&self) -> Vec<(CredentialPlace, &str)> {
        vec![(CredentialPlace::Header, "Authorization")]
    }

    fn apply(
        &self,
        _: &mut RequestSpec,
        with: &mut Applying<'_>,
    ) -> Result<Option<Pending>, AuthFault> {
        self.resolve(with.scope).map(Pending::new).map(Some)
    }

    fn in_words(&self, _: fn(&str) -> String) -> String {
        "AWS Signature Version 4".to_owned()
    }

    fn in_curl(&self) -> InCurl<'_> {
        InCurl::LeftOut
    }
}

impl AwsSigV4 {
    fn resolve(&self, scope: &dyn Scope) -> Result<AwsSigV4Credentials, AuthFault> {
        Ok(AwsSigV4Credentials {
            access_key_id: Secret::from(&*credential(&self.access_key_id, scope)?),
            secret_access_key: Secret::from(&*credential(&self.secret_access_key, scope)?),
            session_token: optional_credential(self.session_token.as_ref(), scope)?,
            region: credential(&self.region, scope)?.into_owned(),
            service: credential(&self.service, scope)?.into_owned(),
        })
    }
}

impl Signer for AwsSigV4Credentials {
    /// Signs the finished request with all its headers; gives back what was derived from the key.
    ///
    /// # Errors
    /// [`AuthFault::Header`] where a credential cannot stand in a header.
    fn sign(
        &self,
        request: &mut RequestSpec,
        _: Option<&Secret>,
        moment: &Moment,
    ) -> Result<Vec<Secret>, AuthFault> {
        let signature = self.sign_by(request, moment, Rules::of(&self.service))?;
        Ok(vec![Secret::from(signature.as_str())])
    }
}

impl AwsSigV4Credentials {
    fn sign_by(
        &self,
        request: &mut RequestSpec,
        moment: &Moment,
        rules: Rules,
    ) -> Result<Zeroizing<String>, AuthFault> {
        let date = iso8601_basic(moment.unix_seconds);
        let body = signed_bytes(request)?;
        let payload = Hash::Sha256.hex(body);
        let mut plain = vec![(DATE, date.as_str())];
        plain.extend(rules.content_header.then_some((CONTENT, payload.as_str())));
        for (name, text) in plain {
            let value = header_value(name.as_str(), text).map_err(AuthFault::Header)?;
            request.headers.insert(name, value);
        }
        if let Some(token) = &self.session_token {
            set_sensitive(request, TOKEN, token.expose())?;
        }
        let path = canonical_path(request.url.path(), rules);
        if !rules.encode_again {
            // S3 reads a plain `+` as a space and compares with its own encoding: what is signed is sent.
            request.url.set_path(&path);
        }
        let canonical = canonical_request(request, &path, &payload);
        let signature = self.signature(&date, &self.string_to_sign(&date, &canonical));
        let authorization = self.authorization(&date, &canonical, &signature);
        set_sensitive(request, AUTHORIZATION, &authorization)?;
        Ok(signature)
    }

    /// What a key is good for: a day, a region and a service.
    fn credential_scope(&self, date: &str) -> String {
        format!("{}/{}/{}/aws4_request", day(date), self.region, self.service)
    }

    fn string_to_sign(&self, date: &str, canonical: &Canonical) -> String {
        let digest = Hash::Sha256.hex(canonical.text.as_bytes());
        format!("AWS4-HMAC-SHA256\n{date}\n{}\n{digest}", self.credential_scope(date))
    }

    fn signature(&self, date: &str, string_to_sign: &str) -> Zeroizing<String> {
        let keyed = |key: &[u8], message: &str| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, key);
            Zeroizing::new(hmac::sign(&key, message.as_bytes()).as_ref().to_vec())
        };
        let first = Zeroizing::new(format!("AWS4{}", self.secret_access_key.expose()));
        let mut key = keyed(first.as_bytes(), day(date));
        for message in [self.region.as_str(), self.service.as_str(), "aws4_request"] {
            key = keyed(&key, message);
        }
        Zeroizing::new(hex(&keyed(&key, string_to_sign)))
    }

    fn authorization(
        &self,
        date: &str,
        canonical: &Canonical,
        signature: &str,
    ) -> Zeroizing<String> {
        Zeroizing::new(format!(
            "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={signature}",
            self.access_key_id.expose(),
            self.credential_scope(date),
            canonical.signed_headers,
        ))
    }
}

/// `20150830` of `20150830T123600Z`.
fn day(date: &str) -> &str {
    date.split('T').next().unwrap_or_default()
}

/// Writes down what is in the request, with a path of its own.
fn canonical_request(request: &RequestSpec, path: &str, payload: &str) -> Canonical {
    let headers = canonical_headers(request);
    let signed_headers = headers.keys().map(String::as_str).collect::<Vec<_>>().join(";");
    let query = canonical_query(request.url.query().unwrap_or_default());
    let mut text = Zeroizing::new(format!("{}\n{path}\n{query}\n", request.method));
    for (name, value) in &headers {
        text.push_str(name);
        text.push(':');
        text.push_str(value);
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&signed_headers);
    text.push('\n');
    text.push_str(payload);
    Canonical { text, signed_headers }
}

impl Rules {
    /// S3 takes paths as they are and wants the body's digest as a header; the others do neither.
    fn of(service: &str) -> Rules {
        let is_s3 = matches!(service, "s3" | "s3-object-lambda" | "s3-outposts");
        Rules { normalize: !is_s3, encode_again: !is_s3, content_header: is_s3 }
    }
}

/// The path of the canonical request, from the path that is sent.
fn canonical_path(path: &str, rules: Rules) -> String {
    const PATH: &AsciiSet = &UNRESERVED.remove(b'/');
    let path = if rules.normalize { normalized(path) } else { path.to_owned() };
    let path = if path.is_empty() { "/" } else { &path };
    if rules.encode_again {
        return utf8_percent_encode(path, PATH).to_string();
    }
    // S3 decodes all of it: to S3 an encoded slash is one. Where it would come to dot segments, which a URL cannot keep,
    // it stays encoded.
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    let dots = decoded.split(|byte| *byte == b'/').any(|part| matches!(part, b"." | b".."));
    if !dots {
        return percent_encode(&decoded, PATH).to_string();
    }
    let segments = path.split('/').map(|segment| {
        let bytes: Vec<u8> = percent_decode_str(segment).collect();
        percent_encode(&bytes, UNRESERVED).to_string()
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Without dot segments (RFC 3986, section 5.2.4) and without empty segments but a last one.
fn normalized(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let is_folder = matches!(path.rsplit('/').next(), Some("" | "." | ".."));
    let end = if is_folder && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

/// The parameters, encoded and sorted.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = encoded_pairs(query).collect();
    pairs.sort();
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
    pairs.collect::<Vec<_>>().join("&")
}

/// Names in lower case, sorted; values without needless spaces, several of one name joined.
fn canonical_headers(request: &RequestSpec) -> BTreeMap<String, Zeroizing<String>> {
    let mut headers = BTreeMap::new();
    let url = &request.url;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = Zeroizing::new(format!("{}{port}", url.host_str().unwrap_or_default()));
    headers.insert("host".to_owned(), host);
    for name in request.headers.keys() {
        if UNSIGNED.contains(&name.as_str()) {
            continue;
        }
        let mut joined = Zeroizing::new(String::new());
        for (index, value) in request.headers.get_all(name).iter().enumerate() {
            if index > 0 {
                joined.push(',');
            }
            let text = String::from_utf8_lossy(value.as_bytes());
            for (index, word) in text.split_ascii_whitespace().enumerate() {
                if index > 0 {
                    joined.push(' ');
                }
                joined.push_str(word);
            }
        }
        headers.insert(name.as_str().to_owned(), joined);
    }
    headers
}

#[cfg(test)]
mod tests;
