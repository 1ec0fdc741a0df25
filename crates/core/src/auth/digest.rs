//! Digest: a challenge is answered with a hash of the password, which itself is not sent (RFC 7616; RFC 2617
//! and RFC 2069 where a server offers no `qop`).
//!
//! ```text
//! request ─▶ 401 with WWW-Authenticate ─ answer ─▶ the same request with Authorization
//! ```
//! Whether the request is sent again is the call's. `Authentication-Info` is not looked at.

use http::header::{AUTHORIZATION, GetAll};
use http::{HeaderMap, HeaderValue};
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;
use url::Position;
use zeroize::Zeroizing;

use super::challenge::{Challenge, challenges};
use super::credential::credential;
use super::hash::Hash;
use super::pending::{ChallengeAnswer, Signer};
use super::scheme::keyed;
use super::signing::signed_bytes;
use super::{Applying, AuthFault, AuthScheme, CredentialPlace, InCurl, Keyed, Pending};
use crate::encoding::UNRESERVED;
use crate::inject::header::HeaderFault;
use crate::moment::Moment;
use crate::request::RequestSpec;
use crate::secret::Secret;
use crate::template::{Scope, Template};

/// User and password for a server's challenge (RFC 7616).
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Digest {
    /// The user.
    pub username: Template,
    /// The password; may be empty.
    pub password: Template,
}

/// What a challenge is answered with.
#[derive(Clone, Debug)]
pub(crate) struct DigestCredentials {
    username: Secret,
    password: Secret,
}

impl AuthScheme for Digest {
    fn templates(&self) -> Keyed<'_> {
        keyed([("username", &self.username), ("password", &self.password)]).collect()
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
        "Digest authentication".to_owned()
    }

    fn in_curl(&self) -> InCurl<'_> {
        let (username, password) = (&self.username, &self.password);
        InCurl::User { options: "--digest --user", username, password }
    }
}

impl Digest {
    fn resolve(&self, scope: &dyn Scope) -> Result<DigestCredentials, AuthFault> {
        let username = credential(&self.username, scope)?;
        if let Some(found) = username.chars().find(|c| c.is_control()) {
            let name = AUTHORIZATION.as_str().to_owned();
            return Err(AuthFault::Header(HeaderFault::Value { name, found }));
        }
        Ok(DigestCredentials {
            username: Secret::from(&*username),
            password: Secret::from(&*credential(&self.password, scope)?),
        })
    }
}

impl Signer for DigestCredentials {
    /// Nothing is known before the server's challenge.
    fn sign(
        &self,
        _: &mut RequestSpec,
        _: Option<&Secret>,
        _: &Moment,
    ) -> Result<Vec<Secret>, AuthFault> {
        Ok(Vec::new())
    }

    fn answers(&self) -> bool {
        true
    }

    fn answer(
        &self,
        headers: &HeaderMap,
        request: &mut RequestSpec,
        moment: &Moment,
    ) -> Result<Option<ChallengeAnswer>, AuthFault> {
        // Each answer has a nonce of its own, so it is always the first with it.
        self.answer_with(&challenge_fields(headers), request, &moment.nonce_hex(), 1)
    }
}

impl DigestCredentials {
    /// Answers the strongest of the challenges with `Authorization`; `None` where none is a Digest challenge
    /// that is understood. `count` says how often its nonce was answered, this time included.
    ///
    /// # Errors
    /// [`AuthFault::Header`] where a challenge holds what no header may.
    fn answer_with(
        &self,
        fields: &GetAll<'_, HeaderValue>,
        request: &mut RequestSpec,
        client_nonce: &str,
        count: u32,
    ) -> Result<Option<ChallengeAnswer>, AuthFault> {
        let all: Vec<Challenge> =
            fields.iter().flat_map(|field| challenges(field.as_bytes())).collect();
        let mut best: Option<Offer<'_>> = None;
        for offer in all.iter().filter_map(Offer::read) {
            // Of two that are as strong, the server prefers the first.
            if best.as_ref().is_none_or(|best| offer.strength() > best.strength()) {
                best = Some(offer);
            }
        }
        let Some(offer) = best else { return Ok(None) };
        let response = self.response(&offer, request, client_nonce, count)?;
        let derived = vec![Secret::from(response.as_str())];
        let header = self.header(&offer, request, client_nonce, count, &response);
        let mut header = HeaderValue::from_bytes(&header).map_err(|_| {
            let found = header.iter().find(|byte| byte.is_ascii_control() && **byte != b'\t');
            AuthFault::Header(HeaderFault::Value {
                name: AUTHORIZATION.as_str().to_owned(),
                found: found.map_or(char::REPLACEMENT_CHARACTER, |byte| char::from(*byte)),
            })
        })?;
        header.set_sensitive(true);
        request.headers.insert(AUTHORIZATION, header);
        Ok(Some(ChallengeAnswer { stale: offer.stale, derived }))
    }

