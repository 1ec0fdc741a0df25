//! The plan: the exact request an invocation would send.
//!
//! ```text
//! defaults → options → inputs → target → render → pin → auth
//! ```
//! The first fault wins.

mod body;
mod credentials;
mod fault;
mod forms;
mod given;
mod idempotency;
mod scope;
mod url;
mod warning;

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use ::url::Url;
use http::Method;
use serde_json::{Map, Value};

use crate::auth::{CustomSchemes, Pending};
use crate::base_url::RenderedBase;
use crate::card::{Card, Effect};
use crate::connection::Connection;
use crate::connector::Timeouts;
use crate::definition::Definition;
use crate::inject::path;
use crate::moment::Moment;
use crate::request::RequestSpec;
use crate::retry::Sending;
use crate::secret::{Redactor, Secret};
use crate::template::{Scope, Template};

pub use fault::{HostNotAllowed, PlanFault, RequestPart};
pub use given::plan_request;
pub use url::{input_field, is_relative_url};
pub use warning::Warning;

use body::{body, headers};
use credentials::{add_sensitive, apply_auth};
use forms::settle_invocation;
use scope::PlanScope;
use url::{Base, base, path_text, query, relative_url_field};

/// The methods a card can have.
pub const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Most bytes of a request body.
pub const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// What can be set for a run besides its invocation.
#[derive(Clone, Debug, Default)]
pub struct PlanSettings {
    /// Replaces the target's base URL; the URL is pinned to it.
    pub base: Option<Arc<BaseOverride>>,
    /// The auth schemes that the embedding program brings.
    pub schemes: Arc<CustomSchemes>,
}

/// A base URL in place of the target's.
#[derive(Clone, Debug)]
pub struct BaseOverride {
    text: String,
    url: Url,
}

impl BaseOverride {
    /// Reads a base URL: `http` or `https`, a host, a path; no user, query or fragment.
    #[must_use]
    pub fn parse(text: &str) -> Option<BaseOverride> {
        let base = crate::base_url::BaseUrl::new(text);
        let url = base.url()?.clone();
        Some(BaseOverride { text: text.to_owned(), url })
    }
}

/// What an invocation would send, and how that came about.
///
/// Its `Debug` leaves options and inputs out: they may be sensitive.
pub struct Plan {
    /// The request.
    pub request: RequestSpec,
    /// The name of the target.
    pub target: String,
    /// Where the base URL came from.
    pub base_from: String,
    /// The base URL, where the connection's values are part of it.
    pub rendered_base: Option<Box<RenderedBase>>,
    /// The name of the auth method.
    pub auth: String,
    /// What has to be done for each sending: signatures, a token.
    pub pending: Option<Pending>,
    /// The auth methods that were passed over, with the connection fields each lacks.
    pub passed_over: Vec<(String, Vec<String>)>,
    /// What the request does at the service.
    pub effect: Effect,
    /// Whether the request carries an idempotency key.
    pub keyed: bool,
    /// What deserves attention.
    pub warnings: Vec<Warning>,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// The settled options.
    pub options: Map<String, Value>,
    /// The settled inputs.
    pub input: Map<String, Value>,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("request", &self.request)
            .field("target", &self.target)
            .field("auth", &self.auth)
            .field("effect", &self.effect)
            .finish_non_exhaustive()
    }
}

impl Plan {
    /// The request, as far as sending it again is concerned.
    #[must_use]
    pub fn sending(&self) -> Sending {
        Sending { effect: self.effect, keyed: self.keyed }
    }

    /// Completes the request for showing it: without a token, its place is marked.
    ///
    /// # Errors
    /// [`Refusal`], where the credentials cannot be used.
    pub fn sign_to_show(mut self, moment: &Moment) -> Result<Plan, Refusal> {
        let Some(pending) = &self.pending else { return Ok(self) };
        match pending.sign(&mut self.request, None, moment) {
            Ok(derived) => {
                self.request.redactor = Arc::new(self.request.redactor.with(derived));
                Ok(self)
            }
            Err(fault) => {
                let fault = PlanFault::Auth { method: self.auth, fault };
                let redactor = self.request.redactor;
                Err(Refusal { fault, redactor, warnings: self.warnings })
            }
        }
    }
}

/// A fault, and the secrets that must not be shown with it.
#[derive(Debug)]
pub struct Refusal {
    /// The fault.
    pub fault: PlanFault,
    /// The secrets of the invocation.
    pub redactor: Arc<Redactor>,
    /// What deserved attention before.
    pub warnings: Vec<Warning>,
}

/// Plans the request of an invocation.
///
/// # Errors
/// The first [`PlanFault`] in the order given above.
pub fn plan(
    definition: &Definition,
    connection: &Connection,
    options: Map<String, Value>,
    input: Map<String, Value>,
    settings: &PlanSettings,
) -> Result<Plan, Refusal> {
    plan_with_key(definition, connection, options, input, None, settings)
}

