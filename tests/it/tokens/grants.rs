//! Every way to a first token, with the real server: what is sent is accepted, and what it refuses is said.

use cardhost::login::{BrowserLogin, DeviceLogin, Login};
use cardhost::store::TenantStore;
use cardhost::{Error, Host};
use serde_json::{Value, json};

use super::{
    CONNECTION, CONNECTOR, Life, add, aged, cards, host, kept, public_app, put, refused, requests,
    run, stored, whoami,
};
use crate::oidc::{self, browse, control};
use crate::peers::{self, Server};
use crate::store::{Place, block_on};

const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";

/// A server, a store in a file and a host for one auth method.
struct Setup {
    server: Server,
    store: TenantStore,
    id: String,
    host: Host,
    _place: Place,
}

/// With the connection's fields.
async fn setup(method: impl Fn(&str) -> Value, fields: impl Fn(&Server) -> Value) -> Option<Setup> {
    let server = peers::oidc(None)?;
    let place = Place::file();
    let store = place.tenant().await;
    let id = add(&store, &fields(&server)).await;
    let host = host(cards(&server.base_url, &method(&server.base_url)), &store, 30).build();
    Some(Setup { server, store, id, host, _place: place })
}

impl Setup {
    async fn begin(&self) -> Result<Login, Error> {
        self.host.begin_login(CONNECTOR, CONNECTION, None, REDIRECT_URI).await
    }

    async fn browser(&self) -> BrowserLogin {
        match self.begin().await.unwrap() {
            Login::Browser(login) => login,
            other => panic!("{other:?}"),
        }
    }

    async fn device(&self) -> DeviceLogin {
        match self.begin().await.unwrap() {
            Login::Device(login) => login,
            other => panic!("{other:?}"),
        }
    }

    /// Lets the stored token be over, for a host that has just been started.
    async fn expire(&mut self, method: Value) {
        let now = self.store.now().await.unwrap();
        put(&self.store, &self.id, aged(stored(&self.store, &self.id).await, Life::Over, now))
            .await;
        self.host = host(cards(&self.server.base_url, &method), &self.store, 30).build();
    }
}

fn nothing(_: &Server) -> Value {
    json!({})
}

#[test]
fn a_person_logs_in_with_a_browser() {
    block_on(async {
        let Some(mut setup) = setup(public_app, nothing).await else { return };
        refused(run(&setup.host, "whoami").await, "auth.login_required");
        let login = setup.browser().await;
        let came_back = browse(&setup.server, login.url().as_str());
        assert!(login.accepts(came_back.query().unwrap()));
        login.finish(came_back.query().unwrap()).await.unwrap();
        // The same host has seen that there was no token.
        assert_eq!(whoami(&setup.host).await, "alice");
        let tokens = stored(&setup.store, &setup.id).await;
        assert_eq!(tokens.scope.as_deref(), Some("openid api:read"));
        assert_eq!(tokens.expires_at.unwrap() - tokens.renew_at.unwrap(), 60);

        let first = tokens.refresh.unwrap();
        setup.expire(public_app(&setup.server.base_url)).await;
        assert_eq!(whoami(&setup.host).await, "alice");
        assert!(!stored(&setup.store, &setup.id).await.refresh.unwrap().is(&first), "rotated");
        assert_eq!(requests(&setup.server), ["authorization_code 200", "refresh_token 200"]);
    });
}

