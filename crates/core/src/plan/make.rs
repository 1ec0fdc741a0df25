//! A plan is made.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value};

use super::body::{body, headers};
use super::circumstances::Circumstances;
use super::credentials::{add_sensitive, apply_auth};
use super::fault::{PlanFault, RequestPart};
use super::forms::settle_invocation;
use super::idempotency;
use super::limits::METHODS;
use super::login;
use super::planned::{Plan, Refusal};
use super::scope::PlanScope;
use super::settings::PlanSettings;
use super::url::{Base, base, followed, path_text, query, relative_url_field};
use super::warning::Warning;
use crate::card::Card;
use crate::connection::Connection;
use crate::connector::Timeouts;
use crate::definition::Definition;
use crate::file::OpenedFile;
use crate::inject::path;
use crate::moment::Moments;
use crate::pages::{PlannedPages, Wanted};
use crate::request::RequestSpec;
use crate::secret::{Redactor, Secret};
use crate::template::{Scope, Template};

/// Plans the request of an invocation.
///
/// # Errors
/// The first [`PlanFault`] in the order that the module gives.
pub fn plan(
    definition: &Definition,
    connection: &Connection,
    options: Map<String, Value>,
    input: Map<String, Value>,
    settings: &PlanSettings,
) -> Result<Plan, Refusal> {
    plan_in(definition, connection, (options, input), &Circumstances::default(), settings)
}

/// As [`plan`], with the idempotency key of the invocation and the moment that it is planned in.
///
/// # Errors
/// As [`plan`].
pub fn plan_in(
    definition: &Definition,
    connection: &Connection,
    (mut options, mut input): (Map<String, Value>, Map<String, Value>),
    circumstances: &Circumstances<'_>,
    settings: &PlanSettings,
) -> Result<Plan, Refusal> {
    let idempotency_key = circumstances.idempotency_key;
    idempotency::into_input(&definition.card, idempotency_key, &mut input);
    let mut warnings: Vec<Warning> =
        connection.remarks().iter().cloned().map(Warning::from).collect();
    let derived = RefCell::new(Vec::new());
    let moments = Moments::new(circumstances.moment);
    let files = circumstances.files;
    let told = Told { settings, moments: &moments, derived: &derived, files };
    let rendered = render(definition, connection, (&mut options, &mut input), &told, &mut warnings);
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
            let fault = login::told(fault, &definition.connector);
            Err(Refusal { fault, redactor: Arc::new(redactor), warnings })
        }
    }
}

/// What a plan is made with besides the invocation.
struct Told<'a> {
    settings: &'a PlanSettings,
    moments: &'a Moments<'a>,
    /// What helpers made of secrets.
    derived: &'a RefCell<Vec<Secret>>,
    /// The files that may be read.
    files: &'a [OpenedFile],
}

/// Settles the forms in place and makes everything of the plan but them and the warnings.
fn render(
    definition: &Definition,
    connection: &Connection,
    (options, input): (&mut Map<String, Value>, &mut Map<String, Value>),
    &Told { settings, moments, derived, files }: &Told<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Plan, PlanFault> {
    let (connector, card) = (&*definition.connector, &definition.card);
    let with_content = definition.sends_content();
    settle_invocation(card, connection, (options, input), (files, with_content), warnings)?;
    let plain = PlanScope::new(connection, options, input, derived);
    let scope = PlanScope { card: Some(card), moments: Some(moments), ..plain };

    let target_name = text(&card.request.target, RequestPart::Target, &scope)?;
    let target = connector
        .targets
        .get(&*target_name)
        .ok_or_else(|| PlanFault::UnknownTarget { found: target_name.to_string() })?;
    let instead = settings.base_of(connector.name.as_str()).map(|base| &**base);
    let followed = followed(card, &scope)?;
    let base = base(&target_name, target, instead, followed.as_ref(), &scope)?;
    warnings.extend(target.hints.iter().filter(|hint| hint.when.holds(&scope)).map(|hint| {
        Warning::TargetHint { target: target_name.to_string(), hint: hint.hint.clone() }
    }));

    let method = method(card, &scope)?;
    let path_text = match &followed {
        Some(followed) => followed
            .path(&base, || super::url::base(&target_name, target, None, Some(followed), &scope))?,
        None => path_text(card, &scope)?,
    };
    let above = [connector.query.as_ref(), target.query.as_ref()];
    let encoding = card.request.encoding.or(target.encoding.or(connector.encoding));
    let query = query((card, above), (&path_text, encoding), &scope, warnings)?;
    let joined = path::join(base.url(), base.text(), &path_text, &query)
        .map_err(|fault| PlanFault::Url { field: relative_url_field(card), fault })?;
    if joined.fragment_dropped {
        warnings.push(Warning::FragmentDropped);
    }
    let body = body((card, encoding), files, &scope, warnings)?;
    let above = [connector.headers.as_ref(), target.headers.as_ref()];
    let headers = headers((card, above), body.as_ref(), &scope)?;
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
        decoding: definition.decoding(),
    };
    let mut redactor = Redactor::new();
    connection.add_secrets(&mut redactor);
    add_sensitive(card, input, &mut redactor);
    let own_query = card.pages.as_ref().map(|_| request.url.query().unwrap_or("").len());
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
    let base_from = match instead {
        Some(_) => "--base".to_owned(),
        None => format!("target `{target_name}`"),
    };
    let pages = own_query.map(|own_query| {
        let own = instead.and_then(|_| {
            let own = super::url::base(&target_name, target, None, followed.as_ref(), &scope);
            own.ok().map(|own| own.url().clone())
        });
        let added = request.url.query().and_then(|query| query.get(own_query..)).unwrap_or("");
        let credentials = url::form_urlencoded::parse(added.trim_start_matches('&').as_bytes());
        Box::new(PlannedPages {
            base: (base.url().clone(), base.text().to_owned()),
            own,
            credentials: credentials.into_owned().collect(),
            first: None,
            wanted: Wanted::default(),
            streams: false,
        })
    });
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
        pages,
        retries: definition.retries(),
        options: Map::new(),
        input: Map::new(),
    })
}

fn text<'s>(
    template: &'s Template,
    part: RequestPart,
    scope: &'s dyn Scope,
) -> Result<Cow<'s, str>, PlanFault> {
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
