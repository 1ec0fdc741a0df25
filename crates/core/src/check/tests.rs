//! One mutation of a small valid connector and card for each check.

use super::*;

const CONNECTOR: &str = r#"{
  "format": 1,
  "name": "acme",
  "version": "1.0.0",
  "title": "Acme",
  "connection": {
    "fields": {
      "Region": {
        "type": "dropdown",
        "required": true,
        "default": "US",
        "choices": [
          "US",
          { "value": "EU" },
          { "value": "India", "visibleWhen": { "connection.Edition": ["New"] } }
        ]
      },
      "Edition": { "type": "dropdown", "choices": ["Old", "New"] },
      "Token": { "type": "secret" }
    },
    "test": { "target": "Main API", "method": "GET", "path": "/me", "expect": [200] }
  },
  "auth": {
    "token": { "scheme": "bearer", "token": "<<connection.Token>>" },
    "key": { "scheme": "api_key", "in": "header", "name": "x-key", "value": "<<connection.Token>>" }
  },
  "targets": {
    "Main API": {
      "auth": ["token", "key"],
      "base": {
        "by": "connection.Edition",
        "New": {
          "by": "connection.Region",
          "US": "https://us.acme.example/new",
          "EU": "https://eu.acme.example/new",
          "India": "https://in.acme.example/new"
        },
        "else": { "by": "connection.Region", "US": "https://us.acme.example", "EU": "https://eu.acme.example" }
      },
      "hints": [{ "when": { "connection.Edition": ["Old"] }, "hint": "use the new one" }]
    }
  },
  "errors": [{ "status": [401], "code": "auth.refused", "message": "<<response.body.error?>>" }]
}"#;

const CARD: &str = r#"{
  "format": 1,
  "name": "save",
  "version": "1.0.0",
  "title": "Save",
  "options": {
    "Verb": { "type": "dropdown", "required": true, "choices": ["POST", "PUT", "GET"] },
    "Strict": { "type": "true-false" }
  },
  "input": {
    "Item": {
      "Id": { "type": "text", "required": true },
      "Tags": { "type": "list", "of": "object", "fields": { "Name": { "type": "text" } } },
      "Data": {
        "type": "object",
        "fields": { "Size": { "type": "number", "required": true } },
        "visibleWhen": { "options.Verb": ["POST", "PUT"] }
      },
      "Count": { "type": "number", "format": "integer", "default": 1, "min": 0 }
    }
  },
  "request": {
    "target": "Main API",
    "method": "<<options.Verb>>",
    "path": "/items/<<input.Item.Id>>",
    "query": { "count": "<<input.Item.Count>>", "strict": "<<options.Strict?>>" },
    "headers": { "x-id": "<<lower input.[Item].[Id]>>" },
    "body": { "json": "<<input.Item.Data>>" },
    "auth": ["token"]
  },
  "effect": { "by": "options.Verb", "GET": "read", "PUT": "idempotent", "else": "write" },
  "response": { "failures": [{ "when": { "response.body.ok": [false] }, "code": "service.refused" }] },
  "output": {
    "Result": {
      "Status": { "type": "number", "value": "<<response.status>>" },
      "Id": { "type": "text", "value": "<<response.body.id?>>" }
    }
  },
  "examples": [
    {
      "name": "save one",
      "connection": { "Token": "canary-secret" },
      "options": { "Verb": "POST" },
      "input": { "Item": { "Id": "A b", "Data": { "Size": 1.10 } } },
      "request": {
        "method": "POST",
        "url": "https://us.acme.example/items/A%20b?count=1",
        "headers": { "x-id": "a b", "Authorization": "Bearer canary-secret" },
        "body": { "Size": 1.10 }
      },
      "reply": { "status": 200, "body": { "ok": true, "id": "7" } },
      "output": { "Result": { "Status": 200, "Id": "7" } }
    }
  ],
  "antiExamples": [
    { "name": "no id", "input": {}, "error": "input.required" },
    { "name": "refused", "reply": { "status": 200, "body": { "ok": false } }, "error": "service.refused" }
  ]
}"#;

