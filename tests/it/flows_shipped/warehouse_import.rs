//! `mixpanel/warehouse-import`

use serde_json::{Value, json};

use super::drive::{Drive, run};
use crate::scripted::warehouse::{Run, Source, Stage, Warehouse};
use crate::scripted::{Answered, Book, open};

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
        runs: vec![Run::over("run_1")],
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
        "sources", "create", "sources", "runs", "trigger", "trigger", "trigger", "runs", "runs",
        "runs", "tables",
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
    let told = run(FLOW, &book, json!({ "projectId": 2195193, "source": { "name": "Orders" } }));
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
                assert_eq!((problem.status, problem.retryable), (status, Some(false)), "{case}");
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
    assert_eq!(run(FLOW, &book, self::input()).output()["created"], true);
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
