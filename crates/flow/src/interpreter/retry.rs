//! `try`: catch an error, wait, try again, handle it, or let it go up.

use std::sync::Arc;

use super::chance;
use super::event::Happened;
use super::frame::{Ending, FIRST_ATTEMPT, FrameId, Phase, State, Tasks};
use super::purpose::Purpose;
use super::run::Run;
use super::step::WaitReason;
use super::work::Work;
use crate::datum::Datum;
use crate::document::MAX_DURATION;
use crate::document::parts::{Backoff, Duration, Retry};
use crate::document::task::Kind;
use crate::document::try_::Try;
use crate::expression::Expression;
use crate::problem::Problem;

impl Run {
    /// Begins an attempt.
    pub(super) fn attempt(&mut self, id: FrameId, try_: &Try) -> Result<(), Problem> {
        let Some(active) = self.active_mut(id) else { return Ok(()) };
        let State::Try { attempt, phase, .. } = &mut active.state else { return Ok(()) };
        *phase = Phase::Trying;
        let attempt = *attempt;
        let input = active.input.clone();
        let path = match attempt {
            1 => active.id.with(FIRST_ATTEMPT.to_owned()),
            attempt => active.id.with(format!("{FIRST_ATTEMPT}#{attempt}")),
        };
        let limit = try_.retry.as_ref().and_then(|retry| retry.attempt_duration.as_ref());
        if let Some(limit) = limit {
            let length = self.length(id, limit)?;
            let timer = self.step_below(id, &format!("attempt/{attempt}/timeout"));
            if let Some(active) = self.active_mut(id)
                && let State::Try { attempt_timer, .. } = &mut active.state
            {
                *attempt_timer = Some(timer.clone());
            }
            self.wait_in(id, timer, length, WaitReason::Timeout, Purpose::AttemptTimeout);
        }
        let variables = self.frame(id).map(|frame| Arc::clone(&frame.variables));
        let variables = variables.unwrap_or_default();
        self.enter(id, 0, Tasks::List(try_.tasks), path, input, variables);
        Ok(())
    }

    /// The delay before another attempt is over.
    pub(super) fn try_again(&mut self, id: FrameId) {
        let document = Arc::clone(&self.document);
        let Some(active) = self.active(id) else { return };
        let Kind::Try(try_) = &document.task(active.task).kind else { return };
        if let Err(problem) = self.attempt(id, try_) {
            self.fault(id, problem);
        }
    }

    /// The tasks of a `try` ended with a problem: catches it, or lets it go up.
    pub(super) fn caught(&mut self, id: FrameId, try_: &Try, problem: Problem) {
        if let Some(active) = self.active_mut(id)
            && let State::Try { attempt_timer, .. } = &mut active.state
            && let Some(timer) = attempt_timer.take()
        {
            self.cancel(&timer);
        }
        match self.decide(id, try_, &problem) {
            Ok(Recovery::GoUp) => self.fault(id, problem),
            Ok(Recovery::Again { attempt, delay }) => {
                if let Some(active) = self.active_mut(id)
                    && let State::Try { attempt: current, phase, .. } = &mut active.state
                {
                    *current = attempt;
                    *phase = Phase::Waiting;
                }
                let at_ms = self.shared.now_ms.saturating_add(delay);
                self.tell(id, Happened::Retrying { at_ms, problem });
                let step = self.step_below(id, &format!("retry/{attempt}"));
                self.wait_in(id, step, delay, WaitReason::Retry, Purpose::Retry);
            }
            Ok(Recovery::Handle) => self.handle(id, try_, &problem),
            Err(problem) => self.fault(id, problem),
        }
    }

    fn handle(&mut self, id: FrameId, try_: &Try, problem: &Problem) {
        let variables = self.frame(id).map(|frame| Arc::clone(&frame.variables));
        let variables = variables.unwrap_or_default();
        let Some(active) = self.active_mut(id) else { return };
        let input = active.input.clone();
        let Some(handler) = try_.handler else {
            let ending = Ending::Output(input);
            return self.work.push_back(Work::Leave(id, ending, try_.then));
        };
        if let State::Try { phase, .. } = &mut active.state {
            *phase = Phase::Handling { cause: problem.cause().or(problem.step()).map(Box::from) };
        }
        let path = active.id.with("/catch/do".to_owned());
        let more = variables.iter().cloned().chain([problem.to_datum()]).collect();
        self.enter(id, 0, Tasks::List(handler), path, input, Arc::new(more));
    }

