//! A plan, and why there is none.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::fault::PlanFault;
use super::warning::Warning;
use crate::asked::Given;
use crate::auth::Pending;
use crate::base_url::RenderedBase;
use crate::card::Effect;
use crate::connector::Timeouts;
use crate::moment::Moment;
use crate::pages::{PageFault, Pages, PlannedPages, Wanted};
use crate::request::RequestSpec;
use crate::retries::Backoff;
use crate::retry::Sending;
use crate::secret::Redactor;

/// What an invocation would send, and how that came about.
///
/// Its `Debug` leaves options and inputs out: they may be sensitive.
pub struct Plan {
    /// The request.
    pub request: RequestSpec,
    /// The name of the target.
    pub target: String,
    /// Where the base URL came from.
    pub base_from: String,
    /// The base URL, where the connection's values are part of it.
    pub rendered_base: Option<Box<RenderedBase>>,
    /// The name of the auth method.
    pub auth: String,
    /// What has to be done for each sending: signatures, a token.
    pub pending: Option<Pending>,
    /// The auth methods that were passed over, with the connection fields each lacks.
    pub passed_over: Vec<(String, Vec<String>)>,
    /// What the request does at the service.
    pub effect: Effect,
    /// Whether the request carries an idempotency key.
    pub keyed: bool,
    /// What deserves attention.
    pub warnings: Vec<Warning>,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// The pages of what it asks for, where the card has some.
    pub pages: Option<Box<PlannedPages>>,
    /// How often it is sent, where the definition says so.
    pub retries: Option<Backoff>,
    /// The settled options.
    pub options: Map<String, Value>,
    /// The settled inputs.
    pub input: Map<String, Value>,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("request", &self.request)
            .field("target", &self.target)
            .field("auth", &self.auth)
            .field("effect", &self.effect)
            .finish_non_exhaustive()
    }
}

impl Plan {
    /// The request, as far as sending it again is concerned.
    #[must_use]
    pub fn sending(&self) -> Sending {
        Sending { effect: self.effect, keyed: self.keyed }
    }

    /// Asks for the pages that the card says, where the invocation says nothing of them.
    ///
    /// # Errors
    /// [`PageFault::Wanted`].
    pub fn want_as_said(&mut self, pages: &Pages) -> Result<(), PageFault> {
        let (Some(said), Some(planned)) = (&pages.wanted, &mut self.pages) else { return Ok(()) };
        let given = Given { options: &self.options, input: &self.input };
        planned.wanted = Wanted::by_card(said, &given)?;
        Ok(())
    }

    /// Asks for other pages than the first.
    ///
    /// # Errors
    /// [`PageFault`], where the card has no pages or the cursor is none of its own.
    pub fn want(&mut self, pages: Option<&Pages>, wanted: Wanted) -> Result<(), PageFault> {
        let (Some(pages), Some(planned)) = (pages, &mut self.pages) else {
            return Err(PageFault::None);
        };
        if let Some(cursor) = &wanted.from {
            cursor.check(pages)?;
            let request = planned.request(pages, &self.request, cursor)?;
            planned.first = Some(std::mem::replace(&mut self.request, request));
        }
        planned.wanted = wanted;
        Ok(())
    }

    /// Completes the request for showing it: without a token, its place is marked.
    ///
    /// # Errors
    /// [`Refusal`], where the credentials cannot be used.
    pub fn sign_to_show(mut self, moment: &Moment) -> Result<Plan, Refusal> {
        let Some(pending) = &self.pending else { return Ok(self) };
        match pending.sign(&mut self.request, None, moment) {
            Ok(derived) => {
                self.request.redactor = Arc::new(self.request.redactor.with(derived));
                Ok(self)
            }
            Err(fault) => {
                let fault = PlanFault::Auth { method: self.auth, fault };
                let redactor = self.request.redactor;
                Err(Refusal { fault, redactor, warnings: self.warnings })
            }
        }
    }
}

/// A fault, and the secrets that must not be shown with it.
#[derive(Debug)]
pub struct Refusal {
    /// The fault.
    pub fault: PlanFault,
    /// The secrets of the invocation.
    pub redactor: Arc<Redactor>,
    /// What deserved attention before.
    pub warnings: Vec<Warning>,
}
