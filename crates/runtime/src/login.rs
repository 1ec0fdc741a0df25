//! Logging in to a stored connection, trying it out, and taking its grant back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cardhost_core::auth::{AuthFault, Grant, OAuth2};
use cardhost_core::call::Outcome;
use cardhost_core::call::ReplyFault;
use cardhost_core::connection_test;
use cardhost_core::connection_test::{NoIdentity, NoTest};
use cardhost_core::connector::Connector;
use cardhost_core::error::{Class, Code, Internal};
use cardhost_core::failure::Error;
use cardhost_core::invocation::{ConnectionRef, Invocation};
use cardhost_core::plan::PlanFault;
use cardhost_core::request::RequestSpec;
use cardhost_core::response::Reply;
use cardhost_core::secret::{Redactor, Secret};
use cardhost_core::token::NoToken;
use cardhost_core::token::{
    self, Answer, Authorization, Client, GrantFault, Now, Party, Pkce, Refused, Server,
    TokenScheme, TokenSet, Tokens,
};
use url::{Url, form_urlencoded};

pub use cardhost_core::token::{Choice, DeviceCode};

use crate::entropy::random;
use crate::host::{Found, Host};
use crate::token::{Wanted, keep_secret, the_one};

/// What has to be done to log in.
#[derive(Debug)]
pub enum Login {
    /// A person opens a URL in a browser.
    Browser(BrowserLogin),
    /// A person types a code on another device.
    Device(DeviceLogin),
    /// Nothing more: the token was got without a person, and is stored.
    Direct,
    /// The token was got without a person, who has to choose one of several.
    Choose(OpenChoice),
}

/// What is left to do once a login has brought its tokens.
#[derive(Debug)]
pub enum LoginEnd {
    /// Nothing: the tokens are stored.
    Stored,
    /// One of several that the login may use has to be chosen (`lookUp` of the connector).
    Choose(OpenChoice),
}

/// A login that has brought its tokens, and waits for a choice. Prints without secrets.
pub struct OpenChoice(Box<Open>);

/// What is known of such a login.
struct Open {
    attempt: Attempt,
    tokens: Tokens,
    found: Vec<Choice>,
}

/// A login under way. Prints without secrets.
struct Attempt {
    host: Host,
    connector: Arc<Connector>,
    found: Found,
    method: String,
    /// What the authorization server says of itself, where the definition names its issuer.
    server: Option<Arc<Server>>,
    /// The client that has registered itself, where the definition says so.
    client: Option<Client>,
}

/// A login that waits for a browser to come back.
pub struct BrowserLogin {
    attempt: Attempt,
    url: Url,
    redirect_uri: String,
    state: String,
    pkce: Pkce,
}

/// A login that waits for a person on another device.
pub struct DeviceLogin {
    attempt: Attempt,
    code: DeviceCode,
}

/// What came of trying a connection out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestOutcome {
    /// The status of the reply.
    pub status: u16,
    /// Whose connection it is, where the connector says how to tell.
    pub identity: Option<String>,
    /// The target that was asked.
    pub target: String,
}

/// What came of taking grants back.
#[derive(Clone, Debug, Default)]
pub struct Revoked {
    /// Auth methods whose tokens were revoked.
    pub revoked: Vec<String>,
    /// Auth methods whose service offers no revocation.
    pub not_offered: Vec<String>,
    /// Auth methods whose tokens could not be revoked, and why.
    pub failed: Vec<(String, Error)>,
}

