//! A client that has registered itself, and takes its registration back (RFC 7592).

use std::sync::Arc;

use http::Method;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use url::Url;
use zeroize::Zeroizing;

use crate::auth::{AuthFault, ClientAuth, set_sensitive};
use crate::request::{HostFrom, RequestSpec};
use crate::secret::{Redactor, Secret};

/// A client that has registered itself.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) id: String,
    pub(super) secret: Option<Secret>,
    pub(super) auth: ClientAuth,
    pub(super) redirect_uri: Option<String>,
    /// When its secret is no longer good, in seconds since 1970.
    pub(super) expires_at: Option<i64>,
    pub(super) management: Option<(Url, Secret)>,
}

impl Client {
    /// Its identifier at the service, which is no secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether a login may go on with it: its secret is good, and the browser comes back to where it has said.
    #[must_use]
    pub fn fits(&self, redirect_uri: &str, now: i64) -> bool {
        let comes_back = self.redirect_uri.as_deref().is_none_or(|own| own == redirect_uri);
        comes_back && self.expires_at.is_none_or(|end| now < end)
    }

    /// The request that takes the registration back (RFC 7592, section 2.3); `None` where the server offers none.
    ///
    /// # Errors
    /// [`AuthFault`] where its token cannot stand in a header.
    pub(super) fn deletion(&self) -> Result<Option<RequestSpec>, AuthFault> {
        let Some((url, token)) = &self.management else { return Ok(None) };
        let mut request = RequestSpec::new(Method::DELETE, url.clone());
        // The server's reply has named it.
        request.host_from = HostFrom::Value;
        let header = Zeroizing::new(format!("Bearer {}", token.expose()));
        set_sensitive(&mut request, AUTHORIZATION, &header)?;
        let mut redactor = Redactor::new();
        redactor.add(token.clone());
        request.redactor = Arc::new(redactor);
        Ok(Some(request))
    }

    pub(super) fn to_value(&self) -> Value {
        let secret = self.secret.as_ref().map(Secret::expose);
        let management = self.management.as_ref();
        let management = management.map(|(url, token)| json!([url.as_str(), token.expose()]));
        json!({
            "id": self.id, "secret": secret, "auth": written(self.auth),
            "redirect_uri": self.redirect_uri, "expires_at": self.expires_at, "management": management,
        })
    }

    pub(super) fn from_value(value: &Value) -> Option<Client> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let management = value["management"].as_array().map(Vec::as_slice);
        Some(Client {
            id: text(&value["id"])?,
            secret: text(&value["secret"]).map(Secret::new),
            auth: value["auth"].as_str().and_then(read)?,
            redirect_uri: text(&value["redirect_uri"]),
            expires_at: value["expires_at"].as_i64(),
            management: match management {
                Some([url, token]) => {
                    Url::parse(url.as_str()?).ok().zip(token.as_str().map(Secret::from))
                }
                _ => None,
            },
        })
    }

    /// How many bytes its secrets have.
    pub(super) fn secret_bytes(&self) -> usize {
        let management = self.management.as_ref().map(|(_, token)| token);
        self.secret.iter().chain(management).map(|secret| secret.expose().len()).sum()
    }
}

/// The name of a way in RFC 7591, section 2.
pub(super) fn written(auth: ClientAuth) -> &'static str {
    match auth {
        ClientAuth::Basic | ClientAuth::BasicRaw | ClientAuth::BasicAndBody => {
            "client_secret_basic"
        }
        ClientAuth::Body => "client_secret_post",
        ClientAuth::None => "none",
        ClientAuth::PrivateKeyJwt => "private_key_jwt",
    }
}

pub(super) fn read(name: &str) -> Option<ClientAuth> {
    match name {
        "client_secret_basic" => Some(ClientAuth::Basic),
        "client_secret_post" => Some(ClientAuth::Body),
        "none" => Some(ClientAuth::None),
        _ => None,
    }
}
