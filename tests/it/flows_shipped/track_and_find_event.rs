//! `mixpanel/track-and-find-event`

use serde_json::{Value, json};

use super::drive::{Drive, NOW, run};
use crate::scripted::analytics::{Analytics, value};
use crate::scripted::{Answered, Book, Shared, open};

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
