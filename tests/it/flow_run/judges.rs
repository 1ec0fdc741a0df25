//! Requests of a flow itself against servers that we did not write: httpbin, which checks credentials, and oidc-provider,
//! which gives tokens.

use cardhost::flow::FlowRunner;
use cardhost::transport::EgressPolicy;
use cardhost::{Error, Host, Policy};
use serde_json::{Value, json};

use super::shop::{flow, run};
use crate::oidc::control;
use crate::peers;

fn runner() -> FlowRunner {
    let policy = Policy {
        egress: EgressPolicy { private: true, ..EgressPolicy::default() },
        ..Policy::default()
    };
    FlowRunner::new(Host::builder().policy(policy).build())
}

fn get(runner: &FlowRunner, url: &str, authentication: &Value) -> Result<Value, Error> {
    let with =
        json!({ "method": "get", "endpoint": { "uri": url, "authentication": authentication } });
    let flow = flow(&format!("do: [ {{ ask: {{ call: http, with: {with} }} }} ]\n"));
    run(runner.run(&flow, json!({})))
}

#[test]
fn httpbin_takes_the_basic_and_digest_credentials_of_a_flow_and_refuses_wrong_ones() {
    let Some(server) = peers::httpbin() else { return };
    let credentials = |password: &str| json!({ "username": "Mufasa", "password": password });
    let mut paths = vec![("basic", "basic-auth/Mufasa/canary-of-Life".to_owned())];
    for algorithm in ["MD5", "SHA-256", "SHA-512"] {
        for qop in ["auth", "auth-int"] {
            paths.push(("digest", format!("digest-auth/{qop}/Mufasa/canary-of-Life/{algorithm}")));
        }
    }
    for (scheme, path) in paths {
        let url = format!("{}/{}", server.base_url, path);
        let asked =
            |password: &str| get(&runner(), &url, &json!({ scheme: credentials(password) }));
        let accepted = asked("canary-of-Life").unwrap();
        assert_eq!(accepted, json!({ "authenticated": true, "user": "Mufasa" }), "{path}");
        let refused = asked("wrong-canary").unwrap_err();
        assert_eq!(refused.code().as_str(), "auth.refused", "{path}");
        assert!(!refused.to_json().to_string().contains("wrong"), "{refused:?}");
    }
}

#[test]
fn oidc_provider_gives_a_flow_one_token_until_it_is_refused() {
    let Some(server) = peers::oidc(None) else { return };
    let url = format!("{}/api/whoami", server.base_url);
    for (client, secret, authentication) in [
        ("confidential", "oidc-client-secret-canary", "client_secret_basic"),
        ("confidential:odd", "oidc odd:secret+canary 100%&=", "client_secret_basic"),
        ("confidential-post", "oidc-post-secret-canary", "client_secret_post"),
    ] {
        let requests = || {
            let told = control(&server, "events", None);
            let all = told["requests"].as_array().unwrap().clone();
            let of_client = all.into_iter().filter(|request| request["client_id"] == client);
            of_client.map(|request| request["status"].clone()).collect::<Vec<_>>()
        };
        let asks = |secret: &str| {
            json!({ "oauth2": {
                "authority": server.base_url, "endpoints": { "token": "/token" },
                "grant": "client_credentials", "scopes": ["api:read"],
                "client": { "id": client, "secret": secret, "authentication": authentication },
            } })
        };
        let runner = runner();
        for _ in 0..2 {
            assert_eq!(get(&runner, &url, &asks(secret)).unwrap()["client_id"], client);
        }
        assert_eq!(requests(), [200]);
        control(&server, "expire-access-tokens", Some(&json!({})));
        assert_eq!(get(&runner, &url, &asks(secret)).unwrap()["client_id"], client);
        assert_eq!(requests(), [200, 200]);
        // Whoever names the authority alone asks it where its tokens are got.
        let mut asks_authority = json!({ "oidc": asks(secret)["oauth2"] });
        asks_authority["oidc"].as_object_mut().unwrap().shift_remove("endpoints");
        assert_eq!(get(&runner, &url, &asks_authority).unwrap()["client_id"], client);
        assert_eq!(requests(), [200, 200, 200]);
        let refused = get(&runner, &url, &asks("wrong canary")).unwrap_err();
        assert_eq!(refused.code().as_str(), "auth.grant_refused");
        assert!(!refused.to_json().to_string().contains("wrong"), "{refused:?}");
    }
}
