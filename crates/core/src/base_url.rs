//! A target's base URL: a literal one, or a template over the connection.
//!
//! ```text
//! https://<<connection.Subdomain>>.okta.com/api/<<connection.Account ID>>
//!         └───────── host ────────────────┘└──────── path ──────────────┘
//! <<connection.Server URL>>/rest
//! └──────── whole ────────┘└path┘
//! ```
//! A literal one is parsed once. A template is laid out once, and rendered for each plan: each value is checked for
//! its place, then the URL is parsed and compared with what was written, so that no parser quirk decides.

use std::sync::OnceLock;

#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use url::{Host, Position, Url};

use crate::inject::base::{WholeFault, check_whole};
use crate::inject::host::{HostFault, MAX_HOST_BYTES, check_authority, check_host, check_port};
use crate::inject::path::{self, UrlFault};
use crate::request::HostFrom;
use crate::template::{
    MAX_RENDERED_BYTES, Part, Reference, Scope, Template, TemplateValueError, part_text,
};

/// A target's base URL: `https` (or `http`), a host, a path; no user, query or fragment. Connection fields may stand
/// in its host, port and path, or be all of it up to the path.
#[derive(Debug)]
pub struct BaseUrl {
    text: String,
    parsed: OnceLock<Parsed>,
}

/// What the text of a base URL is.
#[derive(Debug)]
enum Parsed {
    /// A URL, whatever the connection.
    Literal(Url),
    /// A template; without places where its expressions stand where none may.
    Template(Template, Option<Vec<UrlPart>>),
    /// Neither.
    Neither,
}

/// Where a part of a template stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UrlPart {
    /// It is text.
    Text,
    /// It is all of the URL up to the path.
    Whole,
    /// In the host.
    Host {
        /// Whether it ends the authority, and so may bring a port.
        ends: bool,
    },
    /// It is the port.
    Port,
    /// In the path.
    Path,
}

/// A base URL that values have been put into.
#[derive(Clone, Debug)]
pub struct RenderedBase {
    /// The URL.
    pub url: Url,
    /// Its text.
    pub text: String,
    /// Who decides its host.
    pub host_from: HostFrom,
    /// The reference that decides its host, where one does.
    pub field: Option<Reference>,
}

/// Why a base URL cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseFault {
    /// The text is no base URL.
    Malformed,
    /// An expression has no value that is text.
    Value {
        /// The reference, where the expression is one.
        field: Option<Reference>,
        /// Why.
        error: TemplateValueError,
    },
    /// A value cannot stand in its place.
    Url {
        /// The reference, where the expression is one.
        field: Option<Reference>,
        /// Why.
        fault: UrlFault,
    },
}

impl BaseUrl {
    /// Takes the text over; it is parsed at the first use.
    #[must_use]
    pub fn new(text: impl Into<String>) -> BaseUrl {
        BaseUrl { text: text.into(), parsed: OnceLock::new() }
    }

    /// The base of a target without one: whole URLs of the service are followed there.
    #[must_use]
    pub fn none() -> BaseUrl {
        BaseUrl::new("")
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.text.is_empty()
    }

    /// The URL as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parsed URL; `None` where the text is not a literal base URL.
    #[must_use]
    pub fn url(&self) -> Option<&Url> {
        match self.parsed() {
            Parsed::Literal(url) => Some(url),
            Parsed::Template(..) | Parsed::Neither => None,
        }
    }

    /// The template, where the text holds an expression; it may be faulty.
    #[must_use]
    pub fn template(&self) -> Option<&Template> {
        match self.parsed() {
            Parsed::Template(template, _) => Some(template),
            Parsed::Literal(_) | Parsed::Neither => None,
        }
    }

