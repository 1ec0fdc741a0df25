//! The curve P-521 (`secp521r1`), which security departments issue keys on and ring has not.

use std::sync::{Arc, LazyLock};

use ::p521::ecdh::diffie_hellman;
use ::p521::ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
use ::p521::ecdsa::{DerSignature, SigningKey as EcdsaKey, VerifyingKey};
use ::p521::elliptic_curve::sec1::ToSec1Point as _;
use ::p521::{PublicKey, SecretKey};
use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use rustls::crypto::{
    ActiveKeyExchange, CryptoProvider, SharedSecret, SupportedKxGroup, WebPkiSupportedAlgorithms,
};
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, PrivateKeyDer, SignatureVerificationAlgorithm,
    SubjectPublicKeyInfoDer, alg_id,
};
use rustls::sign::{Signer, SigningKey, public_key_to_spki};
use rustls::{Error, NamedGroup, PeerMisbehaved, SignatureAlgorithm, SignatureScheme};
use zeroize::Zeroizing;

use super::certificate::{Der, OCTET_STRING, SEQUENCE};

/// Teaches a provider the signatures of this curve.
pub(super) fn add_to(provider: &mut CryptoProvider) {
    type Algorithm = &'static dyn SignatureVerificationAlgorithm;
    type Known = (Vec<Algorithm>, Vec<(SignatureScheme, &'static [Algorithm])>);
    static ALL: LazyLock<Known> = LazyLock::new(|| {
        let known = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        let all = [known.all, &[WITH_SHA256, WITH_SHA384, WITH_SHA512]].concat();
        let mapping = known.mapping.iter().map(|(scheme, algorithms)| {
            // In TLS 1.2 a scheme names the hash and leaves the curve open; in TLS 1.3 the first of a list counts.
            let more = match *scheme {
                SignatureScheme::ECDSA_NISTP256_SHA256 => WITH_SHA256,
                SignatureScheme::ECDSA_NISTP384_SHA384 => WITH_SHA384,
                _ => return (*scheme, *algorithms),
            };
            // For as long as the process lives, as those of ring.
            (*scheme, &*[algorithms, [more].as_slice()].concat().leak())
        });
        let own: &[Algorithm] = &[WITH_SHA512];
        (all, mapping.chain([(SignatureScheme::ECDSA_NISTP521_SHA512, own)]).collect())
    });
    let (all, mapping) = &*ALL;
    provider.signature_verification_algorithms = WebPkiSupportedAlgorithms { all, mapping };
    // In TLS 1.2 a certificate needs a curve that keys are exchanged on too (RFC 8422, section 5.1).
    provider.kx_groups.push(&Group);
}

/// The exchange of keys on this curve; nobody begins with it.
#[derive(Debug)]
struct Group;

impl SupportedKxGroup for Group {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let random = SystemRandom::new();
        loop {
            let mut number = Zeroizing::new([0; 66]);
            random.fill(&mut *number).map_err(|_| Error::FailedToGetRandomBytes)?;
            // 521 bits; one in some 2^260 of them is no key.
            number[0] &= 1;
            if let Ok(secret) = SecretKey::from_slice(&*number) {
                let public = secret.public_key().to_sec1_point(false).as_bytes().to_vec();
                return Ok(Box::new(Exchange { secret, public }));
            }
        }
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::secp521r1
    }
}

struct Exchange {
    secret: SecretKey,
    public: Vec<u8>,
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        // Points are not packed (RFC 8446, section 4.2.8.2).
        let is_whole = peer.first() == Some(&0x04);
        let peer = PublicKey::from_sec1_bytes(peer).ok().filter(|_| is_whole);
        let peer = peer.ok_or(PeerMisbehaved::InvalidKeyShare)?;
        let shared = diffie_hellman(self.secret.to_nonzero_scalar(), peer.as_affine());
        Ok(SharedSecret::from(shared.raw_secret_bytes().as_slice()))
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::secp521r1
    }
}

/// A key on this curve in PKCS #8 or SEC 1; `None` where it is another one.
pub(super) fn key(der: &PrivateKeyDer<'_>) -> Option<Arc<dyn SigningKey>> {
    let sec1 = match der {
        PrivateKeyDer::Sec1(der) => der.secret_sec1_der(),
        PrivateKeyDer::Pkcs8(der) => {
            let mut fields = Der(Der(der.secret_pkcs8_der()).take(SEQUENCE)?);
            fields.next()?;
            if fields.take(SEQUENCE)? != alg_id::ECDSA_P521.as_ref() {
                return None;
            }
            fields.take(OCTET_STRING)?
        }
        _ => return None,
    };
    let mut fields = Der(Der(sec1).take(SEQUENCE)?);
    fields.next()?;
    // That of another curve is shorter, and would be taken for a small number.
    let number = fields.take(OCTET_STRING).filter(|number| number.len() > 48)?;
    let key = EcdsaKey::from_slice(number).ok()?;
    let point = key.verifying_key().to_sec1_point(false);
    let public = public_key_to_spki(&alg_id::ECDSA_P521, point.as_bytes());
    Some(Arc::new(Key { key, public }))
}

struct Key {
    key: EcdsaKey,
    public: SubjectPublicKeyInfoDer<'static>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key on P-521")
    }
}

impl SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let scheme = SignatureScheme::ECDSA_NISTP521_SHA512;
        offered.contains(&scheme).then(|| Box::new(Signs(self.key.clone())) as Box<dyn Signer>)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(self.public.clone())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

struct Signs(EcdsaKey);

impl std::fmt::Debug for Signs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a signer with P-521")
    }
}

impl Signer for Signs {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature: Result<DerSignature, _> =
            self.0.sign_prehash(digest(&SHA512, message).as_ref());
        let signature = signature.map_err(|_| Error::General("signing failed".to_owned()))?;
        Ok(signature.as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP521_SHA512
    }
}

/// Signatures on this curve over a hash.
#[derive(Debug)]
struct Verifies {
    hash: &'static Algorithm,
    signature: AlgorithmIdentifier,
}

const WITH_SHA256: &dyn SignatureVerificationAlgorithm =
    &Verifies { hash: &SHA256, signature: alg_id::ECDSA_SHA256 };
const WITH_SHA384: &dyn SignatureVerificationAlgorithm =
    &Verifies { hash: &SHA384, signature: alg_id::ECDSA_SHA384 };
const WITH_SHA512: &dyn SignatureVerificationAlgorithm =
    &Verifies { hash: &SHA512, signature: alg_id::ECDSA_SHA512 };

impl SignatureVerificationAlgorithm for Verifies {
    fn verify_signature(
        &self,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| InvalidSignature)?;
        let signature = DerSignature::from_bytes(signature).map_err(|_| InvalidSignature)?;
        // A hash is a number (FIPS 186-5, section 6.4.1); the library wants a short one with its zeros.
        let hash = digest(self.hash, message);
        let mut number = [0; 64];
        let (_, end) = number.split_at_mut(64 - hash.as_ref().len());
        end.copy_from_slice(hash.as_ref());
        key.verify_prehash(&number, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P521
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}