    /// The response (RFC 7616, section 3.4.1; without `qop`, RFC 2617, section 3.2.2.1).
    fn response(
        &self,
        offer: &Offer<'_>,
        request: &RequestSpec,
        client_nonce: &str,
        count: u32,
    ) -> Result<Zeroizing<String>, AuthFault> {
        let hash = |parts: &[&[u8]]| {
            Zeroizing::new(offer.hash.hex(&Zeroizing::new(parts.join(b":".as_slice()))))
        };
        let (user, password) = (self.username.expose(), self.password.expose());
        let mut a1 = hash(&[user.as_bytes(), offer.realm, password.as_bytes()]);
        if offer.session {
            a1 = hash(&[a1.as_bytes(), offer.nonce, client_nonce.as_bytes()]);
        }
        let (method, uri) = (request.method.as_str().as_bytes(), target(request).as_bytes());
        let a2 = match offer.qop {
            Some(Qop::AuthInt) => {
                let body = signed_bytes(request)?;
                hash(&[method, uri, offer.hash.hex(body).as_bytes()])
            }
            Some(Qop::Auth) | None => hash(&[method, uri]),
        };
        Ok(match offer.qop {
            Some(qop) => hash(&[
                a1.as_bytes(),
                offer.nonce,
                format!("{count:08x}").as_bytes(),
                client_nonce.as_bytes(),
                qop.name().as_bytes(),
                a2.as_bytes(),
            ]),
            None => hash(&[a1.as_bytes(), offer.nonce, a2.as_bytes()]),
        })
    }

    /// The value of `Authorization` (RFC 7616, section 3.4).
    fn header(
        &self,
        offer: &Offer<'_>,
        request: &RequestSpec,
        client_nonce: &str,
        count: u32,
        response: &str,
    ) -> Zeroizing<Vec<u8>> {
        let mut header = Zeroizing::new(b"Digest ".to_vec());
        let user = self.username.expose();
        if offer.userhash {
            let hashed = offer.hash.hex(&[user.as_bytes(), offer.realm].join(b":".as_slice()));
            push_quoted(&mut header, "username", hashed.as_bytes());
        } else if user.is_ascii() {
            push_quoted(&mut header, "username", user.as_bytes());
        } else {
            // RFC 8187, section 3.2; what may stand there as it is includes the unreserved characters.
            let extended = format!("UTF-8''{}", utf8_percent_encode(user, UNRESERVED));
            push(&mut header, "username*", extended.as_bytes());
        }
        push_quoted(&mut header, "realm", offer.realm);
        push_quoted(&mut header, "uri", target(request).as_bytes());
        if let Some(algorithm) = offer.algorithm {
            push(&mut header, "algorithm", algorithm.as_bytes());
        }
        push_quoted(&mut header, "nonce", offer.nonce);
        if let Some(qop) = offer.qop {
            push(&mut header, "nc", format!("{count:08x}").as_bytes());
            push(&mut header, "qop", qop.name().as_bytes());
        }
        if offer.qop.is_some() || offer.session {
            push_quoted(&mut header, "cnonce", client_nonce.as_bytes());
        }
        push_quoted(&mut header, "response", response.as_bytes());
        if let Some(opaque) = offer.opaque {
            push_quoted(&mut header, "opaque", opaque);
        }
        if offer.userhash {
            push(&mut header, "userhash", b"true");
        }
        header
    }
}

/// The path and query, as they are sent.
fn target(request: &RequestSpec) -> &str {
    &request.url[Position::BeforePath..Position::AfterQuery]
}

