//! What is shown while a call takes its time: a line on stderr, where a person looks at it.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use super::console::note;

/// After this long a person wonders.
const PATIENCE: Duration = Duration::from_secs(2);

/// So often somebody who waits for long is told what there is.
const LONGEST: Duration = Duration::from_secs(30);

/// Waits for a call, and says so at a terminal after a while, with what there is of it so far.
pub(crate) async fn shown<T>(call: impl Future<Output = T>, so_far: &dyn Fn() -> String) -> T {
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
                note(&format!("{}waiting for the service since {} s; Ctrl-C ends it", so_far(), since.elapsed().as_secs()));
                pause = (pause * 4).min(LONGEST);
            }
        }
    }
}
