//! The shipped flows in the pure interpreter: their cards are planned, sent to a scripted service and mapped as ever, and
//! time passes only where a flow waits.

use std::sync::Arc;

use cardhost::clock::FixedClock;
use cardhost::core::flow::{Action, CardCall, Options, Problem, Run, Step, load, node, schema};
use cardhost::core::schema::compile;
use cardhost::{Host, Invocation};
use serde_json::{Value, json};

use crate::scripted::analytics::{Analytics, value};
use crate::scripted::warehouse::{Run as WarehouseRun, Source, Stage, Warehouse};
use crate::scripted::{Answered, Book, Model, Shared, open};
use crate::support::path;

/// 2026-11-21T10:00:00Z.
const NOW: i64 = 1_795_255_200;
const FLOWS: [&str; 3] = ["track-and-find-event", "update-profiles", "warehouse-import"];

fn text(flow: &str) -> String {
    std::fs::read_to_string(path(&format!("flows/mixpanel/{flow}.yaml"))).unwrap()
}

/// What came of a run.
#[derive(Debug)]
struct Told {
    outcome: Result<Value, Problem>,
    /// Milliseconds that it waited, each time.
    waits: Vec<i64>,
}

impl Told {
    fn output(&self) -> &Value {
        self.outcome.as_ref().unwrap_or_else(|problem| panic!("{problem:?}"))
    }

    fn problem(&self) -> &Problem {
        self.outcome.as_ref().expect_err("a problem")
    }

    /// `flow.raised: title: detail`
    fn error(&self) -> String {
        let problem = self.problem();
        let [title, detail] = [&problem.title, &problem.detail].map(|text| text.as_deref());
        format!(
            "{}: {}: {}",
            problem.error_code(),
            title.unwrap_or_default(),
            detail.unwrap_or_default()
        )
    }
}

/// A flow that is driven to its end.
struct Drive<'d> {
    flow: &'d str,
    host: Host,
    /// Cards whose replies are lost: an operator skips them.
    skipped: &'d [&'d str],
}

fn connection() -> Value {
    json!({ "fields": {
        "Service Account: Username": "robot", "Service Account: Secret": "canary-5ecret",
        "Project: Token": "canary-token", "Project: API Secret": "canary-api",
    } })
}

