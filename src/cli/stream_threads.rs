//! The threads of `run --stream --threads N`: each drives the calls that it is given, on a runtime of its own.

use std::thread;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::console::Failure;
use super::setup;

/// Threads that drive calls; they end where this is dropped.
pub(super) struct StreamThreads {
    threads: Vec<Running>,
    next: usize,
}

/// A thread, until it is told to end.
struct Running {
    runtime: Handle,
    /// Its other half ends the thread when this is dropped.
    end: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl StreamThreads {
    /// Starts so many.
    pub(super) fn start(count: u16) -> Result<StreamThreads, Failure> {
        let start = |_| {
            let runtime = setup::runtime()?;
            let handle = runtime.handle().clone();
            let (end, ended) = oneshot::channel::<()>();
            let drive = move || {
                let _ = runtime.block_on(ended);
                // Work for blocking threads may wait for something that never comes.
                runtime.shutdown_background();
            };
            let thread = thread::Builder::new().spawn(drive);
            let thread = thread.map_err(|error| Failure::Io("a thread", error))?;
            Ok(Running { runtime: handle, end: Some(end), thread: Some(thread) })
        };
        let threads = (0..count).map(start).collect::<Result<_, Failure>>()?;
        Ok(StreamThreads { threads, next: 0 })
    }

    /// Has the next thread drive a call.
    pub(super) fn drive<T: Send + 'static>(
        &mut self,
        call: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.next = (self.next + 1) % self.threads.len();
        self.threads[self.next].runtime.spawn(call)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
