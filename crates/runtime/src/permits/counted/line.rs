//! Who of a host asks next: the first of each tenant in turn, so that one with many calls does not keep the others waiting.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::Counted;

/// The calls of a host that wait for one limit.
#[derive(Debug, Default)]
pub(in crate::permits) struct Line(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// Whether somebody is the first.
    is_led: bool,
    /// Those behind, by tenant, in the order in which tenants have their turns.
    tenants: VecDeque<(Box<str>, VecDeque<oneshot::Sender<First>>)>,
}

/// The right to ask the ledger, which the next one gets where this is dropped.
#[derive(Debug)]
pub(in crate::permits) struct First(Option<Arc<Counted>>);

/// A place in the line.
pub(in crate::permits) enum Entered {
    /// Nobody is before it.
    First(First),
    /// Others are.
    Behind {
        /// Its turn.
        turn: oneshot::Receiver<First>,
        /// How many go before it, by what is known now.
        ahead: usize,
    },
}

/// Takes a place in the line.
pub(in crate::permits) fn enter(counted: &Arc<Counted>, tenant: &str) -> Entered {
    let mut waiting = counted.line.0.lock().unwrap_or_else(PoisonError::into_inner);
    if !waiting.is_led {
        waiting.is_led = true;
        return Entered::First(First(Some(Arc::clone(counted))));
    }
    let (sender, turn) = oneshot::channel();
    let own = match waiting.tenants.iter().position(|(name, _)| **name == *tenant) {
        Some(own) => own,
        None => {
            waiting.tenants.push_back((tenant.into(), VecDeque::new()));
            waiting.tenants.len() - 1
        }
    };
    // Those that nobody waits for any more are none.
    waiting.tenants[own].1.retain(|sender| !sender.is_closed());
    let before = waiting.tenants[own].1.len();
    // Of each other tenant as many go before it as of its own, and one more where that one has its turn first.
    let others = waiting.tenants.iter().enumerate().filter(|(at, _)| *at != own);
    let others = others.map(|(at, (_, line))| line.len().min(before + usize::from(at < own)));
    let ahead = 1 + before + others.sum::<usize>();
    waiting.tenants[own].1.push_back(sender);
    Entered::Behind { turn, ahead }
}

impl Waiting {
    /// The next one: the first of the tenant that has its turn.
    fn next(&mut self) -> Option<oneshot::Sender<First>> {
        let (tenant, mut line) = self.tenants.pop_front()?;
        let next = line.pop_front();
        if !line.is_empty() {
            self.tenants.push_back((tenant, line));
        }
        next
    }
}

impl Drop for First {
    fn drop(&mut self) {
        let Some(counted) = self.0.take() else { return };
        let mut waiting = counted.line.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(next) = waiting.next() {
            match next.send(First(Some(Arc::clone(&counted)))) {
                Ok(()) => return,
                // It waits no longer; its own right to ask is that of the next one.
                Err(mut unused) => unused.0 = None,
            }
        }
        waiting.is_led = false;
    }
}
