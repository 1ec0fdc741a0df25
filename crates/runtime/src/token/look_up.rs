//! What is looked up after a login: one request with the new token, planned and driven as a card's.

use std::sync::Arc;
use std::time::Duration;

use cardhost_core::call;
use cardhost_core::connection::Connection;
use cardhost_core::connector::Span;
use cardhost_core::definition::Definition;
use cardhost_core::failure::Error;
use cardhost_core::plan::{Circumstances, Plan, plan_in};
use cardhost_core::secret::Secret;
use cardhost_core::token::{self, Choice, Tokens};
use serde_json::Map;

use super::chosen::the_one;
use super::renewer::{Renewer, Wanted};
use crate::entropy::moment;
use crate::executor::{Driver, TokenSource};
use crate::transport::BoxFuture;

impl Renewer {
    /// What the method's look-up gives with new tokens: one, or several to choose from; nothing where it has none.
    ///
    /// # Errors
    /// Those of a run, and `auth.token_reply` where the reply is not what the connector says.
    pub(crate) async fn look_up(
        &self,
        wanted: &Wanted,
        tokens: &Tokens,
        within: Option<Duration>,
    ) -> Result<Vec<Choice>, Error> {
        let connector = &wanted.connector;
        let Some(method) = connector.auth.get(&wanted.method) else { return Ok(Vec::new()) };
        let (Some(look_up), Some(definition)) =
            (method.look_up(), token::look_up(connector, &wanted.method))
        else {
            return Ok(Vec::new());
        };
        let connection =
            wanted.connection.with_login(connector, &tokens.gives).map_err(Error::from)?;
        let mut plan = self.plan(&definition, &connection)?;
        plan.timeouts.total = within.map(Span).or(plan.timeouts.total);
        let secrets = token::look_up_secrets(connector, look_up);
        if !secrets.is_empty() {
            let all = plan.request.reply_secrets.iter().cloned().chain(secrets);
            plan.request.reply_secrets = all.collect();
        }
        let (transport, clock, entropy) = (&*self.transport, &*self.clock, &*self.entropy);
        let tokens = &NewToken(tokens.access.clone());
        let (shutdown, limits, files) = (None, None, None);
        let driver = Driver { transport, clock, entropy, tokens, shutdown, limits, files };
        let outcome = driver.drive(call::begin(Arc::new(definition), plan), None).await?;
        token::read_look_up(method, &outcome)
            .map_err(|fault| wanted.fault(fault).redacted_by(&outcome.redactor))
    }

    /// A request without options and inputs.
    fn plan(&self, definition: &Definition, connection: &Connection) -> Result<Plan, Error> {
        let circumstances = Circumstances {
            files: &[],
            idempotency_key: None,
            moment: &|| moment(&*self.clock, &*self.entropy).ok(),
        };
        let nothing = (Map::new(), Map::new());
        let planned = plan_in(definition, connection, nothing, &circumstances, &self.settings);
        let plan = planned.map_err(|refusal| Error::from(refusal).placed_in(definition))?;
        self.egress.check(&plan.request).map_err(|fault| Error::egress(&plan, fault))?;
        Ok(plan)
    }

    /// Adds what is looked up without a person, who alone could choose one of several.
    pub(super) async fn add_looked_up(
        &self,
        wanted: &Wanted,
        tokens: &mut Tokens,
    ) -> Result<(), Error> {
        let found = self.look_up(wanted, tokens, Some(self.timing.treatment.total_timeout)).await?;
        let gives = the_one(found, None).map_err(|fault| wanted.fault(fault))?;
        tokens.gives.extend(gives);
        Ok(())
    }
}

/// A token that was just got: where a service refuses it, another one would be refused as well.
struct NewToken(Secret);

impl TokenSource for NewToken {
    fn token(&self, refused: Option<Secret>) -> BoxFuture<'_, Result<Option<Secret>, Error>> {
        let token = refused.is_none().then(|| self.0.clone());
        Box::pin(async { Ok(token) })
    }

    fn has_worked(&self, _: &Secret) {}
}