fn run(connector: &str, card: &str) -> Checked {
    let connector = File { path: "cards/acme/connector.json", text: connector };
    check_connector(connector, &[File { path: "cards/acme/save.json", text: card }])
}

/// `code pointer line:column message (hint)` for each finding.
fn lines(checked: &Checked) -> Vec<String> {
    checked
        .findings
        .iter()
        .map(|finding| {
            let (line, column) = finding.place.line_column.unwrap();
            let hint = finding.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
            let pointer = &finding.place.pointer;
            format!("{} {pointer} {line}:{column} {}{hint}", finding.code, finding.message())
        })
        .collect()
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "`{from}` must be there once");
    text.replace(from, to)
}

/// The findings after one mutation of the connector.
fn connector(from: &str, to: &str) -> Vec<String> {
    lines(&run(&replaced(CONNECTOR, from, to), CARD))
}

/// The findings after one mutation of the card.
fn card(from: &str, to: &str) -> Vec<String> {
    lines(&run(CONNECTOR, &replaced(CARD, from, to)))
}

#[test]
fn the_base_has_no_findings_and_every_sample_is_run() {
    let checked = run(CONNECTOR, CARD);
    assert_eq!(lines(&checked), Vec::<String>::new());
    assert_eq!(checked.tally, Tally { examples: 1, anti_examples: 2 });
}

#[test]
fn the_shipped_cards_have_no_findings() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cards/mixpanel");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| (path.to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    let files: Vec<File<'_>> = files.iter().map(|(path, text)| File { path, text }).collect();
    let (connector, cards): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| file.path.ends_with("/connector.json"));
    let checked = check_connector(connector[0], &cards);
    assert_eq!(lines(&checked), Vec::<String>::new());
    assert!(checked.tally.examples >= cards.len());
}

