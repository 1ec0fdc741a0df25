//! Signed JSON Web Tokens (RFC 7519) in the compact form of RFC 7515; signatures by ring.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Map, Value, json};

use crate::auth::{AuthFault, JwtAlgorithm};
use crate::secret::Secret;

/// Signs claims.
///
/// RSA, HMAC and Ed25519 give the same signature each time; ECDSA takes fresh randomness inside ring, the only one in
/// this crate: its signatures differ, what they say does not.
pub(super) fn sign(
    algorithm: JwtAlgorithm,
    key: &Secret,
    key_id: Option<String>,
    claims: &Map<String, Value>,
) -> Result<Secret, AuthFault> {
    let mut header = json!({ "alg": name(algorithm), "typ": "JWT" });
    if let (Some(key_id), Value::Object(header)) = (key_id, &mut header) {
        header.insert("kid".to_owned(), Value::String(key_id));
    }
    let claims = serde_json::to_vec(claims).unwrap_or_default();
    let mut token = URL_SAFE_NO_PAD.encode(header.to_string());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = signature(algorithm, key, token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(Secret::new(token))
}

fn name(algorithm: JwtAlgorithm) -> &'static str {
    match algorithm {
        JwtAlgorithm::RS256 => "RS256",
        JwtAlgorithm::RS384 => "RS384",
        JwtAlgorithm::RS512 => "RS512",
        JwtAlgorithm::ES256 => "ES256",
        JwtAlgorithm::ES384 => "ES384",
        JwtAlgorithm::EdDSA => "EdDSA",
        JwtAlgorithm::HS256 => "HS256",
    }
}

fn signature(algorithm: JwtAlgorithm, key: &Secret, message: &[u8]) -> Result<Vec<u8>, AuthFault> {
    let random = SystemRandom::new();
    let failed = |_| AuthFault::Key { reason: "the signature could not be made" };
    let rsa = |padding: &'static dyn signature::RsaEncoding| {
        let pair = match private_key(key)? {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(AuthFault::Key { reason: "an RSA key is needed" }),
        };
        let pair =
            pair.map_err(|_| AuthFault::Key { reason: "it is no RSA key of 2048 to 4096 bits" })?;
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(padding, &random, message, &mut signature).map_err(failed)?;
        Ok(signature)
    };
    let ecdsa = |curve: &'static signature::EcdsaSigningAlgorithm| {
        let PrivateKeyDer::Pkcs8(der) = private_key(key)? else {
            return Err(AuthFault::Key { reason: "an EC key in PKCS #8 is needed" });
        };
        let pair = EcdsaKeyPair::from_pkcs8(curve, der.secret_pkcs8_der(), &random)
            .map_err(|_| AuthFault::Key { reason: "it is no key on the algorithm's curve" })?;
        Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec())
    };
    match algorithm {
        JwtAlgorithm::RS256 => rsa(&signature::RSA_PKCS1_SHA256),
        JwtAlgorithm::RS384 => rsa(&signature::RSA_PKCS1_SHA384),
        JwtAlgorithm::RS512 => rsa(&signature::RSA_PKCS1_SHA512),
        JwtAlgorithm::ES256 => ecdsa(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
        JwtAlgorithm::ES384 => ecdsa(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
        JwtAlgorithm::EdDSA => {
            let PrivateKeyDer::Pkcs8(der) = private_key(key)? else {
                return Err(AuthFault::Key { reason: "an Ed25519 key in PKCS #8 is needed" });
            };
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der())
                .map_err(|_| AuthFault::Key { reason: "it is no Ed25519 key" })?;
            Ok(pair.sign(message).as_ref().to_vec())
        }
        JwtAlgorithm::HS256 => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes());
            Ok(hmac::sign(&key, message).as_ref().to_vec())
        }
    }
}

/// The key in a PEM text. What came through a form or an environment variable may have `\n` for its line ends.
fn private_key(key: &Secret) -> Result<PrivateKeyDer<'static>, AuthFault> {
    let text = zeroize::Zeroizing::new(key.expose().replace("\\n", "\n"));
    PrivateKeyDer::from_pem_slice(text.as_bytes())
        .map_err(|_| AuthFault::Key { reason: "it holds no private key in PEM" })
}
