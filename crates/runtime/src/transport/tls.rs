//! What TLS is done with: the roots that are trusted, the client's certificate.

use std::sync::Arc;

use cardhost_core::pem;
use cardhost_core::request::{ClientIdentity, TlsSettings};
use cardhost_core::secret::Secret;
use ring::digest::{Context, SHA256};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::{ClientConfig, ConfigBuilder, Error, InconsistentKeys, RootCertStore, WantsVerifier};

use super::certificate::{Certificate, public_key};
use super::given::TrustsGiven;

/// What tells one request's settings from another's: no connection is shared between two of them.
pub(super) type Fingerprint = [u8; 32];

pub(super) fn fingerprint(settings: &TlsSettings) -> Fingerprint {
    let TlsSettings { identity, authority } = settings;
    let identity = identity.as_ref();
    let parts = [
        identity.map(|identity| &identity.certificate),
        identity.map(|identity| &identity.key),
        identity.and_then(|identity| identity.passphrase.as_ref()),
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

/// What is trusted besides the compiled-in Mozilla roots.
#[derive(Clone, Copy)]
pub(super) struct Trusted<'a> {
    /// The roots of the operating system.
    pub(super) system: &'a [CertificateDer<'static>],
    /// Certificates that were given.
    pub(super) given: &'a [CertificateDer<'static>],
}

/// The configuration of a client; without `tls`, one that nothing is done with.
///
/// # Errors
/// Why the settings cannot be used, without what is in them.
pub(super) fn configuration(
    tls: bool,
    trusted: Trusted<'_>,
    settings: Option<&TlsSettings>,
) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if !tls {
        return Ok(builder(Arc::new(provider()))?
            .with_root_certificates(roots)
            .with_no_client_auth());
    }
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    // The system's store may hold what rustls does not read.
    roots.add_parsable_certificates(trusted.system.iter().cloned());
    for root in trusted.given {
        roots.add(root.clone()).map_err(|error| error.to_string())?;
    }
    let mut given = trusted.given.to_vec();
    if let Some(authority) = settings.and_then(|settings| settings.authority.as_ref()) {
        let unusable = |reason: &str| format!("the private authority cannot be used: {reason}");
        for root in pem::certificates(authority.expose()).map_err(unusable)? {
            roots.add(root.clone()).map_err(|error| unusable(&error.to_string()))?;
            given.push(root);
        }
    }
    let provider = Arc::new(provider());
    let builder = builder(Arc::clone(&provider))?;
    let builder = if given.is_empty() {
        builder.with_root_certificates(roots)
    } else {
        let verifier = TrustsGiven::new(roots, given, Arc::clone(&provider))?;
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    };
    let mut configuration = match settings.and_then(|settings| settings.identity.as_ref()) {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let shown = SingleCertAndKey::from(certified_key(identity, &provider)?);
            builder.with_client_cert_resolver(Arc::new(shown))
        }
    };
    configuration.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(configuration)
}

fn builder(
    provider: Arc<CryptoProvider>,
) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, String> {
    let builder = ClientConfig::builder_with_provider(provider);
    builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())
}

/// The cryptography of ring, and a curve that it lacks.
fn provider() -> CryptoProvider {
    #[cfg_attr(not(feature = "p521"), expect(unused_mut, reason = "nothing is added to it"))]
    let mut provider = rustls::crypto::ring::default_provider();
    #[cfg(feature = "p521")]
    super::p521::add_to(&mut provider);
    provider
}

/// The client's certificate with its key.
fn certified_key(
    identity: &ClientIdentity,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, String> {
    let ClientIdentity { certificate, key, passphrase } = identity;
    let certificates = pem::certificates(certificate.expose())
        .map_err(|reason| format!("the client certificate cannot be used: {reason}"))?;
    let unusable = |reason| format!("the key of the client certificate cannot be used: {reason}");
    let key = pem::private_key(key.expose(), passphrase.as_ref().map(Secret::expose))
        .map_err(unusable)?;
    let key = signing_key(key, provider).ok_or_else(|| unusable(KINDS))?;
    let certified = CertifiedKey::new(certificates, key);
    if belongs(&certified) {
        Ok(certified)
    } else {
        Err("the client certificate cannot be used: its key is that of another certificate"
            .to_owned())
    }
}

/// What there is of keys.
#[cfg(feature = "p521")]
const KINDS: &str =
    "it is none of RSA (2048 to 4096 bits), EC on P-256, P-384 or P-521, and Ed25519";
#[cfg(not(feature = "p521"))]
const KINDS: &str =
    "it is none of RSA (2048 to 4096 bits), EC on P-256 or P-384 (P-521 is a feature), and Ed25519";

fn signing_key(
    key: PrivateKeyDer<'static>,
    provider: &CryptoProvider,
) -> Option<Arc<dyn SigningKey>> {
    #[cfg(feature = "p521")]
    if let Some(key) = super::p521::key(&key) {
        return Some(key);
    }
    provider.key_provider.load_private_key(key).ok()
}

/// Whether a key is that of its certificate. Certificates that rustls does not read, such as those of version 1, are the
/// server's to judge.
fn belongs(certified: &CertifiedKey) -> bool {
    match certified.keys_match() {
        Ok(()) => true,
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => false,
        Err(_) => {
            let info = certified.key.public_key();
            let own = info.as_deref().and_then(public_key).map(|(_, key)| key);
            let shown = certified.cert.first().and_then(|shown| Certificate::read(shown));
            shown.zip(own).is_none_or(|(shown, own)| shown.key == own)
        }
    }
}
