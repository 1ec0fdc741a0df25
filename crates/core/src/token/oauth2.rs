//! The requests of OAuth 2.0: token (RFC 6749), device authorization (RFC 8628), revocation (RFC 7009).

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use indexmap::IndexMap;
use percent_encoding::utf8_percent_encode;
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use super::answer::Answer;
use super::client::Client;
use super::endpoint::{add_to_query, endpoint, form_body, json_body};
use super::fault::GrantFault;
use super::known::Known;
use super::pkce::Pkce;
use super::reply::{self, Places, granted, seconds};
use super::scheme::TokenSource;
use super::server::Server;
use super::timed::Timed;
use super::tokens::Tokens;
use crate::auth::{
    AuthFault, Carrier, ClientAuth, Grant, OAuth2, Resources, SigningKey, credential,
    set_sensitive, sign_token, token_times,
};
use crate::connection::Connection;
use crate::encoding::UNRESERVED;
use crate::inject::header::header_name;
use crate::moment::Moment;
use crate::request::{ReplySecret, RequestSpec};
use crate::secret::{Redactor, Secret};
use crate::template::{Scope, Template, ValueTemplate};

/// `grant_type` of a device code (RFC 8628, section 3.4).
pub(super) const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// `grant_type` of a JWT assertion (RFC 7523, section 2.1).
const JWT_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// `client_assertion_type` (RFC 7523, section 2.2).
const JWT_CLIENT: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An authorization request that a person's browser makes.
#[derive(Debug)]
pub struct Authorization<'a> {
    /// Where the browser is sent afterwards.
    pub redirect_uri: &'a str,
    /// Unguessable; comes back with the code (RFC 6749, section 10.12).
    pub state: &'a str,
    /// The proof of who asked.
    pub pkce: &'a Pkce,
}

/// What a person needs to allow a device (RFC 8628, section 3.2).
#[derive(Debug)]
pub struct DeviceCode {
    /// What the device asks with.
    pub device_code: Secret,
    /// What the person types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: Option<String>,
    /// For how many seconds it is good.
    pub expires_in: i64,
    /// Seconds between two questions.
    pub interval: i64,
}

/// An authorization server, and a client there: what the definition and the connection say, and what is known besides.
#[derive(Clone, Copy)]
pub struct Party<'a> {
    /// The definition.
    pub oauth2: &'a OAuth2,
    /// The connection.
    pub connection: &'a Connection,
    /// What the server says of itself, where the definition names its issuer.
    pub server: Option<&'a Server>,
    /// The client that has registered itself, where the definition says so.
    pub client: Option<&'a Client>,
}

impl<'a> Party<'a> {
    /// How the client proves who it is.
    fn client_auth(&self) -> ClientAuth {
        self.client.map_or_else(|| self.oauth2.client_auth(), |client| client.auth)
    }

    fn client_id(&self) -> Result<Cow<'a, str>, AuthFault> {
        let key = "clientId";
        match (self.client, &self.oauth2.client_id) {
            (Some(client), _) => Ok(Cow::Borrowed(&client.id)),
            (None, Some(template)) => credential(template, self.connection),
            (None, None) if self.oauth2.registration.is_some() => {
                Err(AuthFault::Endpoint { key, reason: "no client has been registered yet" })
            }
            (None, None) => {
                Err(AuthFault::Endpoint { key, reason: "the connector does not say it" })
            }
        }
    }

    fn client_secret(&self) -> Result<Cow<'a, str>, AuthFault> {
        match (self.client, &self.oauth2.client_secret) {
            (Some(client), _) => {
                Ok(Cow::Borrowed(client.secret.as_ref().map_or("", Secret::expose)))
            }
            (None, Some(template)) => credential(template, self.connection),
            (None, None) => Ok(Cow::Borrowed("")),
        }
    }

    /// A request to an endpoint: as the definition says, or else as the server does.
    fn endpoint(&self, key: &'static str) -> Result<RequestSpec, AuthFault> {
        let oauth2 = self.oauth2;
        let (url, name) = match key {
            "authorizationUrl" => (&oauth2.authorization_url, "authorization_endpoint"),
            "deviceUrl" => (&oauth2.device_url, "device_authorization_endpoint"),
            "revocationUrl" => (&oauth2.revocation_url, "revocation_endpoint"),
            "refreshUrl" => (&oauth2.refresh_url, "token_endpoint"),
            _ => (&oauth2.token_url, "token_endpoint"),
        };
        match (url, self.server) {
            (Some(url), _) => endpoint(key, url, Method::POST, self.connection),
            (None, Some(server)) => server.request(name),
            (None, None) => {
                Err(AuthFault::Endpoint { key, reason: "the connector does not say it" })
            }
        }
    }
}

