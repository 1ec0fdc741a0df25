//! OAuth 2.0 (RFC 6749): what a connector declares of it. What is sent to get a token is in [`crate::token`].

use indexmap::IndexMap;
use serde::Deserialize;
use url::{Host, Url};

use super::scheme::{Given, endpoint, entries, given, given_by, keyed, nested};
use super::token_request::RENAMED;
use super::{
    Applying, AuthFault, AuthScheme, Carrier, CredentialPlace, Demand, InCurl, Keyed, LookUp,
    Pending, Registration, Resources, TokenPlace, TokenRequest,
};
use crate::endpoint_url::{self, EndpointUrl};
use crate::request::RequestSpec;
use crate::span::Span;
use crate::template::{Decision, Reference, Scope, Template};

/// A token from an authorization server.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OAuth2 {
    /// How the first token is got.
    pub grant: Grant,
    /// Who gives tokens: the server's description of itself (RFC 8414, OpenID Connect Discovery) says where its endpoints are. What is
    /// said here besides goes before it.
    pub issuer: Option<Decision<EndpointUrl>>,
    /// Where a person allows the access (RFC 6749, section 3.1); `authorization_code` needs it.
    pub authorization_url: Option<Decision<EndpointUrl>>,
    /// Where tokens are got (RFC 6749, section 3.2); needed without `issuer`.
    pub token_url: Option<Decision<EndpointUrl>>,
    /// Where tokens are renewed; the token endpoint by default.
    pub refresh_url: Option<Decision<EndpointUrl>>,
    /// Where a device code is got (RFC 8628, section 3.1); `device_code` needs it.
    pub device_url: Option<Decision<EndpointUrl>>,
    /// Where tokens are revoked (RFC 7009); used when a connection is removed.
    pub revocation_url: Option<Decision<EndpointUrl>>,
    /// A client that registers itself, in place of `clientId` and `clientSecret`.
    pub registration: Option<Registration>,
    /// The client's identifier.
    pub client_id: Option<Template>,
    /// The client's secret.
    pub client_secret: Option<Template>,
    /// How the client proves who it is; by default `basic` with a secret, `none` without.
    pub client_auth: Option<ClientAuth>,
    /// What is asked for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Between two scopes; a space by default (RFC 6749, section 3.3).
    pub scope_separator: Option<String>,
    /// Further parameters of the authorization request, such as `"access_type": "offline"`.
    #[serde(default)]
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, Template>")
    )]
    pub authorization_parameters: IndexMap<String, Template>,
    /// Further parameters of every token request, such as `"audience"`.
    #[serde(default)]
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, Template>")
    )]
    pub token_parameters: IndexMap<String, Template>,
    /// Where a browser is sent back to, as it is registered at the service; `http://127.0.0.1:PORT/callback` by default. One that does not
    /// lead to this machine is pasted by the person.
    pub redirect_uri: Option<String>,
    /// How token requests are written; a form that is posted by default.
    pub token_request: Option<TokenRequest>,
    /// What the service calls the parameters of the RFCs, such as `"client_id": "client_key"`.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schemars(with = "std::collections::BTreeMap<String, String>"))]
    pub parameter_names: IndexMap<String, String>,
    /// The API that the token is for, where the service wants it named: the parameter `audience` of the authorization request and
    /// of every token request.
    pub audience: Option<Template>,
    /// The same as RFC 8707 has it: the parameter `resource`, once for each.
    pub resource: Option<Resources>,
    /// Whether an authorization request carries a challenge (RFC 7636); it does by default.
    #[serde(default = "yes")]
    pub pkce: bool,
    /// The user of the grant `password`.
    pub username: Option<Template>,
    /// The password of the grant `password`.
    pub password: Option<Template>,
    /// The token in the reply, such as `<<response.body.data.access_token>>`; `access_token` by default.
    pub token_from: Option<Template>,
    /// The refresh token in the reply; `refresh_token` by default.
    pub refresh_token_from: Option<Template>,
    /// Seconds until the token is no longer good, in the reply; `expires_in` by default.
    pub expires_in: Option<Template>,
    /// When the token is no longer good, in the reply: seconds or milliseconds since 1970, or a date.
    pub expires_at: Option<Template>,
    /// What else the reply brings: values of the connection's fields that say `"from": "login"`, by label; templates over `response`, and over `redirect`, the
    /// query with which a browser came back.
    #[serde(default)]
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, Template>")
    )]
    pub gives: IndexMap<String, Template>,
    /// What is looked up with the new token.
    pub look_up: Option<LookUp>,
    /// The first refresh token; `refresh_token` needs it.
    pub refresh_token: Option<Template>,
    /// The assertion of the grant `jwt_bearer` and of the client authentication `private_key_jwt`.
    pub assertion: Option<Assertion>,
    /// How long a token is good where the reply does not say; without it, until it is refused.
    pub lifetime: Option<Span>,
    /// Where the token goes.
    #[serde(default)]
    pub token: TokenPlace,
    /// Statuses that say that the token is no longer good: it is renewed and the request sent once more; 401 by
    /// default.
    #[serde(default = "super::renewal::renew_on")]
    #[cfg_attr(feature = "schemas", schemars(inner(range(min = 400, max = 499))))]
    pub renew_on: Vec<u16>,
}

