//! What several commands need: the cards, the host, the connection file, the async runtime.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cardhost::core::connection::ConnectionFault;
use cardhost::core::error::Place;
use cardhost::core::invocation::InvocationFault;
use cardhost::core::text::{not_utf8, unmarked_bytes};
use cardhost::testing::Mocks;
use cardhost::{Error, Host, HostBuilder, Invocation, Policy};
use serde_json::{Map, Value};

use super::bases;
use super::console::Failure;
use super::env_connection;
use super::global::Global;
use super::reach::{NetworkArgs, ReachArgs};
use super::store::StoreArgs;

/// The folders of `--cards`, or those of `CARDHOST_CARDS`.
pub(crate) fn card_folders(global: &Global) -> Vec<PathBuf> {
    if !global.cards.is_empty() {
        return global.cards.clone();
    }
    std::env::var_os("CARDHOST_CARDS")
        .map(|paths| {
            std::env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty()).collect()
        })
        .unwrap_or_default()
}

/// A host over the folders of `--cards` and the built-in cards.
pub(crate) fn host(global: &Global) -> Result<HostBuilder, Failure> {
    Ok(cards(global)?(Host::builder()))
}

/// What gives a host the cards of the folders of `--cards` and the built-in ones.
///
/// A folder that is not there is an error: the built-in card of the same name would run instead.
pub(crate) fn cards(
    global: &Global,
) -> Result<impl FnOnce(HostBuilder) -> HostBuilder + use<>, Failure> {
    let mut folders = Vec::new();
    for folder in card_folders(global) {
        if !folder.is_dir() {
            return Err(Failure::Usage(format!("--cards `{}` is not a folder", folder.display())));
        }
        if folder.join("connector.json").is_file() {
            return Err(Failure::Usage(format!(
                "--cards `{}` is the folder of one connector: name the folder above it",
                folder.display()
            )));
        }
        folders.push(folder);
    }
    Ok(|mut builder: HostBuilder| {
        for folder in folders {
            builder = builder.cards_folder(folder);
        }
        #[cfg(feature = "embedded-cards")]
        {
            builder = builder.cards(cardhost::Embedded);
        }
        builder
    })
}

/// A host for what runs and plans cards.
pub(crate) fn host_for(
    global: &Global,
    args: &ReachArgs,
    policy: Policy,
) -> Result<HostBuilder, Failure> {
    let secret_references = policy.secret_references && !args.no_secret_references;
    let file_inputs = policy.file_inputs && !args.no_secret_references;
    let policy = Policy { secret_references, file_inputs, ..policy };
    let network = Network { args: &args.network, bases: &args.base };
    let mut builder = connected_host(global, &args.store, &network, policy)?;
    if let Some(path) = &args.connection {
        builder = match (env_connection::prefix(path), stored_name(path)) {
            (Some(prefix), _) => {
                let prefix = prefix.map_err(Failure::Usage)?;
                let shown = env_connection::shown(&prefix);
                builder.default_connection_of(&shown, move |connector| {
                    env_connection::fields(&prefix, connector, &env_connection::of_environment)
                })
            }
            (None, Some(name)) => builder.default_connection_name(name),
            (None, None) => {
                let fields = connection_file(path)?;
                builder.default_connection(&path.display().to_string(), fields)
            }
        };
    }
    Ok(builder)
}

/// What a command allows whose invocations are its user's own: they may point at the environment and files.
pub(crate) fn policy(timeout: Option<Duration>) -> Policy {
    Policy {
        total_timeout: timeout,
        secret_references: true,
        file_inputs: true,
        ..Policy::default()
    }
}

/// The folder of `--files`: one that is not there is told before anything is sent.
pub(crate) fn files_folder(folder: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    match folder {
        Some(folder) if !folder.is_dir() => {
            Err(Failure::Usage(format!("--files `{}` is not a folder", folder.display())))
        }
        folder => Ok(folder.map(Path::to_path_buf)),
    }
}

/// A host for what runs cards, with the mocks of the command line.
pub(crate) fn running_host(
    global: &Global,
    args: &ReachArgs,
    policy: Policy,
    is_mock: bool,
) -> Result<HostBuilder, Failure> {
    let builder = host_for(global, args, policy)?;
    Ok(if is_mock { builder.stand_in(Mocks) } else { builder })
}

/// How a service is reached.
pub(crate) struct Network<'a> {
    pub(crate) args: &'a NetworkArgs,
    /// `--base`, as often as it was given.
    pub(crate) bases: &'a [String],
}

