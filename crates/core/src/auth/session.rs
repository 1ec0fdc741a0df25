//! Session login: a first request whose reply gives the token of the others.

use indexmap::IndexMap;
use serde::Deserialize;

use super::scheme::{Given, endpoint, entries, given, given_by, nested};
use super::{
    Applying, AuthFault, AuthMethod, AuthScheme, CredentialPlace, Demand, InCurl, Keyed, LookUp,
    Pending, TokenPlace,
};
use crate::endpoint_url::{self, EndpointUrl};
use crate::request::RequestSpec;
use crate::span::Span;
use crate::template::{Decision, Reference, Scope, Template, ValueTemplate};

/// A token that a login request gives.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Session {
    /// The request.
    pub login: Login,
    /// The token in the reply, such as `<<response.body.token>>`.
    pub token_from: Option<Template>,
    /// The name of the cookie that is the token, in place of `tokenFrom`.
    pub cookie: Option<String>,
    /// Seconds until it is no longer good, in the reply, such as `<<response.body.expires_in>>`.
    pub expires_in: Option<Template>,
    /// What else the reply brings: values of the connection's fields that say `"from": "login"`, by label; templates over `response`.
    #[serde(default)]
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, Template>")
    )]
    pub gives: IndexMap<String, Template>,
    /// What is looked up with the new token.
    pub look_up: Option<LookUp>,
    /// How long it is good where the reply does not say; without it, until it is refused.
    pub lifetime: Option<Span>,
    /// Where the token goes.
    #[serde(default)]
    pub token: TokenPlace,
    /// Statuses that say that the token is no longer good: there is one more login and the request is sent once more;
    /// 401 by default.
    #[serde(default = "super::renewal::renew_on")]
    #[cfg_attr(feature = "schemas", schemars(inner(range(min = 400, max = 499))))]
    pub renew_on: Vec<u16>,
}

/// The request of a session login.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Where it goes.
    pub url: Decision<EndpointUrl>,
    /// `POST` by default.
    #[serde(default = "post")]
    pub method: String,
    /// Headers by name.
    #[serde(default)]
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, Template>")
    )]
    pub headers: IndexMap<String, Template>,
    /// Query parameters by name, after those of the URL.
    #[serde(default)]
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, Template>")
    )]
    pub query: IndexMap<String, Template>,
    /// How the login request itself is authenticated, such as with `basic`.
    pub auth: Option<AuthMethod>,
    /// A JSON body; its texts are templates.
    pub json: Option<ValueTemplate>,
    /// Form fields, in place of `json`.
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "Option<std::collections::BTreeMap<String, Template>>")
    )]
    pub form: Option<IndexMap<String, Template>>,
}

pub(super) fn post() -> String {
    "POST".to_owned()
}

fn below_auth(key: &str) -> String {
    format!("login/auth/{key}")
}

impl AuthScheme for Session {
    fn templates(&self) -> Keyed<'_> {
        let mut all = Keyed::new();
        let login = &self.login;
        all.extend(endpoint("login/url", &login.url));
        all.extend(entries("login/headers", &login.headers));
        all.extend(entries("login/query", &login.query));
        if let Some(auth) = &login.auth {
            let inside = auth.scheme().templates().into_iter();
            all.extend(inside.map(|(key, template)| (below_auth(&key).into(), template)));
        }
        all.extend(entries("login/form", login.form.iter().flatten()));
        if let Some(json) = &login.json {
            json.each("login/json", &mut |template, place| {
                all.push((place.to_owned().into(), template));
            });
        }
        all
    }

    fn needed<'a>(&'a self, scope: &dyn Scope) -> Vec<&'a Reference> {
        let urls = "login/url";
        let others = self.templates().into_iter().filter(|(key, _)| !key.starts_with(urls));
        let others = others.chain(self.signing_templates());
        let others = others.flat_map(|(_, template)| template.references());
        others.chain(endpoint_url::references(&self.login.url, scope)).collect()
    }

    fn signing_templates(&self) -> Keyed<'_> {
        let inside = self.login.auth.iter().flat_map(|auth| auth.scheme().signing_templates());
        inside.map(|(key, template)| (below_auth(&key).into(), template)).collect()
    }

    fn reply_templates(&self) -> Keyed<'_> {
        given([("tokenFrom", &self.token_from), ("expiresIn", &self.expires_in)]).collect()
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

    fn apply(
        &self,
        _: &mut RequestSpec,
        _: &mut Applying<'_>,
    ) -> Result<Option<Pending>, AuthFault> {
        Ok(Some(Pending::token(&self.token, &self.renew_on)))
    }

    fn demands(&self) -> Vec<(String, Demand<'_>)> {
        let login = &self.login;
        let mut demands = vec![
            ("login/url".to_owned(), Demand::Endpoint("url", &login.url)),
            ("login/method".to_owned(), Demand::Method(&login.method)),
        ];
        demands.extend(login.headers.keys().map(|name| {
            (nested("login/headers", name), Demand::Name(CredentialPlace::Header, name))
        }));
        if let Some(auth) = &login.auth {
            let scheme = auth.scheme();
            if scheme.needs_token()
                || auth
                    .parts()
                    .iter()
                    .any(|part| matches!(part, AuthMethod::Digest(_) | AuthMethod::Custom(_)))
            {
                let needs = "can be no scheme that gets a token or waits for a challenge, and none of the embedder";
                demands.push(("login/auth".to_owned(), Demand::Together { part: "auth", needs }));
            }
            demands.extend(scheme.demands().into_iter().map(|(key, demand)| match &*key {
                "" => ("login/auth".to_owned(), demand),
                key => (below_auth(key), demand),
            }));
        }
        let token = [("tokenFrom", self.token_from.is_some()), ("cookie", self.cookie.is_some())];
        demands.push((String::new(), Demand::ExactlyOne(token.into())));
        if login.json.is_some() && login.form.is_some() {
            let both = [("json", true), ("form", true)];
            demands.push(("login".to_owned(), Demand::ExactlyOne(both.into())));
        }
        demands.extend(self.look_up.iter().flat_map(|look_up| look_up.demands(&self.gives)));
        demands.push(Demand::of_token(&self.token));
        demands
    }

    fn in_words(&self, code: fn(&str) -> String) -> String {
        let look_up = self.look_up.as_ref().map(|look_up| look_up.in_words(code));
        format!("a login, whose reply gives the token{}", look_up.unwrap_or_default())
    }

    fn in_curl(&self) -> InCurl<'_> {
        InCurl::Token(&self.token)
    }
}