impl<'d> Drive<'d> {
    fn new<M: Model>(flow: &'d str, book: &Shared<M>) -> Drive<'d> {
        let host = Host::builder().cards(cardhost::Embedded).clock(FixedClock(NOW));
        Drive { flow, host: host.transport(Book::transport(book)).build(), skipped: &[] }
    }

    fn call(&self, call: CardCall) -> Result<Value, Problem> {
        let mut with = Value::Object(call.with);
        with["connection"] = connection();
        let card = format!("{}/{}", call.connector, call.card);
        let invocation = Invocation::from_value(with)
            .map_err(|fault| Problem::from(&cardhost::Error::from(fault)))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ran = runtime.block_on(self.host.run(Some(&card), invocation));
        let outcome = ran.map_err(|error| Problem::from(&error))?;
        let is_skipped = self.skipped.contains(&call.card.as_str());
        Ok(if is_skipped { Value::Null } else { outcome.output.to_value().unwrap() })
    }

    fn run(&self, input: Value) -> Told {
        let loaded = load(self.flow, &text(self.flow)).unwrap_or_else(|all| panic!("{all:#?}"));
        let mut run = Run::new(Arc::new(loaded.document), input, Options::default());
        let (mut now, mut waits) = (NOW * 1_000, Vec::new());
        for _ in 0..100_000 {
            let steps = run.steps(now);
            if let Some(outcome) = run.outcome() {
                return Told { outcome: outcome.clone(), waits };
            }
            for step in steps {
                let Step::Start { id, action, .. } = step else { panic!("{step:?}") };
                let outcome = match action {
                    Action::Card(call) => self.call(*call),
                    Action::Wait { until_ms, .. } => {
                        waits.push(until_ms - now);
                        now = until_ms;
                        Ok(Value::Null)
                    }
                    other => panic!("{other:?}"),
                };
                run.complete(id, outcome);
            }
        }
        panic!("the flow does not end");
    }
}

fn run<M: Model>(flow: &str, book: &Shared<M>, input: Value) -> Told {
    Drive::new(flow, book).run(input)
}

#[test]
fn every_shipped_flow_loads_and_fits_both_schemas() {
    let mut names: Vec<String> = std::fs::read_dir(path("flows/mixpanel"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, FLOWS.map(|name| format!("{name}.yaml")));
    let ours = compile(&schema()).unwrap();
    let official = path("../shared/conformance/serverless-workflow/schema/workflow.yaml");
    let official = std::fs::read_to_string(official).ok().map(|text| {
        // The one pattern that looks ahead, which patterns here do not.
        let text = text.replace("(?!$)", "").replace("(?=\\d)", "");
        compile(&node::read(&text).unwrap().to_value()).unwrap()
    });
    if official.is_none() {
        println!("skipped: the official schema is not beside the project");
    }
    for flow in FLOWS {
        let loaded = load(flow, &text(flow)).unwrap_or_else(|findings| panic!("{findings:#?}"));
        assert_eq!(loaded.warnings.len(), 0, "{flow}");
        let head = &loaded.document.head;
        assert_eq!((head.namespace.as_str(), head.name.as_str()), ("mixpanel", flow));
        let value = node::read(&text(flow)).unwrap().to_value();
        for schema in [Some(&ours), official.as_ref()].into_iter().flatten() {
            let faults: Vec<_> = schema.iter_errors(&value).map(|e| e.to_string()).collect();
            assert_eq!(faults, Vec::<String>::new(), "{flow}");
        }
    }
}

/// The `{ … }` of the comment that a flow begins with, after a word such as `Input`.
fn documented(flow: &str, word: &str) -> Value {
    let text = text(flow);
    let comment: Vec<&str> = text
        .lines()
        .take_while(|line| line.starts_with('#'))
        .skip_while(|line| !line.starts_with(&format!("# {word}")))
        .skip(1)
        .map(|line| line.trim_start_matches("#   "))
        .take_while(|line| !line.starts_with('#'))
        // Words that explain a line stand far to its right; what is left out is a `…`.
        .map(|line| line.split("    ").find(|part| !part.trim().is_empty()).unwrap_or_default())
        .map(|line| line.trim_end_matches("…").trim_end())
        .collect();
    let text = comment.join("\n").replace(", … }", " }");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{flow}: {error}\n{text}"))
}

/// Whether everything that `part` has is in `whole`.
fn holds(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| holds(whole, part)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            part.iter().enumerate().all(|(at, part)| whole.get(at).is_some_and(|w| holds(w, part)))
        }
        (whole, part) => whole == part,
    }
}

#[test]
fn the_examples_of_the_comments_run_against_the_cards_own_examples() {
    for flow in FLOWS {
        let host = Host::builder().cards(cardhost::Embedded).mock().build();
        let told = Drive { flow, host, skipped: &[] }.run(documented(flow, "Input"));
        if flow == "update-profiles" {
            // The mock refuses nobody.
            assert_eq!(told.output(), &json!({ "updated": 1, "refused": [] }));
            continue;
        }
        let (output, documented) = (told.output(), documented(flow, "Output"));
        assert!(holds(output, &documented), "{flow}: {output:#} does not hold {documented:#}");
    }
}

mod warehouse_import {
    use super::*;

    const FLOW: &str = "warehouse-import";
    const SOURCES: &str = "/api/app/projects/2195193/warehouse-sources";

    fn source() -> Value {
        json!({
            "name": "Orders", "type": "snowflake", "connectionDetails": { "account": "acme" },
            "tables": [{ "tableName": "shop.orders", "importType": "event" }],
        })
    }

    fn input() -> Value {
        json!({ "projectId": 2195193, "source": source() })
    }

    /// A source that is there already, with a run that is over.
    fn orders() -> Source {
        Source {
            id: "wh_1".to_owned(),
            name: "Orders".to_owned(),
            kind: "snowflake".to_owned(),
            tables: vec![json!({ "tableName": "shop.orders", "importType": "event" })],
            runs: vec![WarehouseRun::over("run_1")],
        }
    }

