//! moto, as `tests/peers/moto_server.py` starts it, refuses a request that is not signed as AWS wants it.

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use ring::hmac;

use crate::oidc::send;
use crate::peers::{self, MOTO_ACCESS_KEY_ID, MOTO_SECRET_ACCESS_KEY, Server};

/// A request signed by AWS Signature Version 4; the target has no query.
struct Request<'a> {
    service: &'a str,
    method: &'a str,
    target: &'a str,
    /// Sent and signed beside the usual ones; its name is in lower case.
    header: Option<(&'a str, &'a str)>,
    body: &'a str,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn status(server: &Server, key_id: &str, secret: &str, request: &Request<'_>) -> u16 {
    let Request { service, method, target, header, body } = request;
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = &time[..8];
    let payload = hex(digest(&SHA256, body.as_bytes()).as_ref());
    let host = server.base_url.trim_start_matches("http://");
    let mut signed =
        vec![("host", host), ("x-amz-content-sha256", &payload), ("x-amz-date", &time)];
    signed.extend(header);
    signed.sort_unstable();
    let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let canonical = format!("{method}\n{target}\n\n{lines}\n{names}\n{payload}");
    let scope = format!("{day}/us-east-1/{service}/aws4_request");
    let canonical = hex(digest(&SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{canonical}");
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [day, "us-east-1", service, "aws4_request"] {
        key = mac(&key, part);
    }
    let signature = hex(&mac(&key, &to_sign));
    let mut headers = format!(
        "authorization: AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}\r\n"
    );
    for (name, value) in signed.iter().filter(|(name, _)| *name != "host") {
        headers.push_str(&format!("{name}: {value}\r\n"));
    }
    send(server, method, target, &headers, body).status()
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

#[test]
fn s3_sts_and_dynamodb_check_signatures_from_the_first_request_on() {
    let Some(server) = peers::moto() else { return };
    let requests = [
        Request { service: "s3", method: "GET", target: "/", header: None, body: "" },
        Request {
            service: "sts",
            method: "POST",
            target: "/",
            header: Some(("content-type", "application/x-www-form-urlencoded; charset=utf-8")),
            body: "Action=GetCallerIdentity&Version=2011-06-15",
        },
        Request {
            service: "dynamodb",
            method: "POST",
            target: "/",
            header: Some(("x-amz-target", "DynamoDB_20120810.ListTables")),
            body: "{}",
        },
    ];
    for request in &requests {
        let service = request.service;
        let wrong = MOTO_SECRET_ACCESS_KEY.replace("canary", "wrong");
        assert_eq!(status(&server, MOTO_ACCESS_KEY_ID, &wrong, request), 403, "{service}");
        let right = status(&server, MOTO_ACCESS_KEY_ID, MOTO_SECRET_ACCESS_KEY, request);
        assert_eq!(right, 200, "{service}: {}", server.log());
        let unknown = status(&server, "AKIAUNKNOWN000000000", MOTO_SECRET_ACCESS_KEY, request);
        assert_eq!(unknown, 403, "{service}");
    }
}