    /// Whether the text is a base URL, or a template whose expressions stand where they may.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        matches!(self.parsed(), Parsed::Literal(_) | Parsed::Template(_, Some(_)))
    }

    /// The expressions of a template with their places; none of a literal URL.
    fn placed(&self) -> impl Iterator<Item = (&Part, UrlPart)> {
        let (parts, places) = match self.parsed() {
            Parsed::Template(template, Some(places)) => {
                (template.parts().unwrap_or_default(), places.as_slice())
            }
            _ => (&[][..], &[][..]),
        };
        parts.iter().zip(places.iter().copied()).filter(|(_, place)| *place != UrlPart::Text)
    }

    /// The references that decide the host or the port, also those inside helper calls.
    pub fn host_references(&self) -> impl Iterator<Item = &Reference> {
        self.placed().filter(|(_, place)| *place != UrlPart::Path).flat_map(
            |(part, _)| match part {
                Part::Text(_) => Vec::new(),
                Part::Reference(reference) => vec![reference],
                Part::Helper(helper) => helper.references().iter().collect(),
            },
        )
    }

    /// Whether a value decides a part of the host, and with it the domain that someone registered: two literal
    /// labels do not stand at its end. A value that is the whole host, or the whole URL, is meant to decide.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let Some(template) = self.template() else { return false };
        let partial = self.placed().any(|(_, place)| matches!(place, UrlPart::Host { .. }));
        let Some((_, rest)) = template.source().split_once("://").filter(|_| partial) else {
            return false;
        };
        let mut whole = true;
        let mut suffix = String::new();
        for part in template.parts().unwrap_or_default() {
            match part {
                Part::Text(text) => {
                    let text = text.rsplit_once("://").map_or(text.as_str(), |(_, text)| text);
                    let end = text.find(['/', ':']).unwrap_or(text.len());
                    whole &= end == 0;
                    suffix.push_str(&text[..end]);
                    if end < text.len() {
                        break;
                    }
                }
                Part::Reference(_) | Part::Helper(_) => suffix.clear(),
            }
        }
        // What stands before the first dot may belong to a label that the value begins.
        let labels = suffix.split('.').skip(1).filter(|label| !label.is_empty()).count();
        !rest.is_empty() && !whole && labels < 2
    }

    fn parsed(&self) -> &Parsed {
        self.parsed.get_or_init(|| {
            if self.text.contains("<<") || self.text.contains("{{") {
                let template = Template::parse(self.text.as_str());
                let places = template.parts().ok().and_then(layout);
                return Parsed::Template(template, places);
            }
            match Url::parse(&self.text) {
                Ok(url) if is_plain(&url) => Parsed::Literal(url),
                _ => Parsed::Neither,
            }
        })
    }

    /// Puts the values of a template in; `None` for a literal URL.
    ///
    /// # Errors
    /// [`BaseFault`] for the first value that is missing or cannot stand where it is put.
    pub fn render(&self, scope: &dyn Scope) -> Result<Option<RenderedBase>, BaseFault> {
        let (template, places) = match self.parsed() {
            Parsed::Literal(_) => return Ok(None),
            Parsed::Template(template, Some(places)) => (template, places),
            Parsed::Template(_, None) | Parsed::Neither => return Err(BaseFault::Malformed),
        };
        let parts = template.parts().map_err(|_| BaseFault::Malformed)?;
        let mut text = String::with_capacity(self.text.len() + 32);
        let mut deciding = None;
        for (part, place) in parts.iter().zip(places) {
            let field = || match part {
                Part::Reference(reference) => Some(reference.clone()),
                Part::Text(_) | Part::Helper(_) => None,
            };
            let value = part_text(part, scope)
                .map_err(|error| BaseFault::Value { field: field(), error })?;
            let refused = |fault| BaseFault::Url { field: field(), fault };
            let in_host = |fault| refused(UrlFault::Host { reference: name(part), fault });
            match place {
                UrlPart::Text => text.push_str(&value),
                UrlPart::Whole => {
                    text.push_str(check_whole(&value).map_err(|fault| match fault {
                        WholeFault::Host(fault) => in_host(fault),
                        WholeFault::Path(fault) => refused(fault),
                    })?);
                    deciding = Some(part);
                }
                UrlPart::Host { ends } => {
                    check_authority(&value, *ends).map_err(in_host)?;
                    text.push_str(&value);
                    deciding = deciding.or(Some(part));
                }
                UrlPart::Port => {
                    check_port(&value).map_err(in_host)?;
                    text.push_str(&value);
                }
                UrlPart::Path => {
                    path::push_segment(&value, &name(part), &mut text).map_err(refused)?;
                }
            }
            if text.len() > MAX_RENDERED_BYTES {
                return Err(BaseFault::Value {
                    field: field(),
                    error: TemplateValueError::TooLong,
                });
            }
        }
        let field = match deciding {
            Some(Part::Reference(reference)) => Some(reference.clone()),
            _ => None,
        };
        match checked(&text) {
            Ok(url) => {
                if !text.is_ascii() {
                    // An international name stands in a request as the URL spells it.
                    let path = text.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
                    let path = path.map(|(_, path)| format!("/{path}")).unwrap_or_default();
                    text = format!("{}{path}", &url[..Position::AfterPort]);
                }
                let host_from =
                    if deciding.is_some() { HostFrom::Value } else { HostFrom::Definition };
                Ok(Some(RenderedBase { url, text, host_from, field }))
            }
            Err(Unparsable::Path(fault)) => Err(BaseFault::Url { field: None, fault }),
            Err(Unparsable::Host(fault)) => {
                let reference = deciding.map_or_else(|| self.text.clone(), name);
                Err(BaseFault::Url { field, fault: UrlFault::Host { reference, fault } })
            }
        }
    }
}

