//! Keys, types, values and names of files.

use super::{card, connector};

mutations! {
    an_unknown_key_is_placed_at_the_key_with_the_nearest:
        connector(r#""title": "Acme""#,
            r#""title": "Acme", "documantation": "https://acme.example""#) =>
        ["definition.unknown_key /documantation 5:20 unknown key `documantation` (did you mean `documentation`?)"];

    an_idempotency_key_goes_into_a_field_that_there_is:
        card(r#""effect": {"#,
            r#""idempotencyKey": { "input": "Body.Nmae" }, "effect": {"#) =>
        ["template.unknown_reference /idempotencyKey/input 31:32 `input.Body.Nmae` refers to nothing: there is no `Body` (it can be `Item`)"];

    an_idempotency_key_goes_into_one_place:
        card(r#""effect": {"#,
            r#""idempotencyKey": { "header": "X-Key", "input": "Item.Id" }, "effect": {"#) =>
        ["definition.value /idempotencyKey 31:21 `header` and `input` cannot be there together (keep one of them)"];

    the_header_of_an_idempotency_key_is_one:
        card(r#""effect": {"#,
            r#""idempotencyKey": { "header": "X Key" }, "effect": {"#) =>
        ["definition.value  31:41 `X Key` is not the name of a header"];

    an_unknown_key_under_a_reference_is_found:
        card(r#""required": true, "choices": ["POST""#,
            r#""requird": true, "choices": ["POST""#) =>
        ["definition.unknown_key /options/Verb/requird 7:35 unknown key `requird` (did you mean `required`?)"];

    an_unknown_key_of_an_auth_method_is_found_by_its_scheme:
        connector(r#""scheme": "bearer", "token""#,
            r#""scheme": "bearer", "tokn""#) =>
        ["definition.missing_key /auth/token 24:14 key `token` is missing",
         "definition.unknown_key /auth/token/tokn 24:36 unknown key `tokn` (did you mean `token`?)"];

    a_key_of_another_scheme_is_unknown:
        connector(r#""in": "header", "name": "x-key", "value""#,
            r#""in": "header", "username": "u", "name": "x-key", "value""#) =>
        ["definition.unknown_key /auth/key/username 25:51 unknown key `username`"];

    an_unknown_scheme_is_a_value:
        connector(r#""scheme": "bearer""#,
            r#""scheme": "baerer""#) =>
        ["definition.value /auth/token/scheme 24:26 there is no value `baerer` (did you mean `bearer`?)"];

    a_missing_key_is_placed_at_the_object:
        connector(r#""scheme": "api_key", "in": "header", "name": "x-key","#,
            r#""scheme": "api_key", "name": "x-key","#) =>
        ["definition.missing_key /auth/key 25:12 key `in` is missing"];

    a_wrong_type_tells_both:
        card(r#""title": "Save""#,
            r#""title": 7"#) =>
        ["definition.type /title 5:12 this must be text, not a number"];

    null_is_no_value_of_an_optional_key:
        card(r#""title": "Save""#,
            r#""title": "Save", "description": null"#) =>
        ["definition.type /description 5:35 this must be text, not null"];

    a_fraction_is_no_status:
        connector(r#""status": [401]"#,
            r#""status": [40.5]"#) =>
        ["definition.type /errors/0/status/0 43:27 this must be a whole number, not a number"];

    a_status_has_bounds:
        connector(r#""status": [401]"#,
            r#""status": [4010]"#) =>
        ["definition.value /errors/0/status/0 43:27 `4010` is not a number of at most 599"];

    a_wrong_name_of_a_list_has_the_nearest:
        card(r#""type": "true-false""#,
            r#""type": "true_false""#) =>
        ["definition.value /options/Strict/type 8:25 there is no value `true_false` (did you mean `true-false`?)"];

    a_wrong_form_is_told_in_words:
        connector(r#""version": "1.0.0""#,
            r#""version": "1.0""#) =>
        ["definition.value /version 4:14 `1.0` is not a semantic version of three numbers, such as `1.0.0`"];

    another_format_is_refused:
        connector(r#""format": 1"#,
            r#""format": 2"#) =>
        ["definition.value /format 2:13 there is no value `2` (it can be `1`)"];

    a_base_url_with_a_query_is_refused:
        connector(r#""https://us.acme.example/new""#,
            r#""https://us.acme.example/new?x=1""#) =>
        ["definition.value /targets/Main API/base/New/US 34:17 `https://us.acme.example/new?x=1` is not an absolute URL without user, query and fragment"];

    a_base_url_that_does_not_parse_is_refused:
        connector(r#""https://us.acme.example/new""#,
            r#""https://us.acme.example:99999/new""#) =>
        ["definition.value /targets/Main API/base/New/US 34:17 `https://us.acme.example:99999/new` is not an absolute URL without user, query and fragment"];

    a_row_of_another_type_is_refused:
        connector(r#""US": "https://us.acme.example/new""#,
            r#""US": 1"#) =>
        ["definition.type /targets/Main API/base/New/US 34:17 this must be text or an object, not a number"];

    an_effect_that_is_none_has_the_nearest:
        card(r#""PUT": "idempotent""#,
            r#""PUT": "idempotant""#) =>
        ["definition.value /effect/PUT 31:59 there is no value `idempotant` (did you mean `idempotent`?)"];

    a_body_has_exactly_one_kind:
        card(r#""body": { "json": "<<input.Item.Data>>" }"#,
            r#""body": { "json": "<<input.Item.Data>>", "text": "x" }"#) =>
        ["definition.value /request/body 28:13 `json` and `text` cannot be there together (keep one of them)"];

    a_body_has_some_kind:
        card(r#""body": { "json": "<<input.Item.Data>>" }"#,
            r#""body": {}"#) =>
        ["definition.value /request/body 28:13 one of `json`, `ndjson`, `form`, `multipart`, `xml`, `text` and `file` is missing"];

    a_condition_is_a_reference:
        card(r#""visibleWhen": { "options.Verb": ["POST", "PUT"] }"#,
            r#""visibleWhen": { "Verb": ["POST", "PUT"] }"#) =>
        ["definition.value /input/Item/Data/visibleWhen/Verb 17:26 `Verb` is not a reference that starts with `connection`, `options` or `input`"];

    a_span_that_only_the_reader_refuses_is_found:
        card(r#""auth": ["token"]"#,
            r#""auth": ["token"], "timeouts": { "total": "99999999999999999999h" }"#) =>
        [r#"definition.value  29:71 `99999999999999999999h` is not a span of time such as "10s""#];

    a_duplicate_key_is_found:
        card(r#""title": "Save""#,
            r#""title": "Save", "title": "Save""#) =>
        ["definition.duplicate_key /title 5:20 key `title` is there twice (the first is on line 5; only one can count)"];

    a_connector_has_the_name_of_its_folder:
        connector(r#""name": "acme""#,
            r#""name": "acne""#) =>
        ["definition.name /name 3:11 the name is `acne`, but the folder is `acme` (write `acme`, or rename what holds it)"];

    a_card_has_the_name_of_its_file:
        card(r#""name": "save""#,
            r#""name": "safe""#) =>
        ["definition.name /name 3:11 the name is `safe`, but the file is `save` (write `save`, or rename what holds it)"];

    a_format_in_text_is_of_the_wrong_type:
        card(r#""format": 1,
  "name": "save""#,
            r#""format": "1",
  "name": "save""#) =>
        ["definition.type /format 2:13 this must be a number, not text"];

    text_is_not_a_string:
        card(r#""Id": { "type": "text", "required""#, r#""Id": { "type": "string", "required""#) =>
        ["definition.value /input/Item/Id/type 12:23 there is no type `string` (write `text`)"];

    an_integer_is_a_number_with_a_format:
        card(r#""Id": { "type": "text", "required""#, r#""Id": { "type": "integer", "required""#) =>
        [r#"definition.value /input/Item/Id/type 12:23 there is no type `integer` (write `number` with `"format": "integer"`)"#];

    a_boolean_is_true_false:
        card(r#""Strict": { "type": "true-false" }"#, r#""Strict": { "type": "boolean" }"#) =>
        ["definition.value /options/Strict/type 8:25 there is no type `boolean` (write `true-false`)"];

    a_list_is_no_array:
        card(r#""type": "list", "of""#, r#""type": "array", "of""#) =>
        ["definition.value /input/Item/Tags/type 13:25 there is no type `array` (write `list`)"];

    a_date_is_text_with_a_format:
        card(r#""Id": { "type": "text", "required""#, r#""Id": { "type": "date", "required""#) =>
        [r#"definition.value /input/Item/Id/type 12:23 there is no type `date` (write `text` with `"format": "date"`)"#];

    items_have_no_format:
        card(r#""of": "object""#, r#""of": "integer""#) =>
        ["definition.value /input/Item/Tags/of 13:39 there is no type `integer` (write `number`)"];

    a_decision_of_a_card_starts_with_its_roots:
        card(r#""effect": { "by": "options.Verb""#, r#""effect": { "by": "<<options.Verb>>""#) =>
        ["definition.value /effect/by 31:21 `<<options.Verb>>` is not a reference to a dropdown that starts with `connection`, `options` or `input` (write the reference alone, without delimiters)"];

    a_decision_of_a_connector_starts_with_the_connection:
        connector(r#""base": {
        "by": "connection.Edition""#,
            r#""base": {
        "by": "Edition""#) =>
        ["definition.value /targets/Main API/base/by 31:15 `Edition` is not a reference to a dropdown that starts with `connection`"];

    a_known_key_that_is_given_is_not_offered:
        connector(r#""scheme": "bearer", "token": "<<connection.Token>>""#,
            r#""scheme": "api_key", "name": "x", "value": "<<connection.Token>>", "zz": 1"#) =>
        ["definition.missing_key /auth/token 24:14 key `in` is missing",
         "definition.unknown_key /auth/token/zz 24:83 unknown key `zz` (it can be `in`)"];

    a_field_without_its_group_is_one_fault:
        card(r#""input": {
    "Item": {"#,
            r#""input": {
    "State": { "type": "text", "required": true, "choices": ["a"] },
    "Item": {"#) =>
        [r#"definition.type /input/State 11:5 `State` is a group: put the field one level deeper (write `"input": { "a group": { "State": { … } } }`)"#];

    a_field_without_its_group_is_one_fault_in_outputs_too:
        card(r#""output": {
    "Result": {"#,
            r#""output": {
    "State": { "type": "text", "value": "<<response.status>>" },
    "Result": {"#) =>
        ["definition.type /output/State 34:5 `State` is a group: put the field one level deeper (write `\"output\": { \"a group\": { \"State\": { … } } }`)"];

    a_label_may_be_type:
        card(r#""Id": { "type": "text", "required": true },"#,
            r#""Id": { "type": "text", "required": true }, "type": { "type": "text", "visibleWhen": { "input.Item.type": [null] } },"#) =>
        [];
}

#[test]
fn missing_keys_of_one_object_are_one_fault() {
    let bare = "{}";
    assert_eq!(
        super::lines(&super::run(super::CONNECTOR, bare)),
        ["definition.missing_key  1:1 keys `request` and `output` are missing"]
    );
}
