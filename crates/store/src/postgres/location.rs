//! The URL of a database: whom to connect to, and whom to trust.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::fault::StoreFault;

/// Where a database is.
#[derive(Clone)]
pub(super) struct Location {
    pub(super) config: Config,
    /// A file of certificates to trust, in place of those of the web.
    roots: Option<String>,
    /// Hosts and database, for messages.
    pub(super) place: String,
}

impl Location {
    /// Understands a URL.
    pub(super) fn parse(url: &str) -> Result<Location, StoreFault> {
        // The library's own words are not shown: they may quote a piece of a password that was not encoded.
        let fault = |reason: &str| StoreFault::Location { reason: reason.to_owned() };
        if url.matches('@').count() > 1 {
            return Err(fault("it has more than one `@`; in a password write `%40`"));
        }
        let (url, roots) = own_parameters(url)?;
        let config: Config =
            url.parse().map_err(|_| fault("it is not a well-formed URL of PostgreSQL"))?;
        let mut hosts = Vec::new();
        for (index, host) in config.get_hosts().iter().enumerate() {
            let ports = config.get_ports();
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
            hosts.push(match host {
                Host::Tcp(host) if is_host(host) => format!("{host}:{port}"),
                Host::Tcp(_) => return Err(fault("its host is not one")),
                #[cfg(unix)]
                Host::Unix(path) => path.display().to_string(),
            });
        }
        hosts.extend(config.get_hostaddrs().iter().map(ToString::to_string));
        if hosts.is_empty() {
            return Err(fault("it names no host"));
        }
        let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
        let place = format!("{}/{database}", hosts.join(","));
        Ok(Location { config, roots, place })
    }

    /// How TLS is spoken with it.
    pub(super) fn tls(&self) -> Result<rustls::ClientConfig, StoreFault> {
        let fault = |reason: String| StoreFault::Location { reason };
        let mut roots = rustls::RootCertStore::empty();
        match &self.roots {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(path) => {
                let unread = |words: String| fault(format!("`sslrootcert` `{path}`: {words}"));
                let text = std::fs::read(Path::new(path)).map_err(|e| unread(e.to_string()))?;
                for certificate in CertificateDer::pem_slice_iter(&text) {
                    let certificate = certificate.map_err(|e| unread(e.to_string()))?;
                    roots.add(certificate).map_err(|e| unread(e.to_string()))?;
                }
                if roots.is_empty() {
                    return Err(unread("it holds no certificate in PEM".to_owned()));
                }
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| fault(error.to_string()))?;
        Ok(config.with_root_certificates(roots).with_no_client_auth())
    }
}

/// Letters that a host's name or address has; anything else may be a piece of a password.
fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:_-%".contains(&byte))
}

/// Takes out what tokio-postgres does not know: `sslrootcert`, and the modes of `sslmode` that verify, which ours always
/// does.
fn own_parameters(url: &str) -> Result<(String, Option<String>), StoreFault> {
    // A password may hold a question mark.
    let after = url.find('@').unwrap_or_default();
    let Some(question) = url[after..].find('?').map(|at| after + at) else {
        return Ok((url.to_owned(), None));
    };
    let (base, query) = (&url[..question], &url[question + 1..]);
    let mut roots = None;
    let mut kept = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=') {
            Some(("sslrootcert", value)) => {
                let value = value.replace('+', "%2B");
                let decoded = url::form_urlencoded::parse(value.as_bytes()).next();
                roots = decoded.map(|(path, _)| path.into_owned());
            }
            Some(("sslmode", "verify-full" | "verify-ca")) => kept.push("sslmode=require"),
            Some(("sslmode", value)) if !["disable", "prefer", "require"].contains(&value) => {
                let reason =
                    "its `sslmode` is none of `disable`, `prefer`, `require` and `verify-full`";
                return Err(StoreFault::Location { reason: reason.to_owned() });
            }
            _ => kept.push(parameter),
        }
    }
    let mark = if kept.is_empty() { "" } else { "?" };
    Ok((format!("{base}{mark}{}", kept.join("&")), roots))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_postgres::config::SslMode;

    use super::*;

    fn refused(url: &str) -> String {
        match Location::parse(url) {
            Err(StoreFault::Location { reason }) => reason,
            Err(other) => panic!("{other:?}"),
            Ok(location) => panic!("{} is taken for a place", location.place),
        }
    }

    #[test]
    fn a_place_is_hosts_and_database_and_nothing_else() {
        for (url, place) in [
            ("postgres://sa:CANARY@db.example/cards", "db.example:5432/cards"),
            ("postgresql://sa:CANARY%40%2F?@[::1]:6000/cards?sslmode=disable", "::1:6000/cards"),
            ("postgres://h/d?user=sa&password=CANARY", "h:5432/d"),
            ("postgres://sa:CANARY@a,b:1/d", "a:5432,b:1/d"),
        ] {
            assert_eq!(Location::parse(url).unwrap().place, place, "{url}");
        }
    }

    #[test]
    fn a_url_that_is_read_wrongly_tells_nothing_of_its_password() {
        for url in [
            "postgres://sa:CAN@ARY@db.example/cards",
            "postgres://sa:CAN@ARY/x@db.example/cards",
            "postgres://sa:x@db.example:CANARY/cards",
            "postgres://sa:x@db.example/cards?CANARY=1",
            "postgres://sa:x@db.example/cards?sslmode=CANARY",
            "postgres://sa:x@CANARY #/cards",
            "postgres://",
        ] {
            let reason = refused(url);
            assert!(!reason.contains("CAN") && !reason.contains("ARY"), "{url}: {reason}");
        }
    }

    #[test]
    fn the_roots_and_the_verifying_modes_are_ours() {
        let url =
            "postgres://sa:a?b@h/d?sslmode=verify-full&sslrootcert=%2Fca+1.pem&connect_timeout=3";
        let location = Location::parse(url).unwrap();
        assert_eq!(location.roots.as_deref(), Some("/ca+1.pem"));
        assert_eq!(location.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(location.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        assert_eq!(location.config.get_password(), Some(&b"a?b"[..]));
    }
}
