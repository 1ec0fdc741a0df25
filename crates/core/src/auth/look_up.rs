//! What is looked up after a login: a request with the new token, whose reply gives values of the connection.

use indexmap::IndexMap;
use serde::Deserialize;

use super::Demand;
use crate::body::BodyTemplate;
use crate::error::push_pointer;
use crate::template::{Template, ValueTemplate};

/// A request with the new token, whose reply gives values of the connection.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LookUp {
    /// The target that it goes to: one that takes the method.
    pub target: String,
    /// `GET` by default.
    #[serde(default = "get")]
    pub method: String,
    /// The path after the target's base URL, over `connection`.
    pub path: Template,
    /// Headers, over `connection`.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub headers: Option<ValueTemplate>,
    /// Query parameters, over `connection`.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub query: Option<ValueTemplate>,
    /// The body, over `connection`.
    pub body: Option<BodyTemplate>,
    /// How one is chosen where the reply lists several, such as sites or accounts.
    pub choose: Option<Choose>,
    /// What the reply brings: values of the connection's fields that say `"from": "login"`, by label; templates over `response`, and
    /// beside `choose` over `item`, the one that was chosen.
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, Template>")
    )]
    pub gives: IndexMap<String, Template>,
}

/// How one of several is chosen; one alone is taken.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Choose {
    /// The list, such as `<<response.body.accounts>>`; the whole body by default.
    pub items: Option<Template>,
    /// What an item is named by, such as `<<item.id>>`.
    pub value: Template,
    /// What a person is shown of it, such as `<<item.name>>`; its value by default.
    pub title: Option<Template>,
}

fn get() -> String {
    "GET".to_owned()
}

impl LookUp {
    /// Whether it surely gives the value of a field: its template has nothing optional alone.
    #[must_use]
    pub fn surely_gives(&self, label: &str) -> bool {
        self.gives.get(label).is_some_and(|template| {
            let references = template.references();
            references.is_empty() || references.iter().any(|reference| !reference.optional)
        })
    }

    /// What it does, in a few words for a reference page.
    pub(super) fn in_words(&self, code: fn(&str) -> String) -> String {
        let labels: Vec<String> = self.gives.keys().map(|label| code(label)).collect();
        let chosen = if self.choose.is_some() { ", one of several by choice" } else { "" };
        format!(", then {} looked up{chosen}", labels.join(", "))
    }

    /// What must hold of it besides its shape, each with its key below `lookUp`; `given` is what the method gives anyway.
    pub(super) fn demands<'a>(
        &'a self,
        given: &IndexMap<String, Template>,
    ) -> Vec<(String, Demand<'a>)> {
        let mut demands = vec![("lookUp/method".to_owned(), Demand::Method(&self.method))];
        if self.gives.is_empty() {
            let needs = "needs a field that it gives";
            demands.push(("lookUp/gives".to_owned(), Demand::Together { part: "gives", needs }));
        }
        let twice = self.gives.keys().filter(|label| given.contains_key(*label));
        demands.extend(twice.map(|label| {
            let mut key = "lookUp/gives".to_owned();
            push_pointer(&mut key, label);
            (key, Demand::Repeated(label.as_str()))
        }));
        demands
    }
}
