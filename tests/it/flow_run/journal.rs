//! Going on after a crash, at every place where a run can be cut off; and journals that cannot be used.

use std::path::Path;
use std::sync::{Arc, Mutex};

use cardhost::catalog::MemorySource;
use cardhost::flow::{Flow, FlowRunner, Journal, MemoryFlows, Unfinished, VirtualTimer};
use cardhost::{BaseOverride, Error, Host, HostBuilder, Reply};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Notify;

use super::shop::{Asked, CutOff, SECRET, Shop, call, flow, load, ok, run, status};

/// Something that was done, and its key.
type Done = (String, Option<String>);

/// A service that remembers what it did: a write with a key that it knows is not done again.
#[derive(Clone, Default)]
struct Ledger(Arc<Mutex<Vec<Done>>>);

impl Ledger {
    fn shop(&self) -> Shop {
        let ledger = self.clone();
        Shop::at_once(move |_, asked| ledger.answer(&asked))
    }

    fn answer(&self, asked: &Asked) -> Reply {
        let key = asked.key.clone().or_else(|| asked.body["key"].as_str().map(str::to_owned));
        let mut done = self.0.lock().unwrap();
        if asked.method == "POST" {
            let known = key.is_some() && done.iter().any(|(_, other)| *other == key);
            if !known {
                done.push((asked.path.clone(), key));
            }
        }
        ok(json!({ "path": asked.path, "echo": SECRET }))
    }

    fn done(&self) -> Vec<String> {
        let mut done: Vec<String> =
            self.0.lock().unwrap().iter().map(|(path, _)| path.clone()).collect();
        done.sort();
        done
    }
}

/// Every kind of step: reads, writes with and without a key, a fork, a loop, a retry, a wait, flows in it.
fn everything() -> (Flow, MemoryFlows) {
    let inner = format!(
        "document: {{ dsl: '1.0.3', namespace: shop, name: inner, version: 1.0.0 }}\ndo:\n  - first: {}\n  - then: {}\n",
        call("pay", "inner-pay"),
        call("order", "inner-order"),
    );
    let aside = format!(
        "document: {{ dsl: '1.0.3', namespace: shop, name: aside, version: 1.0.0 }}\ndo:\n  - only: {}\n",
        call("order", "aside"),
    );
    let flow = flow(&format!(
        "do:
  - read: {}
  - order: {}
  - both:
      fork:
        branches:
          - left: {}
          - right: {{ do: [ {{ w: {{ wait: PT5S }} }}, {{ go: {} }} ] }}
  - each:
      for: {{ in: '[1, 2]', each: i }}
      do: [ {{ note: {} }} ]
  - aside: {{ run: {{ workflow: {{ namespace: shop, name: aside, version: 1.0.0 }}, await: false }} }}
  - inner: {{ run: {{ workflow: {{ namespace: shop, name: inner, version: 1.0.0 }} }} }}
  - end: {{ set: {{ path: '${{ .Response.Body.path }}', echo: '${{ .Response.Body.echo }}', id: '${{ $workflow.id | length }}' }} }}
",
        call("get", "read"),
        call("order", "order"),
        call("order", "left"),
        call("pay", "right"),
        call("note", "${ \"note-\" + ($i | tostring) }"),
    ));
    let flows =
        MemoryFlows::new().with("inner.yaml", &inner).unwrap().with("aside.yaml", &aside).unwrap();
    (flow, flows)
}

fn runner(host: Host, flows: &MemoryFlows) -> FlowRunner {
    FlowRunner::new(host).flows(flows.clone()).timer(VirtualTimer::starting_at(0))
}

/// One process: it runs until it is cut off.
fn process(
    ledger: &Ledger,
    journal: &Path,
    unfinished: Unfinished,
    polls: usize,
) -> Option<Result<Value, Error>> {
    let (flow, flows) = everything();
    run(async {
        let journal = Journal::open(journal).unwrap();
        let runner = runner(ledger.shop().host(), &flows);
        let future = Box::pin(runner.run_with(journal, unfinished, &flow, json!({ "in": 1 })));
        CutOff { future, polls }.await
    })
}

