//! Examples and anti-examples.

use super::card;

mutations! {
    another_method_fails_the_example:
        card(r#""method": "POST","#,
            r#""method": "PUT","#) =>
        ["example.failed /examples/0/request/method 46:19 the method should be `PUT`, but is `POST`"];

    another_url_fails_the_example:
        card("A%20b?count=1",
            "A%20b?count=2") =>
        ["example.failed /examples/0/request/url 47:16 the url should be `https://us.acme.example/items/A%20b?count=2`, but is `https://us.acme.example/items/A%20b?count=1`"];

    another_header_fails_the_example_without_its_secret:
        card(r#""Authorization": "Bearer canary-secret""#,
            r#""Authorization": "Basic canary-secret""#) =>
        ["example.failed /examples/0/request/headers/Authorization 48:54 the header `Authorization` should be `Basic [redacted]`, but is `Bearer [redacted]`"];

    a_header_that_is_not_sent_fails_the_example:
        card(r#""headers": { "x-id": "a b","#,
            r#""headers": { "x-idd": "a b","#) =>
        ["example.failed /examples/0/request/headers/x-idd 48:31 the header `x-idd` should be `a b`, but is not sent"];

    numbers_are_compared_as_they_are_written:
        card(r#""body": { "Size": 1.10 }"#,
            r#""body": { "Size": 1.1 }"#) =>
        ["example.failed /examples/0/request/body/Size 49:27 the body at `/Size` should be `1.1`, but is `1.10`"];

    a_body_that_is_left_out_is_not_looked_at:
        card(r#" },
        "body": { "Size": 1.10 }"#,
            " }") =>
        [];

    another_output_fails_the_example:
        card(r#""Status": 200, "Id": "7""#,
            r#""Status": 200, "Id": "8""#) =>
        ["example.failed /examples/0/output/Result/Id 52:52 the output at `/Result/Id` should be `8`, but is `7`"];

    an_output_that_is_not_named_fails_the_example:
        card(r#"{ "Status": 200, "Id": "7" }"#,
            r#"{ "Status": 200 }"#) =>
        ["example.failed /examples/0/output/Result/Id 52:29 the output at `/Result/Id` should be absent, but is `7`"];

    an_error_fails_the_example:
        card(r#""Data": { "Size": 1.10 }"#,
            r#""Data": { "Size": "x" }"#) =>
        ["example.failed /examples/0/input/Item/Data/Size 44:59 the example ends with `input.type`: field `Size` of `Item.Data` must be a number, not text",
         "anti_example.failed /antiExamples/1/error 57:88 it ends with `input.type`, not `service.refused`: field `Size` of `Item.Data` must be a number, not text"];

    an_error_of_the_reply_fails_the_example:
        card(r#""body": { "ok": true, "id": "7" }"#,
            r#""body": { "ok": true, "id": 7 }"#) =>
        ["example.failed /examples/0/output/Result/Id 52:52 the example ends with `response.type`: output `Id` of `Result` must be text, not a number"];

    an_output_without_a_reply_fails_the_example:
        card(r#"      "reply": { "status": 200, "body": { "ok": true, "id": "7" } },
"#,
            "") =>
        ["example.failed /examples/0/output 51:17 the example has no `reply` that leads to this (add a `reply`, or take this out)"];

    another_error_fails_the_anti_example:
        card(r#""input": {}, "error": "input.required""#,
            r#""input": {}, "error": "input.type""#) =>
        ["anti_example.failed /antiExamples/0/error 56:46 it ends with `input.required`, not `input.type`: field `Id` of `Item` is missing"];

    no_error_fails_the_anti_example:
        card(r#""body": { "ok": false } }"#,
            r#""body": { "ok": true } }"#) =>
        ["anti_example.failed /antiExamples/1/error 57:87 it succeeds, but should end with `service.refused`"];

    a_plan_without_error_fails_the_anti_example:
        card(r#""name": "refused", "reply": { "status": 200, "body": { "ok": false } }"#,
            r#""name": "refused""#) =>
        ["anti_example.failed /antiExamples/1/error 57:35 its request can be planned, but it should end with `service.refused` (give a `reply` if the error is to come from it)"];

    an_unknown_code_has_the_nearest:
        card(r#""error": "input.required""#,
            r#""error": "input.requird""#) =>
        ["definition.value /antiExamples/0/error 56:46 there is no error code `input.requird` (did you mean `input.required`?)"];

    an_unknown_code_of_a_kind_has_those_of_its_kind:
        card(r#""error": "input.required""#,
            r#""error": "method.qqqqqqqqqqq""#) =>
        ["definition.value /antiExamples/0/error 56:46 there is no error code `method.qqqqqqqqqqq` (it can be `method.unknown`)"];

    an_unknown_code_of_no_kind_has_the_kinds:
        card(r#""error": "input.required""#,
            r#""error": "qqq""#) =>
        ["definition.value /antiExamples/0/error 56:46 there is no error code `qqq` (it can be `auth.…`, `connection.…`, `egress.…`, `header.…`, `http.…`, `input.…`, `invocation.…`, `method.…`, `options.…`, `query.…`, `response.…`, `target.…`, `template.…`, `transport.…` or `url.…`)"];
}
