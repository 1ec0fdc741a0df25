//! The signing test suite of AWS, where it is there, and the examples of S3's documentation.

#![allow(clippy::disallowed_methods, reason = "tests read the vectors")]

use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

use super::*;
use crate::auth::tests::{Fields, body, header, request};
use crate::request::BodyKind;

fn credentials(key: (&str, &str), token: &str, region: &str, service: &str) -> AwsSigV4Credentials {
    let method: AwsSigV4 = serde_json::from_value(json!({
        "accessKeyId": "<<connection.Key ID>>",
        "secretAccessKey": "<<connection.Key>>",
        "sessionToken": "<<connection.Token?>>",
        "region": "<<connection.Region>>",
        "service": service,
    }))
    .unwrap();
    let fields =
        Fields::new(&[("Key ID", key.0), ("Key", key.1), ("Token", token), ("Region", region)]);
    method.resolve(&fields).unwrap()
}

fn moment(datetime: &str) -> Moment {
    let at: jiff::Timestamp = datetime.parse().unwrap();
    Moment { unix_seconds: at.as_second(), nonce: [0; 16] }
}

/// A folder of the suite: a request and everything on the way to its signature.
struct Vector {
    name: String,
    folder: PathBuf,
    context: Value,
    /// The request's target, as it is in the file: neither encoded nor normalised.
    target: String,
    method: Method,
    headers: HeaderMap,
    body: String,
}

impl Vector {
    fn read(folder: PathBuf) -> Vector {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(folder.join("request.txt")).unwrap();
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        // RFC 9112, section 5.2: who forwards a folded line puts a space in its place.
        let mut lines: Vec<String> = Vec::new();
        for line in head.lines() {
            match lines.last_mut().filter(|_| line.starts_with(' ')) {
                Some(last) => last.push_str(line),
                None => lines.push(line.to_owned()),
            }
        }
        let first = lines.remove(0);
        let (method, target) = first.strip_suffix(" HTTP/1.1").unwrap().split_once(' ').unwrap();
        let mut headers = HeaderMap::new();
        for line in &lines {
            let (name, value) = line.split_once(':').unwrap();
            if name != "Host" {
                let name: HeaderName = name.parse().unwrap();
                headers.append(name, HeaderValue::from_str(value).unwrap());
            } else {
                assert_eq!(value, "example.amazonaws.com");
            }
        }
        let context = std::fs::read_to_string(folder.join("context.json")).unwrap();
        Vector {
            name,
            context: serde_json::from_str(&context).unwrap(),
            target: target.to_owned(),
            method: method.parse().unwrap(),
            headers,
            body: body.to_owned(),
            folder,
        }
    }

    fn expected(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.join(file)).unwrap()
    }

    fn text(&self, pointer: &str) -> &str {
        self.context.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    fn credentials(&self) -> AwsSigV4Credentials {
        // A token that is not signed is one that is added later.
        let omitted = self.flag("omit_session_token");
        let token = if omitted { "" } else { self.text("/credentials/token") };
        let key =
            (self.text("/credentials/access_key_id"), self.text("/credentials/secret_access_key"));
        credentials(key, token, self.text("/region"), self.text("/service"))
    }

    fn flag(&self, key: &str) -> bool {
        self.context[key].as_bool().unwrap_or_default()
    }

    fn rules(&self) -> Rules {
        Rules {
            normalize: self.flag("normalize"),
            encode_again: true,
            content_header: self.flag("sign_body"),
        }
    }

    /// The request, signed, and its signature.
    fn sign(&self) -> (RequestSpec, Zeroizing<String>) {
        let url = format!("https://example.amazonaws.com{}", self.target);
        let mut request = RequestSpec {
            headers: self.headers.clone(),
            body: body(BodyKind::Form, &self.body).filter(|_| !self.body.is_empty()),
            ..request(self.method.clone(), &url)
        };
        let at = moment(self.text("/timestamp"));
        let signature = self.credentials().sign_by(&mut request, &at, self.rules()).unwrap();
        (request, signature)
    }
}

