//! A client that registers itself (RFC 7591).

use serde::Deserialize;

use crate::endpoint_url::EndpointUrl;
use crate::template::{Decision, Template, ValueTemplate};

/// A client that registers itself at each connection's first login (RFC 7591).
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Registration {
    /// Where clients register; what the server's description says by default.
    pub url: Option<Decision<EndpointUrl>>,
    /// What a registration is allowed with, where the server wants that (RFC 7591, section 3).
    pub access_token: Option<Template>,
    /// What the client says of itself, such as `"client_name"`; replaces what it says by default.
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "Option<std::collections::BTreeMap<String, ValueTemplate>>")
    )]
    pub metadata: Option<ValueTemplate>,
}