impl Host {
    /// Begins a login to a stored connection: with the auth method that is named, or the first one that gets a token and
    /// has all its fields. `redirect_uri` is where a browser is to come back to, such as `http://127.0.0.1:PORT/callback`
    /// (RFC 8252, section 7.3).
    ///
    /// # Errors
    /// `connection.unknown`, `auth.missing` where no method gets a token, and what the service answers.
    pub async fn begin_login(
        &self,
        connector: &str,
        name: &str,
        method: Option<&str>,
        redirect_uri: &str,
    ) -> Result<Login, Error> {
        let mut attempt = self.attempt(connector, name, method).await?;
        let grant = attempt.oauth2().map(|oauth2| oauth2.grant);
        if grant.is_some_and(Grant::needs_person) {
            attempt.introduce(redirect_uri).await?;
        }
        match grant {
            Some(Grant::AuthorizationCode) => {
                BrowserLogin::begin(attempt, redirect_uri).map(Login::Browser)
            }
            Some(Grant::DeviceCode) => DeviceLogin::begin(attempt).await.map(Login::Device),
            _ => {
                let tokens = self.renewer().fetch(&attempt.wanted()).await?;
                Ok(match attempt.end(tokens).await? {
                    LoginEnd::Stored => Login::Direct,
                    LoginEnd::Choose(choice) => Login::Choose(choice),
                })
            }
        }
    }

    /// Where the connector says that a browser comes back to in a login; `None` where it leaves that to whoever logs in.
    ///
    /// # Errors
    /// As [`Host::begin_login`], without those of the service.
    pub async fn declared_redirect_uri(
        &self,
        connector: &str,
        name: &str,
        method: Option<&str>,
    ) -> Result<Option<String>, Error> {
        let attempt = self.attempt(connector, name, method).await?;
        Ok(attempt.oauth2().and_then(|oauth2| oauth2.redirect_uri.clone()))
    }

    /// Tries a stored connection out with the connector's test.
    ///
    /// # Errors
    /// `connection.no_test` where the connector declares none; otherwise as for any run.
    pub async fn test_connection(&self, connector: &str, name: &str) -> Result<TestOutcome, Error> {
        let connector = self.catalog().connector(connector)?;
        let no_test = || Error::from(NoTest { connector: connector.name.0.clone() });
        let test = connector.connection.test.as_ref().ok_or_else(no_test)?;
        let definition = Arc::new(connection_test::definition(&connector).ok_or_else(no_test)?);
        let connection = Some(ConnectionRef::Name(name.to_owned()));
        let invocation = Invocation { connection, ..Invocation::default() };
        let target = test.target.clone();
        let unexpected = |status| {
            let fault = ReplyFault::Service { status, message: None, code: Code::HTTP_STATUS };
            Err(Error::new(fault))
        };
        let tested = |status, identity: Option<String>| match identity {
            None if test.identity.is_some() => {
                Err(Error::from(NoIdentity { target: target.clone(), status }))
            }
            identity => Ok(TestOutcome { status, identity, target: target.clone() }),
        };
        match self.run_definition(definition, invocation).await {
            Ok(Outcome { output, status, .. }) if test.expects(status) => {
                tested(status, connection_test::identity(&output))
            }
            Ok(Outcome { status, .. }) => unexpected(status),
            Err(error) => match error.response().map(|response| response.status) {
                // An expected status, unless it is a good one and the body says that it failed all the same.
                Some(status)
                    if test.expects(status)
                        && (!(200..300).contains(&status) || error.class() == Class::Response) =>
                {
                    tested(status, None)
                }
                _ => Err(error),
            },
        }
    }

    /// Revokes the tokens of a stored connection at the service (RFC 7009). The connection stays; its tokens are of no use
    /// any more where they were revoked.
    ///
    /// # Errors
    /// `connection.unknown` and those of the store.
    pub async fn revoke(&self, connector: &str, name: &str) -> Result<Revoked, Error> {
        let connector = self.catalog().connector(connector)?;
        let mut found = self.stored_connection(&connector, name).await?;
        let Some(opened) = found.stored.take() else { return Ok(Revoked::default()) };
        let mut revoked = Revoked::default();
        for (method, tokens) in opened.load_tokens().await?.iter() {
            let declared = connector.auth.get(method);
            let oauth2 = declared.and_then(|method| TokenScheme::of(method)?.oauth2());
            let Some(oauth2) = oauth2 else {
                revoked.not_offered.push(method.to_owned());
                continue;
            };
            match self.revoke_tokens((&connector, method), oauth2, &found, tokens).await {
                Ok(true) => {
                    if tokens.client.is_some() {
                        // The next login registers anew.
                        let tokens = Tokens { client: None, ..tokens.clone() };
                        opened.put_tokens(method, tokens).await?;
                    }
                    revoked.revoked.push(method.to_owned());
                }
                Ok(false) => revoked.not_offered.push(method.to_owned()),
                Err(error) => revoked.failed.push((method.to_owned(), error)),
            }
        }
        Ok(revoked)
    }

