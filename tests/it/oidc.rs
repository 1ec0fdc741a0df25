//! What tests do with the OAuth 2 server of `tests/peers/oidc.mjs`: forms, its handles, and a browser without a screen.
//! Replies are read without an HTTP library. What the server then did is the business of the tests.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use crate::peers::Server;
use crate::support::{Message, exchange};

/// Sends a request over a connection of its own.
pub fn send(server: &Server, method: &str, target: &str, headers: &str, body: &str) -> Message {
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        server.base_url.trim_start_matches("http://"),
        body.len(),
    );
    let reply = exchange(&server.base_url, request.as_bytes());
    Message::parse(&String::from_utf8(reply).unwrap())
}

/// Posts a form; status and body of the reply, `null` where it is not JSON.
pub fn post_form(
    server: &Server,
    target: &str,
    headers: &str,
    form: &[(&str, &str)],
) -> (u16, Value) {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let headers = format!("content-type: application/x-www-form-urlencoded\r\n{headers}");
    let reply = send(server, "POST", target, &headers, &body);
    (reply.status(), serde_json::from_str(&reply.body).unwrap_or(Value::Null))
}

/// Asks one of the handles below `/control/`: GET without a body, POST with one.
pub fn control(server: &Server, handle: &str, body: Option<&Value>) -> Value {
    let method = if body.is_some() { "POST" } else { "GET" };
    let body = body.map(Value::to_string).unwrap_or_default();
    let reply = send(server, method, &format!("/control/{handle}"), "", &body);
    assert_eq!(reply.status(), 200, "{handle}: {}", reply.body);
    serde_json::from_str(&reply.body).unwrap()
}

/// The events of one grant, such as `refresh_token.consumed`, oldest first.
pub fn grant_events(server: &Server, grant_id: &str) -> Vec<String> {
    let told = control(server, "events", None);
    let all = told["events"].as_array().unwrap().iter();
    all.filter(|event| event["grant_id"] == grant_id)
        .map(|event| event["event"].as_str().unwrap().to_owned())
        .collect()
}

/// Calls `/api/whoami` with an access token.
pub fn whoami(server: &Server, access_token: &str) -> Message {
    send(server, "GET", "/api/whoami", &format!("authorization: Bearer {access_token}\r\n"), "")
}

/// Opens a page of the server as a browser does, with cookies and redirects; returns where it is sent to elsewhere.
///
/// That is the client's redirect URI, with `code` or `error` in its query; nothing is asked there.
pub fn browse(server: &Server, start: &str) -> Url {
    const REDIRECTS: usize = 10;
    let own = Url::parse(&server.base_url).unwrap();
    let mut url = Url::parse(start).unwrap();
    // The paths of cookies are not looked at: the server's names are unique enough for one login.
    let mut cookies = BTreeMap::new();
    for _ in 0..REDIRECTS {
        if url.origin() != own.origin() {
            return url;
        }
        let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers = format!("cookie: {}\r\n", pairs.join("; "));
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let page = send(server, "GET", target, &headers, "");
        for cookie in page.header("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let [location] = page.header("location")[..] else {
            panic!("{url} answers {} and no redirect: {}", page.first_line, page.body);
        };
        url = url.join(location).unwrap();
    }
    panic!("{start} redirects without end");
}

/// The value of a parameter in a URL's query.
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(own, _)| own == name).map(|(_, value)| value.into_owned())
}
