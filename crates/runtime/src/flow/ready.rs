//! Whether a flow can run: looked at as a whole, before its first step.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

use cardhost_core::definition::Definition;
use cardhost_core::failure::Error;
use cardhost_core::invocation::Invocation;
use cardhost_flow::document::Head;
use cardhost_flow::{Finding, Surroundings, check};

use super::Flow;
use super::fault::RunFault;
use super::runner::FlowRunner;
use super::settings::RunnerSettings;

/// Why a flow cannot run.
#[derive(Debug)]
#[non_exhaustive]
pub enum NotReady {
    /// The flow, or one that it runs, does not fit the cards and flows that there are.
    Findings {
        /// The flow.
        flow: Flow,
        /// What is wrong with it; warnings too.
        findings: Vec<Finding>,
    },
    /// A connection or a secret is missing, or cannot be used.
    Missing(Error),
}

impl FlowRunner {
    /// Looks at a flow, and at the flows that it runs, as a run would find them: names and versions of cards and flows, what is given to
    /// cards, connections that are written in it or the host's, secrets. What an expression gives is not known yet.
    ///
    /// Nothing is sent. A run asks again for what it needs, and errors can be caught there.
    ///
    /// # Errors
    /// What is wrong with the first flow that cannot run.
    pub async fn ready(&self, flow: &Flow) -> Result<(), NotReady> {
        let flows = self.0.reachable(flow);
        for flow in &flows {
            let around = Around { runner: &self.0, flows: &flows, heads: OnceCell::new() };
            let findings = check(&flow.file, flow.text(), &around);
            if findings.iter().any(Finding::is_error) {
                return Err(NotReady::Findings { flow: flow.clone(), findings });
            }
        }
        for flow in &flows {
            self.0.has_secrets(flow).await.map_err(NotReady::Missing)?;
            self.0.connects(flow).await.map_err(NotReady::Missing)?;
        }
        Ok(())
    }
}

impl RunnerSettings {
    /// The flow, and those that it and they run, as far as they can be found and loaded.
    pub(super) fn reachable(&self, flow: &Flow) -> Vec<Flow> {
        let (mut flows, mut known) = (vec![flow.clone()], HashSet::new());
        let mut next = 0;
        while let Some(flow) = flows.get(next).cloned() {
            next += 1;
            for run in flow.document.flows() {
                let wanted = (run.namespace.clone(), run.name.clone(), run.version.clone());
                if !known.insert(wanted.clone()) {
                    continue;
                }
                let (namespace, name, version) = &wanted;
                let found = self
                    .source
                    .as_ref()
                    .and_then(|source| source.flow(namespace, name, version).ok()?);
                flows.extend(found.and_then(|(file, text)| Flow::load(&file, &text).ok()));
            }
        }
        flows
    }

    async fn has_secrets(&self, flow: &Flow) -> Result<(), Error> {
        for name in &flow.document.secrets {
            let found = match &self.secrets {
                Some(secrets) => secrets
                    .secret(name)
                    .await
                    .map_err(|reason| Error::from(RunFault::UnreadableSecret { reason }))?,
                None => None,
            };
            if found.is_none() {
                return Err(RunFault::UnknownSecret { name: name.clone() }.into());
            }
        }
        Ok(())
    }

    async fn connects(&self, flow: &Flow) -> Result<(), Error> {
        let mut asked = HashSet::new();
        for (call, connection) in flow.document.connections() {
            let name = format!("{}/{}", call.connector, call.card);
            if !asked.insert((call.connector.clone(), connection.as_ref().map(ToString::to_string)))
            {
                continue;
            }
            let mut with = serde_json::Map::new();
            with.extend(connection.map(|value| ("connection".to_owned(), value)));
            let invocation = Invocation::from_value(with.into())?;
            let definition = self.host.definition(&name)?;
            self.host.connects(&definition, invocation.connection).await?;
        }
        Ok(())
    }
}

/// What a run finds.
struct Around<'r> {
    runner: &'r RunnerSettings,
    flows: &'r [Flow],
    heads: OnceCell<Vec<Head>>,
}

impl Surroundings for Around<'_> {
    fn card(&self, full_name: &str) -> Result<Arc<Definition>, Error> {
        self.runner.host.catalog().definition(full_name)
    }

    fn flows(&self) -> &[Head] {
        self.heads
            .get_or_init(|| self.flows.iter().map(|flow| flow.document.head.clone()).collect())
    }
}
