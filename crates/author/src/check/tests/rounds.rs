//! Several faults, all of them told in one round; what depends on another one is not.

use super::{CARD, CONNECTOR, File, check_connector, lines, replaced, run};

/// What is said after some changes of the connector and of the card.
fn said(connector: &[(&str, &str)], card: &[(&str, &str)]) -> Vec<String> {
    let change = |text: &str, changes: &[(&str, &str)]| {
        changes.iter().fold(text.to_owned(), |text, (from, to)| replaced(&text, from, to))
    };
    let checked = run(&change(CONNECTOR, connector), &change(CARD, card));
    lines(&checked)
}

#[test]
fn a_misspelt_key_hides_no_fault_elsewhere() {
    assert_eq!(
        said(
            &[],
            &[
                (r#""title": "Save""#, r#""titel": "Save""#),
                ("/items/<<input.Item.Id>>", "/items/<<input.Item.Idd>>"),
                (r#""auth": ["token"]"#, r#""auth": ["tokn"]"#),
                (r#""code": "service.refused""#, r#""code": "service refused""#),
            ]
        ),
        [
            "definition.unknown_key /titel 5:3 unknown key `titel` (did you mean `title`?)",
            "template.unknown_reference /request/path 25:13 `input.Item.Idd` refers to nothing: there is no `Idd` (did you mean `Id`?)",
            "definition.name /request/auth/0 29:14 the connector has no auth method `tokn` (did you mean `token`?)",
            "definition.value /response/failures/0/code 32:81 there is no reply code `service refused` (did you mean `service.…`?)",
        ]
    );
}

#[test]
fn what_leads_to_a_misshapen_field_is_not_told() {
    assert_eq!(
        said(
            &[(r#""Token": { "type": "secret" }"#, r#""Token": { "type": "secrt" }"#)],
            &[("/items/<<input.Item.Id>>", "/items/<<connection.Token>>/<<connection.Tokn>>")],
        ),
        [
            "definition.value /connection/fields/Token/type 19:26 there is no value `secrt` (did you mean `secret`?)",
        ]
    );
}

#[test]
fn a_fault_of_the_connector_hides_none_of_its_cards() {
    assert_eq!(
        said(
            &[(r#""title": "Acme""#, r#""title": 7"#)],
            &[("\"target\": \"Main API\"", "\"target\": \"Main\"")],
        ),
        [
            "definition.type /title 5:12 this must be text, not a number",
            "target.unknown /request/target 23:15 the connector has no target `Main` (did you mean `Main API`?)",
        ]
    );
}

#[test]
fn an_item_that_is_wrong_leaves_the_places_of_the_others() {
    assert_eq!(
        said(
            &[],
            &[
                (r#""choices": ["POST", "PUT", "GET"]"#, r#""choices": [7, "POST", "PUT", "GET"]"#),
                (r#""auth": ["token"]"#, r#""auth": [7, "token", "tokn"]"#),
            ]
        ),
        [
            "definition.type /options/Verb/choices/0 7:65 this must be text or an object, not a number",
            "definition.type /request/auth/0 29:14 this must be text, not a number",
            "definition.name /request/auth/2 29:26 the connector has no auth method `tokn` (did you mean `token`?)",
        ]
    );
}

#[test]
fn a_key_that_is_there_twice_hides_what_depends_on_it_alone() {
    assert_eq!(
        said(
            &[],
            &[
                (r#""title": "Save","#, r#""title": "Save", "title": "Keep","#),
                (r#""target": "Main API""#, r#""target": "Main""#),
            ]
        ),
        [
            "definition.duplicate_key /title 5:20 key `title` is there twice (the first is on line 5; only one can count)",
            "target.unknown /request/target 23:15 the connector has no target `Main` (did you mean `Main API`?)",
        ]
    );
}

#[test]
fn a_group_that_is_meant_hides_its_references() {
    assert_eq!(
        said(
            &[],
            &[(
                r#""input": {
    "Item""#,
                r#""inputs": {
    "Item""#
            )]
        ),
        ["definition.unknown_key /inputs 10:3 unknown key `inputs` (did you mean `input`?)"]
    );
}

#[test]
fn each_card_has_its_own_faults() {
    let connector = File { path: "cards/acme/connector.json", text: CONNECTOR };
    let one = replaced(CARD, r#""title": "Save""#, r#""title": 7"#);
    let other = replaced(
        &replaced(CARD, "\"name\": \"save\"", "\"name\": \"other\""),
        "\"target\": \"Main API\"",
        "\"target\": \"Main\"",
    );
    let cards = [
        File { path: "cards/acme/save.json", text: &one },
        File { path: "cards/acme/other.json", text: &other },
    ];
    assert_eq!(
        lines(&check_connector(connector, &cards)),
        [
            "definition.type /title 5:12 this must be text, not a number",
            "target.unknown /request/target 23:15 the connector has no target `Main` (did you mean `Main API`?)",
        ]
    );
}
