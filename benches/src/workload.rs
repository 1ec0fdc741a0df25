//! What is run: one authenticated GET of 1 KB of JSON, by cardhost, by curl and by bare reqwest; once a process
//! (*cold*) or many times in one (*warm*). Every job checks its own output, so that nothing is measured that failed.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::Result;
use crate::folder::Folder;
use crate::measure::{Check, Job};
use crate::programs;
use crate::server::{ME_BODY, ME_PATH, ServerProcess, TOKEN_PATH};

/// The user name that every program sends.
pub const USER: &str = "bench.sa";
/// The password that every program sends.
pub const PASSWORD: &str = "bench-secret";

const CARD: &str = "mixpanel/custom-api-action";
/// Stands in the reply exactly once; beyond 2^53, so it is also seen that no digit was lost.
const USER_ID: &str = "7615917337495251231";
/// The cards that the crowded connector has on top of its own.
pub const CROWD: usize = 1200;

/// Which connector files cardhost is given.
#[derive(Debug, Clone, Copy)]
pub enum Cards {
    /// None: it uses those inside its binary.
    Embedded,
    /// A folder with the connector, its vendor's quotas taken out: a bench calls more often than 60 times an hour.
    Plain,
    /// The same with [`CROWD`] more cards beside them.
    Crowded,
}

/// Where the bearer token of a call comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// It is a field of the connection, and the connection is in the invocation.
    Inline,
    /// It is the OAuth 2.0 token of a stored connection.
    Stored,
}

/// How the server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS, trusting the server's CA on top of what the program trusts anyway.
    Https,
}

/// The jobs, all against one server.
pub struct Workload {
    http: String,
    https: String,
    ca: String,
    reqwest: PathBuf,
    cardhost: PathBuf,
    folder: Folder,
}

impl Workload {
    /// Prepares invocations and connector folders for a server and the given `cardhost`.
    ///
    /// # Errors
    /// The repo's connector cannot be read, or the temporary folder not be written.
    pub fn prepare(server: &ServerProcess, cardhost: PathBuf) -> Result<Self> {
        let folder = Folder::new()?;
        std::fs::write(folder.path().join("invocation.json"), invocation(None).to_string())?;
        let shipped = programs::root().join("cards/mixpanel");
        if shipped.is_dir() {
            copy_connector(&shipped, &folder.path().join("plain/mixpanel"), 0)?;
            copy_connector(&shipped, &folder.path().join("crowded/mixpanel"), CROWD)?;
        }
        Ok(Self {
            http: server.http().to_owned(),
            https: server.https().to_owned(),
            ca: server.ca().display().to_string(),
            reqwest: programs::sibling("bare-reqwest")?,
            cardhost,
            folder,
        })
    }

    /// cardhost, one call.
    #[must_use]
    pub fn cardhost_once(&self, scheme: Scheme, cards: Cards) -> Job {
        let mut arguments = self.cardhost_arguments(scheme);
        self.push_cards(&mut arguments, cards);
        Job::new(&self.cardhost, arguments, Check::Contains(USER_ID.to_owned(), 1))
            .with_stdin(&self.folder.path().join("invocation.json"))
    }

