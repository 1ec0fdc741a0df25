//! A host in a process of its own, where every log line of every library is kept.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use cardhost::connections::MemoryConnections;
use cardhost::core::call::{self, Step};
use cardhost::core::moment::Moment;
use cardhost::core::request::{ClientIdentity, TlsSettings};
use cardhost::core::secret::{Redactor, Secret};
use cardhost::core::token::{Pkce, TokenSet, Tokens};
use cardhost::login::Login;
use cardhost::store::export::ExportedConnection;
use cardhost::store::{Key, KeySet, Store};
use cardhost::{ConnectionRef, Host, Invocation, Reply};
use serde_json::{Value, json};
use tracing_subscriber::fmt::format::FmtSpan;

use super::assert_clean;
use crate::canary::{text, token};
use crate::memory::host::{Show, exercise, open};
use crate::memory::hunt;
use crate::memory::process::Process;
use crate::memory::service::Service;

/// What the test binary does when it is started as the host: the folder that [`Service::start`] filled.
const ROLE: &str = "CARDHOST_EVERYWHERE_ROLE";

#[test]
fn role() {
    if let Some(folder) = std::env::var_os(ROLE) {
        live(Path::new(&folder));
    }
}

#[test]
fn a_host_shows_no_secret_in_logs_errors_plans_and_types() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&folder);
    Process::start("secrets_everywhere::host::role", ROLE, folder.path()).end();
    let shown = ["trace", "shown"]
        .map(|name| (name.to_owned(), std::fs::read_to_string(folder.path().join(name)).unwrap()));
    // That there is something to look at, and from whom. hyper itself is silent in a build without its unstable tracing.
    for target in ["hyper_util::client", "rustls", "cardhost_runtime"] {
        assert!(shown[0].1.contains(target), "nothing of {target} in {} bytes", shown[0].1.len());
    }
    for kind in ["Prepared", "http.status", "Redactor(", "Invocation", "BrowserLogin", "DeviceCode"]
    {
        assert!(shown[1].1.contains(kind), "no {kind}");
    }
    assert_clean(&hunt(&service), &shown);
}

/// Writes each piece at once.
#[derive(Clone)]
struct Lines(Arc<Mutex<File>>);

impl Lines {
    fn new(path: &Path) -> Lines {
        let file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        Lines(Arc::new(Mutex::new(file)))
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        writeln!(self.0.lock().unwrap(), "{} {}", record.target(), record.args()).unwrap();
    }
    fn flush(&self) {}
}

fn live(folder: &Path) {
    let lines = Lines::new(&folder.join("trace"));
    let for_tracing = lines.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(move || for_tracing.clone())
        .init();
    log::set_boxed_logger(Box::new(lines)).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let shown = Lines::new(&folder.join("shown"));
    let show = move |text: String| writeln!(shown.0.lock().unwrap(), "{text}").unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let host = open(folder).await;
        exercise(&host, &show).await;
        Box::pin(refusals(&host, &show)).await;
        logins(&host, &show).await;
        types(folder, &host, &show).await;
        Box::pin(super::flow::flows(folder, &host, &show)).await;
    });
}

fn invocation(path: &Value) -> Invocation {
    Invocation::from_value(json!({ "connection": "prod", "input": { "Act": { "Path": path } } }))
        .unwrap()
}

/// Errors of the other classes.
async fn refusals(host: &Host, show: &Show) {
    let path = json!("fine");
    let secret = text("notes");
    for (card, invocation) in [
        ("vault/refused-plain", invocation(&path)),
        ("vault/browser-secure", invocation(&path)),
        ("vault/none-there", invocation(&path)),
        ("vault/basic-plain", invocation(&json!(7))),
        ("vault/basic-plain", Invocation::from_value(json!({ "connection": "other" })).unwrap()),
        ("vault/basic-plain", inline(json!({ "User": "a:b", "Password": secret }))),
        ("vault/basic-plain", inline(json!({ "User": { "env": "HOME" }, "Password": secret }))),
        ("vault/basic-plain", inline(json!({ "User": "sa", "Password": [secret] }))),
        ("vault/basic-plain", inline(json!({ "Notes": secret }))),
        ("vault/signed-plain", inline(json!({ "Password": secret }))),
        (
            "vault/identity-secure",
            inline(json!({
                "User": "sa", "Password": secret, "Certificate": "none", "Key": secret,
            })),
        ),
    ] {
        let error = host.run(Some(card), invocation).await.unwrap_err();
        show(format!("{} {error:?} {error} {:?}", error.message(), error.to_json()));
        show(format!("{:?}", error.hint()));
    }
}

