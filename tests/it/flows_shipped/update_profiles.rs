//! `mixpanel/update-profiles`

use serde_json::{Value, json};

use super::drive::run;
use crate::scripted::analytics::Analytics;
use crate::scripted::{Answered, Book, Shared, open};

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
