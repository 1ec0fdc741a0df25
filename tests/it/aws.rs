//! Cards that sign with AWS Signature Version 4, against moto, which checks every signature.

use std::sync::Arc;

use cardhost::{Error, Host, Invocation, Outcome};
use serde_json::{Value, json};

use crate::peers::{self, MOTO_ACCESS_KEY_ID, MOTO_SECRET_ACCESS_KEY, Server, Shared};
use crate::schemes::{block_on, demo};

fn moto() -> Option<Arc<Server>> {
    static MOTO: Shared = Shared::new();
    MOTO.get(peers::moto)
}

/// A service of AWS with a secret.
struct Service<'a> {
    server: &'a Server,
    name: &'a str,
    secret: &'a str,
}

impl Service<'_> {
    fn of<'a>(server: &'a Server, name: &'a str) -> Service<'a> {
        Service { server, name, secret: MOTO_SECRET_ACCESS_KEY }
    }

    fn invoke(&self, request: &Value, input: Value) -> Result<Outcome, Error> {
        let auth = json!({
            "scheme": "aws_sigv4", "accessKeyId": "<<connection.Access Key ID>>",
            "secretAccessKey": "<<connection.Secret Access Key>>", "region": "us-east-1", "service": self.name,
        });
        let host = Host::builder().cards(demo(&self.server.base_url, &auth, request)).build();
        let invocation = json!({
            "connection": { "fields": {
                "Access Key ID": MOTO_ACCESS_KEY_ID, "Secret Access Key": self.secret,
            } },
            "input": input,
        });
        block_on(host.run(Some("demo/act"), Invocation::from_value(invocation).unwrap()))
    }

    /// The body of a reply with status 200.
    fn body(&self, request: &Value, input: Value) -> Value {
        let outcome = self.invoke(request, input).unwrap_or_else(|error| {
            panic!("{}: {error:?}\n{}", self.name, self.server.log());
        });
        let reply = outcome.output.to_value().unwrap()["Reply"].take();
        assert_eq!(reply["Status"], 200);
        reply["Body"].clone()
    }
}

#[test]
fn objects_of_s3_are_put_got_and_listed_whatever_their_keys() {
    let Some(server) = moto() else { return };
    let s3 = Service::of(&server, "s3");
    s3.body(&json!({ "method": "PUT", "path": "/schemes" }), json!({}));
    let text = json!({ "type": "text" });
    let with = |method: &str, more: Value| {
        let mut request = json!({
            "method": method, "path": "/schemes/<<input.Object.Key>>",
            "input": { "Object": { "Key": { "type": "text", "required": true } } },
        });
        for (key, value) in more.as_object().unwrap() {
            request[key] = value.clone();
        }
        request
    };
    let mut put = with("PUT", json!({ "body": { "text": "<<input.Object.Text?>>" } }));
    put["input"]["Object"]["Text"] = text;
    let keys = [
        "plain.txt",
        "a b.txt",
        "größe ✓.txt",
        "$&'()*!,;:=@.txt",
        "a+b",
        "100%25",
        "tilde~-_.",
        "[brackets] {braces} |pipe| ^`\"<>",
        "folder/inside/file.txt",
        "a\\b",
        "..hidden",
    ];
    for key in keys {
        let content = format!("content of {key}");
        s3.body(&put, json!({ "Object": { "Key": key, "Text": content } }));
        let got = s3.body(&with("GET", json!({})), json!({ "Object": { "Key": key } }));
        assert_eq!(got, json!(content), "{key}");
    }
    // A prefix with all that a query encodes.
    let list = json!({
        "path": "/schemes", "query": { "list-type": "2", "prefix": "<<input.List.Prefix?>>", "max-keys": "100" },
        "input": { "List": { "Prefix": { "type": "text" } } },
    });
    let listed = s3.body(&list, json!({ "List": {} }));
    let listed = listed.as_str().unwrap();
    for key in ["plain.txt", "a b.txt", "größe ✓.txt", "a+b", "100%25", "folder/inside/file.txt"]
    {
        assert!(listed.contains(&format!("<Key>{key}</Key>")), "{key}: {listed}");
    }
    assert_eq!(listed.matches("<Key>").count(), keys.len());
    let listed = s3.body(&list, json!({ "List": { "Prefix": "$&'()*!,;:=@" } }));
    assert_eq!(listed.as_str().unwrap().matches("<Key>").count(), 1, "{listed}");
}

const IDENTITY: &str = "arn:aws:iam::123456789012:user/tester";

#[test]
fn sts_is_asked_with_a_form() {
    let Some(server) = moto() else { return };
    let form = json!({ "Action": "GetCallerIdentity", "Version": "2011-06-15" });
    let request = json!({ "method": "POST", "path": "/", "body": { "form": form } });
    let told = Service::of(&server, "sts").body(&request, json!({}));
    assert!(told.as_str().unwrap().contains(&format!("<Arn>{IDENTITY}</Arn>")), "{told}");
}

fn dynamodb(action: &str, body: &Value) -> Value {
    json!({
        "method": "POST", "path": "/", "body": { "json": body }, "response": { "decoder": "json" },
        "headers": {
            "X-Amz-Target": format!("DynamoDB_20120810.{action}"), "Content-Type": "application/x-amz-json-1.0",
        },
    })
}

#[test]
fn dynamodb_is_asked_with_json() {
    let Some(server) = moto() else { return };
    let service = Service::of(&server, "dynamodb");
    let table = json!({
        "TableName": "things", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
    });
    let made = service.body(&dynamodb("CreateTable", &table), json!({}));
    assert_eq!(made["TableDescription"]["TableName"], "things");
    let item = json!({ "id": { "S": "größe" }, "n": { "N": "1.50" } });
    let put = json!({ "TableName": "things", "Item": item });
    service.body(&dynamodb("PutItem", &put), json!({}));
    let get = json!({ "TableName": "things", "Key": { "id": { "S": "größe" } } });
    let got = service.body(&dynamodb("GetItem", &get), json!({}));
    assert_eq!(got["Item"]["id"], item["id"]);
}

#[test]
fn a_wrong_secret_is_refused() {
    let Some(server) = moto() else { return };
    let secret = MOTO_SECRET_ACCESS_KEY.replace("canary", "wrong");
    let form = json!({ "Action": "GetCallerIdentity", "Version": "2011-06-15" });
    for (name, request) in [
        ("s3", json!({ "path": "/" })),
        ("sts", json!({ "method": "POST", "path": "/", "body": { "form": form } })),
        ("dynamodb", dynamodb("ListTables", &json!({}))),
    ] {
        let service = Service { secret: &secret, ..Service::of(&server, name) };
        let error = service.invoke(&request, json!({})).unwrap_err();
        assert_eq!(
            (error.code().as_str(), error.class().exit_code()),
            ("auth.refused", 5),
            "{name}"
        );
        let response = error.response().unwrap();
        assert_eq!(response.status, 403, "{name}");
        let said = String::from_utf8_lossy(&response.body);
        let expected = ["SignatureDoesNotMatch", "InvalidSignatureException"];
        assert!(expected.iter().any(|code| said.contains(code)), "{name}: {said}");
        assert!(!error.to_json().to_string().contains(&secret), "{name}");
    }
}