impl TokenSource for OAuth2 {
    fn request(
        &self,
        known: &Known<'_>,
        moment: &Moment,
    ) -> Result<Option<RequestSpec>, AuthFault> {
        let party = Party {
            oauth2: self,
            connection: known.connection,
            server: known.server,
            client: known.current.and_then(|tokens| tokens.client.as_ref()),
        };
        request(&party, known.current, moment)
    }

    fn read(
        &self,
        known: &mut Known<'_>,
        answer: &Answer<'_>,
    ) -> Result<Option<Tokens>, GrantFault> {
        read_tokens(self, answer, known.current, "").map(Some)
    }

    fn starts_alone(&self) -> bool {
        !self.grant.needs_person()
    }
}

/// What a reply of the token endpoint gives; `redirect` is the query with which a browser came back, empty without one.
///
/// # Errors
/// [`GrantFault`].
pub fn read_tokens(
    oauth2: &OAuth2,
    answer: &Answer<'_>,
    current: Option<&Tokens>,
    redirect: &str,
) -> Result<Tokens, GrantFault> {
    let places = Places {
        token: oauth2.token_from.as_ref(),
        refresh: oauth2.refresh_token_from.as_ref(),
        expires_in: oauth2.expires_in.as_ref(),
        expires_at: oauth2.expires_at.as_ref(),
        gives: Some(&oauth2.gives),
        look_up: oauth2.look_up.as_ref(),
        redirect,
        lifetime: oauth2.lifetime.map(|span| span.0),
    };
    let tokens = reply::tokens(answer, current, &places)?;
    // Where the token stands, its type may be said in another place too.
    let says_type = oauth2.token_from.is_none() && oauth2.token.is_bearer();
    if says_type && !reply::is_bearer(answer.reply) {
        let reason = "its `token_type` is not `Bearer`";
        return Err(GrantFault::Unusable { status: answer.reply.status, reason });
    }
    Ok(Tokens { client: current.and_then(|current| current.client.clone()), ..tokens })
}

/// See [`super::request`].
fn request(
    party: &Party<'_>,
    current: Option<&Tokens>,
    moment: &Moment,
) -> Result<Option<RequestSpec>, AuthFault> {
    let Party { oauth2, connection, .. } = *party;
    let mut parameters = Parameters::of(party.oauth2);
    if let Some(refresh) = current.and_then(|tokens| tokens.refresh.as_ref()) {
        parameters.push("grant_type", "refresh_token");
        parameters.push_secret("refresh_token", refresh);
        return refresh_request(party, parameters, moment).map(Some);
    }
    match oauth2.grant {
        Grant::AuthorizationCode | Grant::DeviceCode => return Ok(None),
        Grant::ClientCredentials => {
            parameters.push("grant_type", "client_credentials");
            parameters.push_scopes();
        }
        Grant::RefreshToken => {
            let Some(template) = &oauth2.refresh_token else { return Ok(None) };
            parameters.push("grant_type", "refresh_token");
            parameters
                .push_secret("refresh_token", &Secret::from(&*credential(template, connection)?));
            return refresh_request(party, parameters, moment).map(Some);
        }
        Grant::JwtBearer => {
            parameters.push("grant_type", JWT_GRANT);
            let assertion = assertion(party, moment)?;
            parameters.push_secret("assertion", &assertion);
            parameters.push_scopes();
        }
        Grant::Password => {
            let (Some(username), Some(password)) = (&oauth2.username, &oauth2.password) else {
                return Ok(None);
            };
            parameters.push("grant_type", "password");
            parameters.push("username", &credential(username, connection)?);
            parameters.push_secret("password", &Secret::from(&*credential(password, connection)?));
            parameters.push_scopes();
        }
    }
    token_request(party, parameters, moment).map(Some)
}

/// The URL that a person's browser opens (RFC 6749, section 4.1.1; RFC 7636, section 4.3).
///
/// # Errors
/// [`AuthFault`] where the connector or the connection says no URL or client.
pub fn authorization_url(party: &Party<'_>, request: &Authorization<'_>) -> Result<Url, AuthFault> {
    let Party { oauth2, connection, .. } = *party;
    let mut url = party.endpoint("authorizationUrl")?.url;
    let mut parameters = Parameters::of(party.oauth2);
    parameters.push("response_type", "code");
    parameters.push("client_id", &party.client_id()?);
    parameters.push("redirect_uri", request.redirect_uri);
    parameters.push("state", request.state);
    if oauth2.pkce {
        parameters.push("code_challenge", &request.pkce.challenge);
        parameters.push("code_challenge_method", "S256");
    }
    parameters.push_scopes();
    parameters.push_audience(connection)?;
    parameters.push_own(&oauth2.authorization_parameters, connection)?;
    add_to_query(parameters.pairs(), &mut url);
    Ok(url)
}