    /// Revokes tokens, and takes back the registration of the client that they were got by; `false` where the service offers neither.
    async fn revoke_tokens(
        &self,
        (connector, method): (&Arc<Connector>, &str),
        oauth2: &OAuth2,
        found: &Found,
        tokens: &Tokens,
    ) -> Result<bool, Error> {
        let renewer = self.renewer();
        let wanted = Wanted {
            connector: Arc::clone(connector),
            method: method.to_owned(),
            connection: Arc::clone(&found.connection),
            refused: None,
            brings: false,
        };
        let server = match oauth2.revocation_url {
            Some(_) => None,
            None => renewer.server(&wanted, oauth2).await?,
        };
        let (server, client) = (server.as_deref(), tokens.client.as_ref());
        let party = Party { oauth2, connection: &found.connection, server, client };
        let unusable = |fault| unusable(method, fault);
        let mut requests = match token::has_revocation(oauth2, server) {
            true => token::revocations(&party, tokens, &renewer.moment()?).map_err(unusable)?,
            false => Vec::new(),
        };
        requests.extend(token::deletion(&party).map_err(unusable)?);
        let offered = !requests.is_empty();
        for request in requests {
            let request = secured(connector, method, found, Ok(request))?;
            let reply = renewer.send(&request).await;
            let reply = reply.map_err(|fault| refused(method, fault, Some(&request)))?;
            // A token that is not known any more is revoked enough (RFC 7009, section 2.2).
            if !(200..300).contains(&reply.status) {
                let here = renewer.unix_seconds();
                let now = Now { shared: here, here };
                let fault =
                    token::refusal(&Answer { reply: &reply, redactor: &request.redactor, now });
                return Err(refused(method, fault, Some(&request)));
            }
        }
        Ok(offered)
    }

    async fn attempt(
        &self,
        connector: &str,
        name: &str,
        method: Option<&str>,
    ) -> Result<Attempt, Error> {
        let connector = self.catalog().connector(connector)?;
        let found = self.stored_connection(&connector, name).await?;
        let mut passed_over = Vec::new();
        let mut chosen = None;
        for (known, declared) in &connector.auth {
            if method.is_some_and(|method| method != known) || !declared.scheme().needs_token() {
                continue;
            }
            let missing = declared.missing(&*found.connection);
            if missing.is_empty() {
                chosen = Some(known.clone());
                break;
            }
            passed_over.push((known.clone(), missing));
        }
        let method = chosen.ok_or_else(|| {
            let target = format!("a login to {}", connector.name.as_str());
            Error::from(PlanFault::AuthMissing { target, methods: passed_over })
        })?;
        let (server, client) = (None, None);
        Ok(Attempt { host: self.clone(), connector, found, method, server, client })
    }
}

impl Attempt {
    fn oauth2(&self) -> Option<&OAuth2> {
        TokenScheme::of(self.connector.auth.get(&self.method)?)?.oauth2()
    }

    fn party<'a>(&'a self, oauth2: &'a OAuth2) -> Party<'a> {
        let (server, client) = (self.server.as_deref(), self.client.as_ref());
        Party { oauth2, connection: &self.found.connection, server, client }
    }

