use cardhost_core::connector::Connector;
use cardhost_core::load::{load_card, load_connector};
use cardhost_core::plan::Plan;
use serde_json::Value;
use std::sync::Arc;

use super::*;
use crate::check::{File, check_connector};
use crate::sample::plan_example;

fn shop() -> String {
    connector("shop", "https://api.shop.example/v1", &AuthDraft::Bearer).connector
}

fn loaded(text: &str) -> Connector {
    load_connector("cards/shop/connector.json", text).unwrap()
}

/// The card of a command, without a fault; its notes, and the request of its example.
fn drafted(connector: &str, command: &str) -> (CardDraft, Plan) {
    let read = CurlCommand::parse(command).unwrap();
    let draft = card_from_curl(&loaded(connector), "try-it", &read).unwrap();
    let files = [
        File { path: "cards/shop/connector.json", text: connector },
        File { path: "cards/shop/try-it.json", text: &draft.text },
    ];
    let checked = check_connector(files[0], &files[1..]);
    let told: Vec<String> = checked
        .findings
        .iter()
        .map(|it| format!("{}: {}", it.place.pointer, it.message()))
        .collect();
    assert_eq!(told, Vec::<String>::new(), "{command}\n{}", draft.text);
    assert_eq!(checked.tally.examples, 1);
    let definition = load_card(Arc::new(loaded(connector)), files[1].path, &draft.text).unwrap();
    let example = &definition.examples().unwrap()[0];
    let plan = plan_example(&definition, example).unwrap();
    (draft, plan)
}