#[test]
fn a_login_that_does_not_succeed_leaves_what_is_stored() {
    block_on(async {
        let Some(setup) = setup(public_app, nothing).await else { return };
        super::login(&setup.server, &setup.store, &setup.id, Life::Fresh).await;
        let before = kept(&setup.store, &setup.id).await;

        let login = setup.browser().await;
        let denied = browse(&setup.server, &format!("{}&login_hint=deny", login.url()));
        let error = login.finish(denied.query().unwrap()).await.unwrap_err();
        assert_eq!(error.code().as_str(), "auth.denied", "{error:?}");

        for (query, code, retryable) in [
            ("state=wrong&code=abc", "auth.denied", false),
            ("code=abc", "auth.denied", false),
            ("state={state}", "auth.denied", false),
            ("state=wrong&error=server_error", "auth.denied", false),
            ("state={state}&error=access_denied", "auth.denied", false),
            ("state={state}&error=invalid_scope", "auth.grant_refused", false),
            ("state={state}&error=temporarily_unavailable", "auth.unavailable", true),
            ("state={state}&error=server_error&error_description=a%0Ab", "auth.unavailable", true),
            // A code that the server does not know.
            ("state={state}&code=abc", "auth.grant_revoked", false),
        ] {
            let login = setup.browser().await;
            let state = oidc::parameter(login.url(), "state").unwrap();
            let query = query.replace("{state}", &state);
            let error = login.finish(&query).await.unwrap_err();
            assert_eq!(error.code().as_str(), code, "{query}: {error:?}");
            assert_eq!(error.retryable(), Some(retryable), "{query}");
            assert!(!error.message().contains('\n'), "{error:?}");
        }
        // A code that was got with another verifier is of no use to whoever took it.
        let (login, other) = (setup.browser().await, setup.browser().await);
        let came_back = browse(&setup.server, other.url().as_str());
        let code = oidc::parameter(&came_back, "code").unwrap();
        let state = oidc::parameter(login.url(), "state").unwrap();
        let error = login.finish(&format!("code={code}&state={state}")).await.unwrap_err();
        assert_eq!(error.code().as_str(), "auth.grant_revoked", "{error:?}");

        assert_eq!(requests(&setup.server), ["authorization_code invalid_grant"; 2]);
        assert_eq!(kept(&setup.store, &setup.id).await, before);
        assert_eq!(whoami(&setup.host).await, "alice");
    });
}

fn client_credentials(server: &str, client_auth: &str) -> Value {
    json!({
        "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": format!("{server}/token"),
        "clientId": "<<connection.Client ID>>", "clientSecret": "<<connection.Client Secret>>",
        "clientAuth": client_auth, "scopes": ["api:read"],
    })
}

#[test]
fn clients_with_a_secret_get_tokens_without_a_person() {
    for (client, secret, client_auth) in [
        ("confidential", "oidc-client-secret-canary", "basic"),
        ("confidential-post", "oidc-post-secret-canary", "body"),
        ("confidential:odd", "oidc odd:secret+canary 100%&=", "basic"),
    ] {
        block_on(async {
            let method = |server: &str| client_credentials(server, client_auth);
            let fields = |_: &Server| json!({ "Client ID": client, "Client Secret": secret });
            let Some(mut setup) = setup(method, fields).await else { return };
            for _ in 0..2 {
                assert_eq!(whoami(&setup.host).await, client);
            }
            assert_eq!(requests(&setup.server), ["client_credentials 200"]);
            setup.expire(method(&setup.server.base_url)).await;
            assert_eq!(whoami(&setup.host).await, client);
            assert!(matches!(setup.begin().await.unwrap(), Login::Direct));
            assert_eq!(requests(&setup.server), ["client_credentials 200"; 3]);
        });
    }
}

#[test]
fn a_client_that_does_not_prove_itself_is_refused() {
    for (client, secret, client_auth) in [
        ("confidential", "wrong", "basic"),
        ("nobody", "wrong", "basic"),
        // In the wrong place.
        ("confidential", "oidc-client-secret-canary", "body"),
        ("confidential-post", "oidc-post-secret-canary", "basic"),
    ] {
        block_on(async {
            let method = |server: &str| client_credentials(server, client_auth);
            let fields = |_: &Server| json!({ "Client ID": client, "Client Secret": secret });
            let Some(setup) = setup(method, fields).await else { return };
            let error = refused(run(&setup.host, "whoami").await, "auth.grant_refused");
            assert!(error.message().contains("it answered 401 `invalid_client`"), "{error:?}");
            assert_eq!(error.retryable(), Some(false));
            assert_eq!(kept(&setup.store, &setup.id).await, None);
        });
    }
}

/// The method of a client that signs, and the field of its key.
pub(super) fn signing(algorithm: &str, client: &str) -> impl Fn(&str) -> Value {
    let assertion = json!({
        "algorithm": algorithm, "key": "<<connection.Key>>",
        "keyId": format!("own-{}", if algorithm == "RS256" { "rsa" } else { "ec" }),
    });
    let client = client.to_owned();
    move |server| {
        if client == "service-account" {
            let mut assertion = assertion.clone();
            assertion["issuer"] = json!(client);
            assertion["subject"] = json!("<<connection.User>>");
            return json!({
                "scheme": "oauth2", "grant": "jwt_bearer", "tokenUrl": format!("{server}/token"),
                "assertion": assertion, "scopes": ["api:read"],
            });
        }
        json!({
            "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": format!("{server}/token"),
            "clientId": client, "clientAuth": "private_key_jwt", "assertion": assertion, "scopes": ["api:read"],
        })
    }
}