/// How the first token is got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// A person allows it in a browser, with PKCE (RFC 6749, section 4.1; RFC 7636).
    AuthorizationCode,
    /// The client itself (RFC 6749, section 4.4).
    ClientCredentials,
    /// A person allows it on another device (RFC 8628).
    DeviceCode,
    /// A refresh token is part of the connection (RFC 6749, section 6).
    RefreshToken,
    /// A signed assertion (RFC 7523, section 2.1).
    JwtBearer,
    /// User and password are part of the connection (RFC 6749, section 4.3).
    Password,
}

impl Grant {
    /// The name in the definitions.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Grant::AuthorizationCode => "authorization_code",
            Grant::ClientCredentials => "client_credentials",
            Grant::DeviceCode => "device_code",
            Grant::RefreshToken => "refresh_token",
            Grant::JwtBearer => "jwt_bearer",
            Grant::Password => "password",
        }
    }

    /// Whether a person has to allow it: nothing but `connection login` gets the first token.
    #[must_use]
    pub fn needs_person(self) -> bool {
        matches!(self, Grant::AuthorizationCode | Grant::DeviceCode)
    }
}

/// How a client proves who it is at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// `Authorization: Basic` (RFC 6749, section 2.3.1).
    Basic,
    /// The same with id and secret as they are (RFC 7617), for servers that do not decode them.
    BasicRaw,
    /// `client_id` and `client_secret` among the parameters.
    Body,
    /// Both `basic` and `body`.
    BasicAndBody,
    /// `client_id` among the parameters: a public client.
    None,
    /// A signed assertion (RFC 7523, section 2.2).
    PrivateKeyJwt,
}

/// A signed assertion (RFC 7523).
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Assertion {
    /// The algorithm (RFC 7518, section 3.1).
    pub algorithm: JwtAlgorithm,
    /// The private key in PEM (PKCS #8; for `RS…` also PKCS #1, for `ES…` also SEC 1), or the shared secret for `HS…`.
    pub key: Template,
    /// The passphrase of a private key that is encrypted (PKCS #8).
    pub passphrase: Option<Template>,
    /// The key's identifier (`kid`).
    pub key_id: Option<Template>,
    /// Who signs (`iss`); the client's identifier by default.
    pub issuer: Option<Template>,
    /// For whom (`sub`); the issuer by default.
    pub subject: Option<Template>,
    /// Who is to accept it (`aud`); the token endpoint by default.
    pub audience: Option<Template>,
    /// How long it is good; `"5m"` by default.
    pub lifetime: Option<Span>,
    /// Further claims, such as `"scope"`.
    #[serde(default)]
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, Template>")
    )]
    pub claims: IndexMap<String, Template>,
}

/// Signature algorithms of tokens and assertions (RFC 7518, section 3.1; RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub enum JwtAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// Ed25519.
    EdDSA,
    /// HMAC with SHA-256.
    HS256,
}

fn yes() -> bool {
    true
}

/// Whether a code may be sent there (RFC 6749, section 3.1.2; RFC 8252, section 7.3).
fn is_redirect_uri(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    plain && url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && here))
}

impl JwtAlgorithm {
    /// The name in the definitions and in tokens (`alg`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            JwtAlgorithm::RS256 => "RS256",
            JwtAlgorithm::RS384 => "RS384",
            JwtAlgorithm::RS512 => "RS512",
            JwtAlgorithm::ES256 => "ES256",
            JwtAlgorithm::ES384 => "ES384",
            JwtAlgorithm::EdDSA => "EdDSA",
            JwtAlgorithm::HS256 => "HS256",
        }
    }
}

impl OAuth2 {
    /// How the client proves who it is.
    #[must_use]
    pub fn client_auth(&self) -> ClientAuth {
        self.client_auth.unwrap_or(if self.client_secret.is_some() {
            ClientAuth::Basic
        } else {
            ClientAuth::None
        })
    }

    /// Whether a person's login is all that it needs: the identifier of a public client is no secret, and often the same
    /// for everybody (RFC 8252, section 8.4).
    #[must_use]
    pub fn login_is_all(&self) -> bool {
        self.grant.needs_person() && self.client_auth() == ClientAuth::None
    }