/// The request that gives tokens for a code (RFC 6749, section 4.1.3; RFC 7636, section 4.5).
///
/// # Errors
/// [`AuthFault`].
pub fn exchange(
    party: &Party<'_>,
    code: &Secret,
    request: &Authorization<'_>,
    moment: &Moment,
) -> Result<RequestSpec, AuthFault> {
    let Party { oauth2, .. } = *party;
    let mut parameters = Parameters::of(party.oauth2);
    parameters.push("grant_type", "authorization_code");
    parameters.push_secret("code", code);
    parameters.push("redirect_uri", request.redirect_uri);
    if oauth2.pkce {
        parameters.push_secret("code_verifier", &request.pkce.verifier);
    }
    token_request(party, parameters, moment)
}

/// The request that gives a device code (RFC 8628, section 3.1).
///
/// # Errors
/// [`AuthFault`].
pub fn device_request(party: &Party<'_>, moment: &Moment) -> Result<RequestSpec, AuthFault> {
    let mut parameters = Parameters::of(party.oauth2);
    parameters.push_scopes();
    let request = party.endpoint("deviceUrl")?;
    client_request(party, request, parameters, moment)
}

/// What a [`device_request`] gives.
///
/// # Errors
/// [`GrantFault`].
pub fn read_device(answer: &Answer<'_>) -> Result<DeviceCode, GrantFault> {
    let object = granted(answer)?;
    let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    let number = |key: &str| object.get(key).and_then(seconds);
    // Google's name from before the RFC.
    let uri = text("verification_uri").or_else(|| text("verification_url"));
    let (Some(device_code), Some(user_code), Some(verification_uri)) =
        (text("device_code"), text("user_code"), uri)
    else {
        return Err(GrantFault::Unusable {
            status: answer.reply.status,
            reason: "it has no device code",
        });
    };
    Ok(DeviceCode {
        device_code: Secret::new(device_code),
        user_code,
        verification_uri,
        verification_uri_complete: text("verification_uri_complete"),
        expires_in: number("expires_in").unwrap_or(600),
        interval: number("interval").unwrap_or(5).max(1),
    })
}

/// The request that asks whether a device was allowed (RFC 8628, section 3.4).
///
/// # Errors
/// [`AuthFault`].
pub fn device_poll(
    party: &Party<'_>,
    code: &DeviceCode,
    moment: &Moment,
) -> Result<RequestSpec, AuthFault> {
    let mut parameters = Parameters::of(party.oauth2);
    parameters.push("grant_type", DEVICE_GRANT);
    parameters.push_secret("device_code", &code.device_code);
    token_request(party, parameters, moment)
}

/// Whether the service offers revocation, by the definition or by what the server says of itself.
#[must_use]
pub fn has_revocation(oauth2: &OAuth2, server: Option<&Server>) -> bool {
    oauth2.revocation_url.is_some() || server.is_some_and(|it| it.has("revocation_endpoint"))
}

/// The requests that revoke tokens: the refresh token first, with which the access token goes at most servers
/// (RFC 7009, section 2.1).
///
/// # Errors
/// [`AuthFault`].
pub fn revocations(
    party: &Party<'_>,
    tokens: &Tokens,
    moment: &Moment,
) -> Result<Vec<RequestSpec>, AuthFault> {
    let both = [("refresh_token", tokens.refresh.as_ref()), ("access_token", Some(&tokens.access))];
    let given = both.into_iter().filter_map(|(hint, token)| Some((hint, token?)));
    given
        .map(|(hint, token)| {
            let mut parameters = Parameters::of(party.oauth2);
            parameters.push_secret("token", token);
            parameters.push("token_type_hint", hint);
            let request = party.endpoint("revocationUrl")?;
            client_request(party, request, parameters, moment)
        })
        .collect()
}

/// The parameters of a request.
struct Parameters<'a> {
    oauth2: &'a OAuth2,
    pairs: Vec<(Cow<'a, str>, Secret)>,
    secrets: Vec<Secret>,
}

