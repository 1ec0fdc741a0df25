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
use schemars::JsonSchema;
use serde::Deserialize;
use url::Position;
use zeroize::Zeroizing;

use super::challenge::{Challenge, challenges};
use super::credential::credential;
use super::hash::Hash;
use super::pending::{ChallengeAnswer, Signer};
use super::scheme::keyed;
use super::{Applying, AuthFault, AuthScheme, InCurl, Keyed, Pending, Place};
use crate::encoding::UNRESERVED;
use crate::inject::header::HeaderFault;
use crate::moment::Moment;
use crate::request::RequestSpec;
use crate::secret::Secret;
use crate::template::{Scope, Template};

/// User and password for a server's challenge (RFC 7616).
#[derive(Debug, Deserialize, JsonSchema)]
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

    fn puts(&self) -> Vec<(Place, &str)> {
        vec![(Place::Header, "Authorization")]
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
        let response = self.response(&offer, request, client_nonce, count);
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
    ) -> Zeroizing<String> {
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
                let body = request.body.as_ref().map_or([].as_slice(), |body| &body.bytes);
                hash(&[method, uri, offer.hash.hex(body).as_bytes()])
            }
            Some(Qop::Auth) | None => hash(&[method, uri]),
        };
        match offer.qop {
            Some(qop) => hash(&[
                a1.as_bytes(),
                offer.nonce,
                format!("{count:08x}").as_bytes(),
                client_nonce.as_bytes(),
                qop.name().as_bytes(),
                a2.as_bytes(),
            ]),
            None => hash(&[a1.as_bytes(), offer.nonce, a2.as_bytes()]),
        }
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
            Hash::Md5 => 0,
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
mod tests {
    use http::Method;
    use http::header::WWW_AUTHENTICATE;

    use super::*;
    use crate::auth::tests::{Fields, body, header, request};
    use crate::request::BodyKind;

    fn credentials(username: &str, password: &str) -> DigestCredentials {
        let declaration = serde_json::json!({
            "username": "<<connection.User>>", "password": "<<connection.Password>>",
        });
        let digest: Digest = serde_json::from_value(declaration).unwrap();
        digest.resolve(&Fields::new(&[("User", username), ("Password", password)])).unwrap()
    }

    fn reply(fields: &[&str]) -> HeaderMap {
        let field =
            |text: &&str| (WWW_AUTHENTICATE, HeaderValue::from_bytes(text.as_bytes()).unwrap());
        fields.iter().map(field).collect()
    }

    fn answered(
        credentials: &DigestCredentials,
        fields: &[&str],
        request: &mut RequestSpec,
        client_nonce: &str,
    ) -> Option<ChallengeAnswer> {
        let reply = reply(fields);
        credentials.answer_with(&challenge_fields(&reply), request, client_nonce, 1).unwrap()
    }

    /// The header that answers a GET.
    fn answer(
        credentials: &DigestCredentials,
        fields: &[&str],
        url: &str,
        client_nonce: &str,
    ) -> String {
        let mut request = request(Method::GET, url);
        answered(credentials, fields, &mut request, client_nonce).unwrap();
        header(&request, "authorization")
    }

    const SHA256_OF_THE_RFC: &str = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
        algorithm=SHA-256, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
        opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
    const MD5_OF_THE_RFC: &str = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
        algorithm=MD5, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
        opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
    const CLIENT_NONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    const PAGE: &str = "http://www.example.org/dir/index.html";

