//! What is known while a token is asked for.

use std::collections::HashMap;

use serde_json::{Map, Value};
use url::Url;

use super::server::Server;
use super::tokens::Tokens;
use crate::call::Cookies;
use crate::connection::Connection;

/// What is known while a token is asked for.
pub(super) struct Known<'a> {
    pub(super) connection: &'a Connection,
    pub(super) current: Option<&'a Tokens>,
    pub(super) server: Option<&'a Server>,
    /// Which of several requests comes next.
    pub(super) step: usize,
    /// What the steps before it gave.
    pub(super) given: Map<String, Value>,
    /// The cookies that they set, by origin.
    pub(super) cookies: HashMap<String, Cookies>,
    /// The value of the cookie that is the token, as far as a step has set it.
    pub(super) cookie: Option<String>,
    /// Where the last request went.
    pub(super) url: Option<Url>,
}