pub(super) fn key_of(algorithm: &str) -> impl Fn(&Server) -> Value {
    let kind = if algorithm == "RS256" { "RSA" } else { "EC" };
    move |server| json!({ "Key": control(server, "keys", None)[kind], "User": "robot" })
}

#[test]
fn clients_and_service_accounts_sign() {
    for (algorithm, client, sub, grant) in [
        ("RS256", "jwt-client", "jwt-client", "client_credentials 200"),
        ("ES256", "jwt-client-es", "jwt-client-es", "client_credentials 200"),
        ("RS256", "service-account", "robot", "urn:ietf:params:oauth:grant-type:jwt-bearer 200"),
        ("ES256", "service-account", "robot", "urn:ietf:params:oauth:grant-type:jwt-bearer 200"),
    ] {
        block_on(async {
            let method = signing(algorithm, client);
            let Some(mut setup) = setup(&method, key_of(algorithm)).await else { return };
            assert_eq!(whoami(&setup.host).await, sub, "{algorithm}");
            // An assertion is good for one use: the second has a `jti` of its own.
            setup.expire(method(&setup.server.base_url)).await;
            assert_eq!(whoami(&setup.host).await, sub, "{algorithm}");
            assert_eq!(requests(&setup.server), [grant; 2]);
        });
    }
}

#[test]
fn a_key_that_does_not_fit_is_refused() {
    block_on(async {
        let Some(setup) = setup(signing("RS256", "jwt-client"), key_of("ES256")).await else {
            return;
        };
        let error = refused(run(&setup.host, "whoami").await, "auth.value");
        assert!(error.message().contains("RSA key"), "{error:?}");
        assert_eq!(requests(&setup.server), Vec::<String>::new());
    });
}

fn device(server: &str) -> Value {
    let mut method = public_app(server);
    method["grant"] = json!("device_code");
    method
}

#[test]
fn a_device_waits_for_a_person() {
    const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
    block_on(async {
        let Some(setup) = setup(device, nothing).await else { return };
        let login = setup.device().await;
        let code = login.code();
        assert!(code.verification_uri.starts_with(&setup.server.base_url), "{code:?}");
        assert!(code.verification_uri_complete.as_ref().unwrap().contains(&code.user_code));
        let user_code = code.user_code.clone();
        // Nobody has allowed it at the first question; at the second it is asked for more time.
        let allow = async {
            let asked = async || requests(&setup.server).len() == 1;
            super::until("asked", asked).await;
            control(&setup.server, "fault", Some(&json!({ "kind": "slow_down" })));
            control(&setup.server, "device", Some(&json!({ "user_code": user_code })));
        };
        let (done, ()) = tokio::join!(login.wait(), allow);
        done.unwrap();
        let said = ["authorization_pending", "slow_down", "200"];
        assert_eq!(requests(&setup.server), said.map(|said| format!("{GRANT} {said}")));
        assert_eq!(whoami(&setup.host).await, "alice");

        let before = kept(&setup.store, &setup.id).await;
        let login = setup.device().await;
        let deny = json!({ "user_code": login.code().user_code, "deny": true });
        control(&setup.server, "device", Some(&deny));
        let error = login.wait().await.unwrap_err();
        assert_eq!(error.code().as_str(), "auth.denied");
        assert_eq!(kept(&setup.store, &setup.id).await, before);
    });
}

#[test]
fn a_refresh_token_of_the_connection_is_used_once() {
    block_on(async {
        let method = |server: &str| {
            json!({
                "scheme": "oauth2", "grant": "refresh_token", "clientId": "public-app",
                "tokenUrl": format!("{server}/token"), "refreshToken": "<<connection.Refresh Token>>",
            })
        };
        let fields = |server: &Server| {
            let minted = control(server, "mint", Some(&json!({ "client_id": "public-app" })));
            json!({ "Refresh Token": minted["refresh_token"] })
        };
        let Some(mut setup) = setup(method, fields).await else { return };
        assert_eq!(whoami(&setup.host).await, "alice");
        for _ in 0..2 {
            // From then on it is the rotated one: the field's would end the grant.
            setup.expire(method(&setup.server.base_url)).await;
            assert_eq!(whoami(&setup.host).await, "alice");
        }
        assert_eq!(requests(&setup.server), ["refresh_token 200"; 3]);
    });
}