    /// RFC 7616, section 3.9.1, both answers.
    #[test]
    fn rfc7616_md5_and_sha256() {
        let mufasa = credentials("Mufasa", "Circle of Life");
        let expected = |algorithm: &str, response: &str| {
            format!(
                "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
                 algorithm={algorithm}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                 nc=00000001, qop=auth, cnonce=\"{CLIENT_NONCE}\", response=\"{response}\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            )
        };
        let md5 = expected("MD5", "8ca523f5e9506fed4657c9700eebdbec");
        assert_eq!(answer(&mufasa, &[MD5_OF_THE_RFC], PAGE, CLIENT_NONCE), md5);
        let sha256 = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
        let sha256 = expected("SHA-256", sha256);
        // In fields of their own in either order, and in one field among others.
        let (one, other) = (MD5_OF_THE_RFC, SHA256_OF_THE_RFC);
        let joined = format!("Basic realm=\"x\", {one}, Negotiate, {other}");
        for fields in [[one, other], [other, one], [&joined, "Bearer"]] {
            assert_eq!(answer(&mufasa, &fields, PAGE, CLIENT_NONCE), sha256);
        }
    }

    const DOE: &str = "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
        nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
        opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8";

    /// RFC 7616, section 3.9.2, with the values of erratum 4897: those of the RFC are of SHA-512 cut short.
    #[test]
    fn rfc7616_sha512_256_with_a_hashed_user_name() {
        let doe = credentials("Jäsøn Doe", "Secret, or not?");
        let challenge = format!("{DOE}, userhash=true");
        let client_nonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
        assert_eq!(
            answer(&doe, &[&challenge], "http://api.example.org/doe.json", client_nonce),
            format!(
                "Digest username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\", \
                 realm=\"api@example.org\", uri=\"/doe.json\", algorithm=SHA-512-256, \
                 nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", nc=00000001, qop=auth, \
                 cnonce=\"{client_nonce}\", \
                 response=\"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5\", \
                 opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", userhash=true"
            )
        );
        // The same response with `username*`, whose value is that of section 3.9.2's prose.
        let open = answer(&doe, &[DOE], "http://api.example.org/doe.json", client_nonce);
        assert!(
            open.starts_with("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm="),
            "{open}"
        );
        assert!(open.contains("3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"));
        assert!(!open.contains("userhash"));
    }

    /// RFC 2617, section 3.5.
    #[test]
    fn rfc2617_with_qop() {
        let challenge = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
            nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let mufasa = credentials("Mufasa", "Circle Of Life");
        assert_eq!(
            answer(&mufasa, &[challenge], "http://www.nowhere.org/dir/index.html", "0a4f113b"),
            "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", uri=\"/dir/index.html\", \
             nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", nc=00000001, qop=auth, cnonce=\"0a4f113b\", \
             response=\"6629fae49393a05397450978507c4ef1\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
        );
    }

    /// RFC 2069, section 2.4, with the response of erratum 749.
    #[test]
    fn rfc2069_without_qop() {
        let challenge = "Digest realm=\"testrealm@host.com\", \
            nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let mufasa = credentials("Mufasa", "CircleOfLife");
        assert_eq!(
            answer(&mufasa, &[challenge], "http://www.nowhere.org/dir/index.html", "unused"),
            "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", uri=\"/dir/index.html\", \
             nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
             response=\"1949323746fe6a43ef61f9606e7febea\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
        );
    }

    fn response(header: &str) -> &str {
        header.split("response=\"").nth(1).unwrap().split('"').next().unwrap()
    }

    /// No RFC has examples of these; the values were computed with Python's `hashlib` from RFC 7616, 3.4.
    #[test]
    fn sessions_and_bodies_are_mixed_in() {
        let mufasa = credentials("Mufasa", "Circle of Life");
        for (algorithm, expected) in [
            ("MD5-sess", "e783283f46242139c486a698fec7211d"),
            ("SHA-256-sess", "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"),
            (
                "SHA-512-256-sess",
                "3f2a34f923c38b0fb26dce2fdfc2ce326c23cecf86fbb1444f3e51fbbc2cb92e",
            ),
            (
                "SHA-512",
                "27d9ebedb4e86595d8b99152ce456620c8e47c48afbd771dbc4468bb758ca66e7312383d49ad044219d4a2c5c218e66c584fa00b2728798bcff9435825eed0ad",
            ),
            (
                "SHA-512-sess",
                "5bc820f8c0e5cf83d5ff0a673af99c13a028be576c765c41f23d4fb46722a44750a331317b0b8646d55243e0c06cbacf64cc061404459769fbedddb0ecfacc5f",
            ),
        ] {
            let challenge = MD5_OF_THE_RFC.replace("=MD5", &format!("={algorithm}"));
            let header = answer(&mufasa, &[&challenge], PAGE, CLIENT_NONCE);
            assert_eq!(response(&header), expected, "{algorithm}");
            assert!(header.contains(&format!("algorithm={algorithm}, ")), "{header}");
        }
        let challenge = MD5_OF_THE_RFC.replace("auth, auth-int", "auth-int");
        let empty = answer(&mufasa, &[&challenge], PAGE, CLIENT_NONCE);
        assert_eq!(response(&empty), "8804a53d3640a40a4f73cea12c5ba451");
        let mut posted = request(Method::POST, &format!("{PAGE}?a=%20b#c"));
        posted.body = body(BodyKind::Text, "hello");
        answered(&mufasa, &[&challenge], &mut posted, CLIENT_NONCE).unwrap();
        let header = header(&posted, "authorization");
        assert_eq!(response(&header), "b31a91799996e03fc24fa9e4772186d6");
        assert!(header.contains("uri=\"/dir/index.html?a=%20b\""), "{header}");
        assert!(header.contains("qop=auth-int"), "{header}");
    }

    #[test]
    fn a_session_without_qop_still_names_its_client_nonce() {
        let challenge = "Digest realm=\"r\", nonce=\"n\", algorithm=\"md5-SESS\"";
        let header = answer(&credentials("u", "p"), &[challenge], "http://a.example/", "c");
        assert!(header.contains("algorithm=MD5-sess, nonce=\"n\", cnonce=\"c\", "), "{header}");
        assert_eq!(response(&header), "254644af15666e40df975c5ae58b9796");
    }

    #[test]
    fn what_is_not_understood_is_not_answered() {
        let credentials = credentials("u", "p");
        for challenge in [
            "Basic realm=\"r\"",
            "Digest nonce=\"n\"",
            "Digest realm=\"r\"",
            "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-1",
            "Digest realm=\"r\", nonce=\"n\", qop=\"token\"",
            "Digest realm=\"r\", nonce=\"n\", nonce=\"m\"",
            "Digest realm=\"r\", nonce=\"n",
            "",
        ] {
            let mut request = request(Method::GET, "http://a.example/");
            assert!(
                answered(&credentials, &[challenge], &mut request, "c").is_none(),
                "{challenge}"
            );
            assert!(request.headers.is_empty());
        }
    }

    #[test]
    fn moment_count_and_stale_are_used() {
        let reply = reply(&["digest realm=\"r\", nonce=\"n\", qop=auth, stale=TRUE"]);
        let mut request = request(Method::GET, "http://a.example/");
        let moment = Moment { unix_seconds: 1, nonce: [0x1f; 16] };
        let answer = credentials("u", "p")
            .answer_with(&challenge_fields(&reply), &mut request, &moment.nonce_hex(), 0x1a)
            .unwrap()
            .unwrap();
        assert!(answer.stale);
        let text = header(&request, "authorization");
        let client_nonce = "1f".repeat(16);
        assert!(
            text.contains(&format!("nc=0000001a, qop=auth, cnonce=\"{client_nonce}\"")),
            "{text}"
        );
        assert_eq!(answer.derived[0].expose(), response(&text));
        assert!(request.headers["authorization"].is_sensitive());
    }

    #[test]
    fn quotes_are_escaped_and_foreign_bytes_come_back_as_they_were() {
        let mut headers = HeaderMap::new();
        let field = b"Digest realm=\"a \\\"b\\\\ \xe9\", nonce=\"n\"".as_slice();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_bytes(field).unwrap());
        let mut request = request(Method::GET, "http://a.example/");
        credentials("u\"v\\", "p")
            .answer_with(&challenge_fields(&headers), &mut request, "c", 1)
            .unwrap()
            .unwrap();
        let expected = b"Digest username=\"u\\\"v\\\\\", realm=\"a \\\"b\\\\ \xe9\", uri=\"/\"";
        assert!(request.headers["authorization"].as_bytes().starts_with(expected));
    }

    #[test]
    fn a_control_character_in_the_user_name_is_refused() {
        let digest: Digest =
            serde_json::from_str(r#"{"username": "a\nb", "password": "p"}"#).unwrap();
        let fault = digest.resolve(&Fields::new(&[])).unwrap_err();
        let name = "authorization".to_owned();
        assert_eq!(fault, AuthFault::Header(HeaderFault::Value { name, found: '\n' }));
    }
}
