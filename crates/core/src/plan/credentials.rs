//! The credentials of a request: the first usable auth method, and what must not be shown.

use serde_json::{Map, Value};

use super::fault::PlanFault;
use crate::auth::{Applying, AuthMethod, CustomSchemes, Pending};
use crate::card::Card;
use crate::connector::{Connector, Target};
use crate::request::RequestSpec;
use crate::secret::{Redactor, Secret};
use crate::settle::sensitive_texts;
use crate::template::Scope;
use crate::value::get;

/// Texts of secret and sensitive inputs are secrets of this invocation.
pub(super) fn add_sensitive(card: &Card, input: &Map<String, Value>, redactor: &mut Redactor) {
    for (group, fields) in &card.input {
        let Some(Value::Object(values)) = get(input, group) else { continue };
        for (label, field) in fields {
            if let Some(value) = get(values, label) {
                sensitive_texts(field, value, &mut |text| redactor.add(Secret::from(text)));
            }
        }
    }
}

pub(super) type PassedOver = Vec<(String, Vec<String>)>;

/// The auth method of a plan.
pub(super) struct Applied {
    /// Its name.
    pub(super) name: String,
    /// Those passed over.
    pub(super) passed_over: PassedOver,
    /// What has to be done for each sending.
    pub(super) pending: Option<Pending>,
}

/// Applies the first usable auth method.
pub(super) fn apply_auth(
    (connector, card): (&Connector, &Card),
    (target_name, target): (&str, &Target),
    schemes: &CustomSchemes,
    request: &mut RequestSpec,
    scope: &dyn Scope,
    redactor: &mut Redactor,
) -> Result<Applied, PlanFault> {
    let mut passed_over = Vec::new();
    let list = || match &card.request.auth {
        Some(_) => "/request/auth".to_owned(),
        None => crate::error::pointer(&["targets", target_name, "auth"]),
    };
    for name in card.request.auth.as_ref().unwrap_or(&target.auth) {
        let method: &AuthMethod = connector
            .auth
            .get(name)
            .ok_or_else(|| PlanFault::UnknownAuth { list: list(), found: name.clone() })?;
        let missing = method.missing(scope);
        if !missing.is_empty() {
            passed_over.push((name.clone(), missing));
            continue;
        }
        let pending = method
            .scheme()
            .apply(request, &mut Applying { scope, schemes, redactor })
            .map_err(|fault| PlanFault::Auth { method: name.clone(), fault })?;
        return Ok(Applied { name: name.clone(), passed_over, pending });
    }
    Err(PlanFault::AuthMissing { target: target_name.to_owned(), methods: passed_over })
}
