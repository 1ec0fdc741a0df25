//! What a plan lacks because nobody has logged in yet: nobody can be asked to fill it in.

use super::fault::PlanFault;
use crate::auth::{AuthFault, AuthMethod};
use crate::connector::Connector;
use crate::settle::{FieldFault, FieldProblem, FieldRoot};
use crate::template::{Reference, Root, TemplateValueError};

/// The fault as it is told: that of a field whose value a login brings says so.
pub(super) fn told(fault: PlanFault, connector: &Connector) -> PlanFault {
    let from_login = |label: &String| {
        connector.connection.fields.get(label).is_some_and(|field| field.from.is_some())
    };
    let label = match &fault {
        // Where a login is all that a method lacks.
        PlanFault::AuthMissing { methods, .. } => {
            let mut methods = methods.iter().map(|(_, labels)| labels);
            methods
                .find(|labels| labels.iter().all(from_login))
                .and_then(|labels| labels.first())
                .cloned()
        }
        fault => missing(fault).filter(from_login),
    };
    match label {
        Some(label) => {
            let brings = |method: &&AuthMethod| method.brings().contains(&label.as_str());
            let alone = |method: &AuthMethod| !method.scheme().needs_person();
            PlanFault::NotLoggedIn {
                alone: connector.auth.values().find(brings).is_some_and(alone),
                label,
            }
        }
        None => fault,
    }
}

/// The label of the connection's field that a plan lacks, so far as the fault is that.
fn missing(fault: &PlanFault) -> Option<String> {
    let of_error = |error: &TemplateValueError| match error {
        TemplateValueError::Missing { reference } => label(reference),
        TemplateValueError::NoRow(row) if row.value.is_none() => label(&row.by),
        _ => None,
    };
    match fault {
        PlanFault::Field(FieldFault {
            root: FieldRoot::Connection,
            path,
            problem: FieldProblem::Missing | FieldProblem::NotChosen { .. },
        }) => path.first().cloned(),
        PlanFault::Template { error, .. }
        | PlanFault::Auth { fault: AuthFault::Template(error), .. } => of_error(error),
        PlanFault::Base { error, .. } => of_error(error),
        PlanFault::NoRow { row, .. } if row.value.is_none() => label(&row.by),
        _ => None,
    }
}

fn label(reference: &str) -> Option<String> {
    let reference = Reference::parse(reference)?;
    (reference.root == Root::Connection).then(|| reference.segments.into_iter().next()).flatten()
}