/// Looks at the service, as a person would, and goes on.
fn go_on(ledger: &Ledger, journal: &Path) -> Value {
    for _ in 0..10 {
        match process(ledger, journal, Unfinished::Stop, usize::MAX).unwrap() {
            Ok(output) => return output,
            Err(error) => {
                assert_eq!(
                    (error.code().as_str(), error.class().exit_code()),
                    ("flow.in_doubt", 6),
                    "{error:?}"
                );
                let done = ledger.done();
                let message = error.message();
                let all = ["order", "left", "aside", "inner-order"];
                let named: Vec<&str> = all
                    .into_iter()
                    .filter(|path| {
                        let step = match *path {
                            "inner-order" => "/inner/do/1/then",
                            "aside" => "/aside/do/0/only",
                            "order" => "/do/1/order",
                            other => other,
                        };
                        message.contains(step)
                    })
                    .collect();
                assert!(!named.is_empty(), "{message}");
                let is_done = |path: &&&str| done.contains(&format!("/{path}"));
                // One decision is for all steps in doubt: here they never differ.
                let count = named.iter().filter(is_done).count();
                assert!(count == 0 || count == named.len(), "{message} {done:?}");
                let unfinished = match count {
                    0 => Unfinished::Repeat,
                    _ => Unfinished::Skip(
                        json!({ "Response": { "Body": { "path": format!("/{}", named[0]), "echo": "[redacted]" } } }),
                    ),
                };
                if let Some(Ok(output)) = process(ledger, journal, unfinished, usize::MAX) {
                    return output;
                }
            }
        }
    }
    panic!("it does not end");
}

#[test]
fn a_run_that_is_cut_off_anywhere_goes_on_and_writes_nothing_twice() {
    let expected = json!({ "path": "/inner-order", "echo": "[redacted]", "id": 32 });
    let wanted =
        ["/aside", "/inner-order", "/inner-pay", "/left", "/note-1", "/note-2", "/order", "/right"];
    let mut cuts = 0;
    for polls in 1.. {
        let folder = TempDir::new().unwrap();
        let (journal, ledger) = (folder.path().join("j.db"), Ledger::default());
        if let Some(done) = process(&ledger, &journal, Unfinished::Stop, polls) {
            assert_eq!(done.unwrap(), expected);
            break;
        }
        cuts += 1;
        assert_eq!(go_on(&ledger, &journal), expected, "after {polls} polls");
        assert_eq!(ledger.done(), wanted, "after {polls} polls");
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()));
        }
    }
    // How often it is polled depends on how soon the thread that writes the journal is done.
    assert!(cuts > 10, "only {cuts} cuts");
}

/// A transport that never answers the n-th request, before or after the service has done what it asks for; then the bell
/// rings.
fn deaf(ledger: &Ledger, at: usize, done: bool, bell: &Arc<Notify>) -> Shop {
    let (ledger, bell) = (ledger.clone(), Arc::clone(bell));
    Shop::new(move |n, asked| {
        let (ledger, bell) = (ledger.clone(), Arc::clone(&bell));
        Box::pin(async move {
            if n != at {
                return Ok(ledger.answer(&asked));
            }
            if done {
                ledger.answer(&asked);
            }
            bell.notify_one();
            std::future::pending().await
        })
    })
}

