//! Fields and what goes together in them.

use super::{card, connector};

mutations! {
    choices_need_a_dropdown:
        card(r#""Strict": { "type": "true-false" }"#,
            r#""Strict": { "type": "text", "choices": ["a"] }"#) =>
        ["definition.value /options/Strict/choices 8:33 `choices` needs the type `dropdown`"];

    a_dropdown_needs_choices:
        card(r#""Strict": { "type": "true-false" }"#,
            r#""Strict": { "type": "dropdown" }"#) =>
        ["definition.missing_key /options/Strict 8:15 key `choices` is missing"];

    a_choice_is_there_once:
        card(r#"["POST", "PUT", "GET"]"#,
            r#"["POST", "PUT", "GET", "PUT"]"#) =>
        ["definition.value /options/Verb/choices/3 7:87 `PUT` is there twice"];

    fields_need_an_object:
        card(r#""Id": { "type": "text", "required": true }"#,
            r#""Id": { "type": "text", "required": true, "fields": {} }"#) =>
        ["definition.value /input/Item/Id/fields 12:49 `fields` needs the type `object`, or a list of objects"];

    of_needs_a_list:
        card(r#""Id": { "type": "text", "required": true }"#,
            r#""Id": { "type": "text", "required": true, "of": "text" }"#) =>
        ["definition.value /input/Item/Id/of 12:49 `of` needs the type `list`"];

    a_format_needs_its_type:
        card(r#""type": "number", "format": "integer""#,
            r#""type": "number", "format": "uri""#) =>
        ["definition.value /input/Item/Count/format 19:36 `format` needs the type `number` if it is `integer`, else `text`"];

    bounds_are_in_order:
        card(r#""default": 1, "min": 0"#,
            r#""default": 1, "min": 2, "max": 1"#) =>
        ["definition.value /input/Item/Count/default 19:68 the default does not fit: field `Count` of `Item` must be 2 to 1",
         "definition.value /input/Item/Count/min 19:78 `min` is more than `max`"];

    a_default_fits_its_field:
        card(r#""default": 1, "min": 0"#,
            r#""default": -1, "min": 0"#) =>
        ["definition.value /input/Item/Count/default 19:68 the default does not fit: field `Count` of `Item` must be at least 0"];

    a_default_is_a_choice:
        connector(r#""default": "US""#,
            r#""default": "UK""#) =>
        ["definition.value /connection/fields/Region/default 11:20 there is no choice `UK` (it can be `US`, `EU` or `India`)"];

    a_secret_has_no_default:
        connector(r#""Token": { "type": "secret" }"#,
            r#""Token": { "type": "secret", "default": "x" }"#) =>
        ["definition.value /connection/fields/Token/default 19:36 `default` cannot be that of a secret"];

    an_output_needs_a_value:
        card(r#""Status": { "type": "number", "value": "<<response.status>>" }"#,
            r#""Status": { "type": "number" }"#) =>
        ["definition.missing_key /output/Result/Status 35:17 key `value` is missing"];

    an_input_has_no_value:
        card(r#""Id": { "type": "text", "required": true }"#,
            r#""Id": { "type": "text", "required": true, "value": "x" }"#) =>
        ["definition.value /input/Item/Id/value 12:49 `value` is for outputs, beside their label"];

    a_key_of_an_object_may_have_a_default:
        card(r#""Size": { "type": "number", "required": true }"#,
            r#""Size": { "type": "number", "required": true, "default": "one" }"#) =>
        ["definition.value /input/Item/Data/fields/Size/default 16:78 the default does not fit: field `Size` of `Item.Data.fields` must be a number, not text"];

    a_json_schema_compiles:
        card(r#""visibleWhen": { "options.Verb": ["POST", "PUT"] }"#,
            r#""schema": { "type": "objct" }, "visibleWhen": { "options.Verb": ["POST", "PUT"] }"#) =>
        [r#"definition.value /input/Item/Data/schema 17:19 this is no JSON Schema: "objct" is not valid under any of the schemas listed in the 'anyOf' keyword"#];

    an_option_is_a_plain_value:
        card(r#""Strict": { "type": "true-false" }"#,
            r#""Strict": { "type": "object" }"#) =>
        ["definition.type /options/Strict/type 8:25 there is no option of type `object` (it can be `dropdown`, `text`, `number` or `true-false`)"];
}