    fn shown_source() -> Value {
        json!({
            "id": "wh_1", "name": "Orders", "type": "snowflake", "status": "active",
            "createdAt": "2026-11-21T09:00:00Z",
        })
    }

    fn shown_run(id: &str) -> Value {
        json!({
            "id": id, "status": "completed", "startTime": "2026-11-21T09:30:00Z",
            "endTime": "2026-11-21T09:44:31Z", "recordsImported": 184467,
        })
    }

    fn output(created: bool, run: &str) -> Value {
        json!({
            "source": shown_source(), "created": created, "run": shown_run(run),
            "tables": [{ "tableName": "shop.orders", "importType": "event" }],
        })
    }

    fn asked(words: &[&str]) -> Vec<String> {
        let line = |word: &&str| match *word {
            "sources" => format!("GET {SOURCES}"),
            "create" => format!("POST {SOURCES} {}", source()),
            "runs" => format!("GET {SOURCES}/wh_1/runs"),
            "trigger" => format!("POST {SOURCES}/wh_1/runs"),
            "tables" => format!("GET {SOURCES}/wh_1/tables"),
            other => panic!("{other}"),
        };
        words.iter().map(line).collect()
    }

    #[test]
    fn a_source_is_made_a_run_is_triggered_and_its_end_awaited() {
        let book = Book::new(Warehouse::new());
        let told = run(FLOW, &book, input());
        assert_eq!(told.output(), &output(true, "run_1"));
        let seen = [
            "sources", "create", "sources", "runs", "trigger", "trigger", "trigger", "runs",
            "runs", "runs", "tables",
        ];
        assert_eq!(open(&book).seen(), asked(&seen));
        assert_eq!(open(&book).done(), asked(&["create", "trigger"]));
        // Two refused triggers, 2 s and 4 s and up to 2 s of jitter each; then 30 s before the second and third look.
        let [first, second, third, fourth] = told.waits[..] else { panic!("{told:?}") };
        assert!((2_000..=4_000).contains(&first) && (4_000..=6_000).contains(&second), "{told:?}");
        assert_eq!((third, fourth), (30_000, 30_000));
    }

    #[test]
    fn a_source_of_that_name_is_used_as_it_is_and_its_old_run_is_not_taken_for_the_new_one() {
        let mut warehouse = Warehouse::new();
        (warehouse.sources, warehouse.busy) = (vec![orders()], 0);
        let book = Book::new(warehouse);
        // The name is all that is needed.
        let told =
            run(FLOW, &book, json!({ "projectId": 2195193, "source": { "name": "Orders" } }));
        assert_eq!(told.output(), &output(false, "run_2"));
        let seen = ["sources", "runs", "trigger", "runs", "runs", "runs", "tables"];
        assert_eq!(open(&book).seen(), asked(&seen));
        assert_eq!(open(&book).done(), asked(&["trigger"]));
    }

    #[test]
    fn it_goes_on_without_the_replies_to_its_writes() {
        let others = [&[][..], &["create-warehouse-source"], &["trigger-warehouse-run"]];
        let both = ["create-warehouse-source", "trigger-warehouse-run"];
        for skipped in others.into_iter().chain([&both[..]]) {
            for first in [Stage::Unlisted, Stage::Pending] {
                let mut warehouse = Warehouse::new();
                warehouse.busy = 0;
                warehouse.course = vec![first, Stage::Running, Stage::Completed];
                let book = Book::new(warehouse);
                let told = Drive { skipped, ..Drive::new(FLOW, &book) }.run(input());
                assert_eq!(told.output(), &output(true, "run_1"), "{skipped:?} {first:?}");
                assert_eq!(open(&book).done(), asked(&["create", "trigger"]));
            }
        }
    }

    #[test]
    fn a_new_run_is_told_from_those_of_before_without_the_reply_to_its_trigger() {
        let mut warehouse = Warehouse::new();
        (warehouse.sources, warehouse.busy) = (vec![orders()], 0);
        let book = Book::new(warehouse);
        let drive = Drive { skipped: &["trigger-warehouse-run"], ..Drive::new(FLOW, &book) };
        assert_eq!(drive.run(input()).output(), &output(false, "run_2"));
    }

