//! SIGTERM, SIGINT and SIGHUP: the first asks a command to come to its end, the second ends it at once.
//!
//! A thread of its own waits for them, so that the second works whatever the command is busy with.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cardhost::shutdown::Shutdown;
use clap::Args;

use super::console::{Failure, note};
use super::signal::Signal;
use super::span::duration_or_none;

#[derive(Debug, Args)]
pub(crate) struct DrainArgs {
    /// How long what is under way may take after a signal (Ctrl-C, SIGTERM, SIGHUP) before it is cut off, 0s for at once; a second signal ends at once
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration_or_none)]
    pub(crate) drain: Duration,
}

impl Default for DrainArgs {
    fn default() -> Self {
        Self { drain: Duration::from_secs(10) }
    }
}

/// What listens for signals, from when it is made to the end of the process.
pub(crate) struct Interrupt {
    pub(crate) shutdown: Shutdown,
    caught: Arc<OnceLock<Signal>>,
}

impl Interrupt {
    /// Begins to listen. After the first signal the shutdown begins, and cuts off what is not over within the time to drain.
    pub(crate) fn listen(args: &DrainArgs) -> Result<Interrupt, Failure> {
        let failed = |error| Failure::Io("the signals", error);
        let runtime = super::setup::runtime()?;
        let mut signals = {
            let _entered = runtime.enter();
            Signals::listen().map_err(failed)?
        };
        let (shutdown, caught, drain) = (Shutdown::default(), Arc::default(), args.drain);
        let interrupt = Interrupt { shutdown, caught };
        let (shutdown, caught) = (interrupt.shutdown.clone(), Arc::clone(&interrupt.caught));
        let listen = move || {
            runtime.block_on(async {
                let first = signals.next().await;
                let _ = caught.set(first);
                shutdown.begin();
                tokio::select! {
                    biased;
                    second = signals.next() => end(second),
                    () = tokio::time::sleep(drain) => shutdown.cut_off(),
                }
                end(signals.next().await);
            });
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(listen).map_err(failed)?;
        Ok(interrupt)
    }

    /// The signal that has come.
    pub(crate) fn signal(&self) -> Option<Signal> {
        self.caught.get().copied()
    }
}

/// Ends the process: somebody does not want to wait.
#[expect(clippy::exit, reason = "a second signal ends at once, whatever the command is doing")]
fn end(signal: Signal) -> ! {
    note(&format!("ended at once by a second {}", signal.name));
    std::process::exit(i32::from(signal.exit_code()))
}

#[cfg(unix)]
struct Signals(Vec<(Signal, tokio::signal::unix::Signal)>);

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let ignored = ignored();
        let known = [
            (Signal::HANGUP, SignalKind::hangup()),
            (Signal::INTERRUPT, SignalKind::interrupt()),
            (Signal::TERMINATE, SignalKind::terminate()),
        ];
        // What whoever starts the command has it ignore stays ignored: `nohup`, and Ctrl-C for a job in the background.
        let heard = known.into_iter().filter(|(it, _)| ignored & (1 << (it.number - 1)) == 0);
        heard.map(|(it, kind)| Ok((it, signal(kind)?))).collect::<std::io::Result<_>>().map(Signals)
    }

    async fn next(&mut self) -> Signal {
        std::future::poll_fn(|context| {
            let come = |(it, stream): &mut (Signal, tokio::signal::unix::Signal)| {
                stream.poll_recv(context).is_ready().then_some(*it)
            };
            match self.0.iter_mut().find_map(come) {
                Some(signal) => std::task::Poll::Ready(signal),
                None => std::task::Poll::Pending,
            }
        })
        .await
    }
}

/// The signals that this process ignores, a bit each; none where the system does not say.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "it may fail elsewhere")]
    fn listen() -> std::io::Result<Signals> {
        Ok(Signals)
    }

    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::INTERRUPT,
            Err(_) => std::future::pending().await,
        }
    }
}