    /// Asks the server for its description, and registers a client where the definition says so and none is known that fits.
    async fn introduce(&mut self, redirect_uri: &str) -> Result<(), Error> {
        let renewer = self.host.renewer();
        let Some(oauth2) = self.oauth2() else { return Ok(()) };
        let server = renewer.server(&self.wanted(), oauth2).await?;
        let mut client = None;
        if oauth2.registration.is_some() {
            let stored = match &self.found.stored {
                Some(opened) => opened.load_tokens().await?,
                None => TokenSet::default(),
            };
            let now = renewer.unix_seconds();
            let known = stored.get(&self.method).and_then(|tokens| tokens.client.clone());
            client = known.filter(|client| client.fits(redirect_uri, now));
        }
        if client.is_none() {
            let party = Party {
                oauth2,
                connection: &self.found.connection,
                server: server.as_deref(),
                client: None,
            };
            let request = token::registration(&party, redirect_uri);
            if let Some(request) = request.map_err(|fault| self.unusable(fault))? {
                let request = self.secured(Ok(request))?;
                let reply = self.send(&request).await?;
                let now = self.clocks().await?;
                let answer = Answer { reply: &reply, redactor: &request.redactor, now };
                let read = token::read_registration(&party, redirect_uri, &answer);
                client = Some(read.map_err(|fault| refused(&self.method, fault, Some(&request)))?);
            }
        }
        (self.server, self.client) = (server, client);
        Ok(())
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            connector: Arc::clone(&self.connector),
            method: self.method.clone(),
            connection: Arc::clone(&self.found.connection),
            refused: None,
            brings: false,
        }
    }

    fn unusable(&self, fault: AuthFault) -> Error {
        unusable(&self.method, fault)
    }

    /// A request with the TLS settings of its auth method.
    fn secured(&self, request: Result<RequestSpec, AuthFault>) -> Result<RequestSpec, Error> {
        secured(&self.connector, &self.method, &self.found, request)
    }

    async fn send(&self, request: &RequestSpec) -> Result<Reply, Error> {
        let reply = self.host.renewer().send(request).await;
        reply.map_err(|fault| refused(&self.method, fault, Some(request)))
    }

    /// Looks up what the method wants to know, and stores the tokens where nothing has to be chosen.
    async fn end(mut self, mut tokens: Tokens) -> Result<LoginEnd, Error> {
        if let Some(client) = self.client.take() {
            tokens.client = Some(client);
        }
        let found = self.host.renewer().look_up(&self.wanted(), &tokens, None).await?;
        if found.len() > 1 {
            let open = Open { attempt: self, tokens, found };
            return Ok(LoginEnd::Choose(OpenChoice(Box::new(open))));
        }
        tokens.gives.extend(found.into_iter().flat_map(|one| one.gives));
        self.store(tokens).await?;
        Ok(LoginEnd::Stored)
    }

    /// Stores the tokens of a login in place of all older ones of its method.
    async fn store(&self, tokens: Tokens) -> Result<(), Error> {
        match &self.found.stored {
            Some(opened) => opened.put_tokens(&self.method, tokens).await,
            None => Ok(()),
        }
    }
}

impl BrowserLogin {
    fn begin(attempt: Attempt, redirect_uri: &str) -> Result<BrowserLogin, Error> {
        let entropy = &*attempt.host.renewer().entropy;
        let state = URL_SAFE_NO_PAD.encode(random::<24>(entropy)?);
        let pkce = Pkce::new(random::<32>(entropy)?);
        let redirect_uri = redirect_uri.to_owned();
        let request = Authorization { redirect_uri: &redirect_uri, state: &state, pkce: &pkce };
        let oauth2 = attempt.oauth2().ok_or_else(no_oauth2)?;
        let url = token::authorization_url(&attempt.party(oauth2), &request);
        let url = url.map_err(|fault| attempt.unusable(fault))?;
        Ok(BrowserLogin { attempt, url, redirect_uri, state, pkce })
    }