    /// cardhost, one call of a card of a few lines, which is read from a folder.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn small_once(&self) -> Result<Job> {
        let folder = self.token_folder()?;
        let invocation = folder.join("small.json");
        let connection = json!({ "fields": { "Token": "bench-token" } });
        std::fs::write(&invocation, json!({ "connection": connection }).to_string())?;
        let mut arguments = ["run", "bench/me", "--cards"].map(str::to_owned).to_vec();
        arguments.push(folder.join("cards").display().to_string());
        Ok(Job::new(&self.cardhost, arguments, Check::Contains(USER_ID.to_owned(), 1))
            .with_stdin(&invocation))
    }

    /// The measured `cardhost`.
    #[must_use]
    pub fn cardhost(&self) -> &Path {
        &self.cardhost
    }

    /// curl, one call.
    #[must_use]
    pub fn curl_once(&self, scheme: Scheme) -> Job {
        let mut arguments = curl_arguments();
        if scheme == Scheme::Https {
            arguments.extend(["--cacert".to_owned(), self.ca.clone()]);
        }
        arguments.push(self.me(scheme));
        Job::new("curl", arguments, Check::Length(ME_BODY.len()))
    }

    /// Bare reqwest, one call.
    #[must_use]
    pub fn reqwest_once(&self, scheme: Scheme) -> Job {
        let mut arguments = vec!["once".to_owned(), self.me(scheme)];
        if scheme == Scheme::Https {
            arguments.push(self.ca.clone());
        }
        Job::new(&self.reqwest, arguments, Check::Contains(format!("200 {USER_ID}"), 1))
    }

    /// cardhost, `calls` invocations as lines on its stdin, `jobs` of them at a time.
    ///
    /// # Errors
    /// The lines cannot be written.
    pub fn cardhost_stream(&self, calls: usize, jobs: usize) -> Result<Job> {
        let lines = self.folder.path().join(format!("invocations-{calls}.ndjson"));
        if !lines.is_file() {
            let text: String = (0..calls).map(|id| format!("{}\n", invocation(Some(id)))).collect();
            std::fs::write(&lines, text)?;
        }
        let mut arguments = self.cardhost_arguments(Scheme::Http);
        arguments.extend(["--stream", "--jobs", &jobs.to_string()].map(str::to_owned));
        self.push_cards(&mut arguments, Cards::Plain);
        Ok(Job::new(&self.cardhost, arguments, Check::Contains(USER_ID.to_owned(), calls))
            .with_stdin(&lines))
    }

    /// curl, `calls` URLs by globbing, `jobs` of them at a time; it parses nothing.
    #[must_use]
    pub fn curl_many(&self, calls: usize, jobs: usize) -> Job {
        let mut arguments = curl_arguments();
        if jobs > 1 {
            arguments
                .extend(["--parallel", "--parallel-max", &jobs.to_string()].map(str::to_owned));
        }
        arguments.push(format!("{}?call=[1-{calls}]", self.me(Scheme::Http)));
        Job::new("curl", arguments, Check::Length(ME_BODY.len() * calls))
    }

    /// Bare reqwest, `calls` calls in one process, `jobs` of them at a time.
    #[must_use]
    pub fn reqwest_many(&self, calls: usize, jobs: usize) -> Job {
        let arguments =
            ["loop".to_owned(), self.me(Scheme::Http), calls.to_string(), jobs.to_string()];
        Job::new(&self.reqwest, arguments, Check::Contains(format!("{calls} ok"), 1))
    }

    /// cardhost with a bearer token, one call.
    ///
    /// # Errors
    /// The connection cannot be stored, or the invocation not be written.
    pub fn token_once(&self, token: Token) -> Result<Job> {
        self.token_calls(token, 1)
    }

    /// cardhost with a bearer token, `calls` invocations one after the other.
    ///
    /// # Errors
    /// As for [`Workload::token_once`].
    pub fn token_calls(&self, token: Token, calls: usize) -> Result<Job> {
        self.bench_calls("bench/me", token, calls, 1)
    }

    /// cardhost with a card that gives one field of the body, `calls` invocations one after the other.
    ///
    /// # Errors
    /// As for [`Workload::token_once`].
    pub fn field_calls(&self, calls: usize, jobs: usize) -> Result<Job> {
        self.bench_calls("bench/who", Token::Inline, calls, jobs)
    }

    fn bench_calls(&self, card: &str, token: Token, calls: usize, jobs: usize) -> Result<Job> {
        let folder = self.token_folder()?;
        let connection = match token {
            Token::Inline => json!({ "fields": { "Token": "bench-token" } }),
            Token::Stored => json!("stored"),
        };
        let lines = folder.join(format!("{token:?}-{calls}.ndjson"));
        let line = |id: usize| json!({ "id": id.to_string(), "connection": connection });
        let text: String = (0..calls).map(|id| format!("{}\n", line(id))).collect();
        std::fs::write(&lines, text)?;
        let jobs = jobs.to_string();
        let mut arguments = ["run", card, "--stream", "--jobs", &jobs].map(str::to_owned).to_vec();
        arguments.extend(self.token_arguments(&folder));
        Ok(Job::new(&self.cardhost, arguments, Check::Contains(USER_ID.to_owned(), calls))
            .with_stdin(&lines))
    }

    /// The folder with the connector and the store; made once.
    fn token_folder(&self) -> Result<PathBuf> {
        let folder = self.folder.path().join("tokens");
        if folder.is_dir() {
            return Ok(folder);
        }
        let cards = folder.join("cards/bench");
        std::fs::create_dir_all(&cards)?;
        let connector = json!({
            "format": 1, "name": "bench", "version": "1.0.0", "title": "Bench",
            "connection": { "fields": {
                "Token": { "type": "secret" }, "Client": { "type": "text" }, "Secret": { "type": "secret" },
            } },
            "auth": {
                "token": { "scheme": "bearer", "token": "<<connection.Token>>" },
                "oauth": {
                    "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": format!("{}{TOKEN_PATH}", self.http),
                    "clientId": "<<connection.Client>>", "clientSecret": "<<connection.Secret>>",
                },
            },
            "targets": { "API": { "auth": ["token", "oauth"], "base": format!("{}/api", self.http) } },
        });
        let card = |name: &str, field: Value| {
            json!({
                "format": 1, "name": name, "version": "1.0.0", "title": name,
                "request": { "target": "API", "method": "GET", "path": "/app/me" },
                "effect": "read",
                "output": { "Response": {
                    "Status Code": { "type": "number", "value": "<<response.status>>" },
                    "Result": field,
                } },
            })
        };
        let body = json!({ "type": "any", "value": "<<response.body>>" });
        let user = json!({ "type": "number", "value": "<<response.body.results.user_id>>" });
        std::fs::write(cards.join("connector.json"), connector.to_string())?;
        std::fs::write(cards.join("me.json"), card("me", body).to_string())?;
        std::fs::write(cards.join("who.json"), card("who", user).to_string())?;
        let key = folder.join("key");
        std::fs::write(&key, format!("{}\n", "42".repeat(32)))?;
        #[cfg(unix)]
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        let fields = folder.join("fields.json");
        std::fs::write(&fields, json!({ "Client": USER, "Secret": PASSWORD }).to_string())?;
        let mut arguments = ["connection", "add", "bench", "stored"].map(str::to_owned).to_vec();
        arguments.extend(self.token_arguments(&folder));
        Job::new(&self.cardhost, arguments, Check::Length(0)).with_stdin(&fields).measure()?;
        // The first call gets the token; those that are measured find it in the store.
        self.token_calls(Token::Stored, 1)?.measure()?;
        Ok(folder)
    }

    fn token_arguments(&self, folder: &Path) -> Vec<String> {
        let at = |name: &str| folder.join(name).display().to_string();
        vec![
            "--cards".to_owned(),
            at("cards"),
            "--store".to_owned(),
            at("connections.db"),
            "--key-file".to_owned(),
            at("key"),
        ]
    }

    fn url(&self, scheme: Scheme) -> &str {
        match scheme {
            Scheme::Http => &self.http,
            Scheme::Https => &self.https,
        }
    }

    fn me(&self, scheme: Scheme) -> String {
        format!("{}{ME_PATH}", self.url(scheme))
    }

    fn cardhost_arguments(&self, scheme: Scheme) -> Vec<String> {
        let base = format!("{}/api", self.url(scheme));
        let mut arguments = ["run", CARD, "--base", &base].map(str::to_owned).to_vec();
        if scheme == Scheme::Https {
            arguments.extend(["--ca".to_owned(), self.ca.clone()]);
        }
        arguments
    }

    fn push_cards(&self, arguments: &mut Vec<String>, cards: Cards) {
        let folder = match cards {
            Cards::Embedded => return,
            Cards::Plain => self.folder.path().join("plain"),
            Cards::Crowded => self.folder.path().join("crowded"),
        };
        arguments.extend(["--cards".to_owned(), folder.display().to_string()]);
    }
}