fn sent(plan: &Plan) -> String {
    let request = &plan.request;
    let body = request.body.as_ref().and_then(|body| body.bytes());
    let body = body.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let kind = request.headers.get(http::header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap());
    let parts = [Some(request.method.as_str()), Some(request.url.as_str()), kind, body.as_deref()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_pasted_is_what_the_cards_example_sends() {
    for (command, expected) in [
        ("curl https://api.shop.example/v1/orders", "GET https://api.shop.example/v1/orders"),
        (
            "$ curl api.shop.example/v1/orders/42?limit=10 | jq .",
            "GET https://api.shop.example/v1/orders/42?limit=10",
        ),
        (
            "curl -sSLk -XDELETE 'https://api.shop.example:443/v1/orders/ord_9x'",
            "DELETE https://api.shop.example/v1/orders/ord_9x",
        ),
        (
            "curl \\\n  --request POST \\\n  --url https://api.shop.example/v1/orders \\\n  --header 'content-type: application/json' \\\n  --data '\n{\n  \"item\": \"tea\",\n  \"n\": 2\n}\n'",
            "POST https://api.shop.example/v1/orders application/json {\"item\":\"tea\",\"n\":2}",
        ),
        (
            "curl https://api.shop.example/v1/orders -d 'item=green tea' -d amount=2 --data-urlencode \"note=a&b\"",
            "POST https://api.shop.example/v1/orders application/x-www-form-urlencoded item=green%20tea&amount=2&note=a%26b",
        ),
        (
            "curl -G https://api.shop.example/v1/orders -d a=1 -d a=2 --data-urlencode 'q=x y'",
            "GET https://api.shop.example/v1/orders?a=1&a=2&q=x%20y",
        ),
        (
            "curl --json '{\"text\":\"<<it>> {{is}}\",\"tags\":[\"a\",\"b\"],\"when\":null}' https://api.shop.example/v1/notes",
            "POST https://api.shop.example/v1/notes application/json {\"text\":\"<<it>> {{is}}\",\"tags\":[\"a\",\"b\"]}",
        ),
        (
            r#"curl 'https://api.shop.example/v1/notes' -H 'Content-Type: application/json' --data-raw $'{\u0022a\u0022:\x22it\'s \303\251\"}' ; echo"#,
            "POST https://api.shop.example/v1/notes application/json {\"a\":\"it's é\"}",
        ),
        (
            "curl https://api.shop.example/v1/notes -H 'content-type: text/csv' --data-binary 'a,b\n1,2'",
            "POST https://api.shop.example/v1/notes text/csv a,b\n1,2",
        ),
        (
            "curl https://api.shop.example/v1/notes -H 'Content-Type: application/json' -d '[{\"a\":1}]'",
            "POST https://api.shop.example/v1/notes application/json [{\"a\":1}]",
        ),
        (
            "curl https://api.shop.example/v1/graphql --json '{\"query\":\"query($id:ID!){order(id:$id){{id}}}\",\"variables\":{\"id\":\"7\"}}'",
            "POST https://api.shop.example/v1/graphql application/json {\"query\":\"query($id:ID!){order(id:$id){{id}}}\",\"variables\":{\"id\":\"7\"}}",
        ),
        (
            "curl --json '{\"by\":\"x\",\"ok?\":true,\"{{a}}\":1}' https://api.shop.example/v1/notes",
            "POST https://api.shop.example/v1/notes application/json {\"by\":\"x\",\"ok?\":true,\"{{a}}\":1}",
        ),
        (
            "curl -I https://api.shop.example/v1/orders/{order_id}",
            "HEAD https://api.shop.example/v1/orders/example",
        ),
        ("curl https://api.shop.example/v1", "GET https://api.shop.example/v1/"),
    ] {
        let (_, plan) = drafted(&shop(), command);
        assert_eq!(sent(&plan), expected, "{command}");
    }
}

#[test]
fn credentials_are_dropped_with_a_note_and_written_nowhere() {
    let secret = "s3cr3t-value";
    for (command, noted) in [
        (
            "curl https://api.shop.example/v1/x -H 'Authorization: Bearer s3cr3t-value'",
            "header `authorization`",
        ),
        (
            "curl https://api.shop.example/v1/x -H 'authorization: token s3cr3t-value'",
            "header `authorization`",
        ),
        ("curl -us3cr3t-value: https://api.shop.example/v1/x", "`-u`"),
        ("curl --user user:s3cr3t-value https://api.shop.example/v1/x", "`--user`"),
        ("curl https://u:s3cr3t-value@api.shop.example/v1/x", "the user in the URL"),
        ("curl 'https://api.shop.example/v1/x?api_key=s3cr3t-value&a=1'", "parameter `api_key`"),
        (
            "curl https://api.shop.example/v1/x -H 'X-Shop-Access-Token: s3cr3t-value'",
            "header `x-shop-access-token`",
        ),
        ("curl https://api.shop.example/v1/x -H 'Cookie: sid=s3cr3t-value'", "header `cookie`"),
        ("curl https://api.shop.example/v1/x -b sid=s3cr3t-value", "`-b`"),
        ("curl --oauth2-bearer s3cr3t-value https://api.shop.example/v1/x", "`--oauth2-bearer`"),
    ] {
        let (draft, _) = drafted(&shop(), command);
        assert!(
            draft.notes.iter().any(|note| note.starts_with(&format!("{noted} is left out"))),
            "{command}: {:?}",
            draft.notes
        );
        assert!(
            !draft.text.contains(secret) && !format!("{:?}", draft.notes).contains(secret),
            "{command}"
        );
    }
    // What a body says to a service that takes it there is an input, without its value.
    for command in [
        "curl https://api.shop.example/v1/x --json '{\"client_secret\":\"s3cr3t-value\",\"user\":{\"password\":\"s3cr3t-value\",\"name\":\"a\"}}'",
        "curl https://api.shop.example/v1/x -d token=s3cr3t-value -d a=1",
    ] {
        let (draft, _) = drafted(&shop(), command);
        assert!(
            draft.text.contains("\"secret\"") && !draft.text.contains(secret),
            "{}",
            draft.text
        );
    }
}

#[test]
fn what_is_no_command_is_refused_with_its_reason() {
    for (command, told) in [
        ("wget https://x.example", "this is no curl command: it begins with `wget`"),
        ("curl", "the curl command has no URL"),
        ("curl -X POST", "the curl command has no URL"),
        (
            "curl https://a.example https://b.example",
            "the curl command has several URLs: a card is one request",
        ),
        ("curl ftp://a.example", "`ftp://a.example` is not a URL of http or https"),
        ("curl https://a.example -H 'x: y", "a quote of the curl command has no end"),
        ("curl https://a.example -d \"x", "a quote of the curl command has no end"),
        ("curl https://a.example -d $'x", "a quote of the curl command has no end"),
        ("curl https://a.example -X", "curl's option `-X` has no value"),
        ("curl https://a.example --nonsuch", "curl's option `--nonsuch` is not known here"),
        (
            "curl https://a.example -F file=@x",
            "curl's option `-F` is not supported yet: write the form as `multipart` of the card's body",
        ),
        (
            "curl https://a.example -d @body.json",
            "curl's option `-d @body.json` is not supported yet: put the text of the file there",
        ),
        ("curl https://a.example -X PURGE", "a card cannot have the method `PURGE`"),
        (
            "curl \"https://a.example\" ^\n -H ^\"x: y^\"",
            "this is written for Windows' cmd: copy it as cURL (bash)",
        ),
    ] {
        let read = CurlCommand::parse(command)
            .and_then(|read| card_from_curl(&loaded(&shop()), "x", &read).map(|_| read));
        assert_eq!(read.map_err(|fault| fault.to_string()), Err(told.to_owned()), "{command}");
    }
    let elsewhere = CurlCommand::parse("curl https://other.example/v1/x?q=1").unwrap();
    let told = card_from_curl(&loaded(&shop()), "x", &elsewhere).unwrap_err().to_string();
    assert_eq!(
        told,
        "no target of `shop` has a base URL that `https://other.example/v1/x` is below: `API` https://api.shop.example/v1"
    );
}

#[test]
fn a_url_finds_its_target_and_the_connection_that_leads_there() {
    let text = r#"{
        "format": 1, "name": "shop", "version": "1.0.0", "title": "Shop",
        "connection": { "fields": {
            "Region": { "type": "dropdown", "choices": ["US", "EU"], "required": true },
            "Site": { "type": "text", "required": true }, "Server": { "type": "text", "required": true }
        } },
        "auth": { "none": { "scheme": "none" } },
        "targets": {
            "Regional": { "auth": ["none"], "base": { "by": "connection.Region", "US": "https://us.shop.example", "EU": "https://eu.shop.example/api" } },
            "Site": { "auth": ["none"], "base": "https://<<connection.Site>>.shops.example/v2", "hosts": ["*.shops.example"] },
            "Own": { "auth": ["none"], "base": "<<connection.Server>>/rest" }
        }
    }"#;
    for (url, target, sent) in [
        ("https://eu.shop.example/api/a", "Regional", "GET https://eu.shop.example/api/a"),
        ("https://us.shop.example/a", "Regional", "GET https://us.shop.example/a"),
        ("https://acme.shops.example/v2/a", "Site", "GET https://acme.shops.example/v2/a"),
        (
            "https://shop.acme.example:8443/rest/a",
            "Own",
            "GET https://shop.acme.example:8443/rest/a",
        ),
    ] {
        let (draft, plan) = drafted(text, &format!("curl {url}"));
        let card: Value = serde_json::from_str(&draft.text).unwrap();
        assert_eq!(
            (card["request"]["target"].as_str(), self::sent(&plan).as_str()),
            (Some(target), sent)
        );
    }
}

#[test]
fn what_the_connector_says_of_every_request_is_not_said_again() {
    let text = shop().replacen(
        "\"connection\":",
        "\"headers\": { \"Shop-Version\": \"2\" }, \"connection\":",
        1,
    );
    for (version, again) in [("2", false), ("3", true)] {
        let command = format!(
            "curl https://api.shop.example/v1/x -H 'shop-version: {version}' -H 'x-note: a'"
        );
        let (draft, plan) = drafted(&text, &command);
        assert_eq!(draft.text.contains("shop-version"), again, "{}", draft.text);
        assert_eq!(plan.request.headers["shop-version"], version);
        assert_eq!(plan.request.headers["x-note"], "a");
    }
}

#[test]
fn drafts_of_nothing_but_a_name_pass_as_well() {
    for auth in [
        AuthDraft::Bearer,
        AuthDraft::Basic,
        AuthDraft::Header("x-api-key".to_owned()),
        AuthDraft::Query("key".to_owned()),
        AuthDraft::None,
    ] {
        let made = connector("my-shop", "https://api.shop.example", &auth);
        let read = load_connector("cards/my-shop/connector.json", &made.connector).unwrap();
        let card = card(&read, "get-order").unwrap();
        let files = [
            File { path: "cards/my-shop/connector.json", text: &made.connector },
            File { path: "cards/my-shop/custom-api-action.json", text: &made.custom_api_action },
            File { path: "cards/my-shop/get-order.json", text: &card.text },
        ];
        let checked = check_connector(files[0], &files[1..]);
        let told: Vec<&str> = checked.findings.iter().map(|it| it.message()).collect();
        assert_eq!((told, checked.tally.examples), (Vec::new(), 2), "{auth:?}");
    }
}

#[test]
fn names_become_labels() {
    for (name, expected) in [
        ("id", "ID"),
        ("due_date", "Due Date"),
        ("dueDate", "Due Date"),
        ("HTMLBody", "HTML Body"),
        ("customer[address][line1]", "Customer Address Line1"),
        ("customer-ids", "Customer IDs"),
        ("per_page", "Per Page"),
        ("$top", "Top"),
        ("_", "Value"),
        ("größe", "Größe"),
    ] {
        assert_eq!(label(name), expected, "{name}");
    }
}
