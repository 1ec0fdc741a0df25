//! Work that goes on after a reply: it is asked how it stands until it is done, or there is no time for another look.

use std::sync::Arc;
use std::time::Duration;

use cardhost_core::call::{Outcome, Polling};
use cardhost_core::connector::Span;
use cardhost_core::definition::Definition;
use cardhost_core::failure::Error;
use cardhost_core::invocation::{ConnectionRef, Invocation};
use cardhost_core::plan::Plan;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{Found, Host, Told};
use crate::token::Renewer;

/// What a wait counts for at least.
const SHORTEST: Duration = Duration::from_millis(100);

/// What a run of a card with `until` needs besides its first request.
pub(super) struct Waits {
    /// The connection of the invocation: who is asked is asked with the same.
    connection: Option<ConnectionRef>,
    /// Where an earlier run stopped.
    from: Option<Map<String, Value>>,
}

impl Waits {
    /// Those of an invocation; `None` where its card waits for nothing and nothing of that kind is asked for.
    pub(super) fn of(definition: &Definition, invocation: &mut Invocation) -> Option<Box<Waits>> {
        let from = invocation.until.take();
        (definition.card.until.is_some() || from.is_some())
            .then(|| Box::new(Waits { connection: invocation.connection.clone(), from }))
    }
}

impl Host {
    /// Runs a card until its work is done.
    pub(super) async fn drive_to_its_end(
        &self,
        definition: Arc<Definition>,
        found: Found,
        plan: Box<Plan>,
        waits: Waits,
    ) -> Result<Outcome, Error> {
        let begun = Instant::now();
        let mut polling = match waits.from {
            Some(cursor) => Polling::resumed(&definition, *plan, cursor)?,
            None => {
                let mut outcome = self.drive(definition, found, plan, None, None).await?;
                match outcome.polling.take() {
                    Some(polling) => polling,
                    None => return Ok(outcome),
                }
            }
        };
        let longest = polling.longest();
        let longest = self.policy().total_timeout.map_or(longest, |total| total.min(longest));
        // The waits count also where no time passes with them: nothing is asked for ever.
        let mut waited = Duration::ZERO;
        let left = |waited: Duration| longest.saturating_sub(begun.elapsed().max(waited));
        loop {
            let (wait, left_before) = (polling.wait(), left(waited));
            if wait >= left_before {
                return Err(polling.too_long(left_before));
            }
            waited += wait.max(SHORTEST);
            let is_stood_in = self.0.stand_ins.are_there();
            if !is_stood_in && !wait.is_zero() && !self.slept(wait).await {
                return Err(polling.interrupted());
            }
            let left = left(waited);
            if left.is_zero() {
                return Err(polling.too_long(left));
            }
            let outcome = self.asked(polling.clone(), waits.connection.clone(), left).await;
            let mut outcome = outcome.map_err(|error| polling.lost(error))?;
            match outcome.polling.take() {
                Some(next) => polling = next,
                None => return Ok(outcome),
            }
        }
    }

    /// Waits; `false` where that is ended meanwhile.
    async fn slept(&self, span: Duration) -> bool {
        let Renewer { clock, .. } = &**self.renewer();
        tracing::info!(ms = span.as_millis(), "waiting before the next look");
        let sleeping = clock.sleep(span);
        let Some(shutdown) = &self.0.shutdown else {
            sleeping.await;
            return true;
        };
        // Between two looks there is nothing to bring to its end.
        tokio::select! {
            biased;
            () = shutdown.begun() => false,
            () = sleeping => true,
        }
    }

    /// Asks once how the work stands, in the time that is left.
    async fn asked(
        &self,
        polling: Box<Polling>,
        connection: Option<ConnectionRef>,
        left: Duration,
    ) -> Result<Outcome, Error> {
        let (name, [options, input]) = polling.asked();
        let definition = self.definition(&name)?;
        let ask = Invocation { connection, options, input, ..Invocation::default() };
        let told = Told { may_send: true, ..Told::default() };
        let (found, mut plan) = self.plan_unsigned(&definition, ask, told).await?;
        let total = plan.timeouts.total.map_or(Duration::from_secs(120), |span| span.0);
        plan.timeouts.total = Some(Span(total.min(left)));
        if let Some(retries) = &mut plan.retries {
            retries.budget = retries.budget.min(left);
        }
        self.drive(definition, found, Box::new(plan), None, Some(polling)).await
    }
}
