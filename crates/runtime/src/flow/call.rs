//! Steps that send something: cards, and requests of the flow itself.

use std::sync::{Arc, PoisonError};

use cardhost_core::card::Effect;
use cardhost_core::definition::Definition;
use cardhost_core::error::Code;
use cardhost_core::failure::Error;
use cardhost_core::invocation::Invocation;
use cardhost_core::plan::Plan;
use cardhost_core::secret::Redactor;
use cardhost_flow::{CardCall, HttpRequest, Problem, Standard, idempotency_key};
use ring::digest::{Context, SHA256};
use serde_json::Value;

use super::Flow;
use super::flow_run::FlowRun;
use super::outcome::{Ended, Given};
use super::watch::{News, WatchedCall, What};
use crate::host::{Account, BeforeSending};
use crate::transport::BoxFuture;

impl FlowRun {
    /// Runs a card; its output groups are the output.
    pub(super) async fn card(
        &self,
        flow: &Flow,
        step: String,
        call: CardCall,
        seed: &[u8; 16],
    ) -> Result<Given, Ended> {
        let host = &self.runner.host;
        let name = format!("{}/{}", call.connector, call.card);
        let definition = host.definition(&name)?;
        if let Some(version) = &call.version
            && *version != definition.card.version.0
        {
            let found = definition.card.version.0.as_str();
            let title = format!("card `{name}` has version {found}, not {version}");
            let problem = Problem::new(Standard::Configuration, &title, "");
            return Err(problem.with_code(&Code::CARD_UNKNOWN).into());
        }
        let mut invocation =
            Invocation::from_value(Value::Object(call.with)).map_err(Error::from)?;
        let takes_key = definition.card.idempotency_key.is_some();
        if takes_key && invocation.idempotency_key.is_none() {
            invocation.idempotency_key = Some(idempotency_key(seed, &call.operation));
        }
        let before = Before { flow_run: self, flow, step: &step };
        let outcome = match host.run_with(definition, invocation, &before).await {
            Ok(outcome) => outcome,
            Err(error) => {
                // What was sent is known to be secret, whatever came of it; a service may repeat it.
                self.learn(error.redactor());
                return Err(match Ended::uncatchable(error) {
                    Ok(ended) => ended,
                    Err(error) => Ended::Problem(self.shown_problem(Problem::from(&error))),
                });
            }
        };
        let is_seen = self.runner.watcher.is_some() || self.journal.is_some();
        if !is_seen && outcome.output.is_surely_readable() {
            self.learn(&outcome.redactor);
            return Ok(Given::Output(outcome.output));
        }
        let output = outcome.output.to_value().map_err(|error| {
            let problem =
                Problem::new(Standard::Runtime, "the output cannot be read", error.to_string());
            problem.with_code(&Code::RESPONSE_DECODE)
        })?;
        Ok(Given::Value(self.kept(output, &outcome.redactor)))
    }

    /// Sends a request of the flow itself.
    pub(super) async fn http(
        &self,
        flow: &Flow,
        step: String,
        request: HttpRequest,
    ) -> Result<Given, Ended> {
        let mut call = request.call(&self.known_secrets())?;
        let host = &self.runner.host;
        host.admit(&mut call.plan)?;
        let sending = call.plan.sending();
        self.sending(flow, &step, None, sending.effect, || call.plan.request.to_json());
        if !sending.is_repeatable() {
            self.will_send(&step).await?;
        }
        if host.is_stood_in() {
            let title = "a mock has no answers to requests of a flow itself";
            return Err(Problem::new(Standard::Configuration, title, "").into());
        }
        let ended = match host.run_anonymous(call).await {
            Err(error) => {
                self.learn(error.redactor());
                match Ended::uncatchable(error) {
                    Ok(ended) => return Err(ended),
                    Err(error) => Err(error),
                }
            }
            done => done,
        };
        let redactor = ended.as_ref().ok().map(|outcome| Arc::clone(&outcome.redactor));
        let output = request.settle(ended).map_err(|problem| self.shown_problem(problem))?;
        Ok(Given::Value(self.kept(output, &redactor.unwrap_or_default())))
    }

    /// What a step gives, as a run with a journal uses it: what is kept has no secret, and a run that goes on must see the
    /// same as the first.
    fn kept(&self, output: Value, redactor: &Redactor) -> Value {
        self.learn(redactor);
        if self.journal.is_none() {
            return output;
        }
        self.known_secrets().redact_value(redactor.redact_value(output))
    }

    /// Sees to it that a run that goes on does so for the account that it was begun for; asked once of each.
    pub(super) async fn acts_for(&self, name: String, value: [u8; 32]) -> Result<(), Error> {
        let Some(journal) = &self.journal else { return Ok(()) };
        let known = || self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains(&(name.clone(), value)) {
            return Ok(());
        }
        let base = self.runner.host.settings().base.as_ref().map(|base| base.as_str());
        let mut hash = Context::new(&SHA256);
        hash.update(&value);
        hash.update(base.unwrap_or_default().as_bytes());
        let mut with_base = [0; 32];
        with_base.copy_from_slice(hash.finish().as_ref());
        journal.account(&name, with_base).await?;
        known().insert((name, value));
        Ok(())
    }

    /// Takes note that a write is about to be sent.
    async fn will_send(&self, step: &str) -> Result<(), Ended> {
        match &self.journal {
            Some(journal) => journal.will_send(step).await.map_err(Ended::Stop),
            None => Ok(()),
        }
    }

    fn sending(
        &self,
        flow: &Flow,
        step: &str,
        card: Option<String>,
        effect: Effect,
        request: impl FnOnce() -> Value,
    ) {
        let Some(watcher) = &self.runner.watcher else { return };
        let name = step.rsplit('/').next().unwrap_or_default().to_owned();
        let request = self.shown(request());
        let call = WatchedCall { card, effect: effect.as_str(), request };
        watcher.tell(&News {
            at_ms: self.runner.timer.now_ms(),
            flow: flow.name(),
            step: step.to_owned(),
            name,
            what: What::Sending(call),
        });
    }

    /// Refuses cards whose outputs a journal cannot keep.
    pub(super) fn check_cards(&self, flow: &Flow) -> Result<(), Error> {
        let Some(journal) = &self.journal else { return Ok(()) };
        for call in flow.document.cards() {
            let name = format!("{}/{}", call.connector, call.card);
            // A card that is not there is the flow's to find out.
            let Ok(definition) = self.runner.host.definition(&name) else {
                continue;
            };
            if !definition.reply_secrets().is_empty() {
                return Err(journal.keeps_no_secret(name));
            }
        }
        Ok(())
    }
}

/// What is done between planning a card's request and sending it.
struct Before<'s> {
    flow_run: &'s FlowRun,
    flow: &'s Flow,
    step: &'s str,
}

impl BeforeSending for Before<'_> {
    fn planned<'a>(
        &'a self,
        definition: &'a Definition,
        account: Option<Account<'a>>,
        plan: &'a Plan,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let card = Some(definition.full_name());
        self.flow_run.sending(self.flow, self.step, card, plan.effect, || plan.request.to_json());
        let is_repeatable = plan.sending().is_repeatable();
        Box::pin(async move {
            if let Some(account) = account {
                let connector = &definition.connector.name;
                let value = account.connection.fingerprint(connector.as_str());
                self.flow_run.acts_for(account.name, value).await?;
            }
            match (is_repeatable, &self.flow_run.journal) {
                (false, Some(journal)) => journal.will_send(self.step).await,
                _ => Ok(()),
            }
        })
    }
}
