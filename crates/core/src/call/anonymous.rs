//! A call without a card: whoever makes it has the request already, and reads the reply.

use std::ops::RangeInclusive;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::course::Course;
use super::end::End;
use super::step::{Step, first};
use crate::connection::Connection;
use crate::connector::Connector;
use crate::failure::Error;
use crate::plan::{Plan, plan_request};
use crate::request::RequestSpec;
use crate::retry::Sending;

/// A call without a card. It is driven like any other: token, challenge, limits, rules for bad statuses; its redirects are
/// not followed, and its reply is not read.
#[derive(Debug)]
pub struct Anonymous {
    /// How it proves who asks, and what bad statuses mean.
    pub connector: Arc<Connector>,
    /// What tells this connector from others: it has no name.
    pub identity: String,
    /// The values that the proof is made with.
    pub connection: Arc<Connection>,
    /// The plan.
    pub plan: Plan,
    /// The statuses that are no error.
    pub accepts: RangeInclusive<u16>,
}

impl Anonymous {
    /// Puts the credentials into a request, by the only auth method of a connector, if it has one.
    ///
    /// # Errors
    /// Where the credentials cannot be used.
    pub fn new(
        (connector, identity): (Connector, String),
        fields: Map<String, Value>,
        (request, sending): (RequestSpec, Sending),
        accepts: RangeInclusive<u16>,
    ) -> Result<Anonymous, Error> {
        // Nothing points elsewhere: what is given is what is meant.
        let read = |_: &_| Err("the value has to be given here".to_owned());
        let connection = Connection::settle(&connector, fields, &read).map_err(Error::from)?;
        let plan = plan_request(&connector, &connection, request, sending).map_err(Error::from)?;
        let (connector, connection) = (Arc::new(connector), Arc::new(connection));
        Ok(Anonymous { connector, identity, connection, plan, accepts })
    }

    /// The first step of the call.
    #[must_use]
    pub fn begin(self) -> Step {
        let end = End::Reply { connector: self.connector, accepts: self.accepts };
        first(Course::begin(end, self.plan))
    }
}