#[test]
fn dump_all() {
    let all: &[(&str, &dyn Fn() -> Vec<String>)] = &[
        ("an_unknown_key_is_placed_at_the_key_with_the_nearest", &|| {
            connector(r##""title": "Acme""##, r##""titel": "x", "title": "Acme""##)
        }),
        ("an_unknown_key_under_a_reference_is_found", &|| {
            card(
                r##""required": true, "choices": ["POST""##,
                r##""requird": true, "choices": ["POST""##,
            )
        }),
        ("an_unknown_key_of_an_auth_method_is_found_by_its_scheme", &|| {
            connector(
                r##""scheme": "bearer", "token""##,
                r##""scheme": "bearer", "tokn": "x", "token""##,
            )
        }),
        ("a_key_of_another_scheme_is_unknown", &|| {
            connector(
                r##""in": "header", "name": "x-key", "value""##,
                r##""in": "header", "username": "u", "name": "x-key", "value""##,
            )
        }),
        ("an_unknown_scheme_is_a_value", &|| {
            connector(r##""scheme": "bearer""##, r##""scheme": "baerer""##)
        }),
        ("a_missing_key_is_placed_at_the_object", &|| {
            connector(
                r##""scheme": "api_key", "in": "header", "name": "x-key","##,
                r##""scheme": "api_key", "name": "x-key","##,
            )
        }),
        ("a_missing_key_of_the_card_is_found", &|| {
            card(
                r##"  "title": "Save",
"##,
                r##""##,
            )
        }),
        ("a_wrong_type_tells_both", &|| card(r##""title": "Save""##, r##""title": 7"##)),
        ("null_is_no_value_of_an_optional_key", &|| {
            card(r##""title": "Save""##, r##""title": "Save", "description": null"##)
        }),
        ("a_fraction_is_no_status", &|| connector(r##""status": [401]"##, r##""status": [40.5]"##)),
        ("a_status_has_bounds", &|| connector(r##""status": [401]"##, r##""status": [4010]"##)),
        ("a_wrong_name_of_a_list_has_the_nearest", &|| {
            card(r##""type": "true-false""##, r##""type": "true_false""##)
        }),
        ("a_wrong_form_is_told_in_words", &|| {
            connector(r##""version": "1.0.0""##, r##""version": "1.0""##)
        }),
        ("another_format_is_refused", &|| connector(r##""format": 1"##, r##""format": 2"##)),
        ("a_base_url_with_a_query_is_refused", &|| {
            connector(
                r##""https://us.acme.example/new""##,
                r##""https://us.acme.example/new?x=1""##,
            )
        }),
        ("a_base_url_that_does_not_parse_is_refused", &|| {
            connector(
                r##""https://us.acme.example/new""##,
                r##""https://us.acme.example:99999/new""##,
            )
        }),
        ("a_row_of_another_type_is_refused", &|| {
            connector(r##""US": "https://us.acme.example/new""##, r##""US": 1"##)
        }),
        ("an_effect_that_is_none_has_the_nearest", &|| {
            card(r##""PUT": "idempotent""##, r##""PUT": "idempotant""##)
        }),
        ("a_body_has_exactly_one_kind", &|| {
            card(
                r##""body": { "json": "<<input.Item.Data>>" }"##,
                r##""body": { "json": "<<input.Item.Data>>", "text": "x" }"##,
            )
        }),
        ("a_body_has_some_kind", &|| {
            card(r##""body": { "json": "<<input.Item.Data>>" }"##, r##""body": {}"##)
        }),
        ("a_condition_is_a_reference", &|| {
            card(
                r##""visibleWhen": { "options.Verb": ["POST", "PUT"] }"##,
                r##""visibleWhen": { "Verb": ["POST", "PUT"] }"##,
            )
        }),
        ("a_condition_that_only_the_reader_refuses_is_found", &|| {
            card(
                r##""visibleWhen": { "options.Verb": ["POST", "PUT"] }"##,
                r##""visibleWhen": { "options..Verb": ["POST", "PUT"] }"##,
            )
        }),
        ("a_duplicate_key_is_found", &|| {
            card(r##""title": "Save""##, r##""title": "Save", "title": "Save""##)
        }),
        ("a_connector_has_the_name_of_its_folder", &|| {
            connector(r##""name": "acme""##, r##""name": "acne""##)
        }),
        ("a_card_has_the_name_of_its_file", &|| card(r##""name": "save""##, r##""name": "safe""##)),
        ("a_template_that_is_not_closed_is_placed_inside", &|| {
            card(r##""path": "/items/<<input.Item.Id>>""##, r##""path": "/items/<<input.Item.Id""##)
        }),
        ("a_misspelt_root_has_the_nearest", &|| {
            card(
                r##""path": "/items/<<input.Item.Id>>""##,
                r##""path": "/items/<<inptu.Item.Id>>""##,
            )
        }),
        ("a_root_out_of_scope_is_refused", &|| {
            card(
                r##""path": "/items/<<input.Item.Id>>""##,
                r##""path": "/items/<<response.body.id>>""##,
            )
        }),
        ("a_misspelt_helper_has_the_nearest", &|| {
            card(r##"<<lower input.[Item].[Id]>>"##, r##"<<lowr input.[Item].[Id]>>"##)
        }),
        ("a_reference_in_a_helper_is_resolved", &|| {
            card(r##"<<lower input.[Item].[Id]>>"##, r##"<<lower input.[Item].[Idd]>>"##)
        }),
        ("a_helper_too_deep_is_refused", &|| {
            card(
                r##"<<lower input.[Item].[Id]>>"##,
                r##"<<lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower (lower input.[Item].[Id])))))))))))))))))>>"##,
            )
        }),
        ("a_misspelt_label_has_the_nearest", &|| {
            card(
                r##""path": "/items/<<input.Item.Id>>""##,
                r##""path": "/items/<<input.Item.ID>>""##,
            )
        }),
        ("a_misspelt_group_has_the_nearest", &|| {
            card(
                r##""path": "/items/<<input.Item.Id>>""##,
                r##""path": "/items/<<input.Itme.Id>>""##,
            )
        }),
        ("a_reference_needs_a_name", &|| {
            card(r##""path": "/items/<<input.Item.Id>>""##, r##""path": "/items/<<options>>""##)
        }),
        ("a_key_below_a_field_must_be_declared", &|| {
            card(r##""<<input.Item.Data>>""##, r##"{ "size": "<<input.Item.Data.Sise?>>" }"##)
        }),
        ("a_text_has_nothing_below_it", &|| {
            card(
                r##""path": "/items/<<input.Item.Id>>""##,
                r##""path": "/items/<<input.Item.Id.x>>""##,
            )
        }),
        ("a_list_is_followed_by_an_index", &|| {
            card(
                r##""<<input.Item.Data>>""##,
                r##"{ "first": "<<input.Item.Tags.0.Name?>>", "wrong": "<<input.Item.Tags.Name?>>", "key": "<<input.Item.Tags.0.Nmae?>>" }"##,
            )
        }),
        ("the_parts_of_a_response_are_known", &|| {
            card(r##"<<response.body.id?>>"##, r##"<<response.stauts>>"##)
        }),
        ("a_header_of_a_response_may_have_any_name", &|| {
            card(r##"<<response.body.id?>>"##, r##"<<response.headers.x-id?>>"##)
        }),
        ("a_connection_field_of_an_auth_method_is_resolved", &|| {
            connector(
                r##""scheme": "bearer", "token": "<<connection.Token>>""##,
                r##""scheme": "bearer", "token": "<<connection.Tokn>>""##,
            )
        }),
        ("an_auth_method_sees_the_connection_only", &|| {
            connector(
                r##""scheme": "bearer", "token": "<<connection.Token>>""##,
                r##""scheme": "bearer", "token": "<<options.Verb>>""##,
            )
        }),
        ("a_value_that_may_be_absent_needs_a_question_mark", &|| {
            card(r##"<<options.Strict?>>"##, r##"<<options.Strict>>"##)
        }),
        ("a_field_that_is_not_always_visible_needs_one_too", &|| {
            card(r##""<<input.Item.Data>>""##, r##"{ "d": "<<input.Item.Data.Size>>" }"##)
        }),
        ("a_helper_needs_default_for_a_value_that_may_be_absent", &|| {
            card(r##"<<options.Strict?>>"##, r##"<<text options.[Strict]>>"##)
        }),
        ("the_helper_default_takes_an_absent_value", &|| {
            card(r##"<<options.Strict?>>"##, r##"<<default options.[Strict] false>>"##)
        }),
        ("a_condition_asks_for_choices", &|| {
            card(r##""options.Verb": ["POST", "PUT"]"##, r##""options.Verb": ["POST", "PUTT"]"##)
        }),
        ("a_condition_asks_for_the_type_of_its_field", &|| {
            card(
                r##""visibleWhen": { "options.Verb": ["POST", "PUT"] }"##,
                r##""visibleWhen": { "options.Strict": ["true"] }"##,
            )
        }),
        ("a_condition_on_what_is_never_absent_cannot_ask_for_null", &|| {
            card(r##""options.Verb": ["POST", "PUT"]"##, r##""options.Verb": ["POST", null]"##)
        }),
        ("a_condition_refers_to_a_field", &|| {
            card(r##""options.Verb": ["POST", "PUT"]"##, r##""options.Verbs": ["POST", "PUT"]"##)
        }),
        ("a_hint_sees_the_connection_only", &|| {
            connector(
                r##""when": { "connection.Edition": ["Old"] }"##,
                r##""when": { "options.Verb": ["Old"] }"##,
            )
        }),
        ("a_condition_of_a_choice_is_checked", &|| {
            connector(
                r##""visibleWhen": { "connection.Edition": ["New"] }"##,
                r##""visibleWhen": { "connection.Edition": ["Newer"] }"##,
            )
        }),
        ("a_failure_may_look_at_the_reply", &|| {
            card(
                r##""when": { "response.body.ok": [false] }"##,
                r##""when": { "connection.Token": [false] }"##,
            )
        }),
        ("a_missing_row_is_named_with_its_combination", &|| {
            connector(
                r##",
          "India": "https://in.acme.example/new""##,
                r##""##,
            )
        }),
        ("a_row_for_no_choice_is_needed", &|| {
            connector(
                r##""else": { "by": "connection.Region""##,
                r##""Old": { "by": "connection.Region""##,
            )
        }),
        ("a_row_that_cannot_be_reached_is_named", &|| {
            connector(
                r##""EU": "https://eu.acme.example" }"##,
                r##""EU": "https://eu.acme.example", "India": "https://in.acme.example" }"##,
            )
        }),
        ("a_row_for_no_choice_at_all_has_the_nearest", &|| {
            connector(
                r##""EU": "https://eu.acme.example/new""##,
                r##""EV": "https://eu.acme.example/new""##,
            )
        }),
        ("an_else_that_nothing_leads_to_is_named", &|| {
            card(r##""GET": "read", "PUT""##, r##""GET": "read", "POST": "write", "PUT""##)
        }),
        ("an_effect_must_be_said_for_every_choice", &|| {
            card(r##""PUT": "idempotent", "else": "write""##, r##""PUT": "idempotent""##)
        }),
        ("a_decision_needs_a_dropdown", &|| {
            card(r##""by": "options.Verb""##, r##""by": "options.Strict""##)
        }),
        ("a_decision_refers_to_a_field", &|| {
            card(r##""by": "options.Verb""##, r##""by": "options.Vreb""##)
        }),
        ("a_target_decides_by_the_connection", &|| {
            connector(r##""by": "connection.Edition""##, r##""by": "options.Verb""##)
        }),
        ("a_target_needs_an_auth_method", &|| {
            connector(r##""auth": ["token", "key"]"##, r##""auth": []"##)
        }),
        ("an_auth_method_of_a_target_exists", &|| {
            connector(r##""auth": ["token", "key"]"##, r##""auth": ["token", "kee"]"##)
        }),
        ("an_auth_method_of_a_card_exists", &|| {
            card(r##""auth": ["token"]"##, r##""auth": ["tokens"]"##)
        }),
        ("the_target_of_the_test_exists", &|| {
            connector(r##""test": { "target": "Main API""##, r##""test": { "target": "Main""##)
        }),
        ("the_method_of_the_test_is_known", &|| {
            connector(r##""method": "GET""##, r##""method": "FETCH""##)
        }),
        ("the_path_of_the_test_stays_below_its_base", &|| {
            connector(r##""path": "/me""##, r##""path": "//me""##)
        }),
        ("the_target_of_a_card_exists", &|| {
            card(r##""target": "Main API""##, r##""target": "Min API""##)
        }),
        ("every_choice_of_a_target_exists", &|| {
            card(r##""target": "Main API""##, r##""target": "<<options.Verb>>""##)
        }),
        ("choices_from_targets_exist", &|| {
            card(
                r##""Strict": { "type": "true-false" }"##,
                r##""Strict": { "type": "true-false" }, "API": { "type": "dropdown", "required": true, "default": "Main API", "choicesFrom": { "targets": ["Main API", "Mein API"] } }"##,
            )
        }),
        ("every_choice_of_a_method_is_known", &|| {
            card(r##"["POST", "PUT", "GET"]"##, r##"["POST", "PUT", "GET", "GOT"]"##)
        }),
        ("a_method_by_a_text_cannot_be_proved", &|| {
            card(r##""method": "<<options.Verb>>""##, r##""method": "<<input.Item.Id>>""##)
        }),
        ("a_path_has_no_dot_segments", &|| {
            card(
                r##""path": "/items/<<input.Item.Id>>""##,
                r##""path": "/../items/<<input.Item.Id>>""##,
            )
        }),
        ("a_path_has_no_fragment", &|| {
            card(
                r##""path": "/items/<<input.Item.Id>>""##,
                r##""path": "/items/<<input.Item.Id>>#x""##,
            )
        }),
        ("a_query_is_an_object", &|| {
            card(
                r##""query": { "count": "<<input.Item.Count>>", "strict": "<<options.Strict?>>" }"##,
                r##""query": "a=<<input.Item.Id>>""##,
            )
        }),
        ("a_query_by_reference_is_to_an_object", &|| {
            card(
                r##""query": { "count": "<<input.Item.Count>>", "strict": "<<options.Strict?>>" }"##,
                r##""query": "<<input.Item.Id>>""##,
            )
        }),
        ("a_parameter_is_no_object", &|| {
            card(
                r##""strict": "<<options.Strict?>>" }"##,
                r##""strict": { "x": "<<options.Strict?>>" } }"##,
            )
        }),
        ("a_header_name_is_a_token", &|| {
            card(r##""headers": { "x-id": "<<"##, r##""headers": { "x id": "<<"##)
        }),
        ("a_reserved_header_is_refused", &|| {
            card(r##""headers": { "x-id": "<<"##, r##""headers": { "Host": "<<"##)
        }),
        ("a_code_of_a_rule_is_one_for_replies", &|| {
            connector(r##""code": "auth.refused""##, r##""code": "input.required""##)
        }),
        ("a_code_of_a_failure_is_one_for_replies", &|| {
            card(r##""code": "service.refused""##, r##""code": "servcie.refused""##)
        }),
        ("choices_need_a_dropdown", &|| {
            card(
                r##""Strict": { "type": "true-false" }"##,
                r##""Strict": { "type": "text", "choices": ["a"] }"##,
            )
        }),
        ("a_dropdown_needs_choices", &|| {
            card(r##""Strict": { "type": "true-false" }"##, r##""Strict": { "type": "dropdown" }"##)
        }),
        ("a_choice_is_there_once", &|| {
            card(r##"["POST", "PUT", "GET"]"##, r##"["POST", "PUT", "GET", "PUT"]"##)
        }),
        ("fields_need_an_object", &|| {
            card(
                r##""Id": { "type": "text", "required": true }"##,
                r##""Id": { "type": "text", "required": true, "fields": {} }"##,
            )
        }),
        ("of_needs_a_list", &|| {
            card(
                r##""Id": { "type": "text", "required": true }"##,
                r##""Id": { "type": "text", "required": true, "of": "text" }"##,
            )
        }),
        ("a_format_needs_its_type", &|| {
            card(
                r##""type": "number", "format": "integer""##,
                r##""type": "number", "format": "uri""##,
            )
        }),
        ("bounds_are_in_order", &|| {
            card(r##""default": 1, "min": 0"##, r##""default": 1, "min": 2, "max": 1"##)
        }),
        ("a_default_fits_its_field", &|| {
            card(r##""default": 1, "min": 0"##, r##""default": -1, "min": 0"##)
        }),
        ("a_default_is_a_choice", &|| connector(r##""default": "US""##, r##""default": "UK""##)),
        ("a_secret_has_no_default", &|| {
            connector(
                r##""Token": { "type": "secret" }"##,
                r##""Token": { "type": "secret", "default": "x" }"##,
            )
        }),
        ("an_output_needs_a_value", &|| {
            card(
                r##""Status": { "type": "number", "value": "<<response.status>>" }"##,
                r##""Status": { "type": "number" }"##,
            )
        }),
        ("an_input_has_no_value", &|| {
            card(
                r##""Id": { "type": "text", "required": true }"##,
                r##""Id": { "type": "text", "required": true, "value": "x" }"##,
            )
        }),
        ("a_key_of_an_object_has_no_default", &|| {
            card(
                r##""Size": { "type": "number", "required": true }"##,
                r##""Size": { "type": "number", "required": true, "default": 1 }"##,
            )
        }),
        ("a_json_schema_compiles", &|| {
            card(
                r##""visibleWhen": { "options.Verb": ["POST", "PUT"] }"##,
                r##""schema": { "type": "objct" }, "visibleWhen": { "options.Verb": ["POST", "PUT"] }"##,
            )
        }),
        ("an_option_is_a_plain_value", &|| {
            card(r##""Strict": { "type": "true-false" }"##, r##""Strict": { "type": "object" }"##)
        }),
        ("another_method_fails_the_example", &|| {
            card(r##""method": "POST","##, r##""method": "PUT","##)
        }),
        ("another_url_fails_the_example", &|| card(r##"A%20b?count=1"##, r##"A%20b?count=2"##)),
        ("another_header_fails_the_example_without_its_secret", &|| {
            card(
                r##""Authorization": "Bearer canary-secret""##,
                r##""Authorization": "Basic canary-secret""##,
            )
        }),
        ("a_header_that_is_not_sent_fails_the_example", &|| {
            card(r##""headers": { "x-id": "a b","##, r##""headers": { "x-idd": "a b","##)
        }),
        ("numbers_are_compared_as_they_are_written", &|| {
            card(r##""body": { "Size": 1.10 }"##, r##""body": { "Size": 1.1 }"##)
        }),
        ("a_body_that_is_not_named_fails_the_example", &|| {
            card(
                r##" },
        "body": { "Size": 1.10 }"##,
                r##" }"##,
            )
        }),
        ("another_output_fails_the_example", &|| {
            card(r##""Status": 200, "Id": "7""##, r##""Status": 200, "Id": "8""##)
        }),
        ("an_output_that_is_not_named_fails_the_example", &|| {
            card(r##"{ "Status": 200, "Id": "7" }"##, r##"{ "Status": 200 }"##)
        }),
        ("an_error_fails_the_example", &|| {
            card(r##""Data": { "Size": 1.10 }"##, r##""Data": { "Size": "x" }"##)
        }),
        ("an_error_of_the_reply_fails_the_example", &|| {
            card(r##""body": { "ok": true, "id": "7" }"##, r##""body": { "ok": true, "id": 7 }"##)
        }),
        ("an_output_without_a_reply_fails_the_example", &|| {
            card(
                r##"      "reply": { "status": 200, "body": { "ok": true, "id": "7" } },
"##,
                r##""##,
            )
        }),
        ("another_error_fails_the_anti_example", &|| {
            card(
                r##""input": {}, "error": "input.required""##,
                r##""input": {}, "error": "input.type""##,
            )
        }),
        ("no_error_fails_the_anti_example", &|| {
            card(r##""body": { "ok": false } }"##, r##""body": { "ok": true } }"##)
        }),
        ("a_plan_without_error_fails_the_anti_example", &|| {
            card(
                r##""name": "refused", "reply": { "status": 200, "body": { "ok": false } }"##,
                r##""name": "refused""##,
            )
        }),
        ("an_unknown_code_has_the_nearest", &|| {
            card(r##""error": "input.required""##, r##""error": "input.requird""##)
        }),
    ];
    let mut text = String::new();
    for (name, run) in all {
        text.push_str(&format!("## {name}\n"));
        for line in run() {
            text.push_str(&line);
            text.push('\n');
        }
    }
    std::fs::write("/tmp/dump.txt", text).unwrap();
}