impl<'a> Parameters<'a> {
    fn of(oauth2: &'a OAuth2) -> Parameters<'a> {
        Parameters { oauth2, pairs: Vec::new(), secrets: Vec::new() }
    }

    /// A parameter of the RFCs, under the name that the service has for it.
    fn push(&mut self, name: &'a str, value: &str) {
        let name = self.oauth2.parameter_names.get(name).map_or(name, String::as_str);
        self.pairs.push((Cow::Borrowed(name), Secret::from(value)));
    }

    fn push_secret(&mut self, name: &'a str, value: &Secret) {
        self.push(name, value.expose());
        self.secrets.push(value.clone());
    }

    fn push_scopes(&mut self) {
        if !self.oauth2.scopes.is_empty() {
            self.push("scope", &scopes(self.oauth2));
        }
    }

    /// What the token is for, where the connector says so; empty text says nothing.
    fn push_audience(&mut self, connection: &Connection) -> Result<(), AuthFault> {
        let audience = self.oauth2.audience.iter().map(|template| ("audience", template));
        let resources = self.oauth2.resource.iter().flat_map(Resources::all);
        for (name, template) in audience.chain(resources.map(|template| ("resource", template))) {
            let value = credential(template, connection)?;
            if !value.is_empty() {
                self.push(name, &value);
            }
        }
        Ok(())
    }

    /// The connector's own parameters.
    fn push_own(
        &mut self,
        own: &'a IndexMap<String, Template>,
        scope: &dyn Scope,
    ) -> Result<(), AuthFault> {
        for (name, template) in own {
            let value = credential(template, scope)?;
            self.pairs.push((Cow::Borrowed(name), Secret::from(&*value)));
        }
        Ok(())
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (&**name, value.expose()))
    }
}

/// A request that renews a token.
fn refresh_request<'a>(
    party: &Party<'a>,
    parameters: Parameters<'a>,
    moment: &Moment,
) -> Result<RequestSpec, AuthFault> {
    let key = if party.oauth2.refresh_url.is_some() { "refreshUrl" } else { "tokenUrl" };
    request_to(key, party, parameters, moment)
}

/// A request to the token endpoint.
fn token_request<'a>(
    party: &Party<'a>,
    parameters: Parameters<'a>,
    moment: &Moment,
) -> Result<RequestSpec, AuthFault> {
    request_to("tokenUrl", party, parameters, moment)
}

/// A request for tokens, as the connector says that they are written.
fn request_to<'a>(
    key: &'static str,
    party: &Party<'a>,
    mut parameters: Parameters<'a>,
    moment: &Moment,
) -> Result<RequestSpec, AuthFault> {
    let Party { oauth2, connection, .. } = *party;
    let now = || Some(*moment);
    let timed = &Timed::new(connection, &now);
    parameters.push_audience(connection)?;
    parameters.push_own(&oauth2.token_parameters, timed)?;
    let mut request = party.endpoint(key)?;
    if let Some(declared) = &oauth2.token_request {
        request.method = Method::from_bytes(declared.method.as_bytes()).unwrap_or(Method::POST);
        let mut own = Parameters::of(oauth2);
        own.push_own(&declared.query, timed)?;
        add_to_query(own.pairs(), &mut request.url);
    }
    let carrier = oauth2.token_request.as_ref().map_or(Carrier::Form, |request| request.carrier);
    let mut request = carried(carrier, party, request, parameters, moment)?;
    for (name, template) in oauth2.token_request.iter().flat_map(|request| &request.headers) {
        let value = credential(template, timed)?;
        let name = header_name(name).map_err(AuthFault::Header)?;
        set_sensitive(&mut request, name, &value)?;
    }
    // What the reply is said to hold is kept out of recordings whatever it is called.
    let held = [&oauth2.token_from, &oauth2.refresh_token_from].into_iter().flatten();
    let held = held.map(|template| ReplySecret::Value(ValueTemplate::Text(template.clone())));
    request.reply_secrets = held.collect();
    Ok(request)
}

/// A form with the proof of who the client is.
fn client_request(
    party: &Party<'_>,
    request: RequestSpec,
    parameters: Parameters<'_>,
    moment: &Moment,
) -> Result<RequestSpec, AuthFault> {
    carried(Carrier::Form, party, request, parameters, moment)
}

