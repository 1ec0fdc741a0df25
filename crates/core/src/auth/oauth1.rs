//! OAuth 1.0: each request is signed with the secrets of an application and of a token (RFC 5849, section 3).
//!
//! How a user gives an application its token (section 2) is not here; what those requests add
//! (`oauth_callback`, `oauth_verifier`) can be passed in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use ring::hmac;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::credential::{credential, optional_credential, set_sensitive};
use super::pairs::{encoded, encoded_pairs};
use super::pending::Signer;
use super::scheme::{given, keyed};
use super::{Applying, AuthFault, AuthScheme, CredentialPlace, InCurl, Keyed, Pending};
use crate::moment::Moment;
use crate::request::{BodyKind, RequestSpec};
use crate::secret::Secret;
use crate::template::{Scope, Template};

/// The parameters that are added (RFC 5849, section 3.1).
const PARAMETERS: [&str; 7] = [
    "oauth_consumer_key",
    "oauth_token",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_version",
    "oauth_signature",
];

/// An application's key and secret and a token's, with which each request is signed (RFC 5849).
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OAuth1 {
    /// The application's key.
    pub consumer_key: Template,
    /// The application's secret.
    pub consumer_secret: Template,
    /// The token; left out where only the application is known to the service.
    pub token: Option<Template>,
    /// The token's secret.
    pub token_secret: Option<Template>,
    /// How the signature is made; HMAC-SHA1 by default.
    #[serde(default)]
    pub signature_method: OAuth1SignatureMethod,
    /// The realm that the header names; no part of the signature.
    pub realm: Option<Template>,
    /// Where the parameters go; the header by default.
    #[serde(rename = "in", default)]
    pub place: OAuth1Place,
}

/// How an OAuth 1.0 signature is made (RFC 5849, section 3.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub enum OAuth1SignatureMethod {
    /// HMAC with SHA-1, the only one that every service has.
    #[default]
    #[serde(rename = "HMAC-SHA1")]
    HmacSha1,
    /// HMAC with SHA-256, where the service has it; RFC 5849 has not.
    #[serde(rename = "HMAC-SHA256")]
    HmacSha256,
    /// The secrets themselves; only over TLS.
    #[serde(rename = "PLAINTEXT")]
    Plaintext,
}

/// Where the OAuth 1.0 parameters go (RFC 5849, section 3.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OAuth1Place {
    /// `Authorization: OAuth …`.
    #[default]
    Header,
    /// Query parameters, after the request's own.
    Query,
}

/// What a request is signed with.
#[derive(Clone, Debug)]
pub(crate) struct OAuth1Credentials {
    consumer_key: Secret,
    consumer_secret: Secret,
    token: Option<Secret>,
    token_secret: Option<Secret>,
    method: OAuth1SignatureMethod,
    realm: Option<Secret>,
    place: OAuth1Place,
}

/// Names and values as they are, neither sorted nor encoded.
type Parameters = Vec<(&'static str, Zeroizing<String>)>;

impl OAuth1SignatureMethod {
    fn name(self) -> &'static str {
        match self {
            OAuth1SignatureMethod::HmacSha1 => "HMAC-SHA1",
            OAuth1SignatureMethod::HmacSha256 => "HMAC-SHA256",
            OAuth1SignatureMethod::Plaintext => "PLAINTEXT",
        }
    }
}

impl AuthScheme for OAuth1 {
    fn templates(&self) -> Keyed<'_> {
        let always =
            keyed([("consumerKey", &self.consumer_key), ("consumerSecret", &self.consumer_secret)]);
        let optional =
            [("token", &self.token), ("tokenSecret", &self.token_secret), ("realm", &self.realm)];
        always.chain(given(optional)).collect()
    }

    fn puts(&self) -> Vec<(CredentialPlace, &str)> {
        match self.place {
            OAuth1Place::Header => vec![(CredentialPlace::Header, "Authorization")],
            OAuth1Place::Query => PARAMETERS.map(|name| (CredentialPlace::Query, name)).into(),
        }
    }

    fn apply(
        &self,
        _: &mut RequestSpec,
        with: &mut Applying<'_>,
    ) -> Result<Option<Pending>, AuthFault> {
        self.resolve(with.scope).map(Pending::new).map(Some)
    }

    fn in_words(&self, _: fn(&str) -> String) -> String {
        "OAuth 1.0a signature".to_owned()
    }

    fn in_curl(&self) -> InCurl<'_> {
        InCurl::LeftOut
    }
}