    fn decide(&self, id: FrameId, try_: &Try, problem: &Problem) -> Result<Recovery, Problem> {
        let is_meant = problem.can_be_caught()
            && try_.with.iter().all(|(key, wanted)| problem.has(key, wanted))
            && self.holds(id, try_.when.as_ref(), problem, true)?
            && !self.holds(id, try_.except_when.as_ref(), problem, false)?;
        if !is_meant {
            return Ok(Recovery::GoUp);
        }
        let Some(retry) = &try_.retry else { return Ok(Recovery::Handle) };
        let is_for_retry = self.holds(id, retry.when.as_ref(), problem, true)?
            && !self.holds(id, retry.except_when.as_ref(), problem, false)?;
        if is_for_retry && let Some(again) = self.again(id, retry, problem)? {
            return Ok(again);
        }
        // An error that retries did not cure is not passed over in silence.
        Ok(if try_.handler.is_some() { Recovery::Handle } else { Recovery::GoUp })
    }

    /// The next attempt, unless a limit is reached.
    fn again(
        &self,
        id: FrameId,
        retry: &Retry,
        problem: &Problem,
    ) -> Result<Option<Recovery>, Problem> {
        let Some(active) = self.active(id) else { return Ok(None) };
        let State::Try { attempt, .. } = active.state else { return Ok(None) };
        if retry.count.is_some_and(|count| i64::from(attempt) > count) {
            return Ok(None);
        }
        let length = |duration: Option<&Duration>| match duration {
            Some(duration) => self.length(id, duration).map(Some),
            None => Ok(None),
        };
        let base = length(retry.delay.as_ref())?.unwrap_or(0);
        let times = i64::from(attempt - 1);
        let delay = match &retry.backoff {
            Backoff::Constant => base,
            Backoff::Linear(increment) => {
                let increment = length(increment.as_ref())?.unwrap_or(base);
                base.saturating_add(increment.saturating_mul(times))
            }
            Backoff::Exponential => base.saturating_mul(
                1_i64.checked_shl(attempt - 1).filter(|by| *by > 0).unwrap_or(i64::MAX),
            ),
        };
        let next = attempt.saturating_add(1);
        let jitter = match &retry.jitter {
            Some((from, to)) => {
                let (from, to) = (self.length(id, from)?, self.length(id, to)?);
                let of = format!("{}/retry/{next}", active.id);
                chance::between(&self.options.seed, &of, from, to)
            }
            None => 0,
        };
        let asked = problem.retry_after_s.map(i64::from);
        let asked = asked.unwrap_or(0).saturating_mul(1_000);
        let delay = delay.saturating_add(jitter).max(asked).min(MAX_DURATION);
        if let Some(limit) = length(retry.duration.as_ref())? {
            let gone = self.shared.now_ms.saturating_sub(active.started_ms);
            if gone.saturating_add(delay) > limit {
                return Ok(None);
            }
        }
        Ok(Some(Recovery::Again { attempt: next, delay }))
    }

    /// Whether an expression about the problem is true.
    fn holds(
        &self,
        id: FrameId,
        expression: Option<&Expression>,
        problem: &Problem,
        otherwise: bool,
    ) -> Result<bool, Problem> {
        let Some(expression) = expression else { return Ok(otherwise) };
        let input = self.active(id).map(|active| active.input.clone()).unwrap_or_default();
        self.within(id, &Datum::Null, &[problem.to_datum()], |view| {
            let value = expression.evaluate(&input, view).map_err(|fault| Problem::from(&fault))?;
            Ok(value.is_true())
        })
    }
}

/// What becomes of a problem inside of a `try`.
enum Recovery {
    /// It is not for this one: whatever is around it has it.
    GoUp,
    Again {
        attempt: u32,
        delay: i64,
    },
    /// The handler has it.
    Handle,
}
