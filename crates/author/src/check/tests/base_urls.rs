//! Base URLs that a connection decides, and the hosts that a target allows.

use super::*;

const US: &str = r#""https://us.acme.example/new""#;
const AUTH: &str = r#""auth": ["token", "key"],"#;

mutations! {
    a_choice_may_stand_in_a_host:
        connector(US, r#""https://<<connection.Region>>.acme.example/new""#) => [];

    a_choice_may_be_any_label_of_a_host:
        connector(US, r#""https://acme.<<connection.Region>>/new""#) => [];

    a_whole_url_may_be_a_value:
        connector(US, r#""{{ / connection.Region }}/new""#) => [];

    a_field_that_may_be_empty_cannot_be_part_of_a_base_url:
        connector(US, r#""https://<<connection.Token>>.acme.example/new""#) =>
        ["template.optional /targets/Main API/base/New/US 34:17 `connection.Token` may have no value: its field is not required (make the field required, or give it a default)"];

    a_question_mark_does_not_help:
        connector(US, r#""https://acme.example/<<connection.Token?>>""#) =>
        ["template.optional /targets/Main API/base/New/US 34:17 `connection.Token?` may have no value: its field is not required (make the field required, or give it a default)"];

    a_default_helps:
        connector(US, r#""https://<<default connection.[Token] 'us'>>.acme.example/new""#) => [];

    a_helper_call_needs_its_values_too:
        connector(US, r#""https://<<lower connection.[Token]>>.acme.example/new""#) =>
        ["template.optional /targets/Main API/base/New/US 34:17 `connection.Token` may have no value: its field is not required (make the field required, or use the helper `default`)"];

    a_value_that_makes_another_domain_is_warned_of:
        connector(US, r#""https://<<default connection.[Token] 'us'>>.com/""#) =>
        ["egress.open /targets/Main API/base/New/US 34:17 a connection can make another domain of `https://<<default connection.[Token] 'us'>>.com/` (list the target's `hosts`, such as `\"*.example.com\"`, or let a dropdown decide)"];

    hosts_are_the_answer:
        connector(r#""auth": ["token", "key"],
      "base": {
        "by": "connection.Edition",
        "New": {
          "by": "connection.Region",
          "US": "https://us.acme.example/new","#,
            r#""auth": ["token", "key"],
      "hosts": ["*.com", "*.acme.example"],
      "base": {
        "by": "connection.Edition",
        "New": {
          "by": "connection.Region",
          "US": "https://<<default connection.[Token] 'us'>>.com/","#) => [];

    an_unknown_field_is_refused:
        connector(US, r#""https://<<connection.Regoin>>.acme.example/new""#) =>
        ["template.unknown_reference /targets/Main API/base/New/US 34:17 `connection.Regoin` refers to nothing: there is no `Regoin` (did you mean `Region`?)"];

    only_the_connection_is_in_scope:
        connector(US, r#""https://<<input.Item.Id>>.acme.example/new""#) =>
        ["definition.value /connection/test/target 21:25 target `Main API` has no base URL of its own: a card gives it (make the path one input of format `target-url`, or take another target)",
         "template.root /targets/Main API/base/New/US 34:17 `input.Item.Id` is not in scope here (here it can start with `connection`)"];

    an_expression_that_is_not_closed_is_refused:
        connector(US, r#""https://<<connection.Region.acme.example/new""#) =>
        ["template.syntax /targets/Main API/base/New/US 34:26 an expression is not closed with `>>` (a literal `<<` or `{{` is written with a backslash before it)"];

    an_expression_after_digits_of_a_port_is_refused:
        connector(US, r#""https://acme.example:8<<connection.Region>>/""#) =>
        ["definition.value /targets/Main API/base/New/US 34:17 `https://acme.example:8<<connection.Region>>/` is not a base URL: expressions stand in its host, port and path, or are all of it up to the path"];

    an_expression_in_a_query_is_refused:
        connector(US, r#""https://acme.example/?x=<<connection.Region>>""#) =>
        ["definition.value /targets/Main API/base/New/US 34:17 `https://acme.example/?x=<<connection.Region>>` is not a base URL: expressions stand in its host, port and path, or are all of it up to the path"];

    a_literal_host_is_one_of_the_targets:
        connector(AUTH, r#""auth": ["token", "key"], "hosts": ["us.acme.example", "*.eu.acme.example", "in.acme.example"],"#) =>
        ["definition.value /targets/Main API/base/New/EU 35:17 host `eu.acme.example` is not in the target's `hosts` (they are `us.acme.example`, `*.eu.acme.example` and `in.acme.example`)",
         "definition.value /targets/Main API/base/else/EU 38:85 host `eu.acme.example` is not in the target's `hosts` (they are `us.acme.example`, `*.eu.acme.example` and `in.acme.example`)"];

    a_suffix_holds_all_below_it:
        connector(AUTH, r#""auth": ["token", "key"], "hosts": ["*.acme.example"],"#) => [];

    a_host_is_a_name_or_a_suffix:
        connector(AUTH, r#""auth": ["token", "key"], "hosts": ["*.acme.example", "*"],"#) =>
        ["definition.value /targets/Main API/hosts/1 29:61 `*` is not a host name in lower case, or `*.suffix` for every name below the suffix"];
}