    #[test]
    fn a_failed_run_is_an_error_with_its_reasons() {
        for (reasons, words) in [
            (&["no table", "no access"][..], "run run_1: no table; no access"),
            (&[], "run run_1: no reason was given"),
        ] {
            let mut warehouse = Warehouse::new();
            (warehouse.busy, warehouse.course) = (0, vec![Stage::Running, Stage::Failed(reasons)]);
            let book = Book::new(warehouse);
            let told = run(FLOW, &book, input());
            assert_eq!(told.error(), format!("flow.raised: the warehouse run failed: {words}"));
            let problem = told.problem();
            let kind = "https://cardhost.dev/errors/warehouse-run-failed";
            assert_eq!((&*problem.type_uri, problem.status), (kind, 500));
            assert_eq!(problem.instance.as_deref(), Some("/do/8/runHasFailed"));
        }
    }

    #[test]
    fn a_run_that_does_not_end_is_given_up_after_as_many_looks_as_were_said() {
        for (course, words) in [
            (Stage::Unlisted, "run run_1 is running after 3 looks"),
            (Stage::Pending, "run run_1 is pending after 3 looks"),
            (Stage::Running, "run run_1 is running after 3 looks"),
        ] {
            let mut warehouse = Warehouse::new();
            (warehouse.busy, warehouse.course) = (0, vec![course]);
            let book = Book::new(warehouse);
            let mut input = input();
            (input["maxPolls"], input["pollInterval"]) = (json!(3), json!("PT0.01S"));
            let told = run(FLOW, &book, input);
            let error = format!("flow.timeout: the warehouse run is not over: {words}");
            assert_eq!(told.error(), error);
            assert_eq!(told.waits, [10, 10]);
            let seen = ["sources", "create", "sources", "runs", "trigger", "runs", "runs", "runs"];
            assert_eq!(open(&book).seen(), asked(&seen));
        }
        // Without the reply to the trigger there is no name to call it by.
        let mut warehouse = Warehouse::new();
        (warehouse.busy, warehouse.course) = (0, vec![Stage::Unlisted]);
        let book = Book::new(warehouse);
        let mut input = input();
        input["maxPolls"] = json!(1);
        let drive = Drive { skipped: &["trigger-warehouse-run"], ..Drive::new(FLOW, &book) };
        let words = "run (not listed yet) is pending after 1 looks";
        let error = format!("flow.timeout: the warehouse run is not over: {words}");
        assert_eq!(drive.run(input).error(), error);
    }

    #[test]
    fn whatever_may_be_repeated_is_tried_again_and_waits_as_long_as_the_service_says() {
        let seen =
            ["sources", "create", "sources", "runs", "trigger", "runs", "runs", "runs", "tables"];
        for (number, word) in seen.iter().enumerate() {
            for (status, may_be_repeated) in
                [(429, true), (503, !["create", "trigger"].contains(word)), (400, false)]
            {
                let mut warehouse = Warehouse::new();
                warehouse.busy = 0;
                let book = Book::new(warehouse);
                let refusal = Answered::error(status, "not now").with("retry-after", 77);
                open(&book).instead(number, refusal);
                let told = run(FLOW, &book, input());
                let case = format!("{status} to {word}: {told:?}");
                if !may_be_repeated {
                    let problem = told.problem();
                    assert_eq!(
                        (problem.status, problem.retryable),
                        (status, Some(false)),
                        "{case}"
                    );
                    assert_eq!(open(&book).seen(), asked(&seen[..=number]), "{case}");
                    continue;
                }
                assert_eq!(told.output(), &output(true, "run_1"), "{case}");
                let mut twice = seen.to_vec();
                twice.insert(number, word);
                assert_eq!(open(&book).seen(), asked(&twice), "{case}");
                assert_eq!(open(&book).done(), asked(&["create", "trigger"]), "{case}");
                assert!(told.waits.contains(&77_000), "{case}");
            }
        }
    }

    #[test]
    fn five_retries_are_the_most() {
        let mut warehouse = Warehouse::new();
        warehouse.busy = 100;
        let book = Book::new(warehouse);
        let mut input = input();
        input["retryDelay"] = json!("PT0.001S");
        let told = run(FLOW, &book, input);
        assert_eq!(told.problem().error_code().as_str(), "http.rate_limited");
        assert_eq!(told.problem().status, 429);
        assert_eq!(told.waits.len(), 5);
        for (wait, at_least) in told.waits.iter().zip([1, 2, 4, 8, 16]) {
            assert!((at_least..=at_least + 1).contains(wait), "{told:?}");
        }
        assert_eq!(open(&book).seen().len(), 10);
    }

