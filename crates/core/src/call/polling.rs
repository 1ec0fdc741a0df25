//! Work that goes on: what is known of it until it is looked at again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::definition::Definition;
use crate::error::Code;
use crate::failure::{Error, Waited};
use crate::plan::{Plan, Warning};
use crate::secret::Redactor;
use crate::until::{Until, UntilFault};

/// Work that is not done yet: which card is to be asked for it with what, and when.
#[derive(Clone)]
pub struct Polling {
    /// The card that has begun it, whose outputs are made in the end.
    pub(super) of: Arc<Definition>,
    pub(super) options: Map<String, Value>,
    pub(super) input: Map<String, Value>,
    /// What the other card is asked with.
    pub(super) asks: Map<String, Value>,
    /// How often it was looked at.
    pub(super) polls: u64,
    /// How long the service asks to wait.
    pub(super) asked_s: Option<u64>,
    /// Whether beginning it a second time is as good as once.
    pub(super) repeatable: bool,
    pub(super) redactor: Arc<Redactor>,
    pub(super) warnings: Vec<Warning>,
}

/// Tells how often; the rest may hold what must not be shown.
impl fmt::Debug for Polling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Polling({} times)", self.polls)
    }
}

impl Polling {
    /// Where an earlier run of the same card stopped: `cursor` is what its error had as `next`. The plan is that of the card, which is
    /// not sent.
    ///
    /// # Errors
    /// [`UntilFault::None`], [`UntilFault::Cursor`].
    pub fn resumed(
        of: &Arc<Definition>,
        plan: Plan,
        cursor: Map<String, Value>,
    ) -> Result<Box<Polling>, UntilFault> {
        if of.card.until.is_none() {
            return Err(UntilFault::None);
        }
        let known = |(key, value): (&String, &Value)| {
            matches!(key.as_str(), "options" | "input") && value.is_object()
        };
        if !cursor.iter().all(known) {
            return Err(UntilFault::Cursor);
        }
        // Asked at once: nobody knows how long ago it was looked at.
        let asked_s = Some(0);
        Ok(Box::new(Polling { asks: cursor, asked_s, ..Polling::begun(of, &plan) }))
    }

    pub(super) fn begun(of: &Arc<Definition>, plan: &Plan) -> Polling {
        Polling {
            of: Arc::clone(of),
            options: plan.options.clone(),
            input: plan.input.clone(),
            asks: Map::new(),
            polls: 0,
            asked_s: None,
            repeatable: plan.sending().is_repeatable(),
            redactor: Arc::clone(&plan.request.redactor),
            warnings: plan.warnings.clone(),
        }
    }

    fn until(&self) -> Option<&Until> {
        self.of.card.until.as_deref()
    }

    /// The card that has begun it.
    pub(super) fn of(&self) -> &Arc<Definition> {
        &self.of
    }

    /// The name of the card that is asked, and the options and inputs that it is asked with.
    #[must_use]
    pub fn asked(&self) -> (String, [Map<String, Value>; 2]) {
        let map = |key: &str| self.asks.get(key).and_then(Value::as_object).cloned();
        match self.until().and_then(|until| until.card.as_deref()) {
            Some(card) => {
                let name = format!("{}/{card}", self.of.connector.name.as_str());
                (name, ["options", "input"].map(|key| map(key).unwrap_or_default()))
            }
            None => (self.of.full_name(), [self.options.clone(), self.input.clone()]),
        }
    }

    /// How long to wait before it is asked: as long as the service asks, else as the card says.
    #[must_use]
    pub fn wait(&self) -> Duration {
        let own = || self.until().map_or(Duration::ZERO, Until::every);
        self.asked_s.map_or_else(own, Duration::from_secs)
    }

    /// For all of it.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.until().map_or(Duration::ZERO, Until::longest)
    }

    /// The error of work that is not done in the time that there is.
    #[must_use]
    pub fn too_long(&self, left: Duration) -> Error {
        let wait = self.wait();
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let error = Error::new(UntilFault::Waiting { wait, left }).with_retry(true, Some(seconds));
        self.lost(error.redacted_by(&self.redactor).with_warnings(self.warnings.clone()))
    }

    /// The error of work that whoever runs cardhost ends.
    #[must_use]
    pub fn interrupted(&self) -> Error {
        let error = Error::new(UntilFault::Interrupted).with_retry(true, None);
        self.lost(error.redacted_by(&self.redactor).with_warnings(self.warnings.clone()))
    }

    /// An error on the way, with where a later run can go on. What was begun is not begun again by trying all of it again.
    #[must_use]
    pub fn lost(&self, error: Error) -> Error {
        let again = error.retryable().map(|again| again && self.repeatable);
        let after_s = error.retry_after_s();
        let has_failed = *error.code() == Code::UNTIL_FAILED;
        let error = again.map_or(error.clone(), |again| error.with_retry(again, after_s));
        if has_failed {
            return error;
        }
        error.with_waited(Waited { polls: self.polls, next: self.asks.clone() })
    }
}