#[test]
fn what_is_revoked_is_refused_afterwards() {
    block_on(async {
        let Some(setup) = setup(public_app, nothing).await else { return };
        super::login(&setup.server, &setup.store, &setup.id, Life::Fresh).await;
        assert_eq!(whoami(&setup.host).await, "alice");
        let access = stored(&setup.store, &setup.id).await.access;
        let revoked = setup.host.revoke(CONNECTOR, CONNECTION).await.unwrap();
        assert_eq!(revoked.revoked, [super::METHOD], "{revoked:?}");
        assert!(revoked.failed.is_empty() && revoked.not_offered.is_empty());
        assert_eq!(oidc::whoami(&setup.server, access.expose()).status(), 401);
        let error = refused(run(&setup.host, "whoami").await, "auth.grant_revoked");
        assert!(error.hint().unwrap().starts_with("log in again"), "{error:?}");
        // Revoked once more: the server knows nothing of it any more, which is enough.
        let again = setup.host.revoke(CONNECTOR, CONNECTION).await.unwrap();
        assert_eq!(again.revoked, [super::METHOD], "{again:?}");
    });
}

/// A method that says no more of its server than who it is, with a client that registers itself.
fn registering(server: &str) -> Value {
    json!({
        "scheme": "oauth2", "grant": "authorization_code", "issuer": server,
        "registration": { "accessToken": "<<connection.Key>>", "metadata": { "client_name": "Cards" } },
        "scopes": ["openid", "profile", "api:read"], "tokenRequest": { "as": "json" },
        "lookUp": {
            "target": "api", "path": "/me",
            "gives": { "Account": "<<response.body.name>>", "Subject": "<<response.body.sub>>" },
        },
    })
}

#[test]
fn a_client_registers_itself_with_a_server_that_describes_itself() {
    block_on(async {
        let fields = |_: &Server| json!({ "Key": "oidc-initial-canary" });
        let Some(mut setup) = setup(registering, fields).await else { return };
        let login = setup.browser().await;
        let first = oidc::parameter(login.url(), "client_id").unwrap();
        let came_back = browse(&setup.server, login.url().as_str());
        login.finish(came_back.query().unwrap()).await.unwrap();
        assert_eq!(whoami(&setup.host).await, "alice");
        let tokens = stored(&setup.store, &setup.id).await;
        let given = json!({ "Account": "Name of alice", "Subject": "alice" });
        assert_eq!(Value::Object(tokens.gives.clone()), given);

        // Renewed by the same client, and nothing is looked up or registered again.
        setup.expire(registering(&setup.server.base_url)).await;
        assert_eq!(whoami(&setup.host).await, "alice");
        let renewed = stored(&setup.store, &setup.id).await;
        assert_eq!(Value::Object(renewed.gives.clone()), given);
        let of_client = control(&setup.server, "events", None);
        let clients: Vec<&Value> =
            of_client["requests"].as_array().unwrap().iter().map(|it| &it["client_id"]).collect();
        assert_eq!(clients, [&json!(first), &json!(first)]);
        assert_eq!(requests(&setup.server), ["authorization_code 200", "refresh_token 200"]);

        // Another login that comes back to the same place is the same client's.
        let login = setup.browser().await;
        assert_eq!(oidc::parameter(login.url(), "client_id").unwrap(), first);

        // With the grant goes the registration; the next login registers anew.
        let revoked = setup.host.revoke(CONNECTOR, CONNECTION).await.unwrap();
        assert_eq!(revoked.revoked, [super::METHOD], "{revoked:?}");
        assert_eq!(oidc::whoami(&setup.server, renewed.access.expose()).status(), 401);
        let login = setup.browser().await;
        assert_ne!(oidc::parameter(login.url(), "client_id").unwrap(), first);
    });
}

#[test]
fn a_registration_that_is_not_allowed_is_refused() {
    block_on(async {
        let fields = |_: &Server| json!({ "Key": "wrong" });
        let Some(setup) = setup(registering, fields).await else { return };
        let error = setup.begin().await.unwrap_err();
        assert_eq!(error.code().as_str(), "auth.grant_refused", "{error:?}");
        assert!(error.message().contains("`invalid_token`"), "{error:?}");
    });
}
