//! Killed with SIGKILL in every request, after every reply and after every line of the trace, and gone on with: nothing is
//! written twice, nothing is asked again that was over, and the end is the same.

use std::sync::Arc;

use serde_json::Value;

use super::golden::normalized;
use super::process::{Scene, analytics, event_input, profiles_input, warehouse, warehouse_input};
use crate::peers::Server;
use crate::scripted::analytics::Analytics;
use crate::scripted::warehouse::Warehouse;
use crate::scripted::{Book, Misbehaviour, Model, Service};
use crate::support::Ran;
use crate::warehouse::prism;

/// A flow at a service, and who answers for it.
struct Play<M> {
    flow: &'static str,
    input: Value,
    model: fn() -> M,
    judge: Option<Arc<Server>>,
    /// What an operator looks at: whether the service did what the step of that name asked for.
    was_done: fn(&Book<M>, &str) -> bool,
    /// Whether its writes are idempotent, and sent again without anybody's leave.
    is_idempotent: bool,
}

/// What a run does that nobody disturbs.
struct Expected {
    stdout: String,
    seen: Vec<String>,
    done: Vec<String>,
    trace: String,
}

impl Expected {
    fn lines(&self) -> usize {
        self.trace.lines().count()
    }
}

/// What an operator said about what was in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// Nothing was.
    None,
    Repeat,
    Skip,
}

impl<M: Model> Play<M> {
    fn begin(&self) -> (Service<M>, Scene) {
        let judge = self.judge.as_ref().map(|judge| judge.base_url.as_str());
        let service = Service::start((self.model)(), judge);
        let scene = Scene::new(self.flow, self.input.clone(), service.url());
        (service, scene)
    }