fn curl_arguments() -> Vec<String> {
    ["-q", "--silent", "--noproxy", "*", "--user", &format!("{USER}:{PASSWORD}")]
        .map(str::to_owned)
        .to_vec()
}

fn invocation(id: Option<usize>) -> Value {
    let mut invocation = json!({
        "connection": { "fields": { "Service Account: Username": USER, "Service Account: Secret": PASSWORD } },
        "options": { "Request Type": "GET", "Select API": "Query API" },
        "input": { "Request": { "Relative URL": "/app/me" } },
    });
    if let Some(id) = id {
        invocation["id"] = json!(id.to_string());
    }
    invocation
}

/// Copies a connector without its quotas, and adds `crowd` copies of its card under other names.
fn copy_connector(from: &Path, to: &Path, crowd: usize) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        let (Some(name), Some("json")) =
            (path.file_name(), path.extension().and_then(|end| end.to_str()))
        else {
            continue;
        };
        std::fs::copy(&path, to.join(name))?;
    }
    let mut connector = read_json(&to.join("connector.json"))?;
    if let Some(targets) = connector.get_mut("targets").and_then(Value::as_object_mut) {
        for target in targets.values_mut().filter_map(Value::as_object_mut) {
            target.remove("limits");
        }
    }
    std::fs::write(to.join("connector.json"), connector.to_string())?;
    if crowd == 0 {
        return Ok(());
    }
    let mut card = read_json(&to.join("custom-api-action.json"))?;
    for number in 0..crowd {
        let name = format!("copy-{number:04}");
        card["name"] = json!(name);
        std::fs::write(to.join(name).with_extension("json"), serde_json::to_string_pretty(&card)?)?;
    }
    Ok(())
}

fn read_json(path: &Path) -> Result<Value> {
    let text = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_slice(&text)?)
}
