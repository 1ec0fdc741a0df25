//! The hosts that a target may have.

#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use url::{Host, Url};

/// A host that a target may have: a name, or `*.suffix` for every name below the suffix, however deep.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct HostPattern(pub String);

impl HostPattern {
    #[cfg(feature = "schemas")]
    const PATTERN: &'static str =
        r"^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$";

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a host is one that is meant. An address is meant only by its own text.
    #[must_use]
    pub fn fits(&self, host: &Host<&str>) -> bool {
        match (self.0.strip_prefix("*."), host) {
            (Some(suffix), Host::Domain(name)) => name
                .strip_suffix(suffix)
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|below| !below.is_empty() && !suffix.is_empty()),
            (Some(_), _) => false,
            (None, Host::Domain(name)) => *name == self.0,
            (None, address) => address.to_string() == self.0,
        }
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for HostPattern {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HostPattern".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A host name in lower case, or `*.suffix` for every name below the suffix.",
            "type": "string",
            "pattern": HostPattern::PATTERN,
        })
    }
}

/// Whether a URL's host is one of a target's; any where the target names none.
#[must_use]
pub fn is_allowed(hosts: &[HostPattern], url: &Url) -> bool {
    hosts.is_empty()
        || url.host().is_some_and(|host| hosts.iter().any(|pattern| pattern.fits(&host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_name_or_everything_below_a_suffix() {
        let fits = |pattern: &str, url: &str| {
            is_allowed(&[HostPattern(pattern.to_owned())], &Url::parse(url).unwrap())
        };
        for (pattern, url, expected) in [
            ("*.okta.com", "https://acme.okta.com", true),
            ("*.okta.com", "https://a.b.OKTA.com:8443/x", true),
            ("*.okta.com", "https://okta.com", false),
            ("*.okta.com", "https://evilokta.com", false),
            ("*.okta.com", "https://okta.com.evil.example", false),
            ("okta.com", "https://okta.com", true),
            ("okta.com", "https://a.okta.com", false),
            ("*.0.0.1", "http://127.0.0.1", false),
            ("127.0.0.1", "http://2130706433", true),
            ("*.", "https://a.example.", false),
            ("*", "https://a.example", false),
        ] {
            assert_eq!(fits(pattern, url), expected, "{pattern} {url}");
        }
        assert!(is_allowed(&[], &Url::parse("https://any.example").unwrap()));
    }
}
