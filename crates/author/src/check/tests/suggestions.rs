//! What a reference was meant to be.

use super::{CARD, CONNECTOR, card, connector, lines, replaced, run};

mutations! {
    a_missing_root_is_suggested:
        card(r#""path": "/items/<<input.Item.Id>>""#, r#""path": "/items/<<Item.Id>>""#) =>
        ["template.root /request/path 25:23 `Item` is neither a root nor a helper (did you mean `input.Item.Id`? here a reference starts with `connection`, `options` or `input`)"];

    a_label_alone_is_suggested:
        card("<<options.Strict?>>", "<<Strict>>") =>
        ["template.helper /request/query/strict 26:62 there is no helper `Strict` (did you mean `options.Strict`? here a reference starts with `connection`, `options` or `input`)"];

    a_label_with_a_space_alone_is_suggested:
        connector(r#""scheme": "bearer", "token": "<<connection.Token>>""#,
            r#""scheme": "bearer", "token": "<<Token>>""#) =>
        ["template.helper /auth/token/token 24:48 there is no helper `Token` (did you mean `connection.Token`? here a reference starts with `connection`)"];

    an_unknown_root_names_the_roots:
        card(r#""path": "/items/<<input.Item.Id>>""#, r#""path": "/items/<<Filter.State>>""#) =>
        ["template.root /request/path 25:23 `Filter` is neither a root nor a helper (here a reference starts with `connection`, `options` or `input`)"];

    an_output_that_lacks_its_root_is_suggested:
        card("<<response.body.id?>>", "<<body.id?>>") =>
        ["template.root /output/Result/Id/value 36:43 `body` is neither a root nor a helper (did you mean `response.body.id?`? here a reference starts with `response`, `options` or `input`)"];

    a_root_missing_in_a_helper_call_is_suggested:
        card("<<lower input.[Item].[Id]>>", "<<lower Item.Id>>") =>
        ["template.root /request/headers/x-id 27:29 `Item.Id` is neither a root nor a helper (did you mean `input.Item.Id`? here a reference starts with `connection`, `options` or `input`)"];

    a_wrong_root_with_the_right_label_is_suggested:
        card(r#""path": "/items/<<input.Item.Id>>""#, r#""path": "/items/<<options.Id>>""#) =>
        ["template.unknown_reference /request/path 25:13 `options.Id` refers to nothing: there is no `Id` (did you mean `input.Item.Id`?)"];

    a_wrong_root_with_the_right_group_is_suggested:
        card(r#""path": "/items/<<input.Item.Id>>""#, r#""path": "/items/<<options.Item.Id>>""#) =>
        ["template.unknown_reference /request/path 25:13 `options.Item.Id` refers to nothing: there is no `Item` (did you mean `input.Item.Id`?)"];

    a_missing_group_is_suggested:
        card(r#""path": "/items/<<input.Item.Id>>""#, r#""path": "/items/<<input.Id>>""#) =>
        ["template.unknown_reference /request/path 25:13 `input.Id` refers to nothing: there is no `Id` (did you mean `input.Item.Id`?)"];

    spaces_in_a_helper_call_need_brackets:
        card("<<lower input.[Item].[Id]>>", "<<lower input.Item.Per Page>>") =>
        ["template.root /request/headers/x-id 27:29 `Page` is neither a root nor a helper (in a helper call write `input.[Item].[Per Page]`)"];
}

#[test]
fn a_declared_label_with_spaces_is_written_with_its_brackets() {
    let page = r#""Id": { "type": "text", "required": true }, "Per Page": { "type": "text", "required": true }, "Page 2": { "type": "text", "required": true },"#;
    let text = replaced(CARD, r#""Id": { "type": "text", "required": true },"#, page);
    let from = "<<lower input.[Item].[Id]>>";
    let to = "<<concat (lower input.Item.Per Page) 'x' input.[Item].[Page 2]>>";
    assert_eq!(
        lines(&run(CONNECTOR, &replaced(&text, from, to))),
        [
            "template.root /request/headers/x-id 27:29 `Page` is neither a root nor a helper (in a helper call write `input.[Item].[Per Page]`)"
        ]
    );
    let found = lines(&run(CONNECTOR, &replaced(&text, from, "<<lower input.Item.Page 2>>")));
    assert_eq!(
        found[0],
        "template.helper /request/headers/x-id 27:26 helper `lower` takes 1 parameter, not 2 (in a helper call write `input.[Item].[Page 2]`)"
    );
    assert_eq!(
        lines(&run(
            CONNECTOR,
            &replaced(&text, from, "<<concat input.[Item].[Per Page] input.[Item].[Page 2] nme>>")
        )),
        [
            "template.root /request/headers/x-id 27:29 `nme` is neither a root nor a helper (here a reference starts with `connection`, `options` or `input`)"
        ]
    );
    for to in ["<<lower Item.[Per Page]>>", "<<lower options.[Per Page]>>"] {
        let found = lines(&run(CONNECTOR, &replaced(&text, from, to)));
        assert!(found[0].contains("did you mean `input.[Item].[Per Page]`?"), "{found:?}");
    }
}