/// As [`plan`], with the idempotency key of the invocation, for a card that has a place for it.
///
/// # Errors
/// As [`plan`].
pub fn plan_with_key(
    definition: &Definition,
    connection: &Connection,
    mut options: Map<String, Value>,
    mut input: Map<String, Value>,
    idempotency_key: Option<&str>,
    settings: &PlanSettings,
) -> Result<Plan, Refusal> {
    idempotency::into_input(&definition.card, idempotency_key, &mut input);
    let mut warnings: Vec<Warning> =
        connection.ignored().iter().cloned().map(Warning::NotApplicable).collect();
    let derived = RefCell::new(Vec::new());
    let rendered =
        render(definition, connection, &mut options, &mut input, settings, &mut warnings, &derived);
    let rendered = rendered.and_then(|mut plan| {
        let headers = &mut plan.request.headers;
        idempotency::into_header(&definition.card, idempotency_key, headers).map(|()| plan)
    });
    match rendered {
        Ok(plan) => {
            let keyed = idempotency::is_keyed(&definition.card, &plan.request.headers, &input);
            Ok(Plan { options, input, warnings, keyed, ..plan })
        }
        Err(fault) => {
            let mut redactor = Redactor::new();
            connection.add_secrets(&mut redactor);
            add_sensitive(&definition.card, &input, &mut redactor);
            derived.take().into_iter().for_each(|secret| redactor.add(secret));
            Err(Refusal { fault, redactor: Arc::new(redactor), warnings })
        }
    }
}

/// Settles the forms in place and makes everything of the plan but them and the warnings.
fn render(
    definition: &Definition,
    connection: &Connection,
    options: &mut Map<String, Value>,
    input: &mut Map<String, Value>,
    settings: &PlanSettings,
    warnings: &mut Vec<Warning>,
    derived: &RefCell<Vec<Secret>>,
) -> Result<Plan, PlanFault> {
    let (connector, card) = (&*definition.connector, &definition.card);
    settle_invocation(card, connection, options, input, warnings)?;
    let scope =
        PlanScope { card: Some(card), ..PlanScope::new(connection, options, input, derived) };

    let target_name = text(&card.request.target, RequestPart::Target, &scope)?;
    let target = connector
        .targets
        .get(&*target_name)
        .ok_or_else(|| PlanFault::UnknownTarget { found: target_name.to_string() })?;
    let base = base(&target_name, target, settings, &scope)?;
    warnings.extend(target.hints.iter().filter(|hint| hint.when.holds(&scope)).map(|hint| {
        Warning::TargetHint { target: target_name.to_string(), hint: hint.hint.clone() }
    }));

    let method = method(card, &scope)?;
    let query = query(card, &scope, warnings)?;
    let path_text = path_text(card, &scope)?;
    let joined = path::join(base.url(), base.text(), &path_text, &query)
        .map_err(|fault| PlanFault::Url { field: relative_url_field(card), fault })?;
    if joined.fragment_dropped {
        warnings.push(Warning::FragmentDropped);
    }
    let body = body(card, &scope, warnings)?;
    let headers = headers(card, body.as_ref(), &scope)?;
    let effect = *card
        .effect
        .decide(&scope)
        .map_err(|row| PlanFault::NoRow { table: "/effect".to_owned(), row })?;

    let mut request = RequestSpec {
        method,
        url: joined.url,
        host_from: base.host_from(),
        headers,
        body: body.map(|(body, _)| body),
        tls: None,
        redactor: Arc::default(),
        reply_secrets: definition.reply_secrets(),
    };
    let mut redactor = Redactor::new();
    connection.add_secrets(&mut redactor);
    add_sensitive(card, input, &mut redactor);
    let applied = apply_auth(
        (connector, card),
        (&target_name, target),
        &settings.schemes,
        &mut request,
        &scope,
        &mut redactor,
    )?;
    for secret in derived.take() {
        redactor.add(secret);
    }
    request.redactor = Arc::new(redactor);
    let base_from = match &settings.base {
        Some(_) => "--base".to_owned(),
        None => format!("target `{target_name}`"),
    };
    let rendered_base = match base {
        Base::Rendered(rendered) => Some(rendered),
        Base::Literal(..) | Base::Override(_) => None,
    };
    let target = target_name.into_owned();
    let timeouts = Timeouts {
        connect: card.request.timeouts.connect.or(connector.timeouts.connect),
        idle: card.request.timeouts.idle.or(connector.timeouts.idle),
        total: card.request.timeouts.total.or(connector.timeouts.total),
    };
    Ok(Plan {
        request,
        target,
        base_from,
        rendered_base,
        auth: applied.name,
        pending: applied.pending,
        passed_over: applied.passed_over,
        effect,
        keyed: false,
        warnings: Vec::new(),
        timeouts,
        options: Map::new(),
        input: Map::new(),
    })
}

fn text<'s>(
    template: &'s Template,
    part: RequestPart,
    scope: &'s dyn Scope,
) -> Result<std::borrow::Cow<'s, str>, PlanFault> {
    template
        .text(scope)
        .map(Option::unwrap_or_default)
        .map_err(|error| PlanFault::Template { part, error })
}

fn method(card: &Card, scope: &dyn Scope) -> Result<Method, PlanFault> {
    let text = text(&card.request.method, RequestPart::Method, scope)?;
    let known = METHODS.contains(&&*text);
    match Method::from_bytes(text.as_bytes()) {
        Ok(method) if known => Ok(method),
        _ => Err(PlanFault::Method { found: text.into_owned() }),
    }
}
