//! What authorization servers say of themselves, kept for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cardhost_core::request::HostFrom;
use cardhost_core::token::Server;

/// How long a description is used before it is asked for again.
const KEPT_FOR: Duration = Duration::from_secs(3600);

/// Most descriptions that are kept.
const MOST: usize = 1024;

/// Where a description was asked for, and who has named the place.
type Place = (HostFrom, String);

/// Descriptions by where they were asked for.
#[derive(Default)]
pub(crate) struct Servers(Mutex<HashMap<Place, (Instant, Arc<Server>)>>);

impl Servers {
    /// The description that was asked for there a while ago.
    pub(super) fn get(&self, place: &Place) -> Option<Arc<Server>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, server) = kept.get(place)?;
        (since.elapsed() < KEPT_FOR).then(|| Arc::clone(server))
    }

    /// Keeps a description.
    pub(super) fn put(&self, place: Place, server: &Arc<Server>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, (since, _)| since.elapsed() < KEPT_FOR);
        }
        if kept.len() < MOST {
            kept.insert(place, (Instant::now(), Arc::clone(server)));
        }
    }
}
