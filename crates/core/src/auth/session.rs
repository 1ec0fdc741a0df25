//! Session login: a first request whose reply gives the token of the others.

#[cfg(feature = "schemas")]
use std::borrow::Cow;
use std::fmt;

use indexmap::IndexMap;
#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::scheme::{Given, endpoint, given, given_by, nested};
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
    /// The request, or several, one after the other.
    pub login: Logins,
    /// The token in the reply, such as `<<response.body.token>>`.
    pub token_from: Option<Template>,
    /// The name of the cookie that is the token, in place of `tokenFrom`.
    pub cookie: Option<String>,
    /// Seconds until it is no longer good, in the reply, such as `<<response.body.expires_in>>`.
    pub expires_in: Option<Template>,
    /// The moment from which on it is no longer good, in the reply, such as `<<response.body.expires_at>>`: seconds or milliseconds since
    /// 1970, or a date.
    pub expires_at: Option<Template>,
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

/// The requests of a session login: one, or steps of which each may use what those before it gave.
#[derive(Debug)]
pub enum Logins {
    /// One.
    One(Box<Login>),
    /// Several.
    Several(Vec<Login>),
}

impl Logins {
    /// Each of them, in order.
    #[must_use]
    pub fn steps(&self) -> &[Login] {
        match self {
            Logins::One(one) => std::slice::from_ref(one),
            Logins::Several(several) => several,
        }
    }

    /// The same with their keys.
    fn keyed(&self) -> impl Iterator<Item = (String, &Login)> {
        let several = matches!(self, Logins::Several(_));
        let key = move |index| if several { format!("login/{index}") } else { "login".to_owned() };
        self.steps().iter().enumerate().map(move |(index, step)| (key(index), step))
    }
}

impl<'de> Deserialize<'de> for Logins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LoginsVisitor;
        impl<'de> Visitor<'de> for LoginsVisitor {
            type Value = Logins;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a list of objects")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Logins, A::Error> {
                Login::deserialize(MapAccessDeserializer::new(map)).map(Box::new).map(Logins::One)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Logins, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Logins::Several)
            }
        }
        deserializer.deserialize_any(LoginsVisitor)
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for Logins {
    fn schema_name() -> Cow<'static, str> {
        "Logins".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let login = generator.subschema_for::<Login>();
        json_schema!({
            "description": "The request of a login, or a list of them: steps of which each may use what those before it gave.",
            "type": ["object", "array"],
            "if": { "type": "array" },
            "then": { "items": login, "minItems": 1 },
            "else": login,
        })
    }
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
    /// What its reply gives to the steps after it, which have it as `login.NAME`, and to `tokenFrom` and `gives` of the session; templates
    /// over `response`.
    #[serde(default)]
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, Template>")
    )]
    pub gives: IndexMap<String, Template>,
}

pub(super) fn post() -> String {
    "POST".to_owned()
}

impl Session {
    /// How its requests are authenticated, each with its key.
    pub(super) fn login_auths(&self) -> Vec<(String, &AuthMethod)> {
        let steps = self.login.keyed();
        steps.filter_map(|(key, step)| Some((below(&key, "auth"), step.auth.as_ref()?))).collect()
    }
}

fn below(key: &str, inner: &str) -> String {
    format!("{key}/{inner}")
}