fn push(header: &mut Vec<u8>, name: &str, value: &[u8]) {
    if !header.ends_with(b"Digest ") {
        header.extend(b", ");
    }
    header.extend(name.as_bytes());
    header.push(b'=');
    header.extend(value);
}

fn push_quoted(header: &mut Vec<u8>, name: &str, value: &[u8]) {
    let mut quoted = Zeroizing::new(Vec::with_capacity(value.len() + 2));
    quoted.push(b'"');
    for byte in value {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(*byte);
    }
    quoted.push(b'"');
    push(header, name, &quoted);
}

/// What the response covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Qop {
    /// Method and target.
    Auth,
    /// The body as well.
    AuthInt,
}

impl Qop {
    fn name(self) -> &'static str {
        match self {
            Qop::Auth => "auth",
            Qop::AuthInt => "auth-int",
        }
    }
}

/// A challenge that is understood.
struct Offer<'c> {
    realm: &'c [u8],
    nonce: &'c [u8],
    opaque: Option<&'c [u8]>,
    /// As it is named; `None` where the server named none and means MD5.
    algorithm: Option<&'static str>,
    hash: Hash,
    session: bool,
    qop: Option<Qop>,
    userhash: bool,
    stale: bool,
}

/// Name, hash, and whether the password's hash is mixed with the nonces.
const ALGORITHMS: &[(&str, Hash, bool)] = &[
    ("MD5", Hash::Md5, false),
    ("MD5-sess", Hash::Md5, true),
    ("SHA-256", Hash::Sha256, false),
    ("SHA-256-sess", Hash::Sha256, true),
    // Not in the RFC; some servers and Python's clients speak it.
    ("SHA-512", Hash::Sha512, false),
    ("SHA-512-sess", Hash::Sha512, true),
    ("SHA-512-256", Hash::Sha512Slash256, false),
    ("SHA-512-256-sess", Hash::Sha512Slash256, true),
];

impl<'c> Offer<'c> {
    /// `None` where it is of another scheme, lacks something, or asks for what is not known.
    fn read(challenge: &'c Challenge) -> Option<Offer<'c>> {
        if !challenge.scheme.eq_ignore_ascii_case("digest") || challenge.is_ambiguous() {
            return None;
        }
        let is = |name: &str, expected: &str| {
            challenge.get(name).is_some_and(|value| value.eq_ignore_ascii_case(expected.as_bytes()))
        };
        let (algorithm, hash, session) = match challenge.get("algorithm") {
            None => (None, Hash::Md5, false),
            Some(value) => {
                let (name, hash, session) = ALGORITHMS
                    .iter()
                    .find(|(name, ..)| value.eq_ignore_ascii_case(name.as_bytes()))?;
                (Some(*name), *hash, *session)
            }
        };
        Some(Offer {
            realm: challenge.get("realm")?,
            nonce: challenge.get("nonce")?,
            opaque: challenge.get("opaque"),
            algorithm,
            hash,
            session,
            qop: qop(challenge.get("qop"))?,
            userhash: is("userhash", "true"),
            stale: is("stale", "true"),
        })
    }

    fn strength(&self) -> u8 {
        match self.hash {
            Hash::Md5 | Hash::Sha1 => 0,
            Hash::Sha256 => 1,
            Hash::Sha512 | Hash::Sha512Slash256 => 2,
        }
    }
}

/// What of a list of `qop`s is used; `None` where the server wants one and none is known.
fn qop(list: Option<&[u8]>) -> Option<Option<Qop>> {
    let Some(list) = list.filter(|list| !list.is_empty()) else { return Some(None) };
    let offers = |qop: Qop| {
        list.split(|byte| *byte == b',')
            .any(|token| token.trim_ascii().eq_ignore_ascii_case(qop.name().as_bytes()))
    };
    [Qop::Auth, Qop::AuthInt].into_iter().find(|qop| offers(*qop)).map(Some)
}

/// The challenges of a reply.
#[must_use]
fn challenge_fields(headers: &HeaderMap) -> GetAll<'_, HeaderValue> {
    headers.get_all(http::header::WWW_AUTHENTICATE)
}

#[cfg(test)]
mod tests;
