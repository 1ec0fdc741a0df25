//! Invocations made by a program, part by part.

use serde_json::{Map, Value};

use super::{ConnectionRef, Invocation};

impl Invocation {
    /// An invocation of a card: `<connector>/<card>`.
    ///
    /// # Example: the same as from JSON
    /// ```
    /// use cardhost_core::invocation::Invocation;
    ///
    /// let made = Invocation::of("mixpanel/custom-api-action")
    ///     .with_connection("prod")
    ///     .with_option("Request Type", "GET")
    ///     .with_option("Select API", "Query API")
    ///     .with_input("Request", "Relative URL", "/app/me");
    /// let read = Invocation::from_json(br#"{
    ///     "card": "mixpanel/custom-api-action", "connection": "prod",
    ///     "options": { "Request Type": "GET", "Select API": "Query API" },
    ///     "input": { "Request": { "Relative URL": "/app/me" } }
    /// }"#)?;
    /// assert_eq!(made, read);
    /// # Ok::<(), cardhost_core::invocation::InvocationFault>(())
    /// ```
    #[must_use]
    pub fn of(card: &str) -> Invocation {
        Invocation { card: Some(card.to_owned()), ..Invocation::default() }
    }

    /// With a stored connection, by its name.
    #[must_use]
    pub fn with_connection(self, name: &str) -> Invocation {
        Invocation { connection: Some(ConnectionRef::Name(name.to_owned())), ..self }
    }

    /// With the fields of a connection.
    #[must_use]
    pub fn with_fields(self, fields: Map<String, Value>) -> Invocation {
        Invocation { connection: Some(ConnectionRef::Fields(fields)), ..self }
    }

    /// With an option; one that was there is replaced.
    #[must_use]
    pub fn with_option(mut self, label: &str, value: impl Into<Value>) -> Invocation {
        self.options.insert(label.to_owned(), value.into());
        self
    }

    /// With an input of a group; one that was there is replaced.
    #[must_use]
    pub fn with_input(mut self, group: &str, label: &str, value: impl Into<Value>) -> Invocation {
        let entry = self.input.entry(group).or_insert_with(|| Value::Object(Map::new()));
        if !entry.is_object() {
            *entry = Value::Object(Map::new());
        }
        if let Value::Object(group) = entry {
            group.insert(label.to_owned(), value.into());
        }
        self
    }

    /// With a key that is the same for every attempt at one thing.
    #[must_use]
    pub fn with_idempotency_key(self, key: &str) -> Invocation {
        Invocation { idempotency_key: Some(key.to_owned()), ..self }
    }
}
