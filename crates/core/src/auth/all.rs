//! Several schemes at once.

use std::borrow::Cow;

use serde::Deserialize;

use super::scheme::Given;
use super::{
    Applying, AuthFault, AuthMethod, AuthScheme, CredentialPlace, Demand, Keyed, LookUp, Pending,
};
use crate::request::RequestSpec;
use crate::template::{Reference, Scope};

/// Several schemes at once, such as an API key and a bearer token.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct All {
    /// The schemes, applied in this order; no `all` among them, and one at most that gets a token.
    pub of: Vec<AuthMethod>,
}

impl All {
    fn schemes(&self) -> impl Iterator<Item = &dyn AuthScheme> {
        self.of.iter().map(AuthMethod::scheme)
    }

    /// What each part has, with the part's place before its key.
    fn nested<'a>(&'a self, of: impl Fn(&'a dyn AuthScheme) -> Keyed<'a>) -> Keyed<'a> {
        let mut all = Keyed::new();
        for (index, part) in self.schemes().enumerate() {
            let inside = |key: Cow<'static, str>| Cow::Owned(format!("of/{index}/{key}"));
            all.extend(of(part).into_iter().map(|(key, template)| (inside(key), template)));
        }
        all
    }
}

impl AuthScheme for All {
    fn templates(&self) -> Keyed<'_> {
        self.nested(<dyn AuthScheme>::templates)
    }

    fn signing_templates(&self) -> Keyed<'_> {
        self.nested(<dyn AuthScheme>::signing_templates)
    }

    fn needed<'a>(&'a self, scope: &dyn Scope) -> Vec<&'a Reference> {
        self.schemes().flat_map(|scheme| scheme.needed(scope)).collect()
    }

    fn reply_templates(&self) -> Keyed<'_> {
        self.nested(<dyn AuthScheme>::reply_templates)
    }

    fn known_steps(&self, key: &str) -> Option<Vec<&str>> {
        let (index, rest) = key.strip_prefix("of/")?.split_once('/')?;
        self.of.get(index.parse::<usize>().ok()?)?.scheme().known_steps(rest)
    }

    fn gives(&self) -> Vec<Given<'_>> {
        let parts = self.schemes().enumerate();
        parts
            .flat_map(|(index, part)| {
                let given = part.gives().into_iter();
                given.map(move |given| Given { key: format!("of/{index}/{}", given.key), ..given })
            })
            .collect()
    }

    fn look_up(&self) -> Option<(String, &LookUp)> {
        self.schemes().enumerate().find_map(|(index, part)| {
            let (key, look_up) = part.look_up()?;
            Some((format!("of/{index}/{key}"), look_up))
        })
    }

    fn puts(&self) -> Vec<(CredentialPlace, &str)> {
        self.schemes().flat_map(<dyn AuthScheme>::puts).collect()
    }

    fn needs_token(&self) -> bool {
        self.schemes().any(<dyn AuthScheme>::needs_token)
    }

    fn needs_person(&self) -> bool {
        self.schemes().any(<dyn AuthScheme>::needs_person)
    }

    fn apply(
        &self,
        request: &mut RequestSpec,
        with: &mut Applying<'_>,
    ) -> Result<Option<Pending>, AuthFault> {
        let mut pending = Vec::new();
        for scheme in self.schemes() {
            pending.extend(scheme.apply(request, with)?);
        }
        Ok((!pending.is_empty()).then(|| Pending::new(pending)))
    }

    fn secure(&self, request: &mut RequestSpec, scope: &dyn Scope) -> Result<(), AuthFault> {
        self.schemes().try_for_each(|scheme| scheme.secure(request, scope))
    }

    fn demands(&self) -> Vec<(String, Demand<'_>)> {
        let together = |part, needs| Demand::Together { part, needs };
        let mut demands = Vec::new();
        if self.of.len() < 2 {
            demands.push(("of".to_owned(), together("of", "needs two schemes at least")));
        }
        if self.schemes().filter(|scheme| scheme.needs_token()).count() > 1 {
            let needs = "can hold one scheme only that gets a token";
            demands.push(("of".to_owned(), together("of", needs)));
        }
        let mut taken: Vec<(CredentialPlace, String)> = Vec::new();
        for (index, part) in self.of.iter().enumerate() {
            let place = format!("of/{index}");
            for (kind, name) in part.scheme().puts() {
                let put = match kind {
                    CredentialPlace::Header => (kind, name.to_ascii_lowercase()),
                    CredentialPlace::Query | CredentialPlace::Cookie => (kind, name.to_owned()),
                };
                if taken.contains(&put) {
                    demands.push((place.clone(), Demand::Repeated(name)));
                }
                taken.push(put);
            }
            if matches!(part, AuthMethod::All(_)) {
                demands.push((place.clone(), together("all", "cannot stand inside `all`")));
            }
            let inside = part.scheme().demands().into_iter().map(|(key, demand)| match &*key {
                "" => (place.clone(), demand),
                key => (format!("{place}/{key}"), demand),
            });
            demands.extend(inside);
        }
        demands
    }

    fn in_words(&self, code: fn(&str) -> String) -> String {
        self.schemes().map(|scheme| scheme.in_words(code)).collect::<Vec<_>>().join(" and ")
    }
}
