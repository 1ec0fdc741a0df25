//! The secrets of a run: masked in what is told and kept.

use std::sync::{Arc, PoisonError};

use cardhost_core::failure::Error;
use cardhost_core::field::Field;
use cardhost_core::secret::{MASK, Redactor, Secret};
use cardhost_flow::datum::Datum;
use cardhost_flow::{CardCall, Happened, Problem};
use ring::digest::{SHA256, digest};
use serde_json::Value;

use super::Flow;
use super::fault::RunFault;
use super::flow_run::FlowRun;

/// Most secrets that are looked for in what is told. Beyond, nothing that could hold one is told.
const MOST_KNOWN: usize = 512;

impl FlowRun {
    /// `$secrets` of a flow. They are masked in what is told and kept.
    pub(super) async fn secrets_of(&self, flow: &Flow) -> Result<(Datum, Redactor), Error> {
        let mut entries = Vec::new();
        let mut own = Redactor::new();
        for name in &flow.document.secrets {
            let found = match &self.runner.secrets {
                Some(secrets) => secrets
                    .secret(name)
                    .await
                    .map_err(|reason| Error::from(RunFault::UnreadableSecret { reason }))?,
                None => None,
            };
            // A flow that asks for it finds out.
            let Some(value) = found else { continue };
            let mut fingerprint = [0; 32];
            fingerprint.copy_from_slice(digest(&SHA256, value.to_string().as_bytes()).as_ref());
            self.acts_for(format!("secret {name}"), fingerprint).await?;
            let mut texts = Vec::new();
            each_text(&value, &mut |text| texts.push(Secret::from(text)));
            let mut known = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
            own = own.with(texts.iter().cloned());
            *known = Arc::new(known.with(texts));
            entries.push((name.as_str(), Datum::from(value)));
        }
        Ok((Datum::object(entries), own))
    }

    /// Masks from now on what a call has masked, wherever the flow repeats it.
    pub(super) fn learn(&self, redactor: &Redactor) {
        let mut known = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN || known.covers(redactor) {
            return;
        }
        let mut wider = known.with([]);
        wider.learn(redactor);
        *known = Arc::new(wider);
    }

    /// Masks from now on what a call was given under inputs that its card declares secret: one that was made before the run went
    /// on has not told it in this process.
    pub(super) fn learn_inputs(&self, call: &CardCall) {
        let name = format!("{}/{}", call.connector, call.card);
        let (Ok(definition), Some(given)) =
            (self.runner.host.definition(&name), call.with.get("input"))
        else {
            return;
        };
        let mut texts = Vec::new();
        for (group, fields) in &definition.card.input {
            let Some(given) = given.get(group) else { continue };
            for (label, field) in fields {
                if let Some(value) = given.get(label) {
                    secret_texts(field, value, &mut texts);
                }
            }
        }
        if !texts.is_empty() {
            self.learn(&Redactor::new().with(texts));
        }
    }

    /// A value as it is told.
    pub(super) fn shown(&self, value: Value) -> Value {
        let known = self.known_secrets();
        if known.len() >= MOST_KNOWN {
            return Value::from(MASK);
        }
        known.redact_value(value)
    }

    /// A problem as it is told: an expression or a service may have put into it what must not be shown.
    pub(super) fn shown_problem(&self, problem: Problem) -> Problem {
        let known = self.known_secrets();
        let masked = |text: Option<Box<str>>| match text {
            Some(_) if known.len() >= MOST_KNOWN => Some(Box::from(MASK)),
            text => text.map(|text| known.redact(&text).into()),
        };
        Problem {
            type_uri: masked(Some(problem.type_uri)).unwrap_or_default(),
            title: masked(problem.title),
            detail: masked(problem.detail),
            instance: masked(problem.instance),
            response: problem.response.map(|response| Box::new(self.shown(*response))),
            ..problem
        }
    }

    /// What happened, as it is told: without replies, which may be long.
    pub(super) fn shown_event(&self, happened: Happened) -> Happened {
        let shown = |problem| Problem { response: None, ..self.shown_problem(problem) };
        match happened {
            Happened::Retrying { at_ms, problem } => {
                Happened::Retrying { at_ms, problem: shown(problem) }
            }
            Happened::Faulted(problem) => Happened::Faulted(shown(problem)),
            // What it gave is told beside it.
            Happened::Completed { case, .. } => Happened::Completed { output: Datum::Null, case },
            other => other,
        }
    }

    pub(super) fn known_secrets(&self) -> Arc<Redactor> {
        Arc::clone(&self.secrets.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What of the value of a field must not be shown.
fn secret_texts(field: &Field, value: &Value, texts: &mut Vec<Secret>) {
    if field.is_secret() {
        return each_text(value, &mut |text| texts.push(Secret::from(text)));
    }
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    for item in items {
        for (key, inner) in field.fields.iter().flatten() {
            if let Some(value) = item.get(key) {
                secret_texts(inner, value, texts);
            }
        }
    }
}

/// Every text and number of a value.
fn each_text(value: &Value, take: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => take(text),
        Value::Number(number) => take(number.as_str()),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, take)),
        Value::Object(map) => map.values().for_each(|value| each_text(value, take)),
        Value::Null | Value::Bool(_) => {}
    }
}
