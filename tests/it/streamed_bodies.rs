//! Bodies that come piece by piece from an embedder's own transport: whoever takes records slowly bounds what is held, and downloads that
//! nobody waits for any more leave nothing behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use bytes::Bytes;
use cardhost::catalog::MemorySource;
use cardhost::pages::{Got, RecordSink, Records};
use cardhost::transport::{
    BodyEnd, BodySink, BoxFuture, Reply, RequestSpec, Transport, TransportFault, Treatment,
};
use cardhost::{Error, Host, Invocation, Policy};
use http::HeaderMap;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::schemes::block_on;

const PIECE: usize = 64 * 1024;

/// A service whose body is so many pieces of lines, each a record; counts those that were taken.
struct Pieces {
    count: usize,
    taken: Arc<AtomicUsize>,
    under_way: Arc<AtomicUsize>,
}

/// Counts down also where the exchange is dropped.
struct UnderWay<'c>(&'c AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// A piece of lines of 64 bytes.
fn piece() -> Bytes {
    let line = format!("{{\"text\":\"{}\"}}\n", "x".repeat(52));
    assert_eq!(line.len(), 64);
    Bytes::from(line.repeat(PIECE / 64))
}

impl Transport for Pieces {
    fn send<'a>(
        &'a self,
        _: &'a RequestSpec,
        _: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        panic!("its body is taken piece by piece")
    }

    fn send_into<'a>(
        &'a self,
        _: &'a RequestSpec,
        _: Treatment,
        sink: &'a mut dyn BodySink,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        Box::pin(async move {
            self.under_way.fetch_add(1, SeqCst);
            let _under_way = UnderWay(&self.under_way);
            let mut headers = HeaderMap::new();
            headers.insert("content-type", "application/x-ndjson".parse().unwrap());
            let mut reply = Reply::new(200, headers, "");
            assert!(sink.takes(reply.status, &reply.headers));
            for _ in 0..self.count {
                tokio::task::yield_now().await;
                if let Err(end) = sink.push(piece()).await {
                    reply.end = end;
                    break;
                }
                self.taken.fetch_add(1, SeqCst);
            }
            sink.finish(&mut reply).await?;
            assert_eq!(reply.end, BodyEnd::Complete);
            Ok(reply)
        })
    }
}

fn cards() -> MemorySource {
    let connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo", "connection": { "fields": {} },
        "auth": { "none": { "scheme": "none" } }, "targets": { "api": { "auth": ["none"], "base": "https://api.example" } },
    });
    let list = json!({
        "request": { "path": "/export" }, "pages": { "items": "<<response.body>>" },
        "output": { "All": { "Rows": { "type": "list", "value": "<<items>>" } } },
    });
    let keep = json!({
        "request": { "path": "/export" }, "response": { "body": "file" },
        "output": { "All": { "File": { "type": "file", "value": "<<response.body>>" } } },
    });
    MemorySource::new()
        .with("demo/connector", connector.to_string())
        .with("demo/list", list.to_string())
        .with("demo/keep", keep.to_string())
}

/// Takes records only where it is let.
struct Slow {
    may_take: Arc<Semaphore>,
    bytes: Arc<AtomicUsize>,
}

impl RecordSink for Slow {
    fn put(&mut self, records: Records, _: &Got) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            self.may_take.acquire().await.unwrap().forget();
            self.bytes.fetch_add(64 * records.len(), SeqCst);
            Ok(())
        })
    }
}

#[test]
fn whoever_takes_records_slowly_bounds_what_is_held() {
    const COUNT: usize = 400;
    let (taken, bytes) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let service = Pieces { count: COUNT, taken: Arc::clone(&taken), under_way: Arc::default() };
    let host = Host::builder().cards(cards()).transport(service).build();
    let may_take = Arc::new(Semaphore::new(0));
    let mut sink = Slow { may_take: Arc::clone(&may_take), bytes: Arc::clone(&bytes) };
    block_on(async {
        let mut run =
            Box::pin(host.run_records(Some("demo/list"), Invocation::default(), &mut sink));
        let mut most_held = 0;
        let outcome = loop {
            // As far as it goes with what was let through.
            let mut ended = None;
            for _ in 0..60 {
                if let std::task::Poll::Ready(done) = futures_util::poll!(run.as_mut()) {
                    ended = Some(done);
                    break;
                }
                tokio::task::yield_now().await;
            }
            // What was taken of the service and not given on: the first MiB is looked at as a whole, then a piece at a time.
            let held = (taken.load(SeqCst) * PIECE).saturating_sub(bytes.load(SeqCst));
            most_held = most_held.max(held);
            if let Some(done) = ended {
                break done.unwrap();
            }
            may_take.add_permits(1);
        };
        assert!(most_held <= 1024 * 1024 + 2 * PIECE, "{most_held} bytes");
        assert_eq!(outcome.pages.unwrap().records as usize, COUNT * PIECE / 64);
    });
    assert_eq!(bytes.load(SeqCst), COUNT * PIECE);
}

#[test]
fn downloads_that_are_dropped_at_three_hundred_moments_leave_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let under_way = Arc::<AtomicUsize>::default();
    // More than is written at once, several times.
    let service = Pieces { count: 40, taken: Arc::default(), under_way: Arc::clone(&under_way) };
    let policy = Policy { files: Some(folder.path().to_owned()), ..Policy::default() };
    let host = Host::builder().cards(cards()).transport(service).policy(policy).build();
    let run = || host.run(Some("demo/keep"), Invocation::default());
    let names = || std::fs::read_dir(folder.path()).unwrap().count();
    block_on(async {
        let mut whole = 0;
        for round in 0..300_u64 {
            let mut call = Box::pin(run());
            // Each at another moment; some come to their end.
            for _ in 0..round * 7_919 % 331 {
                if let std::task::Poll::Ready(done) = futures_util::poll!(call.as_mut()) {
                    let output = done.unwrap().output.to_value().unwrap();
                    let file = output["All"]["File"]["file"].as_str().unwrap();
                    assert_eq!(std::fs::metadata(file).unwrap().len() as usize, 40 * PIECE);
                    std::fs::remove_file(file).unwrap();
                    whole += 1;
                    break;
                }
                tokio::task::yield_now().await;
                std::thread::yield_now();
            }
            drop(call);
            assert_eq!(under_way.load(SeqCst), 0, "round {round}");
        }
        // What was under way on another thread when its call was dropped takes its file away by itself.
        for _ in 0..1_000_000 {
            if names() == 0 {
                break;
            }
            tokio::task::yield_now().await;
            std::thread::yield_now();
        }
        assert_eq!(names(), 0, "files are left; {whole} came whole");
        // And the next one comes whole.
        run().await.unwrap();
        assert_eq!(names(), 1);
    });
}