/// The parameters with the proof of who the client is (RFC 6749, section 2.3).
fn carried<'a>(
    carrier: Carrier,
    party: &Party<'a>,
    mut request: RequestSpec,
    mut parameters: Parameters<'a>,
    moment: &Moment,
) -> Result<RequestSpec, AuthFault> {
    let Party { oauth2, connection, .. } = *party;
    let mut redactor = Redactor::new();
    connection.add_secrets(&mut redactor);
    request.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let client_auth = party.client_auth();
    if matches!(client_auth, ClientAuth::Basic | ClientAuth::BasicRaw | ClientAuth::BasicAndBody) {
        let (id, secret) = (party.client_id()?, party.client_secret()?);
        // RFC 6749, section 2.3.1: both are form-encoded first. Not every server knows.
        let written = |text: &str| {
            Zeroizing::new(match client_auth {
                ClientAuth::BasicRaw => text.to_owned(),
                _ => utf8_percent_encode(text, UNRESERVED).to_string(),
            })
        };
        let (id, secret) = (written(&id), written(&secret));
        if id.contains(':') {
            return Err(AuthFault::ColonInUser);
        }
        let pair = Zeroizing::new(format!("{}:{}", id.as_str(), secret.as_str()));
        let mut header = Zeroizing::new("Basic ".to_owned());
        STANDARD.encode_string(pair.as_bytes(), &mut header);
        redactor.add_pair(Secret::from(id.as_str()), Secret::from(secret.as_str()));
        set_sensitive(&mut request, AUTHORIZATION, &header)?;
    }
    match client_auth {
        ClientAuth::Basic | ClientAuth::BasicRaw => {}
        ClientAuth::Body | ClientAuth::BasicAndBody => {
            parameters.push("client_id", &party.client_id()?);
            parameters.push_secret("client_secret", &Secret::from(&*party.client_secret()?));
        }
        ClientAuth::None => {
            if oauth2.client_id.is_some() || party.client.is_some() {
                parameters.push("client_id", &party.client_id()?);
            }
        }
        ClientAuth::PrivateKeyJwt => {
            parameters.push("client_id", &party.client_id()?);
            parameters.push("client_assertion_type", JWT_CLIENT);
            parameters.push_secret("client_assertion", &assertion(party, moment)?);
        }
    }
    let body = match carrier {
        Carrier::Form => Some(form_body(parameters.pairs())),
        Carrier::Json => Some(json_body(parameters.pairs())),
        Carrier::Query => {
            add_to_query(parameters.pairs(), &mut request.url);
            None
        }
    };
    if let Some(body) = &body {
        let content_type = HeaderValue::from_static(body.kind.content_type());
        request.headers.insert(CONTENT_TYPE, content_type);
    }
    request.body = body;
    parameters.secrets.into_iter().for_each(|secret| redactor.add(secret));
    request.redactor = Arc::new(redactor);
    Ok(request)
}

/// A signed assertion (RFC 7523, section 3).
fn assertion(party: &Party<'_>, moment: &Moment) -> Result<Secret, AuthFault> {
    let Party { oauth2, connection, .. } = *party;
    let Some(declared) = &oauth2.assertion else {
        return Err(AuthFault::Key { reason: "the connector declares no assertion" });
    };
    let text = |template: &Option<Template>| -> Result<Option<String>, AuthFault> {
        let Some(template) = template else { return Ok(None) };
        let text = credential(template, connection)?;
        Ok((!text.is_empty()).then(|| text.into_owned()))
    };
    let issuer = match text(&declared.issuer)? {
        Some(issuer) => issuer,
        None => party.client_id()?.into_owned(),
    };
    let audience = match text(&declared.audience)? {
        Some(audience) => audience,
        None => party.endpoint("tokenUrl")?.url.to_string(),
    };
    let mut claims = serde_json::Map::new();
    claims.insert("sub".into(), text(&declared.subject)?.unwrap_or_else(|| issuer.clone()).into());
    claims.insert("iss".into(), issuer.into());
    claims.insert("aud".into(), audience.into());
    let [issued, end] = token_times(declared.lifetime, moment);
    claims.insert("iat".into(), issued.into());
    claims.insert("exp".into(), end.into());
    claims.insert("jti".into(), moment.nonce_hex().into());
    let now = || Some(*moment);
    let timed = Timed::new(connection, &now);
    for (name, template) in &declared.claims {
        let value = template.value(&timed).map_err(AuthFault::Template)?;
        claims.extend(value.map(|value| (name.clone(), value)));
    }
    let key = SigningKey {
        text: Secret::from(&*credential(&declared.key, connection)?),
        passphrase: text(&declared.passphrase)?.map(Secret::new),
    };
    let key_id = text(&declared.key_id)?.map(|key_id| ("kid".to_owned(), key_id.into()));
    sign_token(declared.algorithm, &key, key_id.into_iter().collect(), &claims)
}

fn scopes(oauth2: &OAuth2) -> String {
    oauth2.scopes.join(oauth2.scope_separator.as_deref().unwrap_or(" "))
}