/// All vectors of awslabs/aws-c-auth (tests/aws-signing-test-suite/v4), the files that begin with `header-`.
#[test]
fn signing_test_suite_of_aws() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/aws-sigv4");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        crate::skipped::skipped("shared", &format!("{} is missing", folder.display()));
        return;
    };
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    let mut below_the_url_type = Vec::new();
    for folder in &folders {
        let vector = Vector::read(folder.clone());
        let name = vector.name.clone();
        let (request, sent_signature) = vector.sign();
        let credentials = vector.credentials();

        // Below the URL type, with the path as it is in the file.
        let path = vector.target.split('?').next().unwrap();
        let payload = Hash::Sha256.hex(vector.body.as_bytes());
        let date = header(&request, "x-amz-date");
        let canonical =
            canonical_request(&request, &canonical_path(path, vector.rules()), &payload);
        assert_eq!(*canonical.text, vector.expected("header-canonical-request.txt"), "{name}");
        let string_to_sign = credentials.string_to_sign(&date, &canonical);
        assert_eq!(string_to_sign, vector.expected("header-string-to-sign.txt"), "{name}");
        let signature = credentials.signature(&date, &string_to_sign);
        assert_eq!(*signature, vector.expected("header-signature.txt"), "{name}");
        let authorization = credentials.authorization(&date, &canonical, &signature);
        let sent = vector.expected("header-signed-request.txt");
        let line = |name: &str| {
            sent.lines().find_map(|line| {
                let (known, value) = line.split_once(':')?;
                known.eq_ignore_ascii_case(name).then(|| value.to_owned())
            })
        };
        assert_eq!(line("authorization").as_deref(), Some(authorization.as_str()), "{name}");

        // As a whole.
        for added in ["x-amz-date", "x-amz-content-sha256"] {
            let own = request.headers.contains_key(added).then(|| header(&request, added));
            assert_eq!(own, line(added), "{name}: {added}");
        }
        if request.url.path() == path {
            assert_eq!(header(&request, "authorization"), *authorization, "{name}");
            assert_eq!(sent_signature, signature, "{name}");
        } else {
            below_the_url_type.push(name);
        }
    }
    assert_eq!(folders.len(), 38);
    // The URL type encodes these paths, or takes their dot segments out, before anything is signed.
    assert_eq!(
        below_the_url_type,
        [
            "get-relative-normalized",
            "get-relative-relative-normalized",
            "get-relative-relative-unnormalized",
            "get-relative-unnormalized",
            "get-slash-dot-slash-normalized",
            "get-slash-dot-slash-unnormalized",
            "get-slash-pointless-dot-normalized",
            "get-slash-pointless-dot-unnormalized",
            "get-space-normalized",
            "get-space-unnormalized",
            "get-utf8",
        ]
    );
}

