//! Servers that show exactly a certificate that was given to be trusted.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, RootCertStore, SignatureScheme,
};

use super::certificate::{Certificate, When};

/// Judges servers as rustls does, but for those that show a certificate that was given: whoever gave it trusts it, whatever
/// may stand in it besides name and dates. `openssl req -x509` makes one of an authority, older tools one of version 1.
#[derive(Debug)]
pub(super) struct TrustsGiven {
    given: Vec<CertificateDer<'static>>,
    others: Arc<WebPkiServerVerifier>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl TrustsGiven {
    pub(super) fn new(
        roots: RootCertStore,
        given: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<TrustsGiven, String> {
        let algorithms = provider.signature_verification_algorithms;
        let others = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let others = others.build().map_err(|error| error.to_string())?;
        Ok(TrustsGiven { given, others, algorithms })
    }

    /// The certificate, where it was given.
    fn given<'d>(&self, shown: &'d CertificateDer<'_>) -> Option<Certificate<'d>> {
        let known = self.given.iter().any(|given| given == shown);
        if known { Certificate::read(shown) } else { None }
    }

    /// Whether the server has the key of a certificate that was given, by the rules of TLS 1.2.
    fn signature(
        &self,
        message: &[u8],
        certificate: &Certificate<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = self.algorithms.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
        let (_, algorithms) =
            known.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        let fits = algorithms.iter().any(|algorithm| {
            *algorithm.public_key_alg_id() == *certificate.key_algorithm
                && algorithm.verify_signature(certificate.key, message, signed.signature()).is_ok()
        });
        if fits {
            Ok(HandshakeSignatureValid::assertion())
        } else {
            Err(CertificateError::BadSignature.into())
        }
    }
}

impl ServerCertVerifier for TrustsGiven {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(certificate) = self.given(shown) else {
            return self.others.verify_server_cert(shown, between, server, ocsp, now);
        };
        match certificate.when(now.as_secs()) {
            When::Good => {}
            When::Early => return Err(CertificateError::NotValidYet.into()),
            When::Over => return Err(CertificateError::Expired.into()),
        }
        let named = ParsedCertificate::try_from(shown)
            .and_then(|parsed| rustls::client::verify_server_name(&parsed, server));
        match named {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(error) if certificate.has_names => Err(error),
            // Before certificates had alternative names, the common name was that of the server.
            Err(_) if certificate.is_called(server) => Ok(ServerCertVerified::assertion()),
            Err(_) => Err(CertificateError::NotValidForName.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.given(shown) {
            Some(certificate) => self.signature(message, &certificate, signed),
            None => self.others.verify_tls12_signature(message, shown, signed),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.given(shown) {
            Some(certificate) => {
                let key = certificate.key_info.into();
                verify_tls13_signature_with_raw_key(message, &key, signed, &self.algorithms)
            }
            None => self.others.verify_tls13_signature(message, shown, signed),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