#[test]
fn a_step_whose_reply_was_not_recorded_is_repeated_or_in_doubt_as_its_effect_says() {
    let (flow, flows) = everything();
    // read, order, then left; right and what follows wait for it.
    for (at, step, in_doubt) in [(0, "read", false), (1, "order", true), (2, "left", true)] {
        for done in [false, true] {
            let folder = TempDir::new().unwrap();
            let (path, ledger) = (folder.path().join("j.db"), Ledger::default());
            run(async {
                let bell = Arc::new(Notify::new());
                let runner = runner(deaf(&ledger, at, done, &bell).host(), &flows);
                let journal = Journal::open(&path).unwrap();
                let future = runner.run_with(journal, Unfinished::Stop, &flow, json!({ "in": 1 }));
                tokio::select! {
                    ended = future => panic!("{ended:?}"),
                    () = bell.notified() => {}
                }
            });
            let before = ledger.done();
            let second = process(&ledger, &path, Unfinished::Stop, usize::MAX).unwrap();
            match second {
                Ok(_) => assert!(!in_doubt, "{step}"),
                Err(error) => {
                    assert!(in_doubt, "{error:?}");
                    assert!(
                        error.message().contains(&format!("/{step}` was sent")),
                        "{}",
                        error.message()
                    );
                    assert_eq!(ledger.done(), before, "nothing is sent before somebody decides");
                }
            }
            go_on(&ledger, &path);
            let count = ledger.done().iter().filter(|path| **path == format!("/{step}")).count();
            assert_eq!(count, usize::from(in_doubt));
        }
    }
}

#[test]
fn a_run_that_is_over_gives_its_output_again_and_asks_nobody() {
    let folder = TempDir::new().unwrap();
    let (path, ledger) = (folder.path().join("j.db"), Ledger::default());
    let first = process(&ledger, &path, Unfinished::Stop, usize::MAX).unwrap().unwrap();
    let done = ledger.done();
    let second = process(&ledger, &path, Unfinished::Stop, usize::MAX).unwrap().unwrap();
    assert_eq!((first, done), (second, ledger.done()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // A problem that nothing caught is the end too.
    let shop = Shop::at_once(|_, _| status(404, json!({ "sorry": true })));
    let path = folder.path().join("failed.db");
    let failing = flow(&format!("do:\n  - get: {}\n", call("get", "x")));
    for _ in 0..2 {
        let journal = Journal::open(&path).unwrap();
        let error = run(FlowRunner::new(shop.host()).run_with(
            journal,
            Unfinished::Stop,
            &failing,
            json!({}),
        ))
        .unwrap_err();
        assert_eq!(
            (error.code().as_str(), error.place().pointer.as_str()),
            ("http.status", "/do/0/get")
        );
    }
    assert_eq!(shop.asked().len(), 1);
}

#[test]
fn a_journal_is_of_one_flow_and_one_input() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("j.db");
    let host = Shop::echo().host();
    let go = |flow: &Flow, input: Value| {
        let journal = Journal::open(&path)?;
        run(FlowRunner::new(host.clone()).run_with(journal, Unfinished::Stop, flow, input))
    };
    let first = flow("do:\n  - a: { set: { n: 1 } }\n");
    go(&first, json!({ "x": 1 })).unwrap();
    let error = go(&first, json!({ "x": 2 })).unwrap_err();
    assert_eq!((error.code().as_str(), error.class().exit_code()), ("flow.journal_mismatch", 2));
    assert!(error.message().ends_with("had another input"), "{}", error.message());
    let error = go(&flow("do:\n  - a: { set: { n: 2 } }\n"), json!({ "x": 1 })).unwrap_err();
    assert!(
        error.message().ends_with("or the flow was changed: shop/test:1.0.0"),
        "{}",
        error.message()
    );
    // It is as it was.
    assert_eq!(go(&first, json!({ "x": 1 })).unwrap(), json!({ "n": 1 }));
    // Two at the same time.
    let held = Journal::open(&path).unwrap();
    let error = Journal::open(&path).unwrap_err();
    assert_eq!((error.code().as_str(), error.class().exit_code()), ("flow.journal_busy", 10));
    drop(held);
    Journal::open(&path).unwrap();
}

#[test]
fn what_is_no_journal_is_told_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let refused = |path: &Path| {
        let error = Journal::open(path).unwrap_err();
        assert_eq!((error.code().as_str(), error.class().exit_code()), ("flow.journal", 2));
        error.message()
    };
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "these are notes, and rather long ones: ".repeat(100)).unwrap();
    let before = std::fs::read(&text).unwrap();
    assert!(refused(&text).contains("not a database"), "{}", refused(&text));
    assert_eq!(std::fs::read(&text).unwrap(), before);
    let other = folder.path().join("other.db");
    let database = rusqlite::Connection::open(&other).unwrap();
    database.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(database);
    assert!(refused(&other).contains("a database of something else"));
    assert!(!refused(folder.path()).is_empty());
    assert!(!refused(&folder.path().join("no/such/folder/j.db")).is_empty());
    // Damaged in the middle.
    let path = folder.path().join("j.db");
    let ledger = Ledger::default();
    process(&ledger, &path, Unfinished::Stop, usize::MAX).unwrap().unwrap();
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute("UPDATE entry SET outcome = '{\"output\"' WHERE step = '/do/0/read'", [])
        .unwrap();
    drop(database);
    let error = process(&ledger, &path, Unfinished::Stop, usize::MAX).unwrap().unwrap_err();
    assert_eq!(error.code().as_str(), "flow.journal");
    assert!(error.message().contains("is not as it was written"), "{}", error.message());
    // One row is not there.
    let copy = folder.path().join("less.db");
    std::fs::copy(&path, &copy).unwrap();
    let database = rusqlite::Connection::open(&copy).unwrap();
    database.execute("DELETE FROM entry WHERE seq = 2", []).unwrap();
    drop(database);
    let error = process(&ledger, &copy, Unfinished::Stop, usize::MAX).unwrap().unwrap_err();
    assert!(error.message().ends_with("rows of it are missing"), "{}", error.message());
    // A step that does not come.
    let database = rusqlite::Connection::open(&path).unwrap();
    database.execute("UPDATE entry SET step = '/do/7/gone', outcome = '{\"output\":1}', sum = NULL WHERE step = '/do/0/read'", []).unwrap();
    drop(database);
    let error = process(&ledger, &path, Unfinished::Stop, usize::MAX).unwrap().unwrap_err();
    assert_eq!(error.code().as_str(), "flow.journal_mismatch");
    // A newer format.
    let database = rusqlite::Connection::open(&path).unwrap();
    database.pragma_update(None, "user_version", 9).unwrap();
    drop(database);
    assert!(refused(&path).contains("a newer cardhost made it"));
}

