//! What a reply means that is no success: of a connector, a target or a card; the first rule that fits.

use http::HeaderMap;
use serde::Deserialize;

use crate::condition::When;
use crate::error::Code;
use crate::http_date::{LONGEST_WAIT_S, http_date, retry_after};
use crate::template::{Reference, Scope, Template, ValueTemplate};

/// What a reply means that is no success.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schemas", schemars(
    extend("anyOf" = [{"required": ["status"]}, {"required": ["when"]}]),
    extend("oneOf" = [{"required": ["code"]}, {"required": ["as"]}]),
))]
pub struct ReplyRule {
    /// HTTP statuses it fits; any by default.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schemars(inner(range(min = 100, max = 599))))]
    pub status: Vec<u16>,
    /// When it applies; always by default.
    pub when: Option<When>,
    /// The code of the error: an `http.` code, `auth.refused` or `service.…`.
    pub code: Option<String>,
    /// What the reply is instead of an error.
    #[serde(rename = "as")]
    pub taken_as: Option<TakenAs>,
    /// Whether the request may be sent again.
    #[serde(default)]
    pub retry: RetryRule,
    /// How long to wait before that, as a template over `response`; by the header `Retry-After` where it has no value.
    pub after: Option<Template>,
    /// What `after` is; seconds by default.
    #[serde(default)]
    pub after_is: AfterIs,
    /// The service's own words: a template over `response`, or `{ "jq": … }`.
    #[serde(default, deserialize_with = "crate::template::text_or_jq")]
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::template::TextOrJq>"))]
    pub message: Option<ValueTemplate>,
}

/// What a reply is taken as instead of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TakenAs {
    /// A reply without a body: nothing was found. Outputs that are read from the body are left out.
    Empty,
}

/// Whether a failed request may be sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RetryRule {
    /// Not without a change.
    #[default]
    Never,
    /// After the time that the reply names, or later.
    After,
    /// Only if its effect makes it safe.
    IfSafe,
}

/// How a reply says how long to wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AfterIs {
    /// In seconds from now.
    #[default]
    Seconds,
    /// In milliseconds from now.
    Milliseconds,
    /// As a moment, in seconds since 1970.
    Unix,
    /// As a moment, of RFC 3339 or as in HTTP headers.
    Date,
}

impl ReplyRule {
    /// What some statuses mean.
    #[must_use]
    pub fn of_status(status: Vec<u16>, code: &str, retry: RetryRule) -> ReplyRule {
        let (when, taken_as, after, message) = (None, None, None, None);
        let (code, after_is) = (Some(code.to_owned()), AfterIs::Seconds);
        ReplyRule { status, when, code, taken_as, retry, after, after_is, message }
    }

    /// Whether a reply of that status, seen through `scope`, is meant.
    #[must_use]
    pub fn fits(&self, status: u16, scope: &dyn Scope) -> bool {
        let listed = self.status.is_empty() || self.status.contains(&status);
        listed && self.when.as_ref().is_none_or(|when| when.holds(scope))
    }

    /// Its code as that of an error.
    #[must_use]
    pub fn error_code(&self) -> Code {
        self.code.as_deref().and_then(Code::for_reply).unwrap_or(Code::HTTP_STATUS)
    }

    /// Seconds to wait, as the reply says; at most a day.
    #[must_use]
    pub fn wait_s(&self, scope: &dyn Scope, headers: &HeaderMap, now: i64) -> Option<u64> {
        let own = self.after.as_ref().and_then(|after| {
            let text = after.text(scope).ok()??;
            let seconds = self.after_is.seconds(text.trim(), now)?;
            Some(seconds.min(LONGEST_WAIT_S))
        });
        own.or_else(|| retry_after(headers, now))
    }

    /// Calls `visit` with every reference in it.
    pub fn each_reference<'a>(&'a self, visit: &mut dyn FnMut(&'a Reference)) {
        let when = self.when.iter().flat_map(When::references);
        let after = self.after.iter().flat_map(Template::references);
        when.chain(after).for_each(&mut *visit);
        if let Some(message) = &self.message {
            message.each_reference(visit);
        }
    }
}

impl AfterIs {
    /// Seconds from now, rounded up.
    pub(crate) fn seconds(self, text: &str, now: i64) -> Option<u64> {
        let number = || text.parse::<f64>().ok().filter(|number| number.is_finite());
        let until = |moment: f64| moment - now as f64;
        let seconds = match self {
            AfterIs::Seconds => number()?,
            AfterIs::Milliseconds => number()? / 1000.0,
            AfterIs::Unix => until(number()?),
            AfterIs::Date => {
                let rfc3339 = text.parse::<jiff::Timestamp>().map(|moment| moment.as_second());
                until(rfc3339.ok().or_else(|| http_date(text))? as f64)
            }
        };
        // A moment that is over is now; a conversion of floats stops at the largest number.
        Some(seconds.max(0.0).ceil() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_four_ways() {
        let now = 1_767_254_400; // 2026-01-01T08:00:00Z
        for (is, text, expected) in [
            (AfterIs::Seconds, "12", Some(12)),
            (AfterIs::Seconds, "0.2", Some(1)),
            (AfterIs::Seconds, "-3", Some(0)),
            (AfterIs::Seconds, "soon", None),
            (AfterIs::Seconds, "NaN", None),
            (AfterIs::Milliseconds, "1500", Some(2)),
            (AfterIs::Unix, "1767254460", Some(60)),
            (AfterIs::Unix, "1767254460.5", Some(61)),
            (AfterIs::Unix, "1", Some(0)),
            (AfterIs::Date, "2026-01-01T08:01:30Z", Some(90)),
            (AfterIs::Date, "Thu, 01 Jan 2026 08:00:05 GMT", Some(5)),
            (AfterIs::Date, "tomorrow", None),
        ] {
            assert_eq!(is.seconds(text, now), expected, "{is:?} {text}");
        }
    }
}
