//! `connection show`: a stored connection, its secrets redacted.

use cardhost::connections::read_secret;
use cardhost::core::connection::{Connection, secret_source};
use cardhost::core::connector::Connector;
use cardhost::core::secret::{MASK, Redactor, Secret};
use cardhost::core::token::TokenSet;
use cardhost::store::StoredConnection;
use serde_json::{Map, Value, json};

use super::args::ShowArgs;
use super::lookup::{opened, unknown};
use super::{list, time};
use crate::cli::console::{Console, Failure, printable};
use crate::cli::global::Global;
use crate::cli::setup;
use crate::cli::store::StoreArgs;

pub(super) fn run(
    global: &Global,
    store: &StoreArgs,
    args: &ShowArgs,
    console: &Console,
) -> Result<(), Failure> {
    let name = &args.connection;
    let host = setup::host(global)?.build();
    let stored = setup::runtime()?.block_on(async {
        let found = opened(store, name).await?.get(&name.connector, &name.name).await?;
        found.ok_or_else(|| unknown(name))
    })?;
    // It can be shown without its connector: whatever may be a secret is masked then.
    let connector = host.catalog().connector(&name.connector);
    let shown = Shown::of(&stored, connector.as_deref().ok());
    let text = if args.json { format!("{}\n", shown.json()) } else { shown.text(time::now()) };
    console.out(&text)?;
    if let Err(error) = connector {
        console.note(&format!(
            "the connector does not load, so every field is redacted: {}",
            error.message()
        ));
    }
    Ok(())
}

/// What is shown of a connection.
struct Shown {
    name: String,
    fields: Map<String, Value>,
    /// What logins have brought.
    brought: Map<String, Value>,
    /// Auth methods: name, scheme, the fields that it lacks.
    auth: Vec<(String, &'static str, Vec<String>)>,
    /// Why the fields do not fit the connector.
    fault: Option<String>,
    tokens: Vec<Token>,
}

/// What is shown of the tokens of an auth method.
struct Token {
    method: String,
    until: Option<i64>,
    scope: Option<String>,
    renewable: bool,
    /// The client that has registered itself.
    client: Option<String>,
}

impl Shown {
    fn of(stored: &StoredConnection, connector: Option<&Connector>) -> Shown {
        let stands_in = |source: &_| Ok(read_secret(source).unwrap_or_else(|_| Secret::from("?")));
        let settled = connector
            .map(|connector| Connection::settle(connector, stored.fields.clone(), &stands_in));
        let set = stored.tokens.as_ref().and_then(|tokens| TokenSet::from_bytes(&tokens.bytes));
        let tokens = set.unwrap_or_default();
        let mut brought = Map::new();
        for (_, tokens) in tokens.iter() {
            brought.extend(tokens.gives.clone());
        }
        let settled = settled.map(|settled| {
            settled.and_then(|connection| match connector {
                Some(connector) => connection.with_login(connector, &brought),
                None => Ok(connection),
            })
        });
        let (auth, fault) = match (connector, &settled) {
            (Some(connector), Some(Ok(connection))) => {
                let methods = connector.auth.iter().map(|(name, method)| {
                    (name.clone(), method.name(), method.missing(connection))
                });
                (methods.collect(), None)
            }
            (_, Some(Err(fault))) => {
                (Vec::new(), Some(cardhost::Error::from(fault.clone()).message()))
            }
            _ => (Vec::new(), None),
        };
        let mut redactor = Redactor::new();
        if let Some(Ok(connection)) = &settled {
            connection.add_secrets(&mut redactor);
        }
        let plain = matches!(settled, Some(Ok(_)));
        let masked = |(label, value): (&String, &Value)| {
            let field = connector.and_then(|connector| connector.connection.fields.get(label));
            let shown = match field {
                _ if secret_source(value).is_some() => value.clone(),
                Some(field) if plain && !field.is_secret() => redactor.redact_value(value.clone()),
                _ => Value::String(MASK.to_owned()),
            };
            (label.clone(), shown)
        };
        let (fields, brought) =
            (stored.fields.iter().map(masked).collect(), brought.iter().map(masked).collect());
        let tokens = tokens.iter().map(|(method, tokens)| Token {
            method: method.to_owned(),
            until: tokens.expires_at,
            scope: tokens.scope.clone(),
            renewable: tokens.refresh.is_some(),
            client: tokens.client.as_ref().map(|client| client.id().to_owned()),
        });
        Shown {
            name: format!("{}/{}", stored.connector, stored.name),
            fields,
            brought,
            auth,
            fault,
            tokens: tokens.collect(),
        }
    }

    fn json(&self) -> Value {
        let auth = self.auth.iter().map(|(name, scheme, missing)| {
            json!({ "auth": name, "scheme": scheme, "usable": missing.is_empty(), "missing": missing })
        });
        let tokens = self.tokens.iter().map(|token| {
            let mut shown = json!({
                "auth": token.method,
                "until": token.until.map_or(Value::Null, time::rfc3339),
                "scope": token.scope,
                "renewable": token.renewable,
            });
            if let Some(client) = &token.client {
                shown["client"] = Value::String(client.clone());
            }
            shown
        });
        let mut shown = json!({
            "connection": self.name,
            "fields": self.fields,
            "auth": auth.collect::<Vec<_>>(),
            "tokens": tokens.collect::<Vec<_>>(),
        });
        if !self.brought.is_empty() {
            shown["fromLogin"] = Value::Object(self.brought.clone());
        }
        if let Some(fault) = &self.fault {
            shown["fault"] = Value::String(fault.clone());
        }
        shown
    }

    fn text(&self, now: i64) -> String {
        let mut text = format!("{}\n", self.name);
        let rows = |fields: &Map<String, Value>| {
            let row = |(label, value): (&String, &Value)| {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                (label.clone(), value)
            };
            fields.iter().map(row).collect()
        };
        section(&mut text, "fields", rows(&self.fields));
        section(&mut text, "from the login", rows(&self.brought));
        let auth = self.auth.iter().map(|(name, scheme, missing)| {
            let usable = if missing.is_empty() {
                "usable".to_owned()
            } else {
                format!("lacks {}", missing.join(", "))
            };
            (name.clone(), format!("{scheme}: {usable}"))
        });
        section(&mut text, "auth", auth.collect());
        let tokens = self.tokens.iter().map(|token| {
            let mut words = list::tokens(true, token.until, now);
            if token.renewable {
                words.push_str(", renewed with a refresh token");
            }
            if let Some(scope) = &token.scope {
                words.push_str(&format!("; scope {scope}"));
            }
            if let Some(client) = &token.client {
                words.push_str(&format!("; registered as {client}"));
            }
            (token.method.clone(), words)
        });
        section(&mut text, "tokens", tokens.collect());
        if let Some(fault) = &self.fault {
            text.push_str(&format!(
                "\nthe fields do not fit the connector: {}\n",
                printable(fault)
            ));
        }
        text
    }
}

fn section(text: &mut String, title: &str, rows: Vec<(String, String)>) {
    if rows.is_empty() {
        return;
    }
    text.push_str(&format!("\n{title}\n"));
    let width = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    for (label, value) in rows {
        text.push_str(&format!("  {:<width$}  {}\n", printable(&label), printable(&value)));
    }
}