    #[test]
    fn a_source_that_is_neither_answered_nor_listed_is_an_error() {
        // The service says that it created it, and does not list it.
        let book = Book::new(Warehouse::new());
        open(&book).instead(1, Answered::json(200, &json!({})));
        let told = run(FLOW, &book, input());
        let words = "there is no source `Orders`, though its creation was not refused";
        let error = format!("flow.raised: the warehouse source is missing: {words}");
        assert_eq!(told.error(), error);
        assert_eq!(told.problem().status, 404);
        // One that is not listed yet is known by the reply.
        let book = Book::new(Warehouse::new());
        open(&book).instead(2, Answered::json(200, &json!({ "results": [] })));
        assert_eq!(run(FLOW, &book, input()).output()["source"]["id"], "wh_1");
    }

    #[test]
    fn replies_that_lack_everything_are_survived() {
        let empty = || Answered::json(200, &json!({}));
        let mut warehouse = Warehouse::new();
        (warehouse.sources, warehouse.busy) = (vec![orders()], 0);
        let book = Book::new(warehouse);
        // Before: no runs; the trigger: no run; the tables: none.
        for number in [1, 2, 6] {
            open(&book).instead(number, empty());
        }
        let mut input = input();
        input["maxPolls"] = json!(4);
        let told = run(FLOW, &book, input);
        // Nothing was triggered, and nothing was there before: the old run is the oldest that is new.
        let output = json!({
            "source": shown_source(), "created": false, "run": shown_run("run_1"),
            "tables": [{ "tableName": "shop.orders", "importType": "event" }],
        });
        assert_eq!(told.output(), &output);
        // Runs and sources without an id are not taken for anything.
        let mut warehouse = Warehouse::new();
        warehouse.busy = 0;
        let book = Book::new(warehouse);
        let nameless = json!({ "results": [{}, { "id": "x" }, { "name": null }] });
        open(&book).instead(0, Answered::json(200, &nameless));
        open(&book).instead(3, Answered::json(200, &json!({ "results": [{}] })));
        open(&book).instead(5, Answered::json(200, &json!({ "results": [{}] })));
        assert_eq!(run(FLOW, &book, super::warehouse_import::input()).output()["created"], true);
    }

    #[test]
    fn an_input_that_does_not_fit_is_refused_before_anything_is_asked() {
        for (pointer, value) in [
            ("/projectId", json!("2195193")),
            ("/projectId", Value::Null),
            ("/source", Value::Null),
            ("/source", json!({ "type": "snowflake" })),
            ("/source/name", json!("")),
            ("/pollInterval", json!("30")),
            ("/pollInterval", json!("PT")),
            ("/pollInterval", json!("P1D")),
            ("/maxPolls", json!(0)),
            ("/maxPolls", json!(1.5)),
            ("/retryDelay", json!(2)),
            ("/retrydelay", json!("PT2S")),
        ] {
            let mut given = input();
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            given.pointer_mut(parent).unwrap()[key] = value;
            let book = Book::new(Warehouse::new());
            let told = run(FLOW, &book, given);
            assert!(told.error().starts_with("flow.input: "), "{pointer}: {told:?}");
            assert_eq!(open(&book).seen().len(), 0);
        }
        // What the card refuses is refused before anything is made.
        let book = Book::new(Warehouse::new());
        let told = run(FLOW, &book, json!({ "projectId": 1, "source": { "name": "Orders" } }));
        assert_eq!(told.problem().error_code().as_str(), "input.required");
        assert_eq!(open(&book).done().len(), 0);
    }
}

mod update_profiles {
    use super::*;

    const FLOW: &str = "update-profiles";

    fn profile(id: &str) -> Value {
        json!({ "Profile": { "Profile ID": id }, "Properties": { "Email": format!("{id}@example.com") } })
    }

