//! A request that a connector makes for itself, as a card: to try a connection out, or to look something up after a login.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::body::BodyTemplate;
use crate::card::Card;
use crate::connector::Connector;
use crate::definition::Definition;
use crate::template::{Template, ValueTemplate};

/// A request that a connector makes for itself.
#[derive(Clone, Copy)]
pub(crate) struct OwnRequest<'a> {
    /// The name and title that its card would have.
    pub(crate) name: [&'a str; 2],
    /// The target.
    pub(crate) target: &'a str,
    /// The auth method, where it is not the target's choice.
    pub(crate) auth: Option<&'a str>,
    /// The method.
    pub(crate) method: &'a str,
    /// The path.
    pub(crate) path: &'a Template,
    /// The headers.
    pub(crate) headers: Option<&'a ValueTemplate>,
    /// The query.
    pub(crate) query: Option<&'a ValueTemplate>,
    /// The body.
    pub(crate) body: Option<&'a BodyTemplate>,
}

impl OwnRequest<'_> {
    /// The request as a card with these outputs; `None` where they are none.
    pub(crate) fn definition(
        &self,
        connector: &Arc<Connector>,
        output: &Value,
    ) -> Option<Definition> {
        let [name, title] = self.name;
        let card = json!({
            "format": 1, "name": name, "version": "1.0.0", "title": title,
            "request": { "target": self.target, "method": self.method, "path": self.path.source() },
            "effect": "read",
            "output": output,
        });
        // By its text: a value that came through here has lost nothing, and numbers need theirs.
        let mut card: Card = serde_json::from_str(&card.to_string()).ok()?;
        card.request.auth = self.auth.map(|auth| vec![auth.to_owned()]);
        card.request.headers = self.headers.cloned();
        card.request.query = self.query.cloned();
        card.request.body = self.body.cloned();
        Some(Definition::new(Arc::clone(connector), card))
    }
}