/// The flow of the journals in `tests/data/formats`.
fn two_calls() -> Flow {
    let text =
        format!("do:\n  - order: {}\n  - pay: {}\n", call("order", "order"), call("pay", "pay"));
    flow(&text)
}

#[test]
fn a_journal_of_each_shipped_format_goes_on() {
    let folder = TempDir::new().unwrap();
    let formats = [
        include_str!("../../data/formats/journal-1.sqlite.sql"),
        include_str!("../../data/formats/journal-2.sqlite.sql"),
    ];
    for (format, sql) in (1..).zip(formats) {
        let path = folder.path().join(format!("{format}.db"));
        rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let ledger = Ledger::default();
        let journal = Journal::open(&path).unwrap();
        let runner = runner(ledger.shop().host(), &MemoryFlows::new());
        let output =
            run(runner.run_with(journal, Unfinished::Stop, &two_calls(), json!({ "in": 1 })));
        assert_eq!(output.unwrap()["Response"]["Body"]["path"], "/pay");
        assert_eq!(ledger.done(), ["/pay"]);
    }
}

#[test]
fn a_journal_without_the_file_beside_it_is_told() {
    let folder = TempDir::new().unwrap();
    let (path, copy) = (folder.path().join("j.db"), folder.path().join("copy.db"));
    // As a process leaves it that is killed: nobody closed it.
    let held = Journal::open(&path).unwrap();
    std::fs::copy(&path, &copy).unwrap();
    let error = Journal::open(&copy).unwrap_err();
    assert_eq!(error.code().as_str(), "flow.journal");
    assert!(error.message().contains("copy.db-wal`, which is missing"), "{}", error.message());
    // With it nothing is wrong.
    let (path, copy) = (folder.path().join("j.db-wal"), folder.path().join("whole.db"));
    std::fs::copy(folder.path().join("j.db"), &copy).unwrap();
    std::fs::copy(path, folder.path().join("whole.db-wal")).unwrap();
    Journal::open(&copy).unwrap();
    drop(held);
}

