//! Signed JSON Web Tokens (RFC 7519) in the compact form of RFC 7515; signatures by ring.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use rustls_pki_types::{PrivateKeyDer, alg_id};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::{AuthFault, JwtAlgorithm};
use crate::moment::Moment;
use crate::pem;
use crate::secret::Secret;
use crate::span::Span;

/// What claims are signed with.
#[derive(Debug)]
pub(crate) struct SigningKey {
    /// A private key in PEM, or the shared secret of HMAC.
    pub(crate) text: Secret,
    /// What the private key is encrypted with, where it is.
    pub(crate) passphrase: Option<Secret>,
}

/// Signs claims.
///
/// RSA, HMAC and Ed25519 give the same signature each time; ECDSA takes fresh randomness inside ring, the only one in
/// this crate: its signatures differ, what they say does not.
pub(crate) fn sign(
    algorithm: JwtAlgorithm,
    key: &SigningKey,
    headers: Map<String, Value>,
    claims: &Map<String, Value>,
) -> Result<Secret, AuthFault> {
    let mut header = json!({ "alg": algorithm.as_str(), "typ": "JWT" });
    if let Value::Object(header) = &mut header {
        header.extend(headers);
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

/// When a token is issued, and when it ends.
pub(crate) fn times(lifetime: Option<Span>, moment: &Moment) -> [i64; 2] {
    const LIFETIME_S: i64 = 300;
    // A server whose clock is a little behind takes no token of the future.
    const BACK_S: i64 = 10;
    let lifetime = lifetime.and_then(|span| i64::try_from(span.0.as_secs()).ok());
    let lifetime = lifetime.unwrap_or(LIFETIME_S);
    let issued = moment.unix_seconds.saturating_sub(BACK_S.min(lifetime / 2));
    [issued, issued.saturating_add(lifetime)]
}

fn signature(
    algorithm: JwtAlgorithm,
    key: &SigningKey,
    message: &[u8],
) -> Result<Vec<u8>, AuthFault> {
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
        let pair = match private_key(key)? {
            PrivateKeyDer::Pkcs8(der) => {
                EcdsaKeyPair::from_pkcs8(curve, der.secret_pkcs8_der(), &random)
            }
            PrivateKeyDer::Sec1(der) => {
                let wrapped = in_pkcs8(algorithm, der.secret_sec1_der());
                EcdsaKeyPair::from_pkcs8(curve, &wrapped, &random)
            }
            _ => return Err(AuthFault::Key { reason: "an EC key is needed" }),
        };
        let pair = pair.map_err(|_| AuthFault::Key {
            reason: "it is no key with its public part on the algorithm's curve",
        })?;
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
            let key = hmac::Key::new(hmac::HMAC_SHA256, key.text.expose().as_bytes());
            Ok(hmac::sign(&key, message).as_ref().to_vec())
        }
    }
}

/// The key in a PEM text.
fn private_key(key: &SigningKey) -> Result<PrivateKeyDer<'static>, AuthFault> {
    pem::private_key(key.text.expose(), key.passphrase.as_ref().map(Secret::expose))
        .map_err(|reason| AuthFault::Key { reason })
}

/// An EC key as SEC 1 has it (RFC 5915), put into PKCS #8 (RFC 5208): ring reads no other.
fn in_pkcs8(algorithm: JwtAlgorithm, key: &[u8]) -> Zeroizing<Vec<u8>> {
    let curve = match algorithm {
        JwtAlgorithm::ES384 => alg_id::ECDSA_P384,
        _ => alg_id::ECDSA_P256,
    };
    let version: &[u8] = &[0x02, 0x01, 0x00];
    let parts = [version, &tagged(0x30, &curve), &tagged(0x04, key)];
    tagged(0x30, &Zeroizing::new(parts.concat()))
}

/// A value of DER with its tag and length (X.690).
fn tagged(tag: u8, value: &[u8]) -> Zeroizing<Vec<u8>> {
    // No key is longer than two bytes can say.
    let [_, _, .., high, low] = value.len().to_be_bytes();
    let length = match (high, low) {
        (0, 0..0x80) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    Zeroizing::new([&[tag], length.as_slice(), value].concat())
}