impl Login {
    /// Its templates, each with its key.
    fn templates(&self, key: &str) -> Keyed<'_> {
        let mut all = Keyed::new();
        all.extend(endpoint(&below(key, "url"), &self.url));
        let maps = [("headers", Some(&self.headers)), ("query", Some(&self.query))];
        for (of, map) in maps.into_iter().chain([("form", self.form.as_ref())]) {
            let of = below(key, of);
            let templates = map.into_iter().flatten();
            all.extend(templates.map(|(name, it)| (nested(&of, name).into(), it)));
        }
        if let Some(auth) = &self.auth {
            let inside = auth.scheme().templates().into_iter();
            let of = below(key, "auth");
            all.extend(inside.map(|(key, template)| (below(&of, &key).into(), template)));
        }
        if let Some(json) = &self.json {
            json.each(&below(key, "json"), &mut |template, place| {
                all.push((place.to_owned().into(), template));
            });
        }
        all
    }

    /// What must hold of it besides its shape.
    fn demands(&self, key: &str) -> Vec<(String, Demand<'_>)> {
        let mut demands = vec![
            (below(key, "url"), Demand::Endpoint("url", &self.url)),
            (below(key, "method"), Demand::Method(&self.method)),
        ];
        let headers = below(key, "headers");
        demands.extend(
            self.headers
                .keys()
                .map(|name| (nested(&headers, name), Demand::Name(CredentialPlace::Header, name))),
        );
        if let Some(auth) = &self.auth {
            let (scheme, of) = (auth.scheme(), below(key, "auth"));
            let waits =
                |part: &AuthMethod| matches!(part, AuthMethod::Digest(_) | AuthMethod::Custom(_));
            if scheme.needs_token() || auth.parts().iter().any(waits) {
                let needs = "can be no scheme that gets a token or waits for a challenge, and none of the embedder";
                demands.push((of.clone(), Demand::Together { part: "auth", needs }));
            }
            demands.extend(scheme.demands().into_iter().map(|(key, demand)| match &*key {
                "" => (of.clone(), demand),
                key => (below(&of, key), demand),
            }));
        }
        if self.json.is_some() && self.form.is_some() {
            let both = [("json", true), ("form", true)];
            demands.push((key.to_owned(), Demand::ExactlyOne(both.into())));
        }
        demands
    }
}

impl AuthScheme for Session {
    fn templates(&self) -> Keyed<'_> {
        self.login.keyed().flat_map(|(key, step)| step.templates(&key)).collect()
    }

    fn needed<'a>(&'a self, scope: &dyn Scope) -> Vec<&'a Reference> {
        let urls: Vec<String> = self.login.keyed().map(|(key, _)| below(&key, "url")).collect();
        let is_url = |key: &str| urls.iter().any(|url| key.starts_with(url));
        let others = self.templates().into_iter().filter(|(key, _)| !is_url(key));
        let others = others.chain(self.signing_templates());
        let others = others.flat_map(|(_, template)| template.references());
        let steps = self.login.steps().iter();
        others.chain(steps.flat_map(|step| endpoint_url::references(&step.url, scope))).collect()
    }

    fn signing_templates(&self) -> Keyed<'_> {
        let mut all = Keyed::new();
        for (key, step) in self.login.keyed() {
            let inside = step.auth.iter().flat_map(|auth| auth.scheme().signing_templates());
            let of = below(&key, "auth");
            all.extend(inside.map(|(key, template)| (below(&of, &key).into(), template)));
        }
        all
    }

    fn reply_templates(&self) -> Keyed<'_> {
        let own = [
            ("tokenFrom", &self.token_from),
            ("expiresIn", &self.expires_in),
            ("expiresAt", &self.expires_at),
        ];
        let mut all: Keyed<'_> = given(own).collect();
        for (key, step) in self.login.keyed() {
            let of = below(&key, "gives");
            all.extend(step.gives.iter().map(|(name, it)| (nested(&of, name).into(), it)));
        }
        all
    }

    fn known_steps(&self, key: &str) -> Option<Vec<&str>> {
        let steps: Vec<(String, &Login)> = self.login.keyed().collect();
        // What stands outside of the steps comes after all of them.
        let own = steps.iter().position(|(step, _)| {
            key.strip_prefix(step.as_str()).is_some_and(|rest| rest.starts_with('/'))
        });
        let before = &steps[..own.unwrap_or(steps.len())];
        Some(before.iter().flat_map(|(_, step)| step.gives.keys()).map(String::as_str).collect())
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
        let mut demands: Vec<_> =
            self.login.keyed().flat_map(|(key, step)| step.demands(&key)).collect();
        let token = [("tokenFrom", self.token_from.is_some()), ("cookie", self.cookie.is_some())];
        demands.push((String::new(), Demand::ExactlyOne(token.into())));
        demands.extend(self.look_up.iter().flat_map(|look_up| look_up.demands(&self.gives)));
        demands.push(Demand::of_token(&self.token));
        demands
    }

    fn in_words(&self, code: fn(&str) -> String) -> String {
        let look_up = self.look_up.as_ref().map(|look_up| look_up.in_words(code));
        let login = match self.login.steps().len() {
            1 => "a login, whose reply gives the token".to_owned(),
            steps => format!("a login of {steps} requests, which gives the token"),
        };
        format!("{login}{}", look_up.unwrap_or_default())
    }

    fn in_curl(&self) -> InCurl<'_> {
        InCurl::Token(&self.token)
    }
}
