//! Flows: several cards in sequence, as documents of the Open Workflow DSL 1.0.
//!
//! ```text
//! YAML or JSON ─ load ─▶ Document (checked, expressions compiled) or every fault with its place
//! Document, input ─▶ Run ─ steps(now) ─▶ [Step] ─ the host does them ─ complete(id, outcome) ─▶ Run … ─▶ outcome
//! ```
//! Pure: no file, socket, clock or chance. A [`Run`] says what to do next ([`Step`]: run a card, send a
//! request, wait, run another flow, emit an event), several at once inside a `fork`, and is told what came
//! of it. Time comes with each call of [`Run::steps`], chance from [`Options::seed`].
//!
//! **A host** calls `steps`, begins each [`Step::Start`], gives up each [`Step::Cancel`], calls `complete`
//! when something is over and `steps` again (at once while [`Run::has_more`]), until there is an [`Run::outcome`].
//!
//! **A journal** keeps the document, the input, the options, and for each call of `steps` its time and the
//! outcomes completed before it. The same calls give the same steps with the same names ([`StepId`]), so a
//! run goes on after a crash by making them again, without doing what is recorded; the steps that are then
//! still waited for ([`Run::waiting_for`]) are those that were begun and not over.
//!
//! | module | what it is |
//! |---|---|
//! | `datum` | data that is shared, knows its size, and is what jq works on |
//! | `expression` | jq under a meter |
//! | `document` | the model, one file a task; its shape, for loader and schema |
//! | `load` | text to document, or findings |
//! | `check` | a document against the cards it calls and the flows it runs |
//! | `interpreter` | the machine |
//! | `problem` | errors as problem details |
//! | `graph` | a picture |
//!
//! # Example: a flow of one card, tried twice
//! ```
//! use std::sync::Arc;
//! use cardhost_flow::{Action, Options, Problem, Run, Standard, Step, load};
//! use serde_json::json;
//!
//! let text = "
//! document: { dsl: '1.0.3', namespace: shop, name: pet, version: 1.0.0 }
//! do:
//!   - get:
//!       try:
//!         - pet: { call: get-pet@shop, with: { input: { id: '${ .id }' } } }
//!       catch:
//!         errors: { with: { status: 503 } }
//!         retry: { delay: PT2S, limit: { attempt: { count: 3 } } }
//!   - name: { set: { name: '${ .Body.name }' } }
//! ";
//! let flow = load("flows/pet.yaml", text).map_err(|findings| findings[0].message().to_owned())?;
//! let mut run = Run::new(Arc::new(flow.document), json!({ "id": 7 }), Options::default());
//! let (mut now, mut calls) = (0, 0);
//! while run.outcome().is_none() {
//!     for step in run.steps(now) {
//!         let Step::Start { id, action, .. } = step else { continue };
//!         let outcome = match action {
//!             Action::Card(card) => {
//!                 assert_eq!((card.card.as_str(), &card.with["input"]), ("get-pet", &json!({ "id": 7 })));
//!                 calls += 1;
//!                 match calls {
//!                     1 => Err(Problem::new(Standard::Communication, "busy", "").with_status(503)),
//!                     _ => Ok(json!({ "Body": { "name": "Rex" } })),
//!                 }
//!             }
//!             Action::Wait { until_ms, .. } => {
//!                 now = until_ms; // a host sleeps
//!                 Ok(json!(null))
//!             }
//!             other => panic!("{other:?}"),
//!         };
//!         run.complete(id, outcome);
//!     }
//! }
//! assert_eq!(run.outcome(), Some(&Ok(json!({ "name": "Rex" }))));
//! assert_eq!((now, calls), (2_000, 2));
//! # Ok::<(), String>(())
//! ```

mod card_jq;
mod check;
pub mod datum;
pub mod document;
mod document_fault;
pub mod expression;
mod fault;
pub mod graph;
mod interpreter;
mod load;
mod problem;

pub use card_jq::CardJq;
pub use cardhost_document::{Finding, Severity};
pub use check::{Surroundings, check};
pub use document::{Document, Head, schema};
pub use document_fault::DocumentFault;
pub use fault::{FlowFault, Limited};
pub use interpreter::authentication::HttpAuthentication;
pub use interpreter::http::HttpRequest;
pub use interpreter::step::{Action, CardCall, Step, StepId, SubFlow, WaitReason};
pub use interpreter::{
    DEFAULT_MAX_TASKS, Event, Happened, MAX_FRAMES, MAX_LEVELS, Options, Run, TASKS_AT_ONCE,
    idempotency_key, inner_seed,
};
pub use load::{Loaded, MAX_DOCUMENT_BYTES, head, is_flow, load, place_of};
pub use problem::{Problem, Source, Standard, Way, same_type};

#[cfg(test)]
mod tests;