    fn input(profiles: &[Value]) -> Value {
        json!({ "profiles": profiles, "retryDelay": "PT0.001S" })
    }

    /// The profiles that were sent, in their order.
    fn sent(book: &Shared<Analytics>) -> Vec<String> {
        let id = |line: &String| {
            let body: Value = serde_json::from_str(line.splitn(3, ' ').nth(2).unwrap()).unwrap();
            body[0]["$distinct_id"].as_str().unwrap().to_owned()
        };
        open(book).seen().iter().map(id).collect()
    }

    #[test]
    fn each_profile_is_updated_in_order() {
        let book = Book::new(Analytics::default());
        let told = run(FLOW, &book, input(&["a", "b", "c"].map(profile)));
        assert_eq!(told.output(), &json!({ "updated": 3, "refused": [] }));
        assert_eq!(sent(&book), ["a", "b", "c"]);
        let body =
            r#"[{"$token":"canary-token","$distinct_id":"a","$set":{"$email":"a@example.com"}}]"#;
        assert_eq!(open(&book).seen()[0], format!("POST /engage?verbose=1&ip=0 {body}"));
        assert_eq!(told.waits, Vec::<i64>::new());
    }

    #[test]
    fn an_empty_list_is_done_at_once() {
        let book = Book::new(Analytics::default());
        let told = run(FLOW, &book, json!({ "profiles": [] }));
        assert_eq!(told.output(), &json!({ "updated": 0, "refused": [] }));
        assert_eq!(open(&book).seen().len(), 0);
    }

    #[test]
    fn refused_profiles_are_told_in_their_order_and_the_others_are_updated() {
        let refused = vec![("b".to_owned(), "no such plan")];
        let book = Book::new(Analytics { refused, ..Analytics::default() });
        open(&book).instead(3, Answered::error(400, "bad record"));
        let profiles = [
            profile("a"),
            profile("b"),
            json!(7),
            profile("c"),
            json!({ "Profile": [] }),
            profile("d"),
            Value::Null,
        ];
        let told = run(FLOW, &book, input(&profiles));
        assert_eq!(sent(&book), ["a", "b", "c", "d"]);
        let refused = json!([
            { "profile": "b", "status": 200, "code": "service.refused", "message": "the service answered 200: no such plan" },
            { "profile": 7, "status": 400, "code": "invocation.type", "message": "`input` must be an object, not a number" },
            { "profile": { "Profile": [] }, "status": 400, "code": "input.type", "message": "input group `Profile` must be an object, not a list" },
            { "profile": "d", "status": 400, "code": "http.bad_request", "message": "the service answered 400: bad record" },
            { "profile": null, "status": 400, "code": "input.required", "message": "field `Profile ID` of `Profile` is missing" },
        ]);
        assert_eq!(told.output(), &json!({ "updated": 2, "refused": refused }));
    }

    #[test]
    fn what_passes_is_tried_again_first() {
        let book = Book::new(Analytics::default());
        for number in [1, 2] {
            open(&book).instead(number, Answered::error(503, "later"));
        }
        open(&book).instead(4, Answered::error(429, "slow down").with("retry-after", 9));
        let told = run(FLOW, &book, input(&["a", "b", "c"].map(profile)));
        assert_eq!(told.output(), &json!({ "updated": 3, "refused": [] }));
        assert_eq!(sent(&book), ["a", "b", "b", "b", "c", "c"]);
        assert!((1..=2).contains(&told.waits[0]) && (2..=3).contains(&told.waits[1]), "{told:?}");
        assert_eq!(told.waits[2..], [9_000]);
    }

    #[test]
    fn what_does_not_pass_is_told_after_five_retries_and_the_next_one_is_tried() {
        let book = Book::new(Analytics::default());
        for number in 0..6 {
            open(&book).instead(number, Answered::error(503, "later"));
        }
        let told = run(FLOW, &book, input(&["a", "b"].map(profile)));
        let refused = json!([
            { "profile": "a", "status": 503, "code": "http.transient", "message": "the service answered 503" },
        ]);
        assert_eq!(told.output(), &json!({ "updated": 1, "refused": refused }));
        assert_eq!(sent(&book), ["a", "a", "a", "a", "a", "a", "b"]);
    }

