//! What is used nowhere, credentials that are text, replies that may lack a value.

use super::{CARD, CONNECTOR, Severity, card, connector, lines, replaced, run};

mutations! {
    an_input_that_nothing_uses_is_found:
        card(r#""Id": { "type": "text", "required": true },"#,
            r#""Id": { "type": "text", "required": true }, "locked": { "type": "true-false" },"#) =>
        ["definition.value /input/Item/locked 12:51 field `locked` of `Item` is used nowhere (its value would be dropped silently: refer to it as `<<input.Item.locked?>>`, or take it out)"];

    an_option_that_nothing_uses_is_found:
        card(r#""Strict": { "type": "true-false" }"#,
            r#""Strict": { "type": "true-false" }, "Kind": { "type": "text", "required": true }"#) =>
        ["definition.value /options/Kind 8:41 option `Kind` is used nowhere (its value would be dropped silently: refer to it as `<<options.Kind>>`, or take it out)"];

    a_condition_is_a_use:
        card(r#""Strict": { "type": "true-false" }"#,
            r#""Strict": { "type": "true-false", "visibleWhen": { "options.Kind": [null] } }, "Kind": { "type": "text" }"#) =>
        [];

    a_field_is_not_said_to_be_unused_where_a_template_is_faulty:
        card(r#""Id": { "type": "text", "required": true },"#,
            r#""Id": { "type": "text", "required": true }, "X": { "type": "text" }, "Y": { "type": "text", "visibleWhen": { "input.Item.Z": [null] } },"#) =>
        ["template.unknown_reference /input/Item/Y/visibleWhen/input.Item.Z 12:116 `input.Item.Z` refers to nothing: there is no `Z` (it can be `Id`, `X`, `Y`, `Tags`, `Data` or `Count`)"];

    a_token_that_is_text_is_no_credential:
        connector(r#""scheme": "bearer", "token": "<<connection.Token>>""#,
            r#""scheme": "bearer", "token": "connection.Token""#) =>
        ["definition.value /auth/token/token 24:45 `token` of auth method `token` is sent as it stands: it refers to no field of the connection (write `<<connection.Token>>`)"];

    a_label_is_no_credential:
        connector(r#""name": "x-key", "value": "<<connection.Token>>""#,
            r#""name": "x-key", "value": "Token""#) =>
        ["definition.value /auth/key/value 25:77 `value` of auth method `key` is sent as it stands: it refers to no field of the connection (write `<<connection.Token>>`)"];

    a_helper_call_without_a_reference_is_no_credential:
        connector(r#""scheme": "bearer", "token": "<<connection.Token>>""#,
            r#""scheme": "bearer", "token": "<<lower 'X'>>""#) =>
        ["definition.value /auth/token/token 24:45 `token` of auth method `token` is sent as it stands: it refers to no field of the connection (write `<<connection.Token>>`)"];

    a_literal_credential_is_not_shown:
        connector(r#""scheme": "bearer", "token": "<<connection.Token>>""#,
            r#""scheme": "basic", "username": "sk-live-1", "password": """#) =>
        ["definition.value /auth/token/username 24:47 `username` of auth method `token` is sent as it stands: it refers to no field of the connection (write `<<connection.Token>>`)"];

    an_output_that_a_reply_may_lack_is_warned_about:
        card("<<response.body.id?>>", "<<response.body.id>>") =>
        ["template.optional /output/Result/Id/value 36:40 `response.body.id` may be missing: a reply without it would fail (write `response.body.id?`, or mark the field `required`)"];

    a_header_that_a_reply_may_lack_is_warned_about:
        card(r#""Id": { "type": "text", "value""#,
            r#""Size": { "type": "text", "required": true, "value": "<<response.body.id>>" }, "Kind": { "type": "text", "value": "<<response.headers.content-type>>" }, "Id": { "type": "text", "value""#) =>
        ["template.optional /output/Result/Kind/value 36:121 `response.headers.content-type` may be missing: a reply without it would fail (write `response.headers.content-type?`, or mark the field `required`)",
         "example.failed /examples/0/output/Result/Size 52:29 the output at `/Result/Size` should be absent, but is `7`"];

    a_header_for_credentials_beside_an_auth_method_is_warned_about:
        card(r#""headers": { "x-id": "<<"#, r#""headers": { "Authorization": "x", "x-id": "<<"#) =>
        ["definition.value /request/headers/Authorization 27:18 header `Authorization` stands beside auth method `token` (credentials belong into the auth method; for none, say `auth` with a method of scheme `none`)"];
}

#[test]
fn what_only_may_go_wrong_is_a_warning() {
    for (from, to) in [
        ("<<response.body.id?>>", "<<response.body.id>>"),
        (r#""headers": { "x-id": "<<"#, r#""headers": { "AUTHORIZATION": "x", "x-id": "<<"#),
    ] {
        let checked = run(CONNECTOR, &replaced(CARD, from, to));
        assert_eq!(checked.findings[0].severity, Severity::Warning, "{from}");
    }
}

#[test]
fn a_header_for_credentials_is_fine_where_the_method_is_none() {
    let none = replaced(
        CONNECTOR,
        r#""auth": {
"#,
        r#""auth": {
    "none": { "scheme": "none" },
"#,
    );
    let card = replaced(
        CARD,
        r#""headers": { "x-id": "<<"#,
        r#""headers": { "Authorization": "x", "x-id": "<<"#,
    );
    let card = replaced(&card, r#""auth": ["token"]"#, r#""auth": ["none"]"#);
    let card =
        replaced(&card, r#""Authorization": "Bearer canary-secret""#, r#""authorization": "x""#);
    assert_eq!(lines(&run(&none, &card)), Vec::<String>::new());
}

#[test]
fn a_literal_user_or_an_empty_password_stands_beside_a_reference() {
    let from = r#""scheme": "bearer", "token": "<<connection.Token>>""#;
    for basic in [
        r#""scheme": "basic", "username": "api", "password": "<<connection.Token>>""#,
        r#""scheme": "basic", "username": "<<connection.Token>>", "password": """#,
    ] {
        let found = lines(&run(&replaced(CONNECTOR, from, basic), CARD));
        assert!(found.iter().all(|line| line.starts_with("example.failed")), "{found:?}");
    }
    let half =
        r#""scheme": "basic", "username": "<<connection.Token>>", "password": "connection.Token""#;
    assert_eq!(
        lines(&run(&replaced(CONNECTOR, from, half), CARD))[0],
        "definition.value /auth/token/password 24:83 `password` of auth method `token` is sent as it stands: it refers to no field of the connection (write `<<connection.Token>>`)"
    );
}

#[test]
fn a_decision_and_a_whole_group_are_uses() {
    let kind =
        r#""Strict": { "type": "true-false" }, "Kind": { "type": "dropdown", "choices": ["a"] }"#;
    let text = replaced(CARD, r#""Strict": { "type": "true-false" }"#, kind);
    let text = replaced(
        &text,
        r#""else": "write""#,
        r#""else": { "by": "options.Kind", "a": "read", "else": "write" }"#,
    );
    let group = r#""input": { "More": { "a": { "type": "text" }, "b": { "type": "text" } },"#;
    let text = replaced(&text, "\"input\": {\n    \"Item\"", &format!("{group} \"Item\""));
    let unused = |line: &&String| line.contains("used nowhere");
    assert_eq!(lines(&run(CONNECTOR, &text)).iter().filter(unused).count(), 2);
    let text =
        replaced(&text, "\"<<input.Item.Data>>\"", r#"["<<input.More>>", "<<input.Item.Data?>>"]"#);
    assert_eq!(lines(&run(CONNECTOR, &text)).iter().filter(unused).count(), 0);
}
