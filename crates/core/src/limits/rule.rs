//! The limits of a service, as a connector says them.

use serde::Deserialize;

use crate::header_text::HeaderText;
use crate::reply_rule::AfterIs;
use crate::span::Span;

/// What a service allows; a request waits until it may go.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schemas", schemars(
    extend("dependentRequired" = { "remaining": ["reset"] }),
))]
pub struct Limits {
    /// Requests at once.
    #[cfg_attr(feature = "schemas", schemars(range(min = 1)))]
    pub concurrent: Option<u32>,
    /// Requests per time; all of them hold.
    #[serde(default)]
    pub rate: Vec<Rate>,
    /// Whose requests are counted together; those of a connection by default.
    #[serde(default)]
    pub scope: LimitScope,
    /// How replies say how many requests may still be sent; at none, all wait for the `reset`.
    pub remaining: Option<RemainingHeader>,
    /// How replies say when requests may be sent again; also what a status 429 without `Retry-After` waits for.
    pub reset: Option<ResetHeader>,
}

/// Requests per time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests; inclusive.
    #[cfg_attr(feature = "schemas", schemars(range(min = 1)))]
    pub max: u32,
    /// The time, such as `"1h"`.
    pub per: Span,
}

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum LimitScope {
    /// Those of a connection to a target.
    #[default]
    Connection,
    /// All to a target, of whichever connection.
    Target,
}

/// A header with the number of requests that may still be sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RemainingHeader {
    /// The header, such as `x-ratelimit-remaining`.
    pub header: HeaderText,
}

/// A header with the time from which requests may be sent again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ResetHeader {
    /// The header, such as `x-ratelimit-reset`.
    pub header: HeaderText,
    /// What its value is; seconds by default.
    #[serde(rename = "as", default)]
    pub told_as: AfterIs,
}