    #[test]
    fn refused_credentials_end_the_flow_at_the_first_profile() {
        let book = Book::new(Analytics::default());
        open(&book).instead(1, Answered::error(401, "Invalid credentials"));
        let told = run(FLOW, &book, input(&["a", "b", "c"].map(profile)));
        assert_eq!(told.problem().error_code().as_str(), "auth.refused");
        assert_eq!(sent(&book), ["a", "b"]);
    }

    #[test]
    fn a_thousand_profiles_are_updated() {
        let ids: Vec<String> = (0..1_000).map(|index| format!("user-{index}")).collect();
        let refused = ids.iter().step_by(10).map(|id| (id.clone(), "no such plan")).collect();
        let book = Book::new(Analytics { refused, ..Analytics::default() });
        let profiles: Vec<Value> = ids.iter().map(|id| profile(id)).collect();
        let told = run(FLOW, &book, input(&profiles));
        assert_eq!(sent(&book), ids);
        let output = told.output();
        assert_eq!(output["updated"], 900);
        let told: Vec<&str> = output["refused"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["profile"].as_str().unwrap())
            .collect();
        assert_eq!(told, ids.iter().step_by(10).collect::<Vec<_>>());
    }

    #[test]
    fn an_input_that_does_not_fit_is_refused() {
        for input in [json!({}), json!({ "profiles": {} }), json!({ "profile": [] }), json!([])] {
            let book = Book::new(Analytics::default());
            let told = run(FLOW, &book, input);
            assert!(told.error().starts_with("flow.input: "), "{told:?}");
        }
    }
}

mod track_and_find_event {
    use super::*;

    const FLOW: &str = "track-and-find-event";

    fn input() -> Value {
        json!({
            "projectId": 2195193,
            "event": {
                "Event": { "Event Name": "Signed \"up\"", "Custom Properties": { "Plan": "Team" } },
                "Properties": { "Insert ID": "id-1", "Profile ID": "user-1" },
            },
        })
    }

    fn found(time: i64) -> Value {
        let properties =
            json!({ "distinct_id": "user-1", "time": time, "$insert_id": "id-1", "Plan": "Team" });
        json!({ "event": "Signed \"up\"", "properties": properties })
    }

    /// A parameter of the search of that number.
    fn searched(book: &Shared<Analytics>, number: usize, name: &str) -> String {
        let seen = open(book).seen();
        let searches: Vec<_> = seen.iter().filter(|line| line.starts_with("GET ")).collect();
        value(searches[number].split_once('?').unwrap().1, name)
    }

