//! The host under test: it lives, is used, and is dropped.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use cardhost::core::secret::Secret;
use cardhost::core::token::{TokenSet, Tokens};
use cardhost::entropy::Entropy;
use cardhost::store::{Key, KeySet, Store};
use cardhost::transport::HttpTransport;
use cardhost::{Host, Invocation};
use serde_json::{Map, Value, json};
use tokio::runtime::{Builder, Runtime};

use super::service::METHODS;
use crate::canary::{self, text, token};

pub fn live(folder: &Path) {
    let many = fs::read_to_string(folder.join("threads")).unwrap() == "many";
    let mut builder =
        if many { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    let runtime: Runtime = builder.enable_all().build().unwrap();
    let host = runtime.block_on(open(folder));
    if many {
        let host = host.clone();
        runtime.block_on(runtime.spawn(async move { exercise(&host, &drop).await })).unwrap();
    } else {
        runtime.block_on(exercise(&host, &drop));
    }
    pause("alive");
    drop(host);
    drop(runtime);
    // What any process does next: it copies something else through the registers of the processor.
    for length in 0..4096 {
        drop(std::hint::black_box(vec![0_u8; length].clone()));
    }
    pause("dropped");
}

/// Says a word and waits for a line.
fn pause(word: &str) {
    let mut out = std::io::stdout();
    out.write_all(format!("\n{word}\n").as_bytes()).unwrap();
    out.flush().unwrap();
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

fn fields(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("no object") };
    map
}

/// Opens the store in a folder, adds the connection, and makes a host.
pub async fn open(folder: &Path) -> Host {
    let location = folder.join("connections.db").display().to_string();
    let key = Key::read_file(folder.join("store-key")).unwrap();
    let store = Store::open(&location, KeySet::new(key)).await.unwrap().tenant("default").unwrap();
    let all = fields(json!({
        "User": "sa", "Password": text("password"), "Notes": { "text": text("notes") },
        "Client Secret": text("client-secret"), "Session Password": text("session-password"),
        "Signing Key": text("signing-key"),
        "Certificate": read(folder, "client.pem"), "Key": read(folder, "client-key.pem"),
    }));
    let id = store.add("vault", "prod", &all).await.unwrap();
    // What a login an hour ago gave: to be renewed at once.
    let mut tokens = Tokens::new(Secret::new(token("access-0")), 1000, Some(3600));
    tokens.refresh = Some(Secret::new(token("refresh-0")));
    let mut set = TokenSet::default();
    set.put("oauth", tokens);
    store.put_tokens(&id, &set.to_bytes(), Some(4600)).await.unwrap();

    let transport = HttpTransport::new().trusting_pem(read(folder, "authority.pem").as_bytes());
    Host::builder()
        .entropy(Known)
        .cards_folder(folder.join("cards"))
        .transport(transport.unwrap())
        .store(store)
        .build()
}

/// Random bytes that the test knows too: 32 of them are a verifier.
struct Known;

impl Entropy for Known {
    fn fill(&self, bytes: &mut [u8]) -> bool {
        let known = canary::bytes(&format!("random {}", bytes.len()));
        bytes.copy_from_slice(&known[..bytes.len()]);
        true
    }
}

/// Takes what is shown.
pub type Show = dyn Fn(String) + Send + Sync;

/// Uses every auth method: what goes well, what is renewed, what fails with the request in its reply, and what is shown.
pub async fn exercise(host: &Host, show: &Show) {
    for method in METHODS {
        for target in ["plain", "secure"] {
            if (method, target) == ("identity", "plain") {
                continue;
            }
            let card = format!("vault/{method}-{target}");
            let invocation = |path: &str| {
                let value = json!({ "connection": "prod", "input": { "Act": { "Path": path } } });
                Invocation::from_value(value).unwrap()
            };
            for _ in 0..3 {
                let outcome = host.run(Some(&card), invocation("fine")).await;
                let outcome = outcome.unwrap_or_else(|error| panic!("{card}: {error:?}"));
                assert_eq!(outcome.status, 200);
                drop(serde_json::to_string(&outcome.output).unwrap());
            }
            let error = host.run(Some(&card), invocation("fail")).await.unwrap_err();
            assert_eq!(error.code().as_str(), "http.status", "{error:?}");
            show(format!("{error:?} {error} {} {:?}", error.message(), error.to_json()));
            let prepared = host.prepare(Some(&card), invocation("plan")).await.unwrap();
            show(format!("{prepared:?} {}", prepared.plan.request.to_json()));
            show(format!(
                "{:?}",
                cardhost::author::curl::curl(
                    &prepared.definition,
                    &prepared.connection,
                    &prepared.plan,
                    host.settings(),
                )
            ));
        }
    }
}
