//! The URL of a token, authorization or login endpoint: as a base URL, with a query of its own.

use percent_encoding::utf8_percent_encode;
#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::base_url::{BaseFault, BaseUrl};
use crate::encoding::UNRESERVED;
use crate::request::HostFrom;
use crate::template::{Decision, Part, Reference, Scope, Template, part_text};

/// The URL of an endpoint: a base URL, and a query that is kept and added to.
///
/// ```text
/// https://login.example.com/<<connection.Tenant>>/authorize?p=<<connection.Policy>>
/// └──────────────────── base URL ─────────────────────────┘ └─────── query ──────┘
/// ```
#[derive(Debug)]
pub struct EndpointUrl {
    text: String,
    base: BaseUrl,
    query: Option<Template>,
}

impl EndpointUrl {
    /// Takes the text over; it is parsed at the first use.
    #[must_use]
    pub fn new(text: impl Into<String>) -> EndpointUrl {
        let text = text.into();
        let (base, query) = match query_at(&text) {
            Some(at) => (&text[..at], Some(Template::parse(&text[at + 1..]))),
            None => (text.as_str(), None),
        };
        EndpointUrl { base: BaseUrl::new(base), query, text }
    }

    /// The URL as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The URL without its query, where that part is literal.
    #[must_use]
    pub fn literal(&self) -> Option<&Url> {
        self.base.url()
    }

    /// Its templates; they may be faulty.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let query = self.query.as_ref().filter(|query| query.as_literal().is_none());
        self.base.template().into_iter().chain(query)
    }

    /// Whether the text is a URL without user and fragment, whatever the values; a fault of a template is none of the URL.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let is_faulty = |template: &Template| template.parts().is_err();
        let base = self.base.is_well_formed() || self.base.template().is_some_and(is_faulty);
        let query = self.query.as_ref().is_none_or(|query| {
            query.parts().unwrap_or_default().iter().all(|part| match part {
                Part::Text(text) => {
                    text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
                }
                Part::Reference(_) | Part::Helper(_) => true,
            })
        });
        base && query
    }

    /// The URL with the values of what is in scope, and who decides its host.
    ///
    /// # Errors
    /// [`BaseFault`] for the first value that is missing or cannot stand where it is put.
    pub fn render(&self, scope: &dyn Scope) -> Result<(Url, HostFrom), BaseFault> {
        if !self.is_well_formed() {
            return Err(BaseFault::Malformed);
        }
        let (mut url, host_from) = match (self.base.url(), self.base.render(scope)?) {
            (Some(literal), _) => (literal.clone(), HostFrom::Definition),
            (None, Some(rendered)) => (rendered.url, rendered.host_from),
            (None, None) => return Err(BaseFault::Malformed),
        };
        if let Some(query) = &self.query {
            let mut text = String::with_capacity(self.text.len() + 32);
            for part in query.parts().map_err(|_| BaseFault::Malformed)? {
                let value = part_text(part, scope)
                    .map_err(|error| BaseFault::Value { field: None, error })?;
                match part {
                    Part::Text(_) => text.push_str(&value),
                    Part::Reference(_) | Part::Helper(_) => {
                        text.extend(utf8_percent_encode(&value, UNRESERVED));
                    }
                }
            }
            url.set_query(Some(&text).filter(|text| !text.is_empty()).map(String::as_str));
        }
        Ok((url, host_from))
    }
}

/// What a choice of URLs refers to for what is in scope: the values of the row that is taken, or the dropdown that takes none because it
/// has no value.
pub fn references<'u>(url: &'u Decision<EndpointUrl>, scope: &dyn Scope) -> Vec<&'u Reference> {
    match url {
        Decision::Always(url) => url.templates().flat_map(Template::references).collect(),
        Decision::By { by, rows, otherwise } => {
            let found = scope.lookup(by);
            let text = found.as_ref().and_then(|found| found.text());
            let row = text.as_deref().and_then(|text| rows.get(text));
            match row.or(otherwise.as_deref()) {
                Some(row) => references(row, scope),
                None => vec![by],
            }
        }
    }
}

