//! TLS of the bench server: a CA of its own, made at start, and a certificate of it for 127.0.0.1.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use crate::Result;

/// The server's side of TLS, and the certificate of the CA to trust, in PEM.
///
/// TLS 1.3 and 1.2, keys on P-256, HTTP/1.1 only; a chain of two, so that there is one signature to check.
///
/// # Errors
/// A key or a certificate cannot be made.
pub fn acceptor() -> Result<(TlsAcceptor, String)> {
    let mut ca = named("cardhost bench CA", Vec::new())?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate()?)?;

    let mut server = named("cardhost bench server", vec!["127.0.0.1".to_owned()])?;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = server.signed_by(&key, &ca)?;

    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )?;
    Ok((TlsAcceptor::from(Arc::new(config)), ca.pem()))
}

/// Two names must differ: OpenSSL takes a certificate whose subject is its issuer's for self-signed.
fn named(name: &str, hosts: Vec<String>) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}