/// Why a rendered text is no base URL.
enum Unparsable {
    Host(HostFault),
    Path(UrlFault),
}

/// Parses a rendered text, and compares the URL with the text: neither knows how the other was read.
fn checked(text: &str) -> Result<Url, Unparsable> {
    let invalid = |reason| Unparsable::Host(HostFault::Invalid { reason });
    let url = Url::parse(text).map_err(|reason| invalid(Some(reason)))?;
    let other = || invalid(None);
    let (_, rest) = text.split_once("://").ok_or_else(other)?;
    let (authority, written_path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = url.host().filter(|_| is_plain(&url)).ok_or_else(other)?;
    let written = authority.split_once(':').map_or(authority, |(host, _)| host);
    match host {
        Host::Domain(name) => {
            if name.len() > MAX_HOST_BYTES {
                return Err(Unparsable::Host(HostFault::TooLong));
            }
            if !is_spelt(name, written) || check_host(name, false).is_err() {
                return Err(other());
            }
        }
        // Digits of other alphabets are none of an address.
        Host::Ipv4(_) | Host::Ipv6(_) if !authority.is_ascii() => return Err(other()),
        Host::Ipv4(_) | Host::Ipv6(_) => {}
    }
    // What two values or a value and its text make together is no segment that either could be refused for.
    path::check_relative(written_path).map_err(Unparsable::Path)?;
    Ok(url)
}

/// Whether a name is the one that was written: letter by letter, but for capitals and the spelling of international names.
fn is_spelt(name: &str, written: &str) -> bool {
    if written.is_ascii() {
        return name.eq_ignore_ascii_case(written);
    }
    let (read, _) = idna::domain_to_unicode(name);
    let foreign = |text: &str| text.chars().filter(|c| !c.is_ascii()).count();
    // Some capitals of other alphabets are letters of ASCII when they are small.
    read == written.to_lowercase() && foreign(&read) == foreign(written)
}

/// Whether a URL can be a base.
fn is_plain(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
}

/// An expression as it stands in a message.
fn name(part: &Part) -> String {
    match part {
        Part::Text(text) => text.clone(),
        Part::Reference(reference) => reference.to_string(),
        Part::Helper(helper) => helper.source().to_owned(),
    }
}

/// Where each part stands; `None` where the text is no base URL whatever the values.
fn layout(parts: &[Part]) -> Option<Vec<UrlPart>> {
    /// What the text so far has come to.
    #[derive(PartialEq)]
    enum At {
        Start,
        Host,
        Port,
        /// After a value that is everything up to the path.
        Whole,
        Path,
    }
    let mut at = At::Start;
    let mut places = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let Part::Text(text) = part else {
            let last = match parts.get(index + 1) {
                None => true,
                Some(Part::Text(text)) => text.starts_with('/'),
                Some(_) => false,
            };
            places.push(match at {
                At::Start => {
                    at = At::Whole;
                    UrlPart::Whole
                }
                At::Host => UrlPart::Host { ends: last },
                At::Port if last && ends_with_colon(parts, index) => UrlPart::Port,
                At::Path => UrlPart::Path,
                At::Port | At::Whole => return None,
            });
            continue;
        };
        places.push(UrlPart::Text);
        let mut text = text.as_str();
        if at == At::Start {
            text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
            if text.starts_with(['/', ':']) {
                return None;
            }
            at = At::Host;
        }
        for c in text.chars() {
            at = match (at, c) {
                (At::Path, c) if c.is_ascii_graphic() && !matches!(c, '?' | '#' | '\\') => At::Path,
                (At::Host | At::Port | At::Whole, '/') => At::Path,
                (At::Host, ':') => At::Port,
                (At::Host, c) if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') => {
                    At::Host
                }
                (At::Port, c) if c.is_ascii_digit() => At::Port,
                _ => return None,
            };
        }
    }
    (at != At::Start).then_some(places)
}

