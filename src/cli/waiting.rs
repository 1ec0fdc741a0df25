//! What is shown while a call takes its time: a line on stderr, where a person looks at it, with what is waited for.

use std::io::{self, IsTerminal as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cardhost::clock::{Clock, Pause, SystemClock};
use cardhost::connections::BoxFuture;

use super::console::note;

/// After this long a person wonders.
const PATIENCE: Duration = Duration::from_secs(2);

/// So often somebody who waits for long is told what there is.
const LONGEST: Duration = Duration::from_secs(30);

/// The machine's clock, and what is waited for on it, with when that is over.
#[derive(Clone, Default)]
pub(crate) struct ToldClock(Arc<Mutex<Option<(Pause, Instant)>>>);

impl ToldClock {
    fn told(&self, pause: Option<(Pause, Instant)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pause;
    }

    /// What is waited for, in words.
    fn words(&self, since: Duration, now: Instant) -> String {
        let pause = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((pause, end)) = pause else {
            return format!("waiting for the service since {} s", since.as_secs());
        };
        let what = match pause {
            Pause::Attempt => "waiting before another attempt",
            Pause::Limit => "waiting for the limits of the service",
            Pause::Look => "the work goes on at the service: waiting before the next look",
        };
        format!("{what}, {} s more", end.saturating_duration_since(now).as_secs_f64().ceil())
    }
}

impl Clock for ToldClock {
    fn unix_seconds(&self) -> i64 {
        SystemClock.unix_seconds()
    }

    fn unix_milliseconds(&self) -> i64 {
        SystemClock.unix_milliseconds()
    }

    fn pause(&self, pause: Pause, span: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.told(Instant::now().checked_add(span).map(|end| (pause, end)));
            self.sleep(span).await;
            self.told(None);
        })
    }
}

/// Waits for a call, and says so at a terminal after a while, with what there is of it so far.
pub(crate) async fn shown<T>(
    call: impl Future<Output = T>,
    clock: &ToldClock,
    so_far: &dyn Fn() -> String,
) -> T {
    if !io::stderr().is_terminal() {
        return call.await;
    }
    let since = Instant::now();
    let mut call = std::pin::pin!(call);
    let mut pause = PATIENCE;
    loop {
        tokio::select! {
            biased;
            done = &mut call => return done,
            () = tokio::time::sleep(pause) => {
                let words = clock.words(since.elapsed(), Instant::now());
                note(&format!("{}{words}; Ctrl-C ends it", so_far()));
                pause = (pause * 4).min(LONGEST);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_told_with_what_it_is_for() {
        let (clock, now) = (ToldClock::default(), Instant::now());
        let words = || clock.words(Duration::from_secs(7), now);
        assert_eq!(words(), "waiting for the service since 7 s");
        let end = now + Duration::from_millis(2_590_000);
        for (pause, expected) in [
            (Pause::Attempt, "waiting before another attempt, 2590 s more"),
            (Pause::Limit, "waiting for the limits of the service, 2590 s more"),
            (
                Pause::Look,
                "the work goes on at the service: waiting before the next look, 2590 s more",
            ),
        ] {
            clock.told(Some((pause, end)));
            assert_eq!(words(), expected);
        }
        clock.told(None);
        assert_eq!(words(), "waiting for the service since 7 s");
    }

    #[test]
    fn what_is_waited_for_is_known_as_long_as_it_is() {
        let clock = ToldClock::default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut pause = Box::pin(clock.pause(Pause::Limit, Duration::from_millis(5)));
            assert!(futures_util::poll!(pause.as_mut()).is_pending());
            assert!(clock.words(Duration::ZERO, Instant::now()).contains("limits"));
            pause.await;
            assert!(clock.words(Duration::ZERO, Instant::now()).contains("service since"));
        });
    }
}
