//! What to do about an error, in the words of the command: the core's hints name no flag.

use cardhost::Error;
use cardhost::cassette::CassetteFault;
use cardhost::core::call::ReplyFault;
use cardhost::core::connection::ConnectionFault;
use cardhost::core::invocation::InvocationFault;
use cardhost::core::load::LoadFault;
use cardhost::core::plan::PlanFault;
use cardhost::core::settle::{FieldFault, FieldProblem, FieldRoot};
use cardhost::core::text::CHECK_THE_DEFINITION;
use cardhost::core::token::{GrantFault, NoToken};
use cardhost::core::transport_fault::{ExchangeFault, TransportFaultKind};
use cardhost::flow::FlowFault;
use cardhost::flow::{JournalProblem, RunFault};
use cardhost::store::{KeyFault, StoreFault};

use super::env_connection;

/// The error as the command shows it.
pub(crate) fn worded(error: &Error) -> Error {
    match hint(error) {
        Some(hint) => error.clone().with_hint(hint),
        None => error.clone(),
    }
}

fn hint(error: &Error) -> Option<String> {
    let fault = error.fault();
    if let Some(RunFault::UnknownSecret { name }) = fault.downcast_ref() {
        return Some(format!(
            "give it with `--secret {name}=env:VARIABLE`, `{name}=file:PATH` or `{name}=connection:CONNECTOR/NAME`"
        ));
    }
    if let Some(variable) = missing_variable(error) {
        return Some(format!("set environment variable `{variable}` before the run"));
    }
    let text = field(error)
        .or_else(|| fault.downcast_ref().and_then(connection))
        .or_else(|| fault.downcast_ref().and_then(run))
        .or_else(|| fault.downcast_ref().and_then(store))
        .or_else(|| fault.downcast_ref().and_then(key))
        .or_else(|| fault.downcast_ref().and_then(exchange))
        .or_else(|| fault.downcast_ref().and_then(token))
        .or_else(|| match fault.downcast_ref()? {
            LoadFault::UnknownConnector { nearest: None, .. }
            | LoadFault::UnknownCard { nearest: None, .. } => {
                Some("`cardhost list` shows what there is")
            }
            _ => None,
        })
        .or_else(|| match fault.downcast_ref()? {
            PlanFault::NotLoggedIn { alone: false, .. } => {
                Some("log in with `cardhost connection login`")
            }
            PlanFault::AuthMissing { .. } => Some(
                "fill in the fields of one of these methods: with `--connection NAME` (or FILE), or under `connection.fields` of the invocation",
            ),
            _ => None,
        })
        .or_else(|| match fault.downcast_ref()? {
            InvocationFault::NoCard => {
                Some("name it on the command line, or as `card` in the invocation")
            }
            _ => None,
        })
        .or_else(|| match fault.downcast_ref()? {
            CassetteFault::Result { .. } => {
                Some("where the change is meant, `cardhost test --accept` writes it")
            }
            _ => None,
        })
        .or_else(|| match fault.downcast_ref()? {
            ReplyFault::NoFolder { .. } => Some(
                "give a folder to keep it in with `--files DIR`; a file that comes packed is unpacked in memory all the same",
            ),
            _ => None,
        })
        .or_else(|| match fault.downcast_ref()? {
            FlowFault::Invalid { .. } => Some("`cardhost flow check` shows all of them"),
            _ => None,
        })
        .or_else(|| {
            (fault.hint().as_deref() == Some(CHECK_THE_DEFINITION))
                .then_some("`cardhost check` shows every fault of the files")
        })?;
    Some(text.to_owned())
}

/// The variable that a missing field of `--connection env:PREFIX` is read from.
fn missing_variable(error: &Error) -> Option<String> {
    let prefix = env_connection::prefix_of(error)?;
    let ConnectionFault::Field(field) = error.fault().downcast_ref()? else { return None };
    let is_missing =
        matches!(field.problem, FieldProblem::Missing | FieldProblem::NotChosen { .. });
    let label = field.path.first().filter(|_| is_missing)?;
    Some(env_connection::variable_of(prefix, label))
}