    /// The URLs it has, by key.
    fn urls(&self) -> impl Iterator<Item = (&'static str, &Decision<EndpointUrl>)> {
        let urls = [
            ("issuer", self.issuer.as_ref()),
            ("authorizationUrl", self.authorization_url.as_ref()),
            ("tokenUrl", self.token_url.as_ref()),
            ("refreshUrl", self.refresh_url.as_ref()),
            ("deviceUrl", self.device_url.as_ref()),
            ("revocationUrl", self.revocation_url.as_ref()),
            ("registration/url", self.registration.as_ref().and_then(|it| it.url.as_ref())),
        ];
        urls.into_iter().filter_map(|(key, url)| Some((key, url?)))
    }

    /// What must hold of a client that registers itself.
    fn of_registration(&self) -> Vec<(String, Demand<'_>)> {
        let Some(registration) = &self.registration else { return Vec::new() };
        let mut demands = Vec::new();
        let place = || "registration".to_owned();
        if registration.url.is_none() && self.issuer.is_none() {
            demands.push((place(), Demand::Missing(vec!["url"])));
        }
        if self.client_id.is_some() || self.client_secret.is_some() {
            let needs = "needs a method without `clientId` and `clientSecret`, which it brings";
            demands.push((place(), Demand::Together { part: "registration", needs }));
        }
        if !self.grant.needs_person() {
            let needs = "needs the grant `authorization_code` or `device_code`: a login registers";
            demands.push((place(), Demand::Together { part: "registration", needs }));
        }
        if self.client_auth == Some(ClientAuth::PrivateKeyJwt) {
            let needs = "needs another `clientAuth` than `private_key_jwt`";
            demands.push((place(), Demand::Together { part: "registration", needs }));
        }
        demands
    }

    /// The keys that are needed and not there.
    fn missing(&self) -> Vec<&'static str> {
        let (grant, client_auth) = (self.grant, self.client_auth());
        // An assertion that names its issuer says who asks.
        let anonymous = grant == Grant::JwtBearer
            && client_auth == ClientAuth::None
            && self.assertion.as_ref().is_none_or(|assertion| assertion.issuer.is_some());
        let asserts = grant == Grant::JwtBearer || client_auth == ClientAuth::PrivateKeyJwt;
        let shares_secret = !matches!(client_auth, ClientAuth::None | ClientAuth::PrivateKeyJwt);
        let (described, registers) = (self.issuer.is_some(), self.registration.is_some());
        let needed = [
            (
                "authorizationUrl",
                grant == Grant::AuthorizationCode && !described,
                self.authorization_url.is_some(),
            ),
            ("tokenUrl", !described, self.token_url.is_some()),
            ("deviceUrl", grant == Grant::DeviceCode && !described, self.device_url.is_some()),
            ("refreshToken", grant == Grant::RefreshToken, self.refresh_token.is_some()),
            ("username", grant == Grant::Password, self.username.is_some()),
            ("password", grant == Grant::Password, self.password.is_some()),
            ("clientId", !anonymous && !registers, self.client_id.is_some()),
            ("assertion", asserts, self.assertion.is_some()),
            ("clientSecret", shares_secret && !registers, self.client_secret.is_some()),
        ];
        let missing = needed.into_iter().filter(|(_, needed, there)| *needed && !there);
        missing.map(|(key, ..)| key).collect()
    }
}

