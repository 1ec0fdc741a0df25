//! Big work, apart from the thread that drives timers and other calls.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// From so many bytes on, reading a body is big work: a fraction of a millisecond, and ten times what it takes to have it done elsewhere.
pub(crate) const BIG_BYTES: usize = 64 * 1024;

/// Big works that may go on at once: one for each processor but the one that drives calls; further ones wait for their turn.
static PLACES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    Arc::new(Semaphore::new((processors - 1).max(1)))
});

/// Whether anybody still waits for what comes of a work.
#[derive(Clone)]
pub(crate) struct Wanted(Arc<AtomicBool>);

impl Wanted {
    /// `false` once nobody does: the work may end where it is.
    pub(crate) fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Says that nobody waits any longer.
struct Waiting(Wanted);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Relaxed);
    }
}

/// Does work on a thread that nothing else waits for; here, where no runtime gives one. Dropping the future lets the work know.
pub(crate) async fn apart<T: Send + 'static>(
    work: impl FnOnce(&Wanted) -> T + Send + 'static,
) -> T {
    let wanted = Wanted(Arc::new(AtomicBool::new(true)));
    let Ok(runtime) = Handle::try_current() else { return work(&wanted) };
    let _waiting = Waiting(wanted.clone());
    let place = Arc::clone(&PLACES).acquire_owned().await;
    // The place is kept as long as the work takes, also where nobody waits for it.
    let done = runtime.spawn_blocking(move || {
        let _place = place;
        work(&wanted)
    });
    match done.await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(done) => done,
        Err(Ok(panic)) => resume_unwind(panic),
        // The runtime ends, and this future with it.
        Err(Err(_)) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn others_go_on_and_nobodys_work_may_end() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (begun, has_begun) = mpsc::channel();
        let (ended, has_ended) = mpsc::channel();
        runtime.block_on(async {
            let work = apart(move |wanted| {
                begun.send(()).unwrap();
                while wanted.is_so() {
                    std::thread::yield_now();
                }
                ended.send(()).unwrap();
            });
            let others = async {
                // The work is under way and this thread is free.
                while has_begun.try_recv().is_err() {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                () = work => unreachable!("it goes on while somebody waits"),
                () = others => {}
            }
        });
        has_ended.recv().unwrap();
    }

    #[test]
    fn a_panic_is_that_of_whoever_waits() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let work = async { apart(|_| -> () { std::panic::panic_any(7_u8) }).await };
        let caught =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(work)));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&7_u8));
    }
}