/// Whether the text before a part ends with the colon of a port.
fn ends_with_colon(parts: &[Part], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|before| parts.get(before));
    matches!(before, Some(Part::Text(text)) if text.ends_with(':'))
}

impl PartialEq for BaseUrl {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<'de> Deserialize<'de> for BaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(BaseUrl::new)
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for BaseUrl {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "BaseUrl".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // What is wrong with a template is said better by `check`.
        json_schema!({
            "description": "An absolute URL without user, query and fragment.",
            "type": "string",
            "pattern": r"^(https?://[^/?#@\s]+(/[^?#\s]*)?|.*(<<|\{\{).*)$",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::template::{Found, Root};

    struct Fields(Map<String, Value>);

    impl Scope for Fields {
        fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
            assert_eq!(reference.root, Root::Connection);
            self.0.get(&reference.segments[0]).map(Found::Value)
        }
    }

    fn rendered(base: &str, fields: Value) -> Result<RenderedBase, BaseFault> {
        let Value::Object(fields) = fields else { panic!("fields") };
        BaseUrl::new(base).render(&Fields(fields)).map(Option::unwrap)
    }

    fn url(base: &str, fields: Value) -> String {
        rendered(base, fields).unwrap().url.to_string()
    }

    fn host_fault(base: &str, value: &str) -> HostFault {
        match rendered(base, json!({ "Host": value })) {
            Err(BaseFault::Url { field, fault: UrlFault::Host { reference, fault } }) => {
                assert_eq!(field.unwrap().segments, ["Host"]);
                assert_eq!(reference, "connection.Host");
                fault
            }
            other => panic!("{value}: {other:?}"),
        }
    }

    #[test]
    fn a_literal_is_parsed_once_and_never_rendered() {
        let base = BaseUrl::new("https://api.example.com/v1");
        assert!(std::ptr::eq(base.url().unwrap(), base.url().unwrap()));
        assert!(base.render(&Fields(Map::new())).unwrap().is_none());
        assert!(base.template().is_none() && !base.is_open());
    }

    #[test]
    fn values_stand_in_host_port_and_path() {
        let fields =
            json!({ "Sub": "acme", "Host": "Api.Example:8443", "Id": "a/b", "Port": 8080 });
        for (base, expected) in [
            ("https://<<connection.Sub>>.okta.com/api/v1", "https://acme.okta.com/api/v1"),
            ("https://{{ / connection.Sub }}.okta.com", "https://acme.okta.com/"),
            ("https://<<connection.Host>>/v2", "https://api.example:8443/v2"),
            ("http://<<connection.Host>>", "http://api.example:8443/"),
            (
                "https://<<connection.Sub>>-<<connection.Sub>>.x.example",
                "https://acme-acme.x.example/",
            ),
            (
                "https://<<connection.Sub>>.x.example:<<connection.Port>>/",
                "https://acme.x.example:8080/",
            ),
            ("https://<<connection.Sub>>.x.example:90/", "https://acme.x.example:90/"),
            ("https://api.example.com/<<connection.Id>>", "https://api.example.com/a%2Fb"),
            ("https://<<lower connection.[Sub]>>.x.example/", "https://acme.x.example/"),
        ] {
            assert_eq!(url(base, fields.clone()), expected, "{base}");
        }
        for (value, expected) in [
            ("https://a.example", "https://a.example/rest"),
            ("http://a.example:81/jira//", "http://a.example:81/jira/rest"),
            ("HTTPS://A.example/x", "https://a.example/x/rest"),
            ("http://[::1]:80", "http://[::1]/rest"),
        ] {
            let url = url("<<connection.Url>>/rest", json!({ "Url": value }));
            assert_eq!(url, expected);
        }
        let bare = rendered("<<connection.Url>>", json!({ "Url": "https://a.example/" })).unwrap();
        assert_eq!(bare.url.as_str(), "https://a.example/");
    }

    #[test]
    fn addresses_in_brackets_and_international_names_are_hosts() {
        for (base, value, expected) in [
            ("https://<<connection.Host>>/v1", "[::1]:8080", "https://[::1]:8080/v1"),
            ("http://<<connection.Host>>:81/v1", "[2001:DB8::1]", "http://[2001:db8::1]:81/v1"),
            (
                "https://<<connection.Host>>/v1",
                "Bücher.example:444",
                "https://xn--bcher-kva.example:444/v1",
            ),
            ("https://<<connection.Host>>.x.example", "例え", "https://xn--r8jz45g.x.example/"),
            (
                "<<connection.Host>>/v1",
                "https://bücher.example/a",
                "https://xn--bcher-kva.example/a/v1",
            ),
            ("<<connection.Host>>", "http://[::1]:80", "http://[::1]/"),
        ] {
            let fields = json!({ "Host": value });
            assert_eq!(url(base, fields.clone()), expected, "{base} {value}");
            // What paths are put behind is spelt in the same way.
            let rendered = rendered(base, fields).unwrap();
            assert!(
                rendered.text.is_ascii() && rendered.host_from == HostFrom::Value,
                "{rendered:?}"
            );
        }
        // Letters that a parser reads as others: the host would be another one than is written.
        for value in ["ｅｘａｍｐｌｅ.com", "①.example", "ﬁ.example", "\u{212a}.example"]
        {
            let fault = host_fault("https://<<connection.Host>>/v1", value);
            assert!(matches!(fault, HostFault::Invalid { .. }), "{value}: {fault:?}");
        }
        for value in ["a。example", "bü cher.example", "bücher.example/x", "x[::1]"] {
            let fault = host_fault("https://<<connection.Host>>/v1", value);
            assert!(matches!(fault, HostFault::Character { .. }), "{value}: {fault:?}");
        }
    }

    #[test]
    fn who_decides_the_host_is_told() {
        let fields = json!({ "A": "acme", "B": 80 });
        for (base, from, field) in [
            ("https://<<connection.A>>.x.example", HostFrom::Value, Some("A")),
            ("https://x.example/<<connection.A>>", HostFrom::Definition, None),
            ("https://x.example:<<connection.B>>/", HostFrom::Definition, None),
            ("https://<<lower connection.[A]>>.x.example", HostFrom::Value, None),
        ] {
            let rendered = rendered(base, fields.clone()).unwrap();
            assert_eq!(rendered.host_from, from, "{base}");
            let label = rendered.field.map(|field| field.segments[0].clone());
            assert_eq!(label.as_deref(), field, "{base}");
        }
    }

    #[test]
    fn a_value_that_could_leave_its_place_is_refused() {
        use HostFault::{Character, Dot, Empty, Port, Scheme};
        let base = "https://<<connection.Host>>.okta.com/api";
        for (value, fault) in [
            ("evil.example/x", Character { found: '/' }),
            ("evil.example:443", Character { found: ':' }),
            ("u@evil.example", Character { found: '@' }),
            ("evil.example#", Character { found: '#' }),
            ("a.", Dot),
            ("", Empty),
        ] {
            assert_eq!(host_fault(base, value), fault, "{value}");
        }
        let invalid = |fault: &HostFault| matches!(fault, HostFault::Invalid { .. });
        assert!(invalid(&host_fault(base, "xn--a")), "no punycode");
        assert!(invalid(&host_fault("https://<<connection.Host>>/", "1.2.3.4.5")));
        assert!(invalid(&host_fault("https://<<connection.Host>>/", "0x100000000")));
        assert_eq!(host_fault("https://<<connection.Host>>/", "a:b"), Port);
        assert_eq!(host_fault("<<connection.Host>>/rest", "evil.example"), Scheme);
        assert_eq!(host_fault("<<connection.Host>>/rest", "https://u@a"), Character { found: '@' });
        let long = format!("{0}.{0}.{0}.{0}", "a".repeat(62));
        assert_eq!(host_fault(base, &long), HostFault::TooLong);
    }

    #[test]
    fn values_make_no_dot_segment_together() {
        let fields = json!({ "A": ".", "B": "b" });
        for base in ["https://x.example/.<<connection.A>>/y", "https://x.example/<<connection.A>>"]
        {
            let fault = rendered(base, fields.clone()).unwrap_err();
            let dots = matches!(fault, BaseFault::Url { fault: UrlFault::DotSegment, .. });
            assert!(dots, "{base}: {fault:?}");
        }
        let base = "https://x.example/<<connection.B>>.<<connection.B>>";
        assert_eq!(url(base, fields), "https://x.example/b.b");
    }

    #[test]
    fn expressions_stand_only_where_they_mean_something() {
        for base in [
            "<<connection.A>>://x.example",
            "<<connection.A>>x.example",
            "<<connection.A>><<connection.B>>/x",
            "https<<connection.A>>//x.example",
            "ftp://<<connection.A>>/",
            "https://user@<<connection.A>>/",
            "https://<<connection.A>>/x?y=<<connection.B>>",
            "https://<<connection.A>>/x#y",
            "https://<<connection.A>>:8<<connection.B>>/",
            "https://<<connection.A>>:<<connection.B>><<connection.C>>/",
            "https://[<<connection.A>>]/",
            "https:///<<connection.A>>",
            "https://b\u{fc}cher.example/<<connection.A>>/\u{fc}",
            "https://<<connection.A",
            r"\<<connection.A>>",
        ] {
            assert!(!BaseUrl::new(base).is_well_formed(), "{base}");
            assert!(BaseUrl::new(base).url().is_none(), "{base}");
        }
    }

    #[test]
    fn a_base_is_open_where_a_value_decides_part_of_the_registered_domain() {
        for (base, open) in [
            ("https://<<connection.A>>.okta.com/x.y.z", false),
            ("https://<<connection.A>>/x", false),
            ("https://<<connection.A>>:8080/x", false),
            ("<<connection.A>>/x", false),
            ("https://x.example.com/<<connection.A>>", false),
            ("https://<<connection.A>>.com/", true),
            ("https://api.<<connection.A>>/", true),
            ("https://zoho.<<connection.A>>", true),
            ("https://<<connection.A>>okta.com/", true),
            ("https://<<connection.A>>-x.okta.com/", false),
            ("https://<<connection.A>>.<<connection.B>>.okta.com:1/", false),
        ] {
            assert_eq!(BaseUrl::new(base).is_open(), open, "{base}");
        }
    }
}
