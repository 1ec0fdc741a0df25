//! No secret of a connection, no token and no code is in an error, in a `Debug` or in a log, whatever the service sends
//! back of them.

use std::fmt::Debug;

use cardhost::Error;
use cardhost::login::Login;
use serde_json::{Value, json};

use super::service::{Service, json_reply};
use super::{CONNECTION, CONNECTOR, Life, add, cards, host, put, run, tokens};
use crate::canaries::{assert_clean, base64, finish, percent};
use crate::embedding::Recorder;
use crate::store::{Place, block_on};
use crate::support::{Answer, Message, reply};

const CLIENT_SECRET: &str = "CANARYxCLIENT+/é\" %2B'";
const PASSWORD: &str = "p\"CANARYxPASSWORD5/ßé+%41 'x'";
const REFRESH: &str = "CANARYxREFRESH-0/+==";
const FIELD_REFRESH: &str = "CANARYxFIELD-0/+==";
const ACCESS: &str = "CANARYxACCESS.0_-~+/==";
const NEXT: &str = "CANARYxACCESS.1_-~+/==";
const DEVICE: &str = "CANARYxDEVICE-0";
const CODE: &str = "CANARYxCODE/+0";

const ALL: [&str; 8] =
    [CLIENT_SECRET, PASSWORD, REFRESH, FIELD_REFRESH, ACCESS, NEXT, DEVICE, CODE];

/// Spellings in which services send back what they were sent.
fn echo(secrets: &[&str], request: &Message) -> String {
    let mut all = vec![request.body.clone(), format!("{:?}", request.headers)];
    for secret in secrets {
        let quoted = serde_json::to_string(secret).unwrap();
        all.extend([
            (*secret).to_owned(),
            quoted,
            percent(secret, "", true),
            percent(secret, "-._~", false),
            percent(secret, "-._*", true).replace("%20", "+"),
            base64(secret),
            base64(&format!("app:{secret}")),
        ]);
    }
    all.join(" ")
}

/// What was sent with a request: a service cannot send back anything else.
fn sent(request: &Message) -> Vec<&'static str> {
    let form: Vec<_> = url::form_urlencoded::parse(request.body.as_bytes()).collect();
    let mut sent: Vec<_> =
        ALL.into_iter().filter(|secret| form.iter().any(|(_, value)| value == secret)).collect();
    let authorization = request.header("authorization").concat();
    sent.extend(ALL.into_iter().filter(|secret| authorization.contains(secret)));
    let id_and_secret = base64(&format!("app:{}", percent(CLIENT_SECRET, "-._~", true)));
    sent.extend(authorization.contains(&id_and_secret).then_some(CLIENT_SECRET));
    let json: Value = serde_json::from_str(&request.body).unwrap_or_default();
    sent.extend(ALL.into_iter().filter(|secret| json["password"] == *secret));
    sent
}

/// What the token endpoint answers, by case; `api` marks cases where it gives a token and the API echoes.
const CASES: [&str; 12] = [
    "invalid_grant",
    "invalid_client",
    "error",
    "html",
    "500",
    "503",
    "refused with 200",
    "no token",
    "reset",
    "api 401",
    "api 500",
    "api 200",
];