    /// The auth method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.attempt.method
    }

    /// What the person opens.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether a request to the redirect URI, by its query, belongs to this login: others may know the URI, but not the
    /// state (RFC 6749, section 10.12).
    #[must_use]
    pub fn accepts(&self, redirect_query: &str) -> bool {
        parameter(redirect_query, "state").is_some_and(|state| state == self.state)
    }

    /// The error that a query tells which has no state at all: many services redirect so where they find something wrong.
    /// Anybody may have sent it, so that it is to be shown and ends no login.
    #[must_use]
    pub fn refusal_without_state(&self, redirect_query: &str) -> Option<Error> {
        let has_state = parameter(redirect_query, "state").is_some_and(|state| !state.is_empty());
        let told = if has_state { None } else { self.told(redirect_query) };
        told.map(|fault| refused(&self.attempt.method, fault, None))
    }

    /// What a query says in place of a code (RFC 6749, section 4.1.2.1).
    fn told(&self, redirect_query: &str) -> Option<GrantFault> {
        let said = |name| parameter(redirect_query, name).filter(|text| !text.is_empty());
        let error = said("error")?;
        let (description, page) = (said("error_description"), said("error_uri"));
        let mut redactor = Redactor::new();
        self.attempt.found.connection.add_secrets(&mut redactor);
        let (description, page) = (description.as_deref(), page.as_deref());
        let refused = Refused::default().saying(Some(&error), description, page, &redactor);
        Some(match error.as_str() {
            "access_denied" => GrantFault::Denied(refused),
            "temporarily_unavailable" | "server_error" => GrantFault::Unavailable(refused),
            _ => GrantFault::Refused(refused),
        })
    }

    /// Takes the query with which the browser came back, gets the tokens and stores them, or asks for a choice.
    ///
    /// # Errors
    /// `auth.denied` where the person said no, and what the token endpoint answers. What is stored stays as it was.
    pub async fn finish(self, redirect_query: &str) -> Result<LoginEnd, Error> {
        let attempt = &self.attempt;
        let fault = |fault| refused(&attempt.method, fault, None);
        if !self.accepts(redirect_query) {
            let reason = "it does not belong to this login";
            return Err(fault(GrantFault::Redirect { reason }));
        }
        if let Some(told) = self.told(redirect_query) {
            return Err(fault(told));
        }
        let reason = "the redirect has neither a code nor an error";
        let code = parameter(redirect_query, "code").filter(|code| !code.is_empty());
        let code = code.ok_or_else(|| fault(GrantFault::Redirect { reason }))?;
        let oauth2 = attempt.oauth2().ok_or_else(no_oauth2)?;
        let renewer = attempt.host.renewer();
        let (redirect_uri, state) = (self.redirect_uri.as_str(), self.state.as_str());
        let request = Authorization { redirect_uri, state, pkce: &self.pkce };
        let code = Secret::new(code);
        let party = attempt.party(oauth2);
        let request = token::exchange(&party, &code, &request, &renewer.moment()?);
        let request = attempt.secured(request)?;
        let reply = attempt.send(&request).await?;
        let answer =
            Answer { reply: &reply, redactor: &request.redactor, now: attempt.clocks().await? };
        let tokens = token::read_tokens(oauth2, &answer, None, redirect_query)
            .map_err(|fault| refused(&attempt.method, fault, Some(&request)))?;
        self.attempt.end(tokens).await
    }
}

impl OpenChoice {
    /// The auth method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.0.attempt.method
    }

    /// What there is to choose from.
    #[must_use]
    pub fn choices(&self) -> &[Choice] {
        &self.0.found
    }

    /// Takes the one of a value, or of a title, and stores the tokens with what it brings.
    ///
    /// # Errors
    /// `auth.choice` where there is none of that name, and those of the store.
    pub async fn take(self, chosen: &str) -> Result<(), Error> {
        let Open { attempt, mut tokens, found } = *self.0;
        let gives = the_one(found, Some(chosen));
        tokens.gives.extend(gives.map_err(|fault| refused(&attempt.method, fault, None))?);
        attempt.store(tokens).await
    }

    /// The error of a login whose choice nobody has made.
    #[must_use]
    pub fn not_made(self) -> Error {
        let Open { attempt, found, .. } = *self.0;
        let fault = the_one(found, None).err().unwrap_or(GrantFault::LoginRequired);
        refused(&attempt.method, fault, None)
    }
}

impl Attempt {
    async fn clocks(&self) -> Result<Now, Error> {
        let here = self.host.renewer().unix_seconds();
        Ok(match &self.found.stored {
            Some(opened) => Now { shared: opened.now().await?, here },
            None => Now { shared: here, here },
        })
    }
}

