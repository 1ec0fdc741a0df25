//! Helper calls: the number of their parameters, and types that never fit.

use super::card;

mutations! {
    a_parameter_too_few_is_counted:
        card("<<lower input.[Item].[Id]>>", "<<join input.[Item].[Tags]?>>") =>
        ["template.helper /request/headers/x-id 27:26 helper `join` takes 2 parameters, not 1 (`join` takes a list and text)"];

    a_parameter_too_many_is_counted:
        card("<<lower input.[Item].[Id]>>", "<<lower input.[Item].[Id] 'x'>>") =>
        ["template.helper /request/headers/x-id 27:26 helper `lower` takes 1 parameter, not 2 (`lower` takes text)"];

    no_parameter_is_too_few:
        card("<<lower input.[Item].[Id]>>", "<<concat>>") =>
        ["template.helper /request/headers/x-id 27:26 helper `concat` takes 1 to 32 parameters, not 0 (`concat` takes 1 to 32 texts)"];

    a_nested_call_is_counted:
        card("<<lower input.[Item].[Id]>>", "<<lower (replace input.[Item].[Id] ')')>>") =>
        ["template.helper /request/headers/x-id 27:26 helper `replace` takes 3 parameters, not 2 (`replace` takes text, what to replace and what to put there)"];

    a_list_is_no_text:
        card("<<lower input.[Item].[Id]>>", "<<concat 'a' input.[Item].[Tags]>>") =>
        ["template.helper /request/headers/x-id 27:26 the second parameter of helper `concat` must be text, but `input.Item.Tags` is a list (`join` makes text of a list, `json` of any value)",
         "template.optional /request/headers/x-id 27:26 `input.Item.Tags` may have no value: its field is not required (end it with `?`, use the helper `default`, or make the field required)"];

    a_text_is_no_list:
        card("<<lower input.[Item].[Id]>>", "<<join input.[Item].[Id] ','>>") =>
        ["template.helper /request/headers/x-id 27:26 the first parameter of helper `join` must be a list, but `input.Item.Id` is text (a text needs no `join`)"];

    a_number_is_no_date_time:
        card("<<lower input.[Item].[Id]>>", "<<text (date input.[Item].[Count])>>") =>
        ["template.helper /request/headers/x-id 27:26 the first parameter of helper `date` must be a date-time, but `input.Item.Count` is a number"];

    what_a_helper_gives_may_not_fit:
        card("<<lower input.[Item].[Id]>>", "<<join (lower input.[Item].[Id]) ','>>") =>
        ["template.helper /request/headers/x-id 27:26 the first parameter of helper `join` must be a list, but `lower` is text (a text needs no `join`)"];

    what_fits_is_fine:
        card("<<lower input.[Item].[Id]>>", "<<lower (concat input.[Item].[Id] (json input.[Item].[Count]) '(' 1 true (text (default options.[Strict] 'z')))>>") =>
        ["example.failed /examples/0/request/headers/x-id 48:30 the header `x-id` should be `a b`, but is `a b1(1truez`"];
}

#[test]
fn the_words_for_parameters_are_as_many_as_they_are() {
    for helper in cardhost_core::template::helper_names() {
        let helper_def = cardhost_core::template::helper(helper).unwrap();
        let (least, most) = (helper_def.least, helper_def.most);
        let words = super::super::calls::parameters(helper).unwrap();
        let counted = words.split(", ").flat_map(|w| w.split(" and ")).count();
        match (least, most) {
            (1, 32) => assert_eq!(words, "1 to 32 texts", "{helper}"),
            (0, 0) => assert_eq!(words, "none", "{helper}"),
            (least, most) => {
                assert_eq!(counted, most, "{helper}: {words}");
                assert_eq!(words.matches("perhaps").count(), most - least, "{helper}: {words}");
            }
        }
    }
}