fn service(case: &'static str) -> Service {
    Service::start(move |request| {
        let echo = echo(&sent(request), request);
        let given = json!({ "access_token": NEXT, "token": NEXT, "refresh_token": REFRESH, "expires_in": 3600 });
        if request.target() == "/api/whoami" {
            return match case {
                "api 401" => json_reply("401 Unauthorized", &json!({ "error": echo })),
                "api 500" => Answer::Bytes(reply("500 Oops", "text/plain", echo.as_bytes())),
                _ => json_reply("200 OK", &json!({ "sub": "alice" })),
            };
        }
        let described = json!({ "error": case, "error_description": echo });
        match case {
            "invalid_grant" => json_reply("400 Bad Request", &described),
            "invalid_client" => json_reply("401 Unauthorized", &described),
            "error" => {
                json_reply("400 Bad Request", &json!({ "error": echo, "error_description": echo }))
            }
            "html" => Answer::Bytes(reply("200 OK", "text/html", echo.as_bytes())),
            "500" => Answer::Bytes(reply("500 Oops", "text/plain", echo.as_bytes())),
            "503" => json_reply("503 Later", &described),
            "refused with 200" => json_reply("200 OK", &json!({ "error": { "message": echo } })),
            "no token" => json_reply(
                "200 OK",
                &json!({ "access_token": 7, "refresh_token": REFRESH, "x": echo }),
            ),
            "reset" => {
                Answer::Reset(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nCANARYx".to_vec())
            }
            _ => json_reply("200 OK", &given),
        }
    })
}

fn methods(url: &str) -> Vec<(&'static str, Value)> {
    let oauth2 = |grant: &str, client_auth: &str| {
        json!({
            "scheme": "oauth2", "grant": grant, "clientId": "app", "clientAuth": client_auth,
            "clientSecret": "<<connection.Client Secret>>", "refreshToken": "<<connection.Refresh Token>>",
            "tokenUrl": format!("{url}/token"), "authorizationUrl": format!("{url}/auth"),
            "revocationUrl": format!("{url}/revoke"), "deviceUrl": format!("{url}/device"),
        })
    };
    let session = |key: &str| {
        let mut login = json!({ "url": format!("{url}/login") });
        login[key] = json!({ "user": "alice", "password": "<<connection.Password>>" });
        json!({ "scheme": "session", "login": login, "tokenFrom": "<<response.body.token>>" })
    };
    vec![
        ("basic", oauth2("authorization_code", "basic")),
        ("body", oauth2("authorization_code", "body")),
        ("client", oauth2("client_credentials", "basic")),
        ("field", oauth2("refresh_token", "body")),
        ("device", oauth2("device_code", "basic")),
        ("session json", session("json")),
        ("session form", session("form")),
    ]
}

/// Everything that an error shows.
fn look_at(what: &str, error: &Error) {
    assert_clean(&format!("{what}: message"), &error.message());
    assert_clean(&format!("{what}: hint"), &error.hint().unwrap_or_default());
    assert_clean(&format!("{what}: Debug"), &format!("{error:?} {error:#?} {error}"));
    assert_clean(&format!("{what}: JSON"), &error.to_json().to_string());
}

fn look_at_debug(what: &str, shown: &impl Debug) {
    assert_clean(what, &format!("{shown:?} {shown:#?}"));
}

/// One method against one misbehaviour: runs, a login, a revocation.
async fn try_all(what: &str, url: &str, name: &str, method: &Value) {
    let place = Place::file();
    let store = place.tenant().await;
    let id = add(
        &store,
        &json!({ "Client Secret": CLIENT_SECRET, "Password": PASSWORD, "Refresh Token": FIELD_REFRESH }),
    )
    .await;
    let host = host(cards(url, method), &store, 30).build();
    if name != "client" && name != "field" && !name.starts_with("session") {
        let now = store.now().await.unwrap();
        let held = tokens(ACCESS, Some(REFRESH), Life::Over, now);
        look_at_debug(what, &held);
        put(&store, &id, held).await;
    }
    for _ in 0..2 {
        match run(&host, "whoami").await {
            Ok(outcome) => look_at_debug(what, &outcome),
            Err(error) => look_at(&format!("{what}, run"), &error),
        }
    }
    let revoked = host.revoke(CONNECTOR, CONNECTION).await.unwrap();
    look_at_debug(what, &revoked);
    revoked.failed.iter().for_each(|(_, error)| look_at(&format!("{what}, revoke"), error));
    match host.begin_login(CONNECTOR, CONNECTION, None, "http://127.0.0.1:9/").await {
        Ok(Login::Browser(login)) => {
            look_at_debug(what, &login);
            let state = crate::oidc::parameter(login.url(), "state").unwrap();
            let code: String = url::form_urlencoded::byte_serialize(CODE.as_bytes()).collect();
            let verifier_is_not_in_the_url = !login.url().as_str().contains("verifier");
            assert!(verifier_is_not_in_the_url);
            if let Err(error) = login.finish(&format!("state={state}&code={code}")).await {
                look_at(&format!("{what}, login"), &error);
            }
        }
        Ok(other) => look_at_debug(what, &other),
        Err(error) => look_at(&format!("{what}, login"), &error),
    }
    look_at_debug(what, &store);
    look_at_debug(what, &store.get(CONNECTOR, CONNECTION).await.unwrap());
}

#[test]
fn what_a_token_endpoint_sends_back_is_shown_nowhere() {
    let mut seen = 0;
    for case in CASES {
        let service = service(case);
        for (name, method) in methods(service.url()) {
            let what = format!("{case}, {name}");
            let recorder = Recorder::default();
            tracing::subscriber::with_default(recorder.clone(), || {
                block_on(try_all(&what, service.url(), name, &method));
            });
            let recorded = recorder.text();
            assert!(recorded.contains("token request"), "{what}: {recorded}");
            assert_clean(&format!("{what}: log"), &recorded);
        }
        seen += service.asked().iter().filter(|asked| !sent(asked).is_empty()).count();
    }
    finish();
    // Otherwise nothing was there to be shown.
    assert!(seen > 200, "{seen} requests held a secret");
}

#[test]
fn a_device_code_is_shown_nowhere() {
    let service = Service::start(|request| {
        let device = json!({
            "device_code": DEVICE, "user_code": "ABCD-EFGH", "verification_uri": "http://127.0.0.1/device", "interval": 1,
        });
        let echo = echo(&sent(request), request);
        match request.target() {
            "/device" => json_reply("200 OK", &device),
            _ => json_reply(
                "400 Bad Request",
                &json!({ "error": "invalid_request", "error_description": echo }),
            ),
        }
    });
    let methods = methods(service.url());
    let (_, method) = methods.iter().find(|(name, _)| *name == "device").unwrap();
    let recorder = Recorder::default();
    tracing::subscriber::with_default(recorder.clone(), || {
        block_on(async {
            let place = Place::file();
            let store = place.tenant().await;
            let fields = json!({ "Client Secret": CLIENT_SECRET, "Refresh Token": FIELD_REFRESH });
            add(&store, &fields).await;
            let host = host(cards(service.url(), method), &store, 30).build();
            let begun = host.begin_login(CONNECTOR, CONNECTION, None, "http://127.0.0.1:9/").await;
            let Ok(Login::Device(login)) = begun else { panic!("{begun:?}") };
            look_at_debug("device", &login);
            look_at_debug("device", login.code());
            let error = login.wait().await.unwrap_err();
            assert_eq!(error.code().as_str(), "auth.grant_refused");
            look_at("device", &error);
        });
    });
    assert_clean("device: log", &recorder.text());
    finish();
    assert!(sent(&service.asked()[1]).contains(&DEVICE));
}