impl AuthScheme for OAuth2 {
    fn templates(&self) -> Keyed<'_> {
        let mut all = Keyed::new();
        for (key, url) in self.urls() {
            all.extend(endpoint(key, url));
        }
        all.extend(given([
            ("clientId", &self.client_id),
            ("clientSecret", &self.client_secret),
            ("refreshToken", &self.refresh_token),
            ("username", &self.username),
            ("password", &self.password),
            ("audience", &self.audience),
        ]));
        all.extend(self.resource.iter().flat_map(Resources::keyed));
        if let Some(registration) = &self.registration {
            all.extend(given([("registration/accessToken", &registration.access_token)]));
            if let Some(metadata) = &registration.metadata {
                metadata.each("registration/metadata", &mut |template, place| {
                    all.push((place.to_owned().into(), template));
                });
            }
        }
        all.extend(entries("authorizationParameters", &self.authorization_parameters));
        all.extend(entries("tokenParameters", &self.token_parameters));
        if let Some(request) = &self.token_request {
            all.extend(entries("tokenRequest/headers", &request.headers));
            all.extend(entries("tokenRequest/query", &request.query));
        }
        if let Some(assertion) = &self.assertion {
            all.extend(keyed([("assertion/key", &assertion.key)]));
            all.extend(given([
                ("assertion/passphrase", &assertion.passphrase),
                ("assertion/keyId", &assertion.key_id),
                ("assertion/issuer", &assertion.issuer),
                ("assertion/subject", &assertion.subject),
                ("assertion/audience", &assertion.audience),
            ]));
            all.extend(entries("assertion/claims", &assertion.claims));
        }
        all
    }

    fn needed<'a>(&'a self, scope: &dyn Scope) -> Vec<&'a Reference> {
        let urls: Vec<_> = self.urls().collect();
        let is_url = |key: &str| {
            let below = |url: &str| {
                key.strip_prefix(url).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            urls.iter().any(|(url, _)| below(url))
        };
        let others = self.templates().into_iter().filter(|(key, _)| !is_url(key));
        let mut needed: Vec<_> =
            urls.iter().flat_map(|(_, url)| endpoint_url::references(url, scope)).collect();
        needed.extend(others.flat_map(|(_, template)| template.references()));
        needed
    }

    fn reply_templates(&self) -> Keyed<'_> {
        given([
            ("tokenFrom", &self.token_from),
            ("refreshTokenFrom", &self.refresh_token_from),
            ("expiresIn", &self.expires_in),
            ("expiresAt", &self.expires_at),
        ])
        .collect()
    }

    fn gives(&self) -> Vec<Given<'_>> {
        given_by(&self.gives)
    }

    fn look_up(&self) -> Option<(String, &LookUp)> {
        self.look_up.as_ref().map(|look_up| ("lookUp".to_owned(), look_up))
    }

    fn puts(&self) -> Vec<(CredentialPlace, &str)> {
        vec![(self.token.place, &self.token.name)]
    }

    fn needs_token(&self) -> bool {
        true
    }

    fn needs_person(&self) -> bool {
        self.grant.needs_person()
    }

    fn apply(
        &self,
        _: &mut RequestSpec,
        _: &mut Applying<'_>,
    ) -> Result<Option<Pending>, AuthFault> {
        Ok(Some(Pending::token(&self.token, &self.renew_on)))
    }

    fn demands(&self) -> Vec<(String, Demand<'_>)> {
        let mut demands = Vec::new();
        let missing = self.missing();
        if !missing.is_empty() {
            demands.push((String::new(), Demand::Missing(missing)));
        }
        demands.extend(self.urls().map(|(key, url)| (key.to_owned(), Demand::Endpoint(key, url))));
        demands.extend(self.of_registration());
        let names = self.parameter_names.keys().filter(|name| !RENAMED.contains(&name.as_str()));
        demands.extend(names.map(|found| {
            let expected = "the name of a parameter of RFC 6749, such as `client_id` or `scope`";
            (nested("parameterNames", found), Demand::Form { expected, found })
        }));
        if let Some(found) = self.redirect_uri.as_deref().filter(|uri| !is_redirect_uri(uri)) {
            let expected =
                "an https URL, or an http one of this machine, without user and fragment";
            demands.push(("redirectUri".to_owned(), Demand::Form { expected, found }));
        }
        if self.grant == Grant::AuthorizationCode && !self.pkce {
            let leaves_out = "the proof that whoever redeems the code has asked for it";
            demands.push(("pkce".to_owned(), Demand::Weakens { part: "pkce", leaves_out }));
        }
        if let Some(request) = &self.token_request {
            demands.extend(request.headers.keys().map(|name| {
                let place = nested("tokenRequest/headers", name);
                (place, Demand::Name(CredentialPlace::Header, name))
            }));
            let methods: &[&str] = match request.carrier {
                Carrier::Query => &["POST", "GET"],
                Carrier::Form | Carrier::Json => &["POST"],
            };
            if !methods.contains(&request.method.as_str()) {
                let expected = "`POST` (`GET` is for parameters in the query)";
                let found = request.method.as_str();
                demands.push(("tokenRequest/method".to_owned(), Demand::Form { expected, found }));
            }
        }
        demands.extend(self.look_up.iter().flat_map(|look_up| look_up.demands(&self.gives)));
        demands.push(Demand::of_token(&self.token));
        demands
    }

    fn in_words(&self, code: fn(&str) -> String) -> String {
        let mut words = format!("OAuth 2.0, grant {}", code(self.grant.as_str()));
        if let Some(Decision::Always(url)) = self.token_url.as_ref().or(self.issuer.as_ref()) {
            let url = url.literal().map(|_| code(url.text()));
            words.extend(url.into_iter().flat_map(|url| [" at ".to_owned(), url]));
        }
        if !self.scopes.is_empty() {
            let scopes: Vec<String> = self.scopes.iter().map(|scope| code(scope)).collect();
            words.push_str(if scopes.len() == 1 { ", scope " } else { ", scopes " });
            words.push_str(&scopes.join(", "));
        }
        if self.registration.is_some() {
            words.push_str(", with a client that registers itself");
        }
        words.extend(self.look_up.iter().map(|look_up| look_up.in_words(code)));
        words
    }

    fn in_curl(&self) -> InCurl<'_> {
        InCurl::Token(&self.token)
    }
}
