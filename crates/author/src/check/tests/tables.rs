//! Targets, auth methods and decisions.

use super::{card, connector};

mutations! {
    a_missing_row_is_named_with_its_combination:
        connector(r#",
          "India": "https://in.acme.example/new""#,
            "") =>
        ["target.incomplete /targets/Main API/base/New 32:16 target `Main API` has no base URL for `Edition` = `New`, `Region` = `India` (add a row for it, or `else`)"];

    a_row_for_no_choice_is_needed:
        connector(r#""else": { "by": "connection.Region""#,
            r#""Old": { "by": "connection.Region""#) =>
        ["target.incomplete /targets/Main API/base 30:15 target `Main API` has no base URL for no `Edition` (add a row for it, or `else`)"];

    a_row_that_cannot_be_reached_is_named:
        connector(r#""EU": "https://eu.acme.example" }"#,
            r#""EU": "https://eu.acme.example", "India": "https://in.acme.example" }"#) =>
        ["target.unreachable /targets/Main API/base/else/India 38:112 row `India` is never reached: `Region` has no such choice for any other `Edition`"];

    a_row_for_no_choice_at_all_has_the_nearest:
        connector(r#""EU": "https://eu.acme.example/new""#,
            r#""EV": "https://eu.acme.example/new""#) =>
        ["target.incomplete /targets/Main API/base/New 32:16 target `Main API` has no base URL for `Edition` = `New`, `Region` = `EU` (add a row for it, or `else`)",
         "target.unreachable /targets/Main API/base/New/EV 35:11 row `EV` is never reached: `Region` has no such choice for `Edition` = `New`"];

    an_else_that_nothing_leads_to_is_named:
        card(r#""GET": "read", "PUT""#,
            r#""GET": "read", "POST": "write", "PUT""#) =>
        ["target.unreachable /effect/else 31:90 row `else` is never reached: every choice of `Verb` has a row"];

    an_effect_must_be_said_for_every_choice:
        card(r#""PUT": "idempotent", "else": "write""#,
            r#""PUT": "idempotent""#) =>
        ["target.incomplete /effect 31:13 the effect is not said for `Verb` = `POST` (add a row for it, or `else`)"];

    a_decision_needs_a_dropdown:
        card(r#""by": "options.Verb""#,
            r#""by": "input.Item.Id""#) =>
        ["definition.type /effect/by 31:21 `input.Item.Id` is text, not a dropdown (a decision needs a dropdown or true-false, so that its rows can be counted)"];

    a_decision_may_be_by_true_and_false:
        card(r#""by": "options.Verb""#,
            r#""by": "options.Strict""#) =>
        ["target.unreachable /effect/GET 31:39 row `GET` is never reached: `Strict` has no such choice",
         "target.unreachable /effect/PUT 31:54 row `PUT` is never reached: `Strict` has no such choice"];

    a_decision_refers_to_a_field:
        card(r#""by": "options.Verb""#,
            r#""by": "options.Vreb""#) =>
        ["template.unknown_reference /effect/by 31:21 `options.Vreb` refers to nothing: there is no `Vreb` (did you mean `Verb`?)"];

    a_target_decides_by_the_connection:
        connector(r#""by": "connection.Edition""#,
            r#""by": "options.Verb""#) =>
        ["template.root /targets/Main API/base/by 31:15 `options.Verb` is not in scope here (here it can start with `connection`)"];

    a_target_needs_an_auth_method:
        connector(r#""auth": ["token", "key"]"#,
            r#""auth": []"#) =>
        ["target.no_auth /targets/Main API/auth 29:15 there is no auth method (name one; a method of scheme `none` sends no credentials)"];

    an_auth_method_of_a_target_exists:
        connector(r#""auth": ["token", "key"]"#,
            r#""auth": ["token", "kee"]"#) =>
        ["definition.name /targets/Main API/auth/1 29:25 the connector has no auth method `kee` (did you mean `key`?)"];

    an_auth_method_of_a_card_exists:
        card(r#""auth": ["token"]"#,
            r#""auth": ["tokens"]"#) =>
        ["definition.name /request/auth/0 29:14 the connector has no auth method `tokens` (did you mean `token`?)"];

    the_target_of_the_test_exists:
        connector(r#""test": { "target": "Main API""#,
            r#""test": { "target": "Main""#) =>
        ["target.unknown /connection/test/target 21:25 the connector has no target `Main` (did you mean `Main API`?)"];

    the_method_of_the_test_is_known:
        connector(r#""method": "GET""#,
            r#""method": "FETCH""#) =>
        ["definition.value /connection/test/method 21:47 there is no method `FETCH` (did you mean `PATCH`?)"];

    the_path_of_the_test_stays_below_its_base:
        connector(r#""path": "/me""#,
            r#""path": "//me""#) =>
        ["definition.value /connection/test/path 21:62 `//me` is not a path below the base URL, without `..` segments and `#`"];
}
