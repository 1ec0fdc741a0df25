//! What TLS is done with: the roots that are trusted, the client's certificate.

use std::sync::Arc;

use cardhost_core::request::{ClientIdentity, TlsSettings};
use cardhost_core::secret::Secret;
use ring::digest::{Context, SHA256};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

/// What tells one request's settings from another's: no connection is shared between two of them.
pub(super) type Fingerprint = [u8; 32];

pub(super) fn fingerprint(settings: &TlsSettings) -> Fingerprint {
    let TlsSettings { identity, authority } = settings;
    let identity = identity.as_ref();
    let parts = [
        identity.map(|identity| &identity.certificate),
        identity.map(|identity| &identity.key),
        authority.as_ref(),
    ];
    let mut hash = Context::new(&SHA256);
    for part in parts {
        let text = part.map_or("", Secret::expose);
        hash.update(&(text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(hash.finish().as_ref());
    fingerprint
}

/// The configuration of a client. `trusted` are certificates besides the compiled-in Mozilla roots.
///
/// # Errors
/// Why the settings cannot be used, without what is in them.
pub(super) fn configuration(
    tls: bool,
    trusted: &[CertificateDer<'static>],
    settings: Option<&TlsSettings>,
) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if tls {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        for root in trusted {
            roots.add(root.clone()).map_err(|error| error.to_string())?;
        }
        if let Some(authority) = settings.and_then(|settings| settings.authority.as_ref()) {
            let unusable = |reason| format!("the private authority cannot be used: {reason}");
            for root in certificates(authority).map_err(unusable)? {
                roots.add(root).map_err(|error| unusable(error.to_string()))?;
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    let Some(identity) = settings.and_then(|settings| settings.identity.as_ref()) else {
        return Ok(builder.with_no_client_auth());
    };
    let unusable = |reason: String| format!("the client certificate cannot be used: {reason}");
    let ClientIdentity { certificate, key } = identity;
    let certificates = certificates(certificate).map_err(unusable)?;
    let key = PrivateKeyDer::from_pem_slice(pem(key).as_bytes())
        .map_err(|_| unusable("its key is no private key in PEM".to_owned()))?;
    builder.with_client_auth_cert(certificates, key).map_err(|error| unusable(error.to_string()))
}

/// The certificates of a PEM text (RFC 7468).
fn certificates(text: &Secret) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem(text).as_bytes()).collect();
    match read {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err("it holds no certificate in PEM".to_owned()),
    }
}

/// What came through a form or an environment variable may have `\n` for its line ends.
fn pem(text: &Secret) -> Zeroizing<String> {
    Zeroizing::new(text.expose().replace("\\n", "\n"))
}
