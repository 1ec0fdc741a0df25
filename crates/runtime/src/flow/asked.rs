//! What a step was asked to do, as a journal knows it again.

use cardhost_core::secret::Redactor;
use cardhost_flow::{Action, WaitReason};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

/// The beginning of a SHA-256 over what a step was asked to do.
pub(super) type Asked = [u8; 8];

/// What tells a step from another one of the same name: the call with what it is given, the event, the flow. Secrets of the
/// flow are masked first; how long a wait is does not matter, nor who is asked for a token.
pub(super) fn asked(action: &Action, secrets: &Redactor) -> Asked {
    let told = match action {
        Action::Card(call) => json!([call.connector, call.card, call.version, call.with]),
        Action::Http(request) => {
            json!([request.method, request.url, request.headers, request.body])
        }
        Action::Wait { reason, .. } => match reason {
            WaitReason::Task => json!("task"),
            WaitReason::Retry => json!("retry"),
            WaitReason::Timeout => json!("timeout"),
        },
        Action::Workflow(flow) => json!([flow.namespace, flow.name, flow.version, flow.input]),
        Action::Emit(event) => event.clone(),
    };
    let told = json!([action.name(), told]);
    let told: Value = if secrets.is_empty() { told } else { secrets.redact_value(told) };
    let mut asked = Asked::default();
    asked.copy_from_slice(&digest(&SHA256, told.to_string().as_bytes()).as_ref()[..8]);
    asked
}