    #[test]
    fn an_event_is_tracked_once_and_searched_for_until_it_shows() {
        let book = Book::new(Analytics { blind: 2, ..Analytics::default() });
        let told = run(FLOW, &book, input());
        assert_eq!(told.output(), &json!({ "event": found(NOW) }));
        assert_eq!(told.waits, [60_000, 60_000]);
        assert_eq!(open(&book).seen().len(), 4);
        let body = format!(
            r#"[{{"event":"Signed \"up\"","properties":{{"token":"canary-token","distinct_id":"user-1","time":{NOW},"$insert_id":"id-1","Plan":"Team"}}}}]"#
        );
        assert_eq!(open(&book).done(), [format!("POST /track?verbose=1 {body}")]);
        for (name, value) in [
            ("project_id", "2195193"),
            ("from_date", "2026-11-20"),
            // Not tomorrow, which the service refuses.
            ("to_date", "2026-11-21"),
            ("event", r#"["Signed \"up\""]"#),
            ("where", r#"properties["$insert_id"] == "id-1""#),
        ] {
            assert_eq!(searched(&book, 0, name), value);
        }
    }

    #[test]
    fn the_days_searched_are_those_around_the_event() {
        for (time, offset, from, to) in [
            (NOW - 10 * 86_400, 0, "2026-11-10", "2026-11-12"),
            (NOW - 10 * 86_400, -11, "2026-11-09", "2026-11-11"),
            (NOW, 14, "2026-11-21", "2026-11-22"),
            (NOW, -11, "2026-11-19", "2026-11-20"),
            (0, 0, "1969-12-31", "1970-01-02"),
        ] {
            let book = Book::new(Analytics::default());
            let mut input = input();
            input["event"]["Properties"]["Time"] = json!(time);
            input["utcOffsetHours"] = json!(offset);
            let told = run(FLOW, &book, input);
            assert_eq!(told.output(), &json!({ "event": found(time) }));
            let days = [searched(&book, 0, "from_date"), searched(&book, 0, "to_date")];
            assert_eq!(days, [from, to], "{time} {offset}");
        }
    }

    #[test]
    fn only_the_event_of_that_insert_id_is_taken() {
        let other = json!({ "event": "Signed \"up\"", "properties": { "$insert_id": "id-2" } });
        let odd = json!({ "event": "Signed \"up\"", "properties": {} });
        let book = Book::new(Analytics { events: vec![other, odd], ..Analytics::default() });
        assert_eq!(run(FLOW, &book, input()).output()["event"], found(NOW));
    }

    #[test]
    fn an_event_that_does_not_show_is_an_error_in_the_end() {
        let book = Book::new(Analytics { blind: 100, ..Analytics::default() });
        let mut input = input();
        (input["maxPolls"], input["pollInterval"]) = (json!(3), json!("PT1S"));
        let told = run(FLOW, &book, input);
        assert_eq!(
            told.error(),
            "flow.timeout: the event does not show: event `Signed \"up\"` with Insert ID `id-1` was tracked, \
             and was not found in 3 searches"
        );
        assert_eq!(told.problem().status, 408);
        assert_eq!(told.waits, [1_000, 1_000]);
        assert_eq!(open(&book).done().len(), 1);
    }

    #[test]
    fn a_busy_service_is_asked_again_and_a_doubtful_one_only_to_read() {
        for (number, status, may_be_repeated) in
            [(0, 429, true), (0, 503, false), (1, 429, true), (1, 503, true), (1, 400, false)]
        {
            let book = Book::new(Analytics::default());
            let refusal = Answered::error(status, "not now").with("retry-after", 77);
            open(&book).instead(number, refusal);
            let told = run(FLOW, &book, input());
            match may_be_repeated {
                true => {
                    assert_eq!(told.output()["event"], found(NOW), "{number} {status}");
                    assert_eq!((told.waits, open(&book).seen().len()), (vec![77_000], 3));
                }
                false => {
                    assert_eq!(told.problem().status, status, "{number}");
                    assert_eq!(open(&book).seen().len(), number + 1);
                }
            }
        }
    }

    #[test]
    fn it_goes_on_without_the_reply_to_the_event() {
        let book = Book::new(Analytics::default());
        let drive = Drive { skipped: &["create-track-event"], ..Drive::new(FLOW, &book) };
        assert_eq!(drive.run(input()).output(), &json!({ "event": found(NOW) }));
    }

    #[test]
    fn an_event_that_is_refused_is_not_searched_for() {
        let book = Book::new(Analytics::default());
        open(&book).instead(0, Answered::json(200, &json!({ "error": "no token", "status": 0 })));
        let told = run(FLOW, &book, input());
        assert_eq!(told.problem().error_code().as_str(), "service.refused");
        assert_eq!(open(&book).seen().len(), 1);
    }

    #[test]
    fn an_input_that_does_not_fit_is_refused_before_anything_is_sent() {
        for (pointer, value) in [
            ("/event", json!({ "Event": { "Event Name": "x" } })),
            ("/event/Event", json!({})),
            ("/event/Event/Event Name", json!("")),
            ("/event/Properties", json!({})),
            ("/event/Properties/Insert ID", json!("a\"] or true")),
            ("/event/Properties/Insert ID", json!("x".repeat(37))),
            ("/event/Properties/Time", json!("now")),
            ("/event/Properties/Time", json!(-1)),
            ("/utcOffsetHours", json!(15)),
            ("/maxPolls", json!(0)),
            ("/polls", json!(1)),
        ] {
            let mut given = input();
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            given.pointer_mut(parent).unwrap()[key] = value;
            let book = Book::new(Analytics::default());
            let told = run(FLOW, &book, given);
            assert!(told.error().starts_with("flow.input: "), "{pointer}: {told:?}");
            assert_eq!(open(&book).seen().len(), 0, "{pointer}");
        }
    }
}
