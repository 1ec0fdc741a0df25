//! What a card's request and rules say.

use super::{card, connector};

mutations! {
    the_target_of_a_card_exists:
        card(r#""target": "Main API""#,
            r#""target": "Min API""#) =>
        ["target.unknown /request/target 23:15 the connector has no target `Min API` (did you mean `Main API`?)"];

    every_choice_of_a_target_exists:
        card(r#""target": "Main API""#,
            r#""target": "<<options.Verb>>""#) =>
        ["target.unknown /options/Verb/choices/0 7:65 the connector has no target `POST`",
         "target.unknown /options/Verb/choices/1 7:73 the connector has no target `PUT`",
         "target.unknown /options/Verb/choices/2 7:80 the connector has no target `GET`"];

    choices_from_targets_exist:
        card(r#""Strict": { "type": "true-false" }"#,
            r#""Strict": { "type": "true-false" }, "API": { "type": "dropdown", "required": true, "default": "Main API", "choicesFrom": { "targets": ["Main API", "Mein API"] } }"#) =>
        ["definition.value /options/API 8:41 option `API` is used nowhere (its value would be dropped silently: refer to it as `<<options.API>>`, or take it out)",
         "target.unknown /options/API/choicesFrom/targets/1 8:152 the connector has no target `Mein API` (did you mean `Main API`?)"];

    every_choice_of_a_method_is_known:
        card(r#"["POST", "PUT", "GET"]"#,
            r#"["POST", "PUT", "GET", "GOT"]"#) =>
        ["definition.value /options/Verb/choices/3 7:87 there is no method `GOT` (did you mean `GET`?)"];

    a_method_by_a_text_cannot_be_proved:
        card(r#""method": "<<options.Verb>>""#,
            r#""method": "<<input.Item.Id>>""#) =>
        ["definition.type /request/method 24:15 `input.Item.Id` is text, not a dropdown (a decision needs a dropdown or true-false, so that its rows can be counted)"];

    a_path_has_no_dot_segments:
        card(r#""path": "/items/<<input.Item.Id>>""#,
            r#""path": "/../items/<<input.Item.Id>>""#) =>
        ["definition.value /request/path 25:13 `/../items/x` is not a path below the base URL, without `..` segments and `#`"];

    a_path_has_no_fragment:
        card(r#""path": "/items/<<input.Item.Id>>""#,
            r#""path": "/items/<<input.Item.Id>>#x""#) =>
        ["definition.value /request/path 25:13 `/items/x#x` is not a path below the base URL, without `..` segments and `#`"];

    a_query_is_an_object:
        card(r#""query": { "count": "<<input.Item.Count>>", "strict": "<<options.Strict?>>" }"#,
            r#""query": "a=<<input.Item.Id>>""#) =>
        ["definition.type /request/query 26:14 this must be an object or one reference to an object, not text"];

    a_query_by_reference_is_to_an_object:
        card(r#""query": { "count": "<<input.Item.Count>>", "strict": "<<options.Strict?>>" }"#,
            r#""query": "<<input.Item.Id>>""#) =>
        ["definition.type /request/query 26:14 this must be an object or one reference to an object, not text"];

    a_parameter_is_no_object:
        card(r#""strict": "<<options.Strict?>>" }"#,
            r#""strict": { "x": "<<options.Strict?>>" } }"#) =>
        ["definition.type /request/query/strict 26:59 this must be text, a number, true-false or a list of them, not an object"];

    a_header_name_is_a_token:
        card(r#""headers": { "x-id": "<<"#,
            r#""headers": { "x id": "<<"#) =>
        ["definition.value /request/headers/x id 27:26 `x id` is not the name of a header that may be set"];

    a_reserved_header_is_refused:
        card(r#""headers": { "x-id": "<<"#,
            r#""headers": { "Host": "<<"#) =>
        ["definition.value /request/headers/Host 27:26 `Host` is not the name of a header that may be set"];

    a_code_of_a_rule_is_one_for_replies:
        connector(r#""code": "auth.refused""#,
            r#""code": "input.required""#) =>
        ["definition.value /errors/0/code 43:41 there is no reply code `input.required` (did you mean `auth.refused`?)"];

    a_code_of_a_failure_is_one_for_replies:
        card(r#""code": "service.refused""#,
            r#""code": "servcie.refused""#) =>
        ["definition.value /response/failures/0/code 32:81 there is no reply code `servcie.refused` (did you mean `service.…`?)"];
}
