//! That the work of a card goes on after its reply, as the card declares it.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::condition::When;
use crate::span::Span;
use crate::template::{Reference, Scope, Template, TemplateValueError, ValueTemplate};

/// That the work of a card goes on after its reply: who is asked how it stands, and what tells that it is done. The outputs are
/// those of the last reply.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Until {
    /// A card of the connector that is asked how the work stands; by default the card's own request is sent again.
    pub card: Option<String>,
    /// The options that it is run with, over `response`, the first reply, and `options` and `input` of this card.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub options: Option<ValueTemplate>,
    /// The inputs that it is run with, by group; templates as those of `options`.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub input: Option<ValueTemplate>,
    /// When the work is done; over `response`, the last reply, and `options` and `input` of this card.
    pub done: When,
    /// When it has failed; looked at before `done`.
    pub failed: Option<When>,
    /// The service's words about a failure, as a template over `response`.
    pub message: Option<Template>,
    /// Between two questions, where the service does not say; 5 s by default.
    pub every: Option<Span>,
    /// For all of it; 30 minutes by default. A wait that does not fit is not begun.
    pub longest: Option<Span>,
}

/// How the work stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It goes on.
    Running,
    /// It is done.
    Done,
    /// It has failed.
    Failed,
}

impl Until {
    /// How the work stands, by a reply.
    #[must_use]
    pub fn state(&self, scope: &dyn Scope) -> State {
        match self.failed.as_ref().is_some_and(|failed| failed.holds(scope)) {
            true => State::Failed,
            false if self.done.holds(scope) => State::Done,
            false => State::Running,
        }
    }

    /// Between two questions.
    #[must_use]
    pub fn every(&self) -> Duration {
        self.every.map_or(Duration::from_secs(5), |span| span.0)
    }

    /// For all of it.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.longest.map_or(Duration::from_secs(30 * 60), |span| span.0)
    }

    /// What the other card is asked with: `{"options", "input"}`, each where it is said.
    pub(crate) fn asks(&self, scope: &dyn Scope) -> Result<Map<String, Value>, TemplateValueError> {
        let mut asks = Map::new();
        for (key, template) in self.asks_with() {
            asks.extend(template.value(scope)?.map(|value| (key.to_owned(), value)));
        }
        Ok(asks)
    }

    /// Every template that says what the other card is asked with, with the key it stands under.
    pub fn asks_with(&self) -> impl Iterator<Item = (&'static str, &ValueTemplate)> {
        let all = [("options", &self.options), ("input", &self.input)];
        all.into_iter().filter_map(|(key, template)| Some((key, template.as_ref()?)))
    }

    /// Its conditions, each with its key.
    pub fn conditions(&self) -> impl Iterator<Item = (&'static str, &When)> {
        std::iter::once(("done", &self.done)).chain(self.failed.iter().map(|it| ("failed", it)))
    }

    /// Calls `visit` with every reference in it.
    pub fn each_reference<'a>(&'a self, visit: &mut dyn FnMut(&'a Reference)) {
        self.asks_with().for_each(|(_, template)| template.each_reference(visit));
        self.conditions().flat_map(|(_, when)| when.references()).for_each(&mut *visit);
        self.message.iter().flat_map(Template::references).for_each(visit);
    }
}
