//! The shipped cards of DynamoDB against moto, which checks every signature and keeps tables (tests/peers/install.sh).
#![cfg(unix)]

use serde_json::{Value, json};

use crate::peers::{self, MOTO_ACCESS_KEY_ID, MOTO_SECRET_ACCESS_KEY, Server};
use crate::support::{Ran, cardhost_with};

/// Runs a card with the variables that AWS's own tools read.
fn run(server: &Server, card: &str, set: &[&str], secret: &str) -> Ran {
    let card = format!("dynamodb/{card}");
    let mut args = vec![
        "run",
        &card,
        "--base",
        &server.base_url,
        "--connection",
        "env:AWS",
        "--errors",
        "json",
    ];
    args.extend(set.iter().flat_map(|field| ["--set", field]));
    let env = [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", MOTO_ACCESS_KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", secret),
    ];
    cardhost_with(&args, "", &env)
}

#[test]
fn items_are_written_read_changed_and_deleted() {
    let Some(server) = peers::moto() else { return };
    let output = |card: &str, set: &[&str]| -> Value {
        let ran = run(&server, card, set, MOTO_SECRET_ACCESS_KEY);
        assert_eq!(ran.code, 0, "{card}: {ran:?}\n{}", server.log());
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let code = |card: &str, set: &[&str], secret: &str| -> String {
        let ran = run(&server, card, set, secret);
        let error: Value = serde_json::from_str(&ran.stderr).unwrap_or_else(|_| panic!("{ran:?}"));
        error["code"].as_str().unwrap().to_owned()
    };
    let table = json!({
        "TableName": "Teas", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "Tea", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "Tea", "KeyType": "HASH" }],
    });
    let made = output(
        "custom-api-action",
        &["Request.Operation=CreateTable", &format!("Request.Body:={table}")],
    );
    assert_eq!(made["Response"]["Status Code"], 200);
    assert_eq!(output("list-tables", &[])["Tables"]["Tables"], json!(["Teas"]));

    let item = [
        "Item.Table=Teas",
        r#"Item.Item:={"Tea":{"S":"Assam"},"Stock":{"N":"12"}}"#,
        "Item.Condition=attribute_not_exists(Tea)",
    ];
    assert_eq!(output("put-item", &item), json!({ "Item": {} }));
    assert_eq!(code("put-item", &item, MOTO_SECRET_ACCESS_KEY), "http.conflict");
    let key = ["Item.Table=Teas", r#"Item.Key.Tea:={"S":"Assam"}"#];
    let changed =
        [&key[..], &["Item.Update=SET Stock = Stock - :n", r#"Item.Values:={":n":{"N":"1"}}"#]]
            .concat();
    assert_eq!(output("update-item", &changed)["Item"]["Item"]["Stock"], json!({ "N": "11" }));
    let query = [
        "Query.Table=Teas",
        "Query.Key Condition=Tea = :tea",
        r#"Query.Values:={":tea":{"S":"Assam"}}"#,
        "Query.Descending=true",
    ];
    assert_eq!(output("query-items", &query)["Items"]["Count"], 1);
    let there = json!({ "Tea": { "S": "Assam" }, "Stock": { "N": "11" } });
    assert_eq!(output("get-item", &key), json!({ "Item": { "Item": there } }));
    assert_eq!(output("delete-item", &key), json!({ "Item": { "Deleted": there } }));
    assert_eq!(output("get-item", &key), json!({ "Item": {} }));

    let elsewhere = ["Item.Table=Coffees", key[1]];
    assert_eq!(code("get-item", &elsewhere, MOTO_SECRET_ACCESS_KEY), "http.not_found");
    let wrong = MOTO_SECRET_ACCESS_KEY.replace("canary", "wrong");
    assert_eq!(code("get-item", &key, &wrong), "auth.refused");
}