/// Where the `?` of a query stands: one inside an expression says that a value may be missing.
fn query_at(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = &text[from..];
        let mark = rest.find('?')?;
        let opened = [("<<", ">>"), ("{{", "}}")]
            .into_iter()
            .filter_map(|(open, close)| Some((rest.find(open)?, close)))
            .min_by_key(|(at, _)| *at);
        match opened {
            Some((at, close)) if at < mark => {
                from += at + 2;
                from += text[from..].find(close)? + 2;
            }
            _ => return Some(from + mark),
        }
    }
}

impl<'de> Deserialize<'de> for EndpointUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(EndpointUrl::new)
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for EndpointUrl {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EndpointUrl".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // What is wrong with a template is said better by `check`.
        json_schema!({
            "description": "An absolute URL without user and fragment.",
            "type": "string",
            "pattern": r"^(https?://[^/?#@\s]+(/[^?#\s]*)?(\?[^#\s]*)?|.*(<<|\{\{).*)$",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::template::Found;

    struct Fields(Map<String, Value>);

    impl Scope for Fields {
        fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
            self.0.get(&reference.segments[0]).map(Found::Value)
        }
    }

    fn fields(value: Value) -> Fields {
        Fields(value.as_object().cloned().unwrap())
    }

    #[test]
    fn a_query_is_kept_and_its_values_are_encoded() {
        let scope = fields(json!({ "Tenant": "a", "Policy": "b&c=d ?#é" }));
        for (text, expected) in [
            ("https://x.example/t", "https://x.example/t"),
            ("https://x.example/t?tenant=1", "https://x.example/t?tenant=1"),
            ("https://x.example/t?a=b?c", "https://x.example/t?a=b?c"),
            ("https://x.example/t?", "https://x.example/t"),
            (
                "https://<<connection.Tenant>>.x.example/t?p=<<connection.Policy>>&q=1",
                "https://a.x.example/t?p=b%26c%3Dd%20%3F%23%C3%A9&q=1",
            ),
            ("https://x.example/<<connection.Tenant>>?p=1", "https://x.example/a?p=1"),
            ("https://x.example/t?p=<<connection.None?>>", "https://x.example/t?p="),
            ("https://x.example/t?p={{ lower connection.[Tenant] }}", "https://x.example/t?p=a"),
        ] {
            let url = EndpointUrl::new(text);
            assert!(url.is_well_formed(), "{text}");
            assert_eq!(url.render(&scope).unwrap().0.as_str(), expected, "{text}");
        }
        let url = EndpointUrl::new("https://<<connection.Tenant?>>.x.example/t");
        assert_eq!(url.templates().count(), 1);
    }

    #[test]
    fn a_fragment_and_a_user_are_refused() {
        for text in [
            "https://x.example/t#f",
            "https://x.example/t?a#f",
            "https://u@x.example/t?a",
            "https://x.example/t?a b",
            "t?a",
        ] {
            assert!(!EndpointUrl::new(text).is_well_formed(), "{text}");
        }
    }

    #[test]
    fn only_the_row_that_is_taken_needs_its_values() {
        let url: Decision<EndpointUrl> = serde_json::from_value(json!({
            "by": "connection.Kind",
            "Own": "https://<<connection.Host>>/token",
            "else": "https://x.example/<<connection.Tenant>>?p=<<connection.Policy>>",
        }))
        .unwrap();
        let labels = |value| -> Vec<String> {
            let found = references(&url, &fields(value));
            found.into_iter().map(|reference| reference.segments[0].clone()).collect()
        };
        assert_eq!(labels(json!({ "Kind": "Own" })), ["Host"]);
        assert_eq!(labels(json!({ "Kind": "Any" })), ["Tenant", "Policy"]);
        let url: Decision<EndpointUrl> =
            serde_json::from_value(json!({ "by": "connection.Kind", "A": "https://x.example" }))
                .unwrap();
        let found = references(&url, &fields(json!({})));
        assert_eq!(found[0].segments, ["Kind"]);
    }
}
