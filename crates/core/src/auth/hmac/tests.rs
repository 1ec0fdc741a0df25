//! Signatures of RFCs and of vendors' documentation.

use http::Method;
use serde_json::{Value, json};

use super::*;
use crate::auth::tests::{Fields, body, form_request, header, request};
use crate::inject::header::HeaderFault;
use crate::request::BodyKind;
use crate::template::TemplateValueError;

fn credentials(declaration: Value, fields: &[(&str, &str)]) -> HmacCredentials {
    let method: Hmac = serde_json::from_value(declaration).unwrap();
    method.resolve(&Fields::new(fields)).unwrap()
}

fn at(unix_seconds: i64) -> Moment {
    Moment { unix_seconds, nonce: [0x0a; 16] }
}

fn texts(secrets: &[Secret]) -> Vec<&str> {
    secrets.iter().map(Secret::expose).collect()
}

/// RFC 4231, sections 4.2 to 4.8 without 4.6 (whose results are cut short), and RFC 2202, section 3,
/// cases 1 to 3, 6 and 7.
#[test]
fn hmac_itself_is_that_of_its_rfcs() {
    let long = "aa".repeat(131);
    let long_of_1998 = "aa".repeat(80);
    let counted: String = (1..=25).map(|byte| format!("{byte:02x}")).collect();
    let test = "Test Using Larger Than Block-Size Key - Hash Key First";
    let larger = "This is a test using a larger than block-size key and a larger than block-size data. \
                  The key needs to be hashed before being used by the HMAC algorithm.";
    let question = "what do ya want for nothing?";
    let jefe = hex(b"Jefe");
    let (dd, cd) = ([0xdd; 50], [0xcd; 50]);
    let (b20, a20) = ("0b".repeat(20), "aa".repeat(20));
    for (algorithm, key, message, expected) in [
        (
            "sha256",
            b20.as_str(),
            b"Hi There".as_slice(),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            "sha512",
            &b20,
            b"Hi There",
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
        ),
        (
            "sha256",
            &jefe,
            question.as_bytes(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            "sha512",
            &jefe,
            question.as_bytes(),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
        ("sha256", &a20, &dd, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (
            "sha512",
            &a20,
            &dd,
            "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
        ),
        (
            "sha256",
            &counted,
            &cd,
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
        (
            "sha512",
            &counted,
            &cd,
            "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd",
        ),
        (
            "sha256",
            &long,
            test.as_bytes(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            "sha512",
            &long,
            test.as_bytes(),
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
        ),
        (
            "sha256",
            &long,
            larger.as_bytes(),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
        (
            "sha512",
            &long,
            larger.as_bytes(),
            "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58",
        ),
        ("sha1", &b20, b"Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
        ("sha1", &jefe, question.as_bytes(), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ("sha1", &a20, &dd, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
        ("sha1", &long_of_1998, test.as_bytes(), "aa4ae5e15272d00e95705637ce8a3b55ed402112"),
        (
            "sha1",
            &long_of_1998,
            b"Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data",
            "e8e99d0f45237d786d6bbaa7965c7808bbff1a91",
        ),
    ] {
        let declaration =
            json!({"algorithm": algorithm, "key": key, "keyEncoding": "hex", "message": ""});
        let signature = credentials(declaration, &[]).signature(message).unwrap();
        assert_eq!(signature.as_str(), expected);
    }
}

/// GitHub Docs, "Validating webhook deliveries", "Testing the webhook payload validation".
#[test]
fn vendor_example_of_github() {
    let declaration = json!({
        "algorithm": "sha256",
        "key": "<<connection.Secret>>",
        "message": "<<signing.body>>",
        "headers": {"X-Hub-Signature-256": "sha256=<<signing.signature>>"},
    });
    let mut request = request(Method::POST, "https://a.example/hook");
    request.body = body(BodyKind::Text, "Hello, World!");
    let credentials = credentials(declaration, &[("Secret", "It's a Secret to Everybody")]);
    let derived = credentials.sign(&mut request, None, &at(1)).unwrap();
    let signature = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    assert_eq!(header(&request, "x-hub-signature-256"), format!("sha256={signature}"));
    assert!(request.headers["x-hub-signature-256"].is_sensitive());
    assert_eq!(texts(&derived), [signature]);
}

/// Slack API, "Verifying requests from Slack".
#[test]
fn vendor_example_of_slack() {
    let declaration = json!({
        "algorithm": "sha256",
        "key": "<<connection.Signing Secret>>",
        "message": "v0:<<signing.headers.x-slack-request-timestamp>>:<<signing.body>>",
        "headers": {
            "X-Slack-Signature": "v0=<<signing.signature>>",
            "X-Slack-Request-Timestamp": "<<signing.timestamp>>",
        },
    });
    let mut request = form_request(
        "https://a.example/command",
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
         &channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
         &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F\
         96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
    );
    let secret = [("Signing Secret", "8f742231b10e8888abcd99yyyzzz85a5")];
    credentials(declaration, &secret).sign(&mut request, None, &at(1_531_420_618)).unwrap();
    assert_eq!(
        header(&request, "x-slack-signature"),
        "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    );
    assert_eq!(header(&request, "x-slack-request-timestamp"), "1531420618");
    assert!(!request.headers["x-slack-request-timestamp"].is_sensitive());
}

fn binance(message: &str, request: &mut RequestSpec) -> String {
    let declaration = json!({
        "algorithm": "sha256",
        "key": "<<connection.Secret Key>>",
        "message": message,
        "headers": {"X-MBX-APIKEY": "<<connection.API Key>>"},
        "query": {"signature": "<<signing.signature>>"},
    });
    let keys = [
        ("API Key", "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"),
        ("Secret Key", "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"),
    ];
    credentials(declaration, &keys).sign(request, None, &at(1_499_827_319)).unwrap();
    assert!(request.headers["x-mbx-apikey"].is_sensitive());
    assert_eq!(header(request, "x-mbx-apikey"), keys[0].1);
    request.url.query().unwrap().to_owned()
}

/// Binance Spot API, "SIGNED request example (HMAC)": all in the query (ASCII, and with other characters),
/// all in the body, and both. Its timestamp has milliseconds, so it is given here and not made.
#[test]
fn vendor_examples_of_binance() {
    let order = "https://api.binance.com/api/v3/order";
    let all = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000\
               &timestamp=1499827319559";
    let signature = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71";
    let mut query = request(Method::POST, &format!("{order}?{all}"));
    assert_eq!(binance("<<signing.query>>", &mut query), format!("{all}&signature={signature}"));
    let unicode = all.replace("LTCBTC", "%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96");
    let mut query = request(Method::POST, &format!("{order}?{unicode}"));
    let expected = "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3";
    assert_eq!(binance("<<signing.query>>", &mut query), format!("{unicode}&signature={expected}"));
    let mut posted = form_request(order, all);
    let message = "<<signing.query>><<signing.body>>";
    assert_eq!(binance(message, &mut posted), format!("signature={signature}"));
    let (before, after) = all.split_once("&quantity").unwrap();
    let mut mixed = form_request(&format!("{order}?{before}"), &format!("quantity{after}"));
    let expected = "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77";
    assert_eq!(binance(message, &mut mixed), format!("{before}&signature={expected}"));
}

/// Amazon S3 User Guide, "Signing and authenticating REST requests" (Signature Version 2), "Object GET",
/// with the bucket of today's page and that of its older text.
#[test]
fn vendor_examples_of_s3_version_2() {
    for (bucket, signature) in [
        ("awsexamplebucket1", "qgk2+6Sv9/oM7G3qLEjTH1a1l1g="),
        ("johnsmith", "bWq2s1WEIj+Ydj0vQ697zp+IXMU="),
    ] {
        let declaration = json!({
            "algorithm": "sha1",
            "key": "<<connection.Secret Key>>",
            "message": "<<signing.method>>\n\n\n<<signing.headers.date>>\n/<<connection.Bucket>><<signing.path>>",
            "signatureEncoding": "base64",
            "headers": {"Authorization": "AWS <<connection.Key ID>>:<<signing.signature>>"},
        });
        let url = format!("https://{bucket}.s3.us-west-1.amazonaws.com/photos/puppy.jpg");
        let mut request = request(Method::GET, &url);
        let date = "Tue, 27 Mar 2007 19:36:42 +0000";
        request.headers.insert("date", date.parse().unwrap());
        let keys = [
            ("Key ID", "AKIAIOSFODNN7EXAMPLE"),
            ("Secret Key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            ("Bucket", bucket),
        ];
        credentials(declaration, &keys).sign(&mut request, None, &at(1)).unwrap();
        assert_eq!(
            header(&request, "authorization"),
            format!("AWS AKIAIOSFODNN7EXAMPLE:{signature}")
        );
    }
}

#[test]
fn what_is_set_before_the_message_can_be_signed_whatever_the_order() {
    let declaration = json!({
        "algorithm": "sha256",
        "key": "k",
        "message": "<<signing.query>>|<<signing.headers.x-nonce>>|<<signing.target>>",
        "headers": {"X-Sig": "<<upper signing.signature>>", "X-Nonce": "<<signing.nonce>>"},
        "query": {"sig": "<<signing.signature>>", "t": "<<signing.timestamp_ms>>", "o": "<<connection.None?>>"},
    });
    let mut request = request(Method::GET, "https://a.example/p?x=1");
    let credentials = credentials(declaration, &[]);
    let derived = credentials.sign(&mut request, None, &at(1_700_000_000)).unwrap();
    let nonce = "0a".repeat(16);
    let message = format!("x=1&t=1700000000000|{nonce}|/p?x=1&t=1700000000000");
    let signature = credentials.signature(message.as_bytes()).unwrap();
    let query = request.url.query().unwrap();
    assert_eq!(query, format!("x=1&t=1700000000000&sig={}", signature.as_str()));
    assert_eq!(header(&request, "x-nonce"), nonce);
    // What a helper makes of the signature is a secret as well.
    assert_eq!(texts(&derived), [signature.to_uppercase().as_str(), signature.as_str()]);
    assert_eq!(header(&request, "x-sig"), signature.to_uppercase());
}

#[test]
fn keys_and_signatures_have_their_encodings() {
    let sign = |key: &str, key_encoding: &str, signature_encoding: &str| {
        let declaration = json!({
            "algorithm": "sha256", "key": key, "keyEncoding": key_encoding, "message": "m",
            "signatureEncoding": signature_encoding,
        });
        let method: Hmac = serde_json::from_value(declaration).unwrap();
        let credentials = method.resolve(&Fields::new(&[]))?;
        credentials.signature(b"m").map(|signature| signature.to_string())
    };
    // The same key four times; the bytes were computed with Python's `hmac`.
    for (key, encoding) in
        [("key?>", "utf8"), ("a2V5Pz4=", "base64"), ("a2V5Pz4", "base64"), ("6b65793F3e", "hex")]
    {
        assert_eq!(
            sign(key, encoding, "hex"),
            Ok("7417dfa7aaef29897ee65e4efe591ce5fae5ab005a734350d27cf56e7c878a0d".to_owned())
        );
        assert_eq!(
            sign(key, encoding, "base64"),
            Ok("dBffp6rvKYl+5l5O/lkc5frlqwBac0NQ0nz1bnyHig0=".to_owned())
        );
        assert_eq!(
            sign(key, encoding, "base64url"),
            Ok("dBffp6rvKYl-5l5O_lkc5frlqwBac0NQ0nz1bnyHig0".to_owned())
        );
    }
    assert_eq!(sign("a b", "base64", "hex"), Err(AuthFault::KeyEncoding { encoding: "base64" }));
    assert_eq!(sign("abc", "hex", "hex"), Err(AuthFault::KeyEncoding { encoding: "hex" }));
}

#[test]
fn the_message_cannot_hold_its_own_signature() {
    let declaration = json!({"algorithm": "sha1", "key": "k", "message": "<<signing.signature>>"});
    let mut request = request(Method::GET, "https://a.example/");
    let fault = credentials(declaration, &[]).sign(&mut request, None, &at(1)).unwrap_err();
    let reference = "signing.signature".to_owned();
    assert_eq!(fault, AuthFault::Template(TemplateValueError::Missing { reference }));
}

#[test]
fn headers_of_the_transport_are_not_set() {
    let declaration = json!({
        "algorithm": "sha1", "key": "k", "message": "",
        "headers": {"Host": "<<signing.host>>"},
    });
    let mut request = request(Method::GET, "https://a.example/");
    let fault = credentials(declaration, &[]).sign(&mut request, None, &at(1)).unwrap_err();
    assert_eq!(fault, AuthFault::Header(HeaderFault::Denied { name: "host".to_owned() }));
}

#[test]
fn nothing_of_the_credentials_is_printed() {
    let declaration = json!({
        "algorithm": "sha1", "key": "<<connection.Key>>", "message": "<<connection.Other>>",
    });
    let fields = [("Key", "canary-key"), ("Other", "canary-other")];
    let printed = format!("{:?}", credentials(declaration, &fields));
    assert!(!printed.contains("canary"), "{printed}");
}

/// RFC 8032, section 7.1, tests 1 and 2.
#[test]
fn ed25519_is_that_of_its_rfc() {
    for (secret, public, message, expected) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "r",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ] {
        for key in [secret.to_owned(), format!("{secret}{public}")] {
            let credentials = credentials(
                json!({
                    "algorithm": "ed25519", "key": "<<connection.Key>>", "keyEncoding": "hex",
                    "message": "m",
                }),
                &[("Key", key.as_str())],
            );
            assert_eq!(credentials.signature(message.as_bytes()).unwrap().as_str(), expected);
        }
    }
}

/// The examples of FIPS 180-4 and RFC 1321.
#[test]
fn a_digest_has_no_key() {
    for (algorithm, expected) in [
        ("digest_md5", "900150983cd24fb0d6963f7d28e17f72"),
        ("digest_sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("digest_sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ] {
        let credentials = credentials(json!({ "algorithm": algorithm, "message": "m" }), &[]);
        assert_eq!(credentials.signature(b"abc").unwrap().as_str(), expected);
    }
}