/// Amazon S3 API Reference, "Signature Calculations for the Authorization Header", its four examples.
#[test]
fn examples_of_the_s3_reference() {
    let put = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd";
    for (method, target, headers, text, names, signature) in [
        (
            Method::GET,
            "/test.txt",
            [("range", "bytes=0-9")].as_slice(),
            "",
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            Method::PUT,
            "/test$file.text",
            &[
                ("date", "Fri, 24 May 2013 00:00:00 GMT"),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ],
            "Welcome to Amazon S3.",
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            put,
        ),
        (
            Method::GET,
            "/?lifecycle",
            &[],
            "",
            "host;x-amz-content-sha256;x-amz-date",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            Method::GET,
            "/?prefix=J&max-keys=2",
            &[],
            "",
            "host;x-amz-content-sha256;x-amz-date",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ] {
        let key = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let url = format!("https://examplebucket.s3.amazonaws.com{target}");
        let mut request = request(method, &url);
        for (name, value) in headers {
            request.headers.insert(*name, value.parse().unwrap());
        }
        request.body = body(BodyKind::Text, text).filter(|_| !text.is_empty());
        let derived = credentials(key, "", "us-east-1", "s3")
            .sign(&mut request, None, &moment("2013-05-24T00:00:00Z"))
            .unwrap();
        assert_eq!(derived[0].expose(), signature, "{target}");
        assert_eq!(
            header(&request, "authorization"),
            format!(
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
                 SignedHeaders={names}, Signature={signature}"
            )
        );
    }
}

const OTHERS: Rules = Rules { normalize: true, encode_again: true, content_header: false };
const S3: Rules = Rules { normalize: false, encode_again: false, content_header: true };

#[test]
fn services_differ_in_how_paths_are_encoded() {
    assert_eq!((Rules::of("execute-api"), Rules::of("s3")), (OTHERS, S3));
    for (path, others, s3) in [
        ("/", "/", "/"),
        ("", "/", "/"),
        ("/a%20b", "/a%2520b", "/a%20b"),
        ("/a$b%2fc~", "/a%24b%252fc~", "/a%24b/c~"),
        ("/a+b", "/a%2Bb", "/a%2Bb"),
        ("/b%2F..%2Fc", "/b%252F..%252Fc", "/b%2F..%2Fc"),
        ("/b%2F%2E%2fc", "/b%252F%252E%252fc", "/b%2F.%2Fc"),
        ("//a//./b/", "/a/b/", "//a//./b/"),
        ("/a/../../b", "/b", "/a/../../b"),
        ("/a/..", "/", "/a/.."),
        ("/a/.", "/a/", "/a/."),
    ] {
        assert_eq!(canonical_path(path, OTHERS), others, "{path}");
        assert_eq!(canonical_path(path, S3), s3, "{path}");
    }
}

#[test]
fn what_s3_signs_is_what_is_sent() {
    let sent = |service: &str, path: &str| {
        let url = format!("https://s3.example/bucket/{path}?a=+");
        let mut request = request(Method::GET, &url);
        let credentials = credentials(("AKID", "key"), "", "us-east-1", service);
        credentials.sign(&mut request, None, &moment("2026-11-21T10:00:00Z")).unwrap();
        request.url[url::Position::BeforePath..].to_owned()
    };
    for (path, expected) in [("a+b", "a%2Bb"), ("$(1)%20%C3%A9", "%24%281%29%20%C3%A9")] {
        assert_eq!(sent("s3", path), format!("/bucket/{expected}?a=+"));
        assert_eq!(sent("execute-api", path), format!("/bucket/{path}?a=+"));
    }
    assert_eq!(sent("s3", "folder%2Ffile"), "/bucket/folder/file?a=+");
    assert_eq!(sent("s3", "..%2Fother"), "/bucket/..%2Fother?a=+");
}

#[test]
fn host_with_its_port_is_signed_and_what_changes_on_the_way_is_not() {
    let mut request = request(Method::GET, "https://A.example:8443/");
    for name in ["user-agent", "accept-encoding", "x-amzn-trace-id", "x-b"] {
        request.headers.insert(name, HeaderValue::from_static(" a \t b"));
    }
    let headers = canonical_headers(&request);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, &***value)).collect();
    assert_eq!(headers, [("host", "a.example:8443"), ("x-b", "a b")]);
}

#[test]
fn token_and_authorization_are_sensitive_and_a_second_signature_replaces_the_first() {
    let mut request = request(Method::GET, "https://a.example/");
    let credentials = credentials(("ID", "KEY"), "TOKEN", "eu-west-1", "execute-api");
    let first = credentials.sign(&mut request, None, &moment("2026-01-01T00:00:00Z")).unwrap();
    let second = credentials.sign(&mut request, None, &moment("2026-01-02T00:00:00Z")).unwrap();
    assert_ne!(first[0].expose(), second[0].expose());
    assert_eq!(header(&request, "x-amz-date"), "20260102T000000Z");
    assert!(header(&request, "authorization").ends_with(second[0].expose()));
    assert_eq!(request.headers.len(), 3);
    for (name, sensitive) in
        [("authorization", true), ("x-amz-security-token", true), ("x-amz-date", false)]
    {
        assert_eq!(request.headers[name].is_sensitive(), sensitive, "{name}");
    }
}

#[test]
fn a_key_that_would_end_the_header_is_refused() {
    let mut request = request(Method::GET, "https://a.example/");
    let credentials = credentials(("I\r\nD", "KEY"), "", "eu-west-1", "execute-api");
    let fault = credentials.sign(&mut request, None, &moment("2026-01-01T00:00:00Z")).unwrap_err();
    assert!(matches!(fault, AuthFault::Header(_)), "{fault:?}");
}