fn field(error: &Error) -> Option<&'static str> {
    let fault = error.fault();
    let field: &FieldFault = match (fault.downcast_ref(), fault.downcast_ref()) {
        (Some(PlanFault::Field(field)), _) | (_, Some(ConnectionFault::Field(field))) => field,
        _ => return None,
    };
    match &field.problem {
        FieldProblem::Missing if field.root == FieldRoot::Connection => Some(
            "give it with `--connection NAME` (or FILE), or under `connection.fields` of the invocation",
        ),
        FieldProblem::Unknown { nearest: None } => {
            Some("`cardhost show` lists the fields of a card and its connection")
        }
        _ => None,
    }
}

fn connection(fault: &ConnectionFault) -> Option<&'static str> {
    match fault {
        ConnectionFault::Unknown { nearest: None, .. } => Some(
            "`cardhost connection list` shows what is stored; a file is given with a path, as in `--connection ./prod.json`",
        ),
        ConnectionFault::Reference { .. } => Some(
            "give the value itself; whoever runs cardhost can give `--connection NAME` (or FILE), or allow it (`--secret-references` with `--stream`)",
        ),
        _ => None,
    }
}

fn run(fault: &RunFault) -> Option<&'static str> {
    match fault {
        RunFault::InDoubt { .. } => Some(
            "look at the service; then run the same command with --repeat STEP (send again) or --skip STEP[=OUTPUT] (go on \
             without), or for all of them with --repeat-unfinished or --skip-unfinished[=OUTPUT]",
        ),
        RunFault::Journal { problem: JournalProblem::OtherFlow { .. }, .. } => Some(
            "give the flow that it was begun with, or another file for a new run; a repaired flow goes on with --retry-failed",
        ),
        RunFault::Journal { problem: JournalProblem::OtherSteps { .. }, .. } => Some(
            "undo the change in those steps, or go on with --accept-changes: what was asked otherwise stays as it was done, what has another name or place now is done anew",
        ),
        RunFault::Journal { problem: JournalProblem::Secret { .. }, .. } => {
            Some("run the flow without --journal")
        }
        RunFault::Journal { problem: JournalProblem::OtherAccount { .. }, .. } => Some(
            "give what it was begun with; where it is the same account with renewed credentials, go on with --accept-changes",
        ),
        RunFault::Interrupted { journaled: true } => {
            Some("the same command goes on where it stopped: --journal has what is done")
        }
        RunFault::Interrupted { journaled: false } => {
            Some("nothing of it is kept: with --journal, a run goes on where it stopped")
        }
        _ => None,
    }
}

fn store(fault: &StoreFault) -> Option<&'static str> {
    match fault {
        StoreFault::Key(fault) => key(fault),
        StoreFault::Export { .. } => {
            Some("give what `connection export` wrote, whole and unchanged")
        }
        _ => None,
    }
}

fn key(fault: &KeyFault) -> Option<&'static str> {
    match fault {
        KeyFault::Missing { .. } => Some(
            "give the store's key with CARDHOST_KEY or --key-file; `connection add` makes one where there is no store yet",
        ),
        KeyFault::Keyring { .. } => {
            Some("unlock the keyring, or give the store's key with CARDHOST_KEY or --key-file")
        }
        _ => None,
    }
}

fn exchange(fault: &ExchangeFault) -> Option<&'static str> {
    match fault.fault.kind {
        TransportFaultKind::Timeout { .. } => {
            Some("raise the limit with `timeouts` or `--timeout`, or ask for less")
        }
        TransportFaultKind::Egress(_) => Some(
            "a connection leads to public addresses only; whoever runs cardhost can allow others with `--allow-private-network`",
        ),
        _ => None,
    }
}

fn token(fault: &NoToken) -> Option<&'static str> {
    match fault.fault {
        GrantFault::LoginRequired => Some("log in with `cardhost connection login`"),
        GrantFault::Choices { .. } => Some(
            "log in with `cardhost connection login`, which asks for one (or `--choose VALUE`)",
        ),
        GrantFault::Revoked(_) => Some(
            "log in again with `cardhost connection login`, or give the connection new credentials",
        ),
        _ => None,
    }
}