impl OAuth1 {
    fn resolve(&self, scope: &dyn Scope) -> Result<OAuth1Credentials, AuthFault> {
        Ok(OAuth1Credentials {
            consumer_key: Secret::from(&*credential(&self.consumer_key, scope)?),
            consumer_secret: Secret::from(&*credential(&self.consumer_secret, scope)?),
            token: optional_credential(self.token.as_ref(), scope)?,
            token_secret: optional_credential(self.token_secret.as_ref(), scope)?,
            method: self.signature_method,
            realm: optional_credential(self.realm.as_ref(), scope)?,
            place: self.place,
        })
    }
}

impl Signer for OAuth1Credentials {
    /// Signs the finished request; gives back what was derived from the secrets. A request is signed once:
    /// before it is sent again, it is made anew.
    ///
    /// # Errors
    /// [`AuthFault::Header`] where the realm cannot stand in a header.
    fn sign(
        &self,
        request: &mut RequestSpec,
        _: Option<&Secret>,
        moment: &Moment,
    ) -> Result<Vec<Secret>, AuthFault> {
        let text = |text: &str| Zeroizing::new(text.to_owned());
        let mut parameters: Parameters = vec![
            ("oauth_consumer_key", text(self.consumer_key.expose())),
            ("oauth_signature_method", text(self.method.name())),
            ("oauth_timestamp", text(&moment.unix_seconds.to_string())),
            ("oauth_nonce", text(&moment.nonce_hex())),
            ("oauth_version", text("1.0")),
        ];
        if let Some(token) = &self.token {
            parameters.insert(1, ("oauth_token", text(token.expose())));
        }
        self.sign_with(request, parameters)
    }

    fn parameters(&self) -> Vec<&str> {
        match self.place {
            OAuth1Place::Header => Vec::new(),
            OAuth1Place::Query => PARAMETERS.into(),
        }
    }
}

impl OAuth1Credentials {
    /// Signs with exactly these protocol parameters, and adds `oauth_signature` to them.
    fn sign_with(
        &self,
        request: &mut RequestSpec,
        mut parameters: Parameters,
    ) -> Result<Vec<Secret>, AuthFault> {
        let signature = self.signature(&base_string(request, &parameters));
        let derived = vec![Secret::from(signature.as_str())];
        parameters.push(("oauth_signature", signature));
        match self.place {
            OAuth1Place::Header => {
                let header = self.header(&parameters);
                set_sensitive(request, AUTHORIZATION, &header)?;
            }
            OAuth1Place::Query => {
                let mut query = Zeroizing::new(request.url.query().unwrap_or_default().to_owned());
                for (name, value) in &parameters {
                    crate::inject::query::push_parameter(name, value, &mut query);
                }
                request.url.set_query(Some(&query));
            }
        }
        Ok(derived)
    }

    /// The signature of a base string (sections 3.4.2 and 3.4.4).
    fn signature(&self, base: &str) -> Zeroizing<String> {
        let mut key = Zeroizing::new(encoded(self.consumer_secret.expose()));
        key.push('&');
        let token_secret = self.token_secret.as_ref().map_or("", Secret::expose);
        key.push_str(&Zeroizing::new(encoded(token_secret)));
        let algorithm = match self.method {
            OAuth1SignatureMethod::Plaintext => return key,
            OAuth1SignatureMethod::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            OAuth1SignatureMethod::HmacSha256 => hmac::HMAC_SHA256,
        };
        let key = hmac::Key::new(algorithm, key.as_bytes());
        Zeroizing::new(STANDARD.encode(hmac::sign(&key, base.as_bytes())))
    }

    /// The value of the header (section 3.5.1).
    fn header(&self, parameters: &Parameters) -> Zeroizing<String> {
        let mut header = Zeroizing::new("OAuth ".to_owned());
        if let Some(realm) = &self.realm {
            let quoted = realm.expose().replace('\\', "\\\\").replace('"', "\\\"");
            header.push_str("realm=\"");
            header.push_str(&quoted);
            header.push_str("\", ");
        }
        for (index, (name, value)) in parameters.iter().enumerate() {
            let between = if index == 0 { "" } else { ", " };
            header.push_str(between);
            header.push_str(name);
            header.push_str("=\"");
            header.push_str(&Zeroizing::new(encoded(value)));
            header.push('"');
        }
        header
    }
}

