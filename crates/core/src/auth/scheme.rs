//! What an auth scheme says of itself.

use std::borrow::Cow;
use std::fmt;

use indexmap::IndexMap;

use super::{AuthFault, CredentialPlace, CustomSchemes, Demand, LookUp, Pending, TokenPlace};
use crate::endpoint_url::EndpointUrl;
use crate::request::RequestSpec;
use crate::secret::Redactor;
use crate::template::{Decision, Reference, Scope, Template};

/// A scheme of auth methods: everything that is asked of one, so that its file is all there is of it.
///
/// What `check`, `docs` and `curl` need is said as facts; none of it is asked for in a run.
pub trait AuthScheme: fmt::Debug + Send + Sync {
    /// Its templates over the connection, for checks and for telling which fields it needs.
    fn templates(&self) -> Keyed<'_> {
        Vec::new()
    }

    /// Its templates that see the connection and the request that is signed.
    fn signing_templates(&self) -> Keyed<'_> {
        Vec::new()
    }

    /// What its templates refer to for what is in scope: of a table of URLs, the row that is taken.
    fn needed<'a>(&'a self, _scope: &dyn Scope) -> Vec<&'a Reference> {
        let templates = self.templates().into_iter().chain(self.signing_templates());
        templates.flat_map(|(_, template)| template.references()).collect()
    }

    /// Its templates over the reply of a login.
    fn reply_templates(&self) -> Keyed<'_> {
        Vec::new()
    }

    /// The names below `login` that the template at a key may refer to; `None` where there is no such root.
    fn known_steps(&self, _key: &str) -> Option<Vec<&str>> {
        None
    }

    /// The values of the connection that its login brings.
    fn gives(&self) -> Vec<Given<'_>> {
        Vec::new()
    }

    /// What is looked up after its login, with its key.
    fn look_up(&self) -> Option<(String, &LookUp)> {
        None
    }

    /// The headers, query parameters and cookies that it sets, where their names can be told.
    fn puts(&self) -> Vec<(CredentialPlace, &str)> {
        Vec::new()
    }

    /// Whether a token has to be got before a request can be sent. How that is done is said in [`crate::token`].
    fn needs_token(&self) -> bool {
        false
    }

    /// Whether a person has to log in for its first token.
    fn needs_person(&self) -> bool {
        false
    }

    /// Adds the credentials to the request, and what they look like there to the redactor. Gives back what has to be
    /// done for each sending.
    ///
    /// # Errors
    /// [`AuthFault`] where a value is missing or cannot stand in its place.
    fn apply(
        &self,
        request: &mut RequestSpec,
        with: &mut Applying<'_>,
    ) -> Result<Option<Pending>, AuthFault>;

    /// Adds its TLS settings, where it has some, to a request that gets, renews or revokes a token: who asks for a client
    /// certificate asks for it there too (RFC 8705).
    ///
    /// # Errors
    /// [`AuthFault`] where a value is missing.
    fn secure(&self, _request: &mut RequestSpec, _scope: &dyn Scope) -> Result<(), AuthFault> {
        Ok(())
    }

    /// What must hold of the declaration besides its shape, each with its key.
    fn demands(&self) -> Vec<(String, Demand<'_>)> {
        Vec::new()
    }

    /// What it does, in a few words for a reference page; `code` marks a name.
    fn in_words(&self, code: fn(&str) -> String) -> String;

    /// How a `curl` command says what it does.
    fn in_curl(&self) -> InCurl<'_> {
        InCurl::AsPlanned
    }
}

/// Templates by key: a pointer into the declaration without the slash at its start.
pub type Keyed<'a> = Vec<(Cow<'static, str>, &'a Template)>;

/// A value of the connection that a login brings.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// A pointer into the declaration without the slash at its start.
    pub key: String,
    /// The label of the connection's field.
    pub label: &'a str,
    /// A template over `response` and `redirect`.
    pub value: &'a Template,
}

/// What credentials are applied with.
pub struct Applying<'a> {
    /// The connection's values.
    pub scope: &'a dyn Scope,
    /// The schemes that the embedding program brings.
    pub schemes: &'a CustomSchemes,
    /// What must not be shown.
    pub redactor: &'a mut Redactor,
}

/// How a `curl` command says what a scheme does.
#[derive(Clone, Copy, Debug)]
pub enum InCurl<'a> {
    /// With what the planned request holds.
    AsPlanned,
    /// With options of curl's own, followed by user and password.
    User {
        /// Such as `--user`.
        options: &'static str,
        /// The user.
        username: &'a Template,
        /// The password.
        password: &'a Template,
    },
    /// With a token that the reader has to get.
    Token(&'a TokenPlace),
    /// Not at all: it is made for each request, or is no part of one.
    LeftOut,
}

/// Templates that are always there, by key.
pub(super) fn keyed<'a, const N: usize>(
    templates: [(&'static str, &'a Template); N],
) -> impl Iterator<Item = (Cow<'static, str>, &'a Template)> {
    templates.into_iter().map(|(key, template)| (Cow::Borrowed(key), template))
}

/// Those that are there, by key.
pub(super) fn given<'a, const N: usize>(
    templates: [(&'static str, &'a Option<Template>); N],
) -> impl Iterator<Item = (Cow<'static, str>, &'a Template)> {
    templates.into_iter().filter_map(|(key, template)| Some((key.into(), template.as_ref()?)))
}

/// Those of a map, by the map's key and their own.
pub(super) fn entries<'a>(
    key: &'static str,
    map: impl IntoIterator<Item = (&'a String, &'a Template)>,
) -> impl Iterator<Item = (Cow<'static, str>, &'a Template)> {
    map.into_iter().map(move |(name, template)| (nested(key, name).into(), template))
}

/// Those of `gives`.
pub(super) fn given_by(gives: &IndexMap<String, Template>) -> Vec<Given<'_>> {
    let given = gives.iter();
    given.map(|(label, value)| Given { key: nested("gives", label), label, value }).collect()
}

/// Those of the URLs of an endpoint, by the URL's key.
pub(super) fn endpoint<'a>(key: &str, url: &'a Decision<EndpointUrl>) -> Keyed<'a> {
    let mut all = Keyed::new();
    url.each(key, &mut |url, place| {
        all.extend(url.templates().map(|template| (place.to_owned().into(), template)));
    });
    all
}

/// The pointer of an entry of a map, without the slash at its start.
pub(super) fn nested(key: &str, name: &str) -> String {
    let mut pointer = key.to_owned();
    crate::error::push_pointer(&mut pointer, name);
    pointer
}