/// What a run of `two_calls` came to that is cut off while the second call is on its way, and gone on with by `again`.
fn for_another(
    again: impl FnOnce(HostBuilder) -> HostBuilder,
    accepting: bool,
) -> (Result<Value, Error>, usize) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("j.db");
    let first = Shop::at_once(|index, asked| match index {
        0 => ok(json!({ "path": asked.path })),
        _ => status(503, json!({})),
    });
    let before = FlowRunner::new(first.host()).timer(VirtualTimer::starting_at(0));
    let journal = Journal::open(&path).unwrap();
    let flow = two_calls();
    run(async {
        let future = Box::pin(before.run_with(journal, Unfinished::Stop, &flow, json!({})));
        // The first call is on its way.
        let mut polls = CutOff { future, polls: 1 };
        while first.asked().is_empty() {
            assert!((&mut polls).await.is_none());
            polls.polls = 1;
        }
    });
    let second = Shop::at_once(|_, asked| ok(json!({ "path": asked.path })));
    let host = again(second.builder()).build();
    let runner = FlowRunner::new(host).timer(VirtualTimer::starting_at(0));
    let journal = Journal::open(&path).unwrap();
    let journal = if accepting { journal.accepting_changes() } else { journal };
    let unfinished = Unfinished::Repeat;
    let done = run(runner.run_with(journal, unfinished, &flow, json!({})));
    (done, second.asked().len())
}

#[test]
fn a_run_does_not_go_on_for_another_account() {
    let other = |fields: Value| {
        move |builder: HostBuilder| {
            builder.default_connection("shop.json", fields.as_object().unwrap().clone())
        }
    };
    let base = |builder: HostBuilder| {
        builder.base(BaseOverride::parse("https://sandbox.example/v1").unwrap())
    };
    let refused = |(done, sent): (Result<Value, Error>, usize)| {
        let error = done.unwrap_err();
        assert_eq!(error.code().as_str(), "flow.journal_mismatch");
        assert!(error.message().contains("had another `connection shop`"), "{}", error.message());
        assert_eq!(sent, 0);
    };
    refused(for_another(other(json!({ "Token": "another-token-1" })), false));
    refused(for_another(base, false));
    let (done, sent) = for_another(other(json!({ "Token": "another-token-1" })), true);
    assert!(done.is_ok() && sent > 0, "{done:?}");
    let (done, sent) = for_another(|builder| builder, false);
    assert!(done.is_ok() && sent > 0, "{done:?}");
}

#[test]
fn a_card_that_gives_a_secret_is_refused_before_anything_is_sent() {
    let connector = json!({
        "format": 1, "name": "keys", "title": "Keys", "version": "1.0.0",
        "connection": { "fields": {} }, "auth": { "none": { "scheme": "none" } },
        "targets": { "api": { "base": "https://keys.example/v1", "auth": ["none"] } },
    });
    let card = json!({
        "format": 1, "name": "make", "title": "Make", "version": "1.0.0",
        "request": { "target": "api", "method": "POST", "path": "/keys" }, "effect": "write",
        "output": { "Response": { "Key": { "type": "secret", "value": "<<response.body.key>>" } } },
    });
    let cards = MemorySource::new()
        .with("keys/connector", connector.to_string())
        .with("keys/make", card.to_string());
    let shop = Shop::at_once(|_, _| ok(json!({ "key": "k-12345" })));
    let host = Host::builder().cards(cards).transport(shop.clone()).build();
    let flow = load(
        "document: { dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }\ndo: [ { make: { call: make@keys } } ]\n",
    );
    let folder = TempDir::new().unwrap();
    let journal = Journal::open(&folder.path().join("j.db")).unwrap();
    let runner = FlowRunner::new(host);
    let error = run(runner.run_with(journal, Unfinished::Stop, &flow, json!({}))).unwrap_err();
    assert_eq!(error.code().as_str(), "flow.journal");
    assert!(error.message().starts_with("`keys/make` gives a secret"), "{}", error.message());
    assert!(shop.asked().is_empty());
    let output = run(runner.run(&flow, json!({}))).unwrap();
    assert_eq!(output["Response"]["Key"], "k-12345");
}