impl DeviceLogin {
    async fn begin(attempt: Attempt) -> Result<DeviceLogin, Error> {
        let oauth2 = attempt.oauth2().ok_or_else(no_oauth2)?;
        let renewer = attempt.host.renewer();
        let moment = renewer.moment()?;
        let request = token::device_request(&attempt.party(oauth2), &moment);
        let request = attempt.secured(request)?;
        let reply = attempt.send(&request).await?;
        let now = Now { shared: moment.unix_seconds, here: moment.unix_seconds };
        let code = token::read_device(&Answer { reply: &reply, redactor: &request.redactor, now })
            .map_err(|fault| refused(&attempt.method, fault, Some(&request)))?;
        Ok(DeviceLogin { attempt, code })
    }

    /// The auth method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.attempt.method
    }

    /// What the person types, and where.
    #[must_use]
    pub fn code(&self) -> &DeviceCode {
        &self.code
    }

    /// Asks until the person has allowed it, then stores the tokens, or asks for a choice.
    ///
    /// # Errors
    /// `auth.denied` where the person said no or the time is over, and what the token endpoint answers.
    pub async fn wait(self) -> Result<LoginEnd, Error> {
        const MOST_FAILURES: u32 = 5;
        let attempt = &self.attempt;
        let oauth2 = attempt.oauth2().ok_or_else(no_oauth2)?;
        let renewer = attempt.host.renewer();
        let mut interval = Duration::from_secs(u64::try_from(self.code.interval).unwrap_or(5));
        let life = Duration::from_secs(u64::try_from(self.code.expires_in).unwrap_or(600));
        let end = tokio::time::Instant::now() + life;
        let mut failures = 0;
        loop {
            tokio::time::sleep(interval).await;
            if tokio::time::Instant::now() > end {
                return Err(refused(&attempt.method, GrantFault::Expired, None));
            }
            let party = attempt.party(oauth2);
            let request = token::device_poll(&party, &self.code, &renewer.moment()?);
            let request = attempt.secured(request)?;
            let read = match renewer.send(&request).await {
                Ok(reply) => {
                    let now = attempt.clocks().await?;
                    let answer = Answer { reply: &reply, redactor: &request.redactor, now };
                    token::read_tokens(oauth2, &answer, None, "")
                }
                Err(fault) => Err(fault),
            };
            match read {
                Ok(tokens) => return self.attempt.end(tokens).await,
                // RFC 8628, section 3.5: five seconds more, for good.
                Err(GrantFault::Pending { slow_down: true }) => interval += Duration::from_secs(5),
                Err(GrantFault::Pending { slow_down: false }) => failures = 0,
                Err(GrantFault::Unavailable(_) | GrantFault::Transport { .. })
                    if failures < MOST_FAILURES =>
                {
                    failures += 1;
                    interval *= 2;
                }
                Err(fault) => return Err(refused(&attempt.method, fault, Some(&request))),
            }
        }
    }
}

impl fmt::Debug for OpenChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenChoice({}, {} choices)", self.0.attempt.method, self.0.found.len())
    }
}

impl fmt::Debug for BrowserLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BrowserLogin({})", self.attempt.method)
    }
}

impl fmt::Debug for DeviceLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceLogin({})", self.attempt.method)
    }
}

/// A request with the TLS settings of its auth method.
fn secured(
    connector: &Connector,
    method: &str,
    found: &Found,
    request: Result<RequestSpec, AuthFault>,
) -> Result<RequestSpec, Error> {
    let secured = request.and_then(|mut request| {
        let declared = connector.auth.get(method);
        declared.map_or(Ok(()), |declared| {
            declared.scheme().secure(&mut request, &*found.connection)
        })?;
        declared.into_iter().for_each(|declared| keep_secret(connector, declared, &mut request));
        Ok(request)
    });
    secured.map_err(|fault| unusable(method, fault))
}

fn unusable(method: &str, fault: AuthFault) -> Error {
    Error::from(PlanFault::Auth { method: method.to_owned(), fault })
}

fn refused(method: &str, fault: GrantFault, request: Option<&RequestSpec>) -> Error {
    let error = Error::from(NoToken { method: method.to_owned(), fault });
    match request {
        Some(request) => error.redacted_by(&request.redactor),
        None => error,
    }
}

fn no_oauth2() -> Error {
    Error::from(Internal { what: "a login without OAuth 2.0" })
}

/// A parameter of a query.
fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
