//! `--secret NAME=FROM`: where the secrets of a flow come from.

use std::io::Read as _;
use std::str::FromStr;

use cardhost::connections::BoxFuture;
use cardhost::core::connection::{SecretSource, secret_source};
use cardhost::flow::FlowSecrets;
use serde_json::Value;

use crate::cli::store::StoreArgs;

/// A secret, by its name.
#[derive(Clone, Debug)]
pub(crate) struct SecretArg {
    name: String,
    from: From,
}

#[derive(Clone, Debug)]
enum From {
    Env(String),
    File(String),
    Connection { connector: String, name: String },
}

impl FromStr for SecretArg {
    type Err = String;

    fn from_str(text: &str) -> Result<SecretArg, String> {
        let expected = || {
            "NAME=env:VARIABLE, NAME=file:PATH or NAME=connection:CONNECTOR/NAME is expected"
                .to_owned()
        };
        let (name, from) = text.split_once('=').ok_or_else(expected)?;
        let (kind, rest) = from.split_once(':').ok_or_else(expected)?;
        let from = match kind {
            "env" => From::Env(rest.to_owned()),
            "file" => From::File(rest.to_owned()),
            "connection" => {
                let (connector, name) = rest.split_once('/').ok_or_else(expected)?;
                From::Connection { connector: connector.to_owned(), name: name.to_owned() }
            }
            _ => return Err(expected()),
        };
        Ok(SecretArg { name: name.to_owned(), from })
    }
}

/// The secrets of a flow, read when it asks.
pub(crate) struct Secrets {
    args: Vec<SecretArg>,
    store: StoreArgs,
}

impl Secrets {
    pub(crate) fn new(args: &[SecretArg], store: &StoreArgs) -> Secrets {
        Secrets { args: args.to_vec(), store: store.clone() }
    }

    async fn read(&self, from: &From) -> Result<Option<Value>, String> {
        match from {
            From::Env(name) => text(&SecretSource::Env(name.clone())).map(Some),
            From::File(path) => text(&SecretSource::File(path.into())).map(Some),
            From::Connection { connector, name } => {
                let store = self.store.open().await.map_err(|error| error.message())?;
                let Some(store) = store else { return Ok(None) };
                let found = store.get(connector, name).await;
                let found = found.map_err(|fault| cardhost::Error::from(fault).message())?;
                let Some(found) = found else { return Ok(None) };
                let mut fields = found.fields;
                for value in fields.values_mut() {
                    if let Some(source) = secret_source(value) {
                        *value = text(&source)?;
                    }
                }
                Ok(Some(Value::Object(fields)))
            }
        }
    }
}

/// Most bytes of a file with a secret.
const MOST_BYTES: u64 = 1024 * 1024;

/// What stands there: an object in JSON as one, text as it is.
fn text(source: &SecretSource) -> Result<Value, String> {
    let text = match source {
        SecretSource::Env(name) => {
            std::env::var(name).map_err(|_| format!("the variable `{name}` is not set"))?
        }
        SecretSource::File(path) => {
            let file = std::fs::File::open(path).map_err(|error| format!("`{path}`: {error}"))?;
            let mut text = String::new();
            let read = file.take(MOST_BYTES).read_to_string(&mut text);
            read.map_err(|error| format!("`{path}`: {error}"))?;
            text
        }
    };
    let text = cardhost::core::text::unmarked(&text).trim_end_matches(['\r', '\n']);
    Ok(match cardhost::core::value::parse(text) {
        Ok(value @ Value::Object(_)) => value,
        _ => Value::from(text),
    })
}

impl FlowSecrets for Secrets {
    fn secret<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Value>, String>> {
        Box::pin(async move {
            match self.args.iter().find(|arg| arg.name == name) {
                Some(arg) => self.read(&arg.from).await,
                None => Ok(None),
            }
        })
    }
}
