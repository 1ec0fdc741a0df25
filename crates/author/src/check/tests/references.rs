//! Templates, references and conditions.

use super::{card, connector};

mutations! {
    a_template_that_is_not_closed_is_placed_inside:
        card(r#""path": "/items/<<input.Item.Id>>""#,
            r#""path": "/items/<<input.Item.Id""#) =>
        ["template.syntax /request/path 25:21 an expression is not closed with `>>` (a literal `<<` or `{{` is written with a backslash before it)"];

    a_misspelt_root_has_the_nearest:
        card(r#""path": "/items/<<input.Item.Id>>""#,
            r#""path": "/items/<<inptu.Item.Id>>""#) =>
        ["template.root /request/path 25:23 `inptu` is neither a root nor a helper (did you mean `input`?)"];

    a_root_out_of_scope_is_refused:
        card(r#""path": "/items/<<input.Item.Id>>""#,
            r#""path": "/items/<<response.body.id>>""#) =>
        ["template.root /request/path 25:13 `response.body.id` is not in scope here (here it can start with `connection`, `options` or `input`)"];

    a_misspelt_helper_has_the_nearest:
        card("<<lower input.[Item].[Id]>>",
            "<<lowr input.[Item].[Id]>>") =>
        ["template.helper /request/headers/x-id 27:29 there is no helper `lowr` (did you mean `lower`?)"];

    a_reference_in_a_helper_is_resolved:
        card("<<lower input.[Item].[Id]>>",
            "<<lower input.[Item].[Idd]>>") =>
        ["template.unknown_reference /request/headers/x-id 27:26 `input.Item.Idd` refers to nothing: there is no `Idd` (did you mean `Id`?)"];

    a_helper_too_deep_is_refused:
        card("<<lower input.[Item].[Id]>>",
            "<<lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower input.[Item].[Id])))))))))))))))))>>") =>
        ["template.limit /request/headers/x-id 27:29 a helper call nests deeper than 16"];

    a_misspelt_label_has_the_nearest:
        card(r#""path": "/items/<<input.Item.Id>>""#,
            r#""path": "/items/<<input.Item.ID>>""#) =>
        ["template.unknown_reference /request/path 25:13 `input.Item.ID` refers to nothing: there is no `ID` (did you mean `Id`?)"];

    a_misspelt_group_has_the_nearest:
        card(r#""path": "/items/<<input.Item.Id>>""#,
            r#""path": "/items/<<input.Itme.Id>>""#) =>
        ["template.unknown_reference /request/path 25:13 `input.Itme.Id` refers to nothing: there is no `Itme` (did you mean `Item`?)"];

    a_reference_needs_a_name:
        card(r#""path": "/items/<<input.Item.Id>>""#,
            r#""path": "/items/<<options>>""#) =>
        ["template.unknown_reference /request/path 25:13 `options` is no reference to one value: a name must follow (it can be `Verb` or `Strict`)"];

    a_key_below_a_field_must_be_declared:
        card(r#""<<input.Item.Data>>""#,
            r#"{ "size": "<<input.Item.Data.Sise?>>" }"#) =>
        ["template.unknown_reference /request/body/json/size 28:33 `input.Item.Data.Sise?` refers to nothing: there is no `Sise` (did you mean `Size`?)"];

    a_text_has_nothing_below_it:
        card(r#""path": "/items/<<input.Item.Id>>""#,
            r#""path": "/items/<<input.Item.Id.x>>""#) =>
        ["template.unknown_reference /request/path 25:13 `input.Item.Id.x` refers to nothing: there is no `x`"];

    a_list_is_followed_by_an_index:
        card(r#""<<input.Item.Data>>""#,
            r#"{ "first": "<<input.Item.Tags.0.Name?>>", "wrong": "<<input.Item.Tags.Name?>>", "key": "<<input.Item.Tags.0.Nmae?>>" }"#) =>
        ["template.unknown_reference /request/body/json/wrong 28:74 `input.Item.Tags.Name?` refers to nothing: there is no `Name`",
         "template.unknown_reference /request/body/json/key 28:110 `input.Item.Tags.0.Nmae?` refers to nothing: there is no `Nmae` (did you mean `Name`?)"];

    the_parts_of_a_response_are_known:
        card("<<response.body.id?>>",
            "<<response.stauts>>") =>
        ["template.unknown_reference /output/Result/Id/value 36:40 `response.stauts` refers to nothing: there is no `stauts` (did you mean `status`?)"];

    a_header_of_a_response_may_have_any_name:
        card("<<response.body.id?>>",
            "<<response.headers.x-id?>>") =>
        ["example.failed /examples/0/output/Result/Id 52:52 the output at `/Result/Id` should be `7`, but is absent"];

    a_connection_field_of_an_auth_method_is_resolved:
        connector(r#""scheme": "bearer", "token": "<<connection.Token>>""#,
            r#""scheme": "bearer", "token": "<<connection.Tokn>>""#) =>
        ["template.unknown_reference /auth/token/token 24:45 `connection.Tokn` refers to nothing: there is no `Tokn` (did you mean `Token`?)"];

    an_auth_method_sees_the_connection_only:
        connector(r#""scheme": "bearer", "token": "<<connection.Token>>""#,
            r#""scheme": "bearer", "token": "<<options.Verb>>""#) =>
        ["template.root /auth/token/token 24:45 `options.Verb` is not in scope here (here it can start with `connection`)"];

    a_value_that_may_be_absent_needs_a_question_mark:
        card("<<options.Strict?>>",
            "<<options.Strict>>") =>
        ["template.optional /request/query/strict 26:59 `options.Strict` may have no value: its field is not required (write `options.Strict?`, or make the field required)"];

    a_field_that_is_not_always_visible_needs_one_too:
        card(r#""<<input.Item.Data>>""#,
            r#"{ "d": "<<input.Item.Data.Size>>" }"#) =>
        ["template.optional /request/body/json/d 28:30 `input.Item.Data.Size` may have no value: its field is not required (write `input.Item.Data.Size?`, or make the field required)"];

    a_helper_needs_default_for_a_value_that_may_be_absent:
        card("<<options.Strict?>>",
            "<<text options.[Strict]>>") =>
        ["template.optional /request/query/strict 26:59 `options.Strict` may have no value: its field is not required (end it with `?`, use the helper `default`, or make the field required)"];

    a_helper_takes_a_question_mark:
        card("<<options.Strict?>>",
            "<<text options.[Strict]?>>") =>
        [];

    a_path_segment_by_a_helper_needs_a_value:
        card(r#""path": "/items/<<input.Item.Id>>""#,
            r#""path": "/items/<<text options.[Strict]>>""#) =>
        ["template.optional /request/path 25:13 `options.Strict` may have no value: its field is not required (make the field required, or use the helper `default`)"];

    a_path_needs_a_required_field:
        card(r#""path": "/items/<<input.Item.Id>>""#,
            r#""path": "/items/<<options.Strict>>""#) =>
        ["template.optional /request/path 25:13 `options.Strict` may have no value: its field is not required (make the field required, or give it a default)"];

    the_helper_default_takes_an_absent_value:
        card("<<options.Strict?>>",
            "<<default options.[Strict] false>>") =>
        ["example.failed /examples/0/request/url 47:16 the url should be `https://us.acme.example/items/A%20b?count=1`, but is `https://us.acme.example/items/A%20b?count=1&strict=false`"];

    a_condition_asks_for_choices:
        card(r#""options.Verb": ["POST", "PUT"]"#,
            r#""options.Verb": ["POST", "PUTT"]"#) =>
        ["definition.value /input/Item/Data/visibleWhen/options.Verb/1 17:51 there is no choice `PUTT` (did you mean `PUT`?)"];

    a_condition_asks_for_the_type_of_its_field:
        card(r#""visibleWhen": { "options.Verb": ["POST", "PUT"] }"#,
            r#""visibleWhen": { "options.Strict": ["true"] }"#) =>
        [r#"definition.value /input/Item/Data/visibleWhen/options.Strict/0 17:45 `"true"` is not a value that `options.Strict` can have"#];

    a_condition_on_what_is_never_absent_cannot_ask_for_null:
        card(r#""options.Verb": ["POST", "PUT"]"#,
            r#""options.Verb": ["POST", null]"#) =>
        ["definition.value /input/Item/Data/visibleWhen/options.Verb/1 17:51 `null` is not a value that `options.Verb` can have: it is never absent"];

    a_condition_refers_to_a_field:
        card(r#""options.Verb": ["POST", "PUT"]"#,
            r#""options.Verbs": ["POST", "PUT"]"#) =>
        ["template.unknown_reference /input/Item/Data/visibleWhen/options.Verbs 17:26 `options.Verbs` refers to nothing: there is no `Verbs` (did you mean `Verb`?)"];

    a_hint_sees_the_connection_only:
        connector(r#""when": { "connection.Edition": ["Old"] }"#,
            r#""when": { "options.Verb": ["Old"] }"#) =>
        ["template.root /targets/Main API/hints/0/when/options.Verb 40:29 `options.Verb` is not in scope here (here it can start with `connection`)"];

    a_condition_of_a_choice_is_checked:
        connector(r#""visibleWhen": { "connection.Edition": ["New"] }"#,
            r#""visibleWhen": { "connection.Edition": ["Newer"] }"#) =>
        ["definition.value /connection/fields/Region/choices/2/visibleWhen/connection.Edition/0 15:71 there is no choice `Newer` (did you mean `New`?)",
         "target.unreachable /targets/Main API/base/New/India 36:11 row `India` is never reached: `Region` has no such choice for `Edition` = `New`"];

    a_failure_may_look_at_the_reply:
        card(r#""when": { "response.body.ok": [false] }"#,
            r#""when": { "connection.Token": [false] }"#) =>
        ["template.root /response/failures/0/when/connection.Token 32:42 `connection.Token` is not in scope here (here it can start with `response`, `options` or `input`)"];
}
