//! Session login: a first request whose reply gives the token of the others.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::nested;
use super::placement::TokenPlace;
use crate::base_url::BaseUrl;
use crate::decision::Decision;
use crate::span::Span;
use crate::template::{Template, ValueTemplate};

/// A token that a login request gives.
#[derive(Debug, Deserialize, JsonSchema)]
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
    /// How long it is good where the reply does not say; without it, until it is refused.
    pub lifetime: Option<Span>,
    /// Where the token goes.
    #[serde(default)]
    pub token: TokenPlace,
    /// Statuses that say that the token is no longer good: there is one more login and the request is sent once more;
    /// 401 by default.
    #[serde(default = "renew_on")]
    #[schemars(inner(range(min = 400, max = 499)))]
    pub renew_on: Vec<u16>,
}

/// The request of a session login.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Where it goes.
    pub url: Decision<BaseUrl>,
    /// `POST` by default.
    #[serde(default = "post")]
    pub method: String,
    /// Headers by name.
    #[serde(default)]
    #[schemars(with = "std::collections::BTreeMap<String, Template>")]
    pub headers: IndexMap<String, Template>,
    /// A JSON body; its texts are templates.
    pub json: Option<ValueTemplate>,
    /// Form fields, in place of `json`.
    #[schemars(with = "Option<std::collections::BTreeMap<String, Template>>")]
    pub form: Option<IndexMap<String, Template>>,
}

fn post() -> String {
    "POST".to_owned()
}

fn renew_on() -> Vec<u16> {
    super::oauth2::RENEW_ON.to_vec()
}

impl Session {
    /// Its templates over the connection, by key.
    pub(super) fn templates(&self) -> Vec<(String, &Template)> {
        let mut all = Vec::new();
        let login = &self.login;
        login.url.each("login/url", &mut |url, place| {
            all.extend(url.template().map(|template| (place.to_owned(), template)));
        });
        let entries =
            [("login/headers", Some(&login.headers)), ("login/form", login.form.as_ref())];
        for (key, map) in entries.into_iter().filter_map(|(key, map)| Some((key, map?))) {
            for (name, template) in map {
                all.push((nested(key, name), template));
            }
        }
        if let Some(json) = &login.json {
            json.each("login/json", &mut |template, place| all.push((place.to_owned(), template)));
        }
        all
    }

    /// Its templates over the reply, by key.
    pub(super) fn reply_templates(&self) -> Vec<(String, &Template)> {
        let optional = [("tokenFrom", &self.token_from), ("expiresIn", &self.expires_in)];
        let given = optional.into_iter().filter_map(|(key, t)| Some((key.to_owned(), t.as_ref()?)));
        given.collect()
    }
}