fn inline(fields: Value) -> Invocation {
    let value =
        json!({ "connection": { "fields": fields }, "input": { "Act": { "Path": "fine" } } });
    Invocation::from_value(value).unwrap()
}

async fn logins(host: &Host, show: &Show) {
    let begin = async |method| {
        host.begin_login("vault", "prod", Some(method), "http://127.0.0.1:9/callback")
            .await
            .unwrap()
    };
    let login = begin("browser").await;
    show(format!("{login:?}"));
    let Login::Browser(login) = login else { panic!("{login:?}") };
    let state = login.url().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("code", &token("code"))
        .append_pair("state", &state)
        .finish();
    login.finish(&query).await.unwrap();
    let login = begin("device").await;
    show(format!("{login:?}"));
    let Login::Device(login) = login else { panic!("{login:?}") };
    show(format!("{:?}", login.code()));
    login.wait().await.unwrap();
    let revoked = host.revoke("vault", "prod").await.unwrap();
    assert_eq!(revoked.failed.len(), 1, "{revoked:?}");
    show(format!("{revoked:?} {}", revoked.failed[0].1.message()));
    let refused = host.begin_login("vault", "prod", Some("refused"), "http://127.0.0.1:9/").await;
    let refused = refused.unwrap_err();
    show(format!("{refused:?} {refused} {}", refused.message()));
}

/// What `types` says to be shown here.
async fn types(folder: &Path, host: &Host, show: &Show) {
    let key = || Key::read_file(folder.join("store-key")).unwrap();
    let location = folder.join("connections.db").display().to_string();
    let store = Store::open(&location, KeySet::new(key())).await.unwrap();
    let tenant = store.tenant("default").unwrap();
    let stored = tenant.get("vault", "prod").await.unwrap().unwrap();
    let mut exported = ExportedConnection {
        connector: "vault".to_owned(),
        name: "prod".to_owned(),
        fields: stored.fields.clone(),
        tokens: None,
        tokens_end: None,
    };
    exported.put_tokens(token("access-1").as_bytes(), None);
    show(format!("{store:?} {tenant:?} {stored:?} {:?} {exported:?}", stored.tokens));
    show(format!("{:?} {:?}", key(), KeySet::new(key()).with_previous(key())));

    let secret = Secret::new(text("password"));
    let mut tokens = Tokens::new(Secret::new(token("access-1")), 0, None);
    tokens.refresh = Some(Secret::new(token("refresh-1")));
    let mut set = TokenSet::default();
    set.put("oauth", tokens.clone());
    let verifier: [u8; 32] = crate::canary::bytes("random 32").try_into().unwrap();
    show(format!("{secret:?} {tokens:?} {set:?} {:?}", Pkce::new(verifier)));
    let mut redactor = Redactor::new();
    redactor.add(secret.clone());
    redactor.add_pair("sa".into(), secret.clone());
    show(format!("{redactor:?}"));

    let fields = ConnectionRef::Fields(stored.fields.clone());
    let memory = MemoryConnections::new().with("vault", "prod", stored.fields.clone());
    show(format!("{fields:?} {memory:?}"));
    let mut given = invocation(&json!("fine"));
    given.connection = Some(fields);
    given.input = stored.fields.clone();
    show(format!("{given:?}"));
    let mut reply = Reply::new(200, Default::default(), text("password"));
    reply.headers.insert("set-cookie", token("session-1").parse().unwrap());
    show(format!("{reply:?}"));

    for card in
        ["vault/basic-plain", "vault/signed-plain", "vault/oauth-secure", "vault/identity-secure"]
    {
        let prepared = host.prepare(Some(card), invocation(&json!("fine"))).await.unwrap();
        for label in ["Password", "Notes", "User"] {
            show(format!("{:?}", prepared.connection.get(label).unwrap()));
        }
        show(format!("{prepared:?} {:?} {:?}", prepared.connection, prepared.plan));
        show(format!("{:?} {:?}", prepared.plan.request, prepared.plan.request.body));
        show(format!("{:?} {:?}", prepared.plan.request.tls, prepared.plan.pending));
        let step = call::begin(prepared.definition, prepared.plan);
        show(format!("{step:?}"));
        if let Step::Sign(unsigned) = step {
            let moment = Moment { unix_seconds: 0, nonce: [0; 16] };
            let signed = unsigned.sign(Some(Secret::new(token("access-2"))), &moment).unwrap();
            show(format!("{signed:?} {:?}", signed.request()));
        }
    }
    let identity = Some(ClientIdentity {
        certificate: secret.clone(),
        key: secret.clone(),
        passphrase: Some(secret.clone()),
    });
    show(format!("{:?}", TlsSettings { identity, authority: Some(secret) }));
}