/// Method, base string URI and parameters of a request (section 3.4.1).
fn base_string(request: &RequestSpec, own: &Parameters) -> Zeroizing<String> {
    let own = own.iter().map(|(name, value)| ((*name).to_owned(), encoded(value)));
    let mut pairs: Vec<(String, String)> = own
        .chain(request.url.query().into_iter().flat_map(encoded_pairs))
        .chain(form(request).into_iter().flat_map(encoded_pairs))
        .collect();
    pairs.sort();
    let mut parameters = Zeroizing::new(String::new());
    for (name, value) in &pairs {
        if !parameters.is_empty() {
            parameters.push('&');
        }
        parameters.push_str(name);
        parameters.push('=');
        parameters.push_str(value);
    }
    let mut base = Zeroizing::new(request.method.as_str().to_ascii_uppercase());
    base.push('&');
    base.push_str(&encoded(&base_string_uri(&request.url)));
    base.push('&');
    base.push_str(&Zeroizing::new(encoded(&parameters)));
    base
}

/// Scheme, host, a port that is not the scheme's own, and path (section 3.4.1.2). [`url::Url`] has the
/// first two in lower case and drops the scheme's own port.
fn base_string_uri(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), url.path())
}

/// The body, where its fields are parameters (section 3.4.1.3.1).
fn form(request: &RequestSpec) -> Option<&str> {
    let body = request.body.as_ref()?;
    let is_form = match request.headers.get(CONTENT_TYPE) {
        Some(media) => media.to_str().is_ok_and(|media| {
            let essence = media.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case(BodyKind::Form.content_type())
        }),
        None => body.kind == BodyKind::Form,
    };
    std::str::from_utf8(body.sent_bytes()?).ok().filter(|_| is_form)
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::{Value, json};

    use super::*;
    use crate::auth::tests::{Fields, form_request, header, request};

    /// The application of RFC 5849, section 1.2.
    const PRINTER: (&str, &str) = ("dpf43f3p2l4k3l03", "kd94hf93k423kf44");

    fn credentials(
        declaration: Value,
        consumer: (&str, &str),
        token: (&str, &str),
    ) -> OAuth1Credentials {
        let mut method = json!({
            "consumerKey": "<<connection.Key>>",
            "consumerSecret": "<<connection.Secret>>",
            "token": "<<connection.Token?>>",
            "tokenSecret": "<<connection.Token Secret?>>",
        });
        let (Value::Object(keys), Value::Object(more)) = (&mut method, declaration) else {
            panic!("an object");
        };
        keys.extend(more);
        let method: OAuth1 = serde_json::from_value(method).unwrap();
        let fields = Fields::new(&[
            ("Key", consumer.0),
            ("Secret", consumer.1),
            ("Token", token.0),
            ("Token Secret", token.1),
        ]);
        method.resolve(&fields).unwrap()
    }

    fn parameters(texts: &[(&'static str, &str)]) -> Parameters {
        texts.iter().map(|(name, value)| (*name, Zeroizing::new((*value).to_owned()))).collect()
    }

    /// Section 1.2: temporary credentials, with a callback.
    #[test]
    fn printer_asks_for_temporary_credentials() {
        let mut request = request(Method::POST, "https://photos.example.net/initiate");
        let credentials = credentials(json!({"realm": "Photos"}), PRINTER, ("", ""));
        let derived = credentials
            .sign_with(
                &mut request,
                parameters(&[
                    ("oauth_consumer_key", PRINTER.0),
                    ("oauth_signature_method", "HMAC-SHA1"),
                    ("oauth_timestamp", "137131200"),
                    ("oauth_nonce", "wIjqoS"),
                    ("oauth_callback", "http://printer.example.com/ready"),
                ]),
            )
            .unwrap();
        assert_eq!(
            header(&request, "authorization"),
            "OAuth realm=\"Photos\", oauth_consumer_key=\"dpf43f3p2l4k3l03\", \
             oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"137131200\", oauth_nonce=\"wIjqoS\", \
             oauth_callback=\"http%3A%2F%2Fprinter.example.com%2Fready\", \
             oauth_signature=\"74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D\""
        );
        let derived: Vec<_> = derived.iter().map(Secret::expose).collect();
        assert_eq!(derived, ["74KNZJeDHnMBp0EMJ9ZHt/XKycU="]);
    }

    /// Section 1.2: token credentials, with a verifier.
    #[test]
    fn printer_asks_for_a_token() {
        let mut request = request(Method::POST, "https://photos.example.net/token");
        let token = ("hh5s93j4hdidpola", "hdhd0244k9j7ao03");
        credentials(json!({"realm": "Photos"}), PRINTER, token)
            .sign_with(
                &mut request,
                parameters(&[
                    ("oauth_consumer_key", PRINTER.0),
                    ("oauth_token", token.0),
                    ("oauth_signature_method", "HMAC-SHA1"),
                    ("oauth_timestamp", "137131201"),
                    ("oauth_nonce", "walatlh"),
                    ("oauth_verifier", "hfdp7dh39dks9884"),
                ]),
            )
            .unwrap();
        assert!(
            header(&request, "authorization")
                .ends_with("oauth_signature=\"gKgrFCywp7rO0OXSjdot%2FIHF7IU%3D\"")
        );
    }

    /// Section 1.2: the photo itself, over `http`.
    #[test]
    fn printer_asks_for_a_photo() {
        let url = "http://photos.example.net/photos?file=vacation.jpg&size=original";
        let mut request = request(Method::GET, url);
        let token = ("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00");
        credentials(json!({"realm": "Photos"}), PRINTER, token)
            .sign_with(
                &mut request,
                parameters(&[
                    ("oauth_consumer_key", PRINTER.0),
                    ("oauth_token", token.0),
                    ("oauth_signature_method", "HMAC-SHA1"),
                    ("oauth_timestamp", "137131202"),
                    ("oauth_nonce", "chapoH"),
                ]),
            )
            .unwrap();
        assert!(
            header(&request, "authorization")
                .ends_with("oauth_signature=\"MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D\"")
        );
    }

    fn section_3_1() -> (RequestSpec, Parameters) {
        let url = "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b";
        let parameters = parameters(&[
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
        ]);
        (form_request(url, "c2&a3=2+q"), parameters)
    }

    /// Section 3.4.1.1, over the request of section 3.1.
    #[test]
    fn base_string_is_that_of_the_rfc() {
        let (request, parameters) = section_3_1();
        assert_eq!(
            base_string(&request, &parameters).as_str(),
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D\
             %25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a\
             %26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token\
             %3Dkkk9d7dh3k39sjv7"
        );
    }

    /// Section 3.1, with the signature of erratum 2550, which also gives the secrets.
    #[test]
    fn request_of_section_3_1_is_signed_as_its_erratum_says() {
        let (mut request, parameters) = section_3_1();
        let consumer = ("9djdj82h48djs9d2", "j49sk3j29djd");
        let token = ("kkk9d7dh3k39sjv7", "dh893hdasih9");
        credentials(json!({"realm": "Example"}), consumer, token)
            .sign_with(&mut request, parameters)
            .unwrap();
        let header = header(&request, "authorization");
        assert!(header.starts_with("OAuth realm=\"Example\", oauth_consumer_key="), "{header}");
        assert!(header.ends_with("oauth_signature=\"r6%2FTJjbCOr97%2F%2BUU0NsvSne7s5g%3D\""));
    }

    /// The two examples of section 3.4.1.2.
    #[test]
    fn base_string_uri_has_no_default_port() {
        let uri = |url: &str| base_string_uri(&url.parse().unwrap());
        assert_eq!(uri("http://EXAMPLE.COM:80/r%20v/X?id=123"), "http://example.com/r%20v/X");
        assert_eq!(uri("https://www.example.net:8080/?q=1"), "https://www.example.net:8080/");
    }

    /// X (once Twitter), "Creating a signature", with the URLs that the page had over the years.
    #[test]
    fn vendor_examples_of_x() {
        let consumer = ("xvz1evFS4wEEPTGEFPHBog", "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw");
        let token = (
            "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
            "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
        );
        for (base, signature) in [
            ("api.x.com/1.1", "Ls93hJiZbQ3akF3HF3x1Bz8/zU4="),
            ("api.twitter.com/1.1", "hCtSmYh+iHYCEqBWrE7C7hYmtUk="),
            ("api.twitter.com/1", "tnnArxj06cWHq44gCs1OSKk/jLY="),
        ] {
            let url = format!("https://{base}/statuses/update.json?include_entities=true");
            let body =
                "status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21";
            let mut request = form_request(&url, body);
            let derived = credentials(json!({}), consumer, token)
                .sign_with(
                    &mut request,
                    parameters(&[
                        ("oauth_consumer_key", consumer.0),
                        ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
                        ("oauth_signature_method", "HMAC-SHA1"),
                        ("oauth_timestamp", "1318622958"),
                        ("oauth_token", token.0),
                        ("oauth_version", "1.0"),
                    ]),
                )
                .unwrap();
            assert_eq!(derived.iter().map(Secret::expose).collect::<Vec<_>>(), [signature]);
        }
    }

    #[test]
    fn moment_and_version_go_into_the_query_after_its_own() {
        let mut request = request(Method::GET, "https://a.example/p?x=1");
        let moment = Moment { unix_seconds: 137_131_202, nonce: [0xab; 16] };
        let derived = credentials(json!({"in": "query", "realm": "R"}), ("k", "s"), ("t", "u"))
            .sign(&mut request, None, &moment)
            .unwrap();
        assert_eq!(
            request.url.query().unwrap(),
            format!(
                "x=1&oauth_consumer_key=k&oauth_token=t&oauth_signature_method=HMAC-SHA1&\
                 oauth_timestamp=137131202&oauth_nonce={}&oauth_version=1.0&oauth_signature={}",
                "ab".repeat(16),
                encoded(derived[0].expose())
            )
        );
        assert!(request.headers.is_empty());
    }

    /// The key and the value of section 3.4.4, as in the request of section 2.1.
    #[test]
    fn plaintext_sends_the_secrets_encoded_twice() {
        let declaration = json!({"signatureMethod": "PLAINTEXT"});
        let mut request = request(Method::POST, "https://server.example.com/request_temp");
        let moment = Moment { unix_seconds: 1, nonce: [0; 16] };
        let credentials = credentials(declaration, ("jd83jd92dhsh93js", "ja893SD9"), ("", ""));
        let derived = credentials.sign(&mut request, None, &moment).unwrap();
        assert_eq!(derived[0].expose(), "ja893SD9&");
        let header = header(&request, "authorization");
        assert!(header.ends_with("oauth_signature=\"ja893SD9%26\""), "{header}");
        assert!(!header.contains("oauth_token"), "{header}");
    }

    /// Computed with Python's `hmac` over the base string of section 3.4.1.1 with HMAC-SHA256 in it.
    #[test]
    fn sha256_is_named_and_used() {
        let (mut request, mut parameters) = section_3_1();
        *parameters[2].1 = "HMAC-SHA256".to_owned();
        let declaration = json!({"signatureMethod": "HMAC-SHA256"});
        let consumer = ("9djdj82h48djs9d2", "j49sk3j29djd");
        let credentials = credentials(declaration, consumer, ("kkk9d7dh3k39sjv7", "dh893hdasih9"));
        let derived = credentials.sign_with(&mut request, parameters).unwrap();
        assert_eq!(derived[0].expose(), "ypAxjNip++Dm0fTM+gCl8wAo6ufSnseu1WHxL7py3BU=");
    }

    #[test]
    fn only_form_bodies_are_signed() {
        let mut form = form_request("https://a.example/", "a=1");
        assert_eq!(super::form(&form), Some("a=1"));
        form.headers.insert(CONTENT_TYPE, "text/plain".parse().unwrap());
        assert_eq!(super::form(&form), None);
        let media = "Application/X-WWW-Form-URLencoded ; charset=utf-8";
        form.headers.insert(CONTENT_TYPE, media.parse().unwrap());
        assert_eq!(super::form(&form), Some("a=1"));
    }

    #[test]
    fn a_realm_is_quoted_and_may_not_end_the_header() {
        let sign = |realm: &str| {
            let mut request = request(Method::GET, "https://a.example/");
            let moment = Moment { unix_seconds: 1, nonce: [0; 16] };
            credentials(json!({"realm": realm}), ("k", "s"), ("", ""))
                .sign(&mut request, None, &moment)
                .map(|_| header(&request, "authorization"))
        };
        assert!(sign("a\"b\\c").unwrap().starts_with("OAuth realm=\"a\\\"b\\\\c\", oauth_"));
        assert!(matches!(sign("a\r\nb"), Err(AuthFault::Header(_))));
    }

    #[test]
    fn unknown_keys_and_methods_are_refused() {
        for (key, value) in [("signatureMethod", "RSA-SHA1"), ("in", "body"), ("tokn", "x")] {
            let mut declaration = json!({"consumerKey": "k", "consumerSecret": "s"});
            declaration[key] = json!(value);
            assert!(serde_json::from_value::<OAuth1>(declaration).is_err(), "{key}");
        }
    }
}