    fn expected(&self) -> Expected {
        let (service, scene) = self.begin();
        let trace = scene.path("trace");
        let ran = scene.run(&["--trace", trace.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let trace = normalized(&std::fs::read_to_string(&trace).unwrap(), service.url());
        let book = service.book();
        Expected { stdout: ran.stdout, seen: book.seen(), done: book.done(), trace }
    }

    /// The same command again; where it stops in doubt, an operator looks at the service and decides.
    fn go_on(&self, service: &Service<M>, scene: &Scene) -> (Ran, Decision) {
        scene.assert_no_secret_in_files();
        let before = service.book().seen();
        let ran = scene.run(&[]);
        if ran.code != 6 {
            return (ran, Decision::None);
        }
        let error: Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!((&error["code"], ran.stdout.as_str()), (&Value::from("flow.in_doubt"), ""));
        assert!(!self.is_idempotent, "{error}");
        // It stopped before it asked for anything.
        assert_eq!(service.book().seen(), before);
        let step = error["message"].as_str().unwrap().split('`').nth(1).unwrap();
        let was_done = (self.was_done)(&service.book(), step);
        match was_done {
            true => (scene.run(&["--skip-unfinished"]), Decision::Skip),
            false => (scene.run(&["--repeat-unfinished"]), Decision::Repeat),
        }
    }

    /// Kills it in the requests of those numbers, in each way; what was decided, a line each.
    fn killed_in_requests(&self, numbers: impl Fn(usize) -> bool) -> Vec<String> {
        let expected = self.expected();
        let mut told = Vec::new();
        for number in (0..expected.seen.len()).filter(|number| numbers(*number)) {
            for how in Misbehaviour::WITHOUT_REPLY {
                let (service, scene) = self.begin();
                service.misbehave(number, how);
                let mut child = scene.start(&[]);
                service.wait_for_held();
                child.kill().unwrap();
                child.wait().unwrap();
                let request = &expected.seen[number];
                assert_eq!(service.book().seen(), expected.seen[..=number]);
                let done_before = service.book().done();

                let (ran, decision) = self.go_on(&service, &scene);
                let case = format!("{} {how:?}: {decision:?}", short(request));
                assert_eq!((ran.code, &ran.stdout), (0, &expected.stdout), "{case} {ran:?}");
                scene.assert_no_secret_in_files();
                // What was over was not asked again. What was not was asked once more, or is skipped.
                let mut seen = expected.seen.clone();
                if decision != Decision::Skip {
                    seen.insert(number, request.clone());
                }
                let mut done = expected.done.clone();
                let was_written =
                    how != Misbehaviour::BeforeDoing && done_before.last() == Some(request);
                if self.is_idempotent && was_written {
                    done.insert(done_before.len(), request.clone());
                }
                let book = service.book();
                assert_eq!(book.seen(), seen, "{case}");
                assert_eq!(book.done(), done, "{case}");
                told.push(case);
            }
        }
        told
    }

    /// Kills it as soon as the replies to the requests of those numbers are sent.
    fn killed_after_replies(&self, numbers: impl Fn(usize) -> bool) {
        let expected = self.expected();
        for number in (0..expected.seen.len()).filter(|number| numbers(*number)) {
            let (service, scene) = self.begin();
            service.misbehave(number, Misbehaviour::AfterReply);
            let mut child = scene.start(&[]);
            service.wait_for_held();
            child.kill().unwrap();
            child.wait().unwrap();
            self.ends_as(&expected, &service, &scene, &short(&expected.seen[number]));
        }
    }

    /// Kills it after each of those lines of its trace, the first one being 1.
    fn killed_after_lines(&self, lines: impl Fn(usize) -> bool) {
        let expected = self.expected();
        for line in (1..=expected.lines()).filter(|line| lines(*line)) {
            let (service, scene) = self.begin();
            let read = scene.kill_after(line);
            assert_eq!(read.len(), line);
            self.ends_as(&expected, &service, &scene, &read[line - 1]);
        }
    }

    /// Kills one run again and again, each time in the request after the one that it went on with. It tells every step once.
    fn killed_again_and_again(&self) {
        let expected = self.expected();
        let (service, scene) = self.begin();
        let trace = scene.path("trace");
        // What is held is never carried out here.
        let more = ["--trace", trace.to_str().unwrap(), "--repeat-unfinished"];
        for held in 1..expected.seen.len() {
            service.misbehave(2 * held - 1, Misbehaviour::BeforeDoing);
            let mut child = scene.start(&more);
            service.wait_for_held();
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let ran = scene.run(&more);
        assert_eq!((ran.code, &ran.stdout), (0, &expected.stdout), "{ran:?}");
        scene.assert_no_secret_in_files();
        let twice = expected.seen.iter().flat_map(|request| [request; 2]).skip(1);
        let book = service.book();
        assert_eq!(book.seen(), twice.cloned().collect::<Vec<_>>());
        assert_eq!(book.done(), expected.done);

        let told = normalized(&std::fs::read_to_string(trace).unwrap(), service.url());
        let (resumed, mut told): (Vec<&str>, Vec<&str>) =
            told.lines().partition(|line| line.contains(r#""event":"resumed""#));
        assert_eq!(resumed.len(), expected.seen.len() - 1);
        // Only that something is sent is told twice, before and after.
        told.dedup_by(|second, first| second == first && second.contains(r#""event":"sending""#));
        assert_eq!(told.join("\n"), expected.trace.trim_end());
    }

    /// Goes on with what was killed at a moment that is not known exactly.
    fn ends_as(&self, expected: &Expected, service: &Service<M>, scene: &Scene, killed: &str) {
        let (ran, decision) = self.go_on(service, scene);
        let case = format!("{killed}: {decision:?}");
        assert_eq!((ran.code, &ran.stdout), (0, &expected.stdout), "{case} {ran:?}");
        scene.assert_no_secret_in_files();
        // It may have begun one request whose reply came too late to be kept.
        let book = service.book();
        assert!(is_but_for_one(&book.seen(), &expected.seen), "{case} {:#?}", book.seen());
        match self.is_idempotent {
            true => {
                assert!(is_but_for_one(&book.done(), &expected.done), "{case} {:#?}", book.done());
            }
            false => assert_eq!(book.done(), expected.done, "{case}"),
        }
    }
}

/// Whether `found` is `expected`, or one of its lines comes twice in a row.
fn is_but_for_one(found: &[String], expected: &[String]) -> bool {
    found == expected
        || (0..expected.len()).any(|at| {
            let mut with = expected.to_vec();
            with.insert(at, expected[at].clone());
            found == with
        })
}

/// A request without its body and its query.
fn short(request: &str) -> String {
    let words: Vec<&str> = request.split([' ', '?']).take(2).collect();
    words.join(" ")
}

fn warehouse_import() -> Option<Play<Warehouse>> {
    Some(Play {
        flow: "mixpanel/warehouse-import",
        input: warehouse_input(),
        model: warehouse,
        judge: Some(prism()?),
        was_done: |book, step| match step.rsplit('/').next() {
            Some("create") => !book.model.sources.is_empty(),
            Some("trigger") => book.model.sources.iter().any(|source| !source.runs.is_empty()),
            other => panic!("{other:?}"),
        },
        is_idempotent: false,
    })
}

fn update_profiles() -> Play<Analytics> {
    Play {
        flow: "mixpanel/update-profiles",
        input: profiles_input(),
        model: analytics,
        judge: None,
        was_done: |_, step| panic!("{step}"),
        is_idempotent: true,
    }
}

fn track_and_find_event() -> Play<Analytics> {
    Play {
        flow: "mixpanel/track-and-find-event",
        input: event_input(),
        model: analytics,
        judge: None,
        was_done: |book, _| !book.model.events.is_empty(),
        is_idempotent: false,
    }
}

/// Whether a run is killed after that line of its trace: after each third one, or each where the long run is asked for.
fn each_third(line: usize) -> bool {
    line.is_multiple_of(3) || std::env::var_os("CARDHOST_PROPERTY_CASES").is_some()
}

#[test]
fn the_warehouse_flow_killed_in_any_request_goes_on_and_writes_nothing_twice() {
    let Some(play) = warehouse_import() else { return };
    insta::assert_snapshot!("killed_in_requests", play.killed_in_requests(|_| true).join("\n"));
}

#[test]
fn the_warehouse_flow_killed_after_any_reply_goes_on_and_writes_nothing_twice() {
    let Some(play) = warehouse_import() else { return };
    play.killed_after_replies(|_| true);
}

#[test]
fn the_warehouse_flow_killed_after_any_line_of_its_trace_goes_on_and_writes_nothing_twice() {
    let Some(play) = warehouse_import() else { return };
    play.killed_after_lines(each_third);
}

#[test]
fn a_run_that_is_killed_again_and_again_tells_and_does_everything_once() {
    update_profiles().killed_again_and_again();
    track_and_find_event().killed_again_and_again();
    let Some(play) = warehouse_import() else { return };
    play.killed_again_and_again();
}

#[test]
fn profiles_go_on_being_updated_without_anybodys_leave() {
    let play = update_profiles();
    let told = play.killed_in_requests(|_| true);
    assert_eq!(told.len(), 12);
    assert!(told.iter().all(|line| line.ends_with(": None")), "{told:#?}");
    play.killed_after_replies(|_| true);
    play.killed_after_lines(each_third);
}

#[test]
fn an_event_is_sent_again_only_where_the_service_does_not_have_it() {
    let play = track_and_find_event();
    let told = play.killed_in_requests(|_| true);
    let track = ["BeforeDoing: Repeat", "AfterDoing: Skip", "HalfReply: Skip"];
    let search = ["BeforeDoing: None", "AfterDoing: None", "HalfReply: None"];
    let track = track.map(|case| format!("POST /track {case}"));
    let search = search.map(|case| format!("GET / {case}"));
    assert_eq!(told, [track, search.clone(), search.clone(), search].concat());
    play.killed_after_replies(|_| true);
    play.killed_after_lines(each_third);
}