/// A host with the store of connections, which is opened when an invocation first names one, and a way to the services.
pub(crate) fn connected_host(
    global: &Global,
    store: &StoreArgs,
    network: &Network<'_>,
    policy: Policy,
) -> Result<HostBuilder, Failure> {
    let egress = network.args.egress()?;
    let policy = Policy {
        // Whoever may write to the store is no other than whoever runs the command.
        stored_secret_references: true,
        egress: egress.clone(),
        ..policy
    };
    let mut builder = host(global)?.policy(policy);
    let store = Arc::new(store.clone());
    let of_ledger = Arc::clone(&store);
    builder = builder.store_with(move || {
        let store = Arc::clone(&store);
        async move { store.open().await }
    });
    builder = builder.limit_ledger_with(move || {
        let store = Arc::clone(&of_ledger);
        async move { store.limit_ledger().await }
    });
    if let Some(transport) = network.args.transport(&egress)? {
        builder = builder.transport(transport);
    }
    for (connector, base) in bases::parsed(network.bases)? {
        builder = match connector {
            // Of one that is not there the requests would go to the service itself.
            Some(connector) => {
                self::host(global)?.build().catalog().connector(connector)?;
                builder.base_of(connector, base)
            }
            None => builder.base(base),
        };
    }
    Ok(builder)
}

/// The name of a stored connection, where the argument cannot be meant as a file.
fn stored_name(argument: &Path) -> Option<&str> {
    let text = argument.to_str()?;
    (!text.contains(['.', '/', std::path::MAIN_SEPARATOR])).then_some(text)
}

/// The fields of a connection file.
fn connection_file(path: &Path) -> Result<Map<String, Value>, Failure> {
    let shown = path.display().to_string();
    let text = std::fs::read(path).map_err(|error| {
        Error::from(ConnectionFault::Unreadable { reason: error.to_string() })
            .at(Place { file: shown.clone(), ..Place::default() })
    })?;
    Ok(fields_of(&text, &shown)?.fields)
}

/// The fields of a connection as a file or stdin has them.
pub(crate) struct GivenFields {
    pub(crate) fields: Map<String, Value>,
    /// Whether they stand in `{"fields": {…}}`.
    pub(crate) wrapped: bool,
}

/// Reads the fields of a connection: `{"fields": {…}}`, or the fields themselves. `shown` is where the text came from.
pub(crate) fn fields_of(text: &[u8], shown: &str) -> Result<GivenFields, Error> {
    let place = |line_column| Place { file: shown.to_owned(), line_column, ..Place::default() };
    let text = unmarked_bytes(text);
    let value: Value = serde_json::from_slice(text).map_err(|error| {
        let reason = match std::str::from_utf8(text) {
            Ok(_) => cardhost::core::value::reason(&error),
            Err(_) => not_utf8(text).to_owned(),
        };
        Error::from(ConnectionFault::NotJson { reason })
            .at(place(Some((error.line(), error.column()))))
    })?;
    let mut wrapped = false;
    let fields = match value {
        Value::Object(mut map) => match map.shift_remove("fields") {
            None => Value::Object(map),
            Some(fields) => {
                if let Some((key, _)) = map.into_iter().next() {
                    let pointer = cardhost::core::error::pointer(&[&key]);
                    let place = Place { pointer, ..place(None) };
                    return Err(Error::from(ConnectionFault::UnknownKey { key }).at(place));
                }
                wrapped = true;
                fields
            }
        },
        other => other,
    };
    match fields {
        Value::Object(fields) => Ok(GivenFields { fields, wrapped }),
        other => {
            let found = cardhost::core::value::type_name(&other);
            Err(Error::from(ConnectionFault::NotFields { found }).at(place(None)))
        }
    }
}

/// Most bytes of an invocation.
pub(crate) fn longest_invocation() -> usize {
    Policy::default().max_invocation_bytes
}

/// The invocation on stdin; an empty stdin is an empty invocation.
pub(crate) fn invocation() -> Result<Invocation, Failure> {
    match stdin("one invocation")? {
        Some(text) => Ok(Invocation::from_json(&text).map_err(Error::from)?),
        None => Ok(Invocation::default()),
    }
}

/// Whether a text has nothing to read: white space, perhaps behind a byte order mark.
pub(crate) fn is_blank(text: &[u8]) -> bool {
    unmarked_bytes(text).iter().all(u8::is_ascii_whitespace)
}

/// What is on stdin; `None` where that is nothing. `what` is expected there.
pub(crate) fn stdin(what: &str) -> Result<Option<Vec<u8>>, Failure> {
    let limit = longest_invocation();
    if io::stdin().is_terminal() {
        super::console::note(&format!(
            "reading {what} (JSON) from the terminal; end it with Ctrl-D"
        ));
    }
    let mut text = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    io::stdin().lock().take(most).read_to_end(&mut text).map_err(|e| Failure::Io("stdin", e))?;
    if text.len() > limit {
        return Err(Error::from(InvocationFault::TooLong { limit }).into());
    }
    Ok(Some(text).filter(|text| !is_blank(text)))
}

/// One thread: a call spends its time waiting, and threads cost more than they bring.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| Failure::Io("the async runtime", error))
}
