//! Digest against the examples of its RFCs.

use http::Method;
use http::header::WWW_AUTHENTICATE;

use super::*;
use crate::auth::tests::{Fields, body, header, request};
use crate::request::BodyKind;

fn credentials(username: &str, password: &str) -> DigestCredentials {
    let declaration = serde_json::json!({
        "username": "<<connection.User>>", "password": "<<connection.Password>>",
    });
    let digest: Digest = serde_json::from_value(declaration).unwrap();
    digest.resolve(&Fields::new(&[("User", username), ("Password", password)])).unwrap()
}

fn reply(fields: &[&str]) -> HeaderMap {
    let field = |text: &&str| (WWW_AUTHENTICATE, HeaderValue::from_bytes(text.as_bytes()).unwrap());
    fields.iter().map(field).collect()
}

fn answered(
    credentials: &DigestCredentials,
    fields: &[&str],
    request: &mut RequestSpec,
    client_nonce: &str,
) -> Option<ChallengeAnswer> {
    let reply = reply(fields);
    credentials.answer_with(&challenge_fields(&reply), request, client_nonce, 1).unwrap()
}

/// The header that answers a GET.
fn answer(
    credentials: &DigestCredentials,
    fields: &[&str],
    url: &str,
    client_nonce: &str,
) -> String {
    let mut request = request(Method::GET, url);
    answered(credentials, fields, &mut request, client_nonce).unwrap();
    header(&request, "authorization")
}

const SHA256_OF_THE_RFC: &str = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
    algorithm=SHA-256, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
    opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
const MD5_OF_THE_RFC: &str = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
    algorithm=MD5, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
    opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
const CLIENT_NONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
const PAGE: &str = "http://www.example.org/dir/index.html";

/// RFC 7616, section 3.9.1, both answers.
#[test]
fn rfc7616_md5_and_sha256() {
    let mufasa = credentials("Mufasa", "Circle of Life");
    let expected = |algorithm: &str, response: &str| {
        format!(
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
             algorithm={algorithm}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
             nc=00000001, qop=auth, cnonce=\"{CLIENT_NONCE}\", response=\"{response}\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        )
    };
    let md5 = expected("MD5", "8ca523f5e9506fed4657c9700eebdbec");
    assert_eq!(answer(&mufasa, &[MD5_OF_THE_RFC], PAGE, CLIENT_NONCE), md5);
    let sha256 = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
    let sha256 = expected("SHA-256", sha256);
    // In fields of their own in either order, and in one field among others.
    let (one, other) = (MD5_OF_THE_RFC, SHA256_OF_THE_RFC);
    let joined = format!("Basic realm=\"x\", {one}, Negotiate, {other}");
    for fields in [[one, other], [other, one], [&joined, "Bearer"]] {
        assert_eq!(answer(&mufasa, &fields, PAGE, CLIENT_NONCE), sha256);
    }
}

const DOE: &str = "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
    nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
    opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8";

/// RFC 7616, section 3.9.2, with the values of erratum 4897: those of the RFC are of SHA-512 cut short.
#[test]
fn rfc7616_sha512_256_with_a_hashed_user_name() {
    let doe = credentials("Jäsøn Doe", "Secret, or not?");
    let challenge = format!("{DOE}, userhash=true");
    let client_nonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
    assert_eq!(
        answer(&doe, &[&challenge], "http://api.example.org/doe.json", client_nonce),
        format!(
            "Digest username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\", \
             realm=\"api@example.org\", uri=\"/doe.json\", algorithm=SHA-512-256, \
             nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", nc=00000001, qop=auth, \
             cnonce=\"{client_nonce}\", \
             response=\"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5\", \
             opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", userhash=true"
        )
    );
    // The same response with `username*`, whose value is that of section 3.9.2's prose.
    let open = answer(&doe, &[DOE], "http://api.example.org/doe.json", client_nonce);
    assert!(open.starts_with("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm="), "{open}");
    assert!(open.contains("3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"));
    assert!(!open.contains("userhash"));
}

/// RFC 2617, section 3.5.
#[test]
fn rfc2617_with_qop() {
    let challenge = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
        nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    let mufasa = credentials("Mufasa", "Circle Of Life");
    assert_eq!(
        answer(&mufasa, &[challenge], "http://www.nowhere.org/dir/index.html", "0a4f113b"),
        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", uri=\"/dir/index.html\", \
         nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", nc=00000001, qop=auth, cnonce=\"0a4f113b\", \
         response=\"6629fae49393a05397450978507c4ef1\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
    );
}

/// RFC 2069, section 2.4, with the response of erratum 749.
#[test]
fn rfc2069_without_qop() {
    let challenge = "Digest realm=\"testrealm@host.com\", \
        nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    let mufasa = credentials("Mufasa", "CircleOfLife");
    assert_eq!(
        answer(&mufasa, &[challenge], "http://www.nowhere.org/dir/index.html", "unused"),
        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", uri=\"/dir/index.html\", \
         nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
         response=\"1949323746fe6a43ef61f9606e7febea\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
    );
}

fn response(header: &str) -> &str {
    header.split("response=\"").nth(1).unwrap().split('"').next().unwrap()
}

/// No RFC has examples of these; the values were computed with Python's `hashlib` from RFC 7616, 3.4.
#[test]
fn sessions_and_bodies_are_mixed_in() {
    let mufasa = credentials("Mufasa", "Circle of Life");
    for (algorithm, expected) in [
        ("MD5-sess", "e783283f46242139c486a698fec7211d"),
        ("SHA-256-sess", "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"),
        ("SHA-512-256-sess", "3f2a34f923c38b0fb26dce2fdfc2ce326c23cecf86fbb1444f3e51fbbc2cb92e"),
        (
            "SHA-512",
            "27d9ebedb4e86595d8b99152ce456620c8e47c48afbd771dbc4468bb758ca66e7312383d49ad044219d4a2c5c218e66c584fa00b2728798bcff9435825eed0ad",
        ),
        (
            "SHA-512-sess",
            "5bc820f8c0e5cf83d5ff0a673af99c13a028be576c765c41f23d4fb46722a44750a331317b0b8646d55243e0c06cbacf64cc061404459769fbedddb0ecfacc5f",
        ),
    ] {
        let challenge = MD5_OF_THE_RFC.replace("=MD5", &format!("={algorithm}"));
        let header = answer(&mufasa, &[&challenge], PAGE, CLIENT_NONCE);
        assert_eq!(response(&header), expected, "{algorithm}");
        assert!(header.contains(&format!("algorithm={algorithm}, ")), "{header}");
    }
    let challenge = MD5_OF_THE_RFC.replace("auth, auth-int", "auth-int");
    let empty = answer(&mufasa, &[&challenge], PAGE, CLIENT_NONCE);
    assert_eq!(response(&empty), "8804a53d3640a40a4f73cea12c5ba451");
    let mut posted = request(Method::POST, &format!("{PAGE}?a=%20b#c"));
    posted.body = body(BodyKind::Text, "hello");
    answered(&mufasa, &[&challenge], &mut posted, CLIENT_NONCE).unwrap();
    let header = header(&posted, "authorization");
    assert_eq!(response(&header), "b31a91799996e03fc24fa9e4772186d6");
    assert!(header.contains("uri=\"/dir/index.html?a=%20b\""), "{header}");
    assert!(header.contains("qop=auth-int"), "{header}");
}

#[test]
fn a_session_without_qop_still_names_its_client_nonce() {
    let challenge = "Digest realm=\"r\", nonce=\"n\", algorithm=\"md5-SESS\"";
    let header = answer(&credentials("u", "p"), &[challenge], "http://a.example/", "c");
    assert!(header.contains("algorithm=MD5-sess, nonce=\"n\", cnonce=\"c\", "), "{header}");
    assert_eq!(response(&header), "254644af15666e40df975c5ae58b9796");
}

#[test]
fn what_is_not_understood_is_not_answered() {
    let credentials = credentials("u", "p");
    for challenge in [
        "Basic realm=\"r\"",
        "Digest nonce=\"n\"",
        "Digest realm=\"r\"",
        "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-1",
        "Digest realm=\"r\", nonce=\"n\", qop=\"token\"",
        "Digest realm=\"r\", nonce=\"n\", nonce=\"m\"",
        "Digest realm=\"r\", nonce=\"n",
        "",
    ] {
        let mut request = request(Method::GET, "http://a.example/");
        assert!(answered(&credentials, &[challenge], &mut request, "c").is_none(), "{challenge}");
        assert!(request.headers.is_empty());
    }
}

#[test]
fn moment_count_and_stale_are_used() {
    let reply = reply(&["digest realm=\"r\", nonce=\"n\", qop=auth, stale=TRUE"]);
    let mut request = request(Method::GET, "http://a.example/");
    let moment = Moment { unix_seconds: 1, nonce: [0x1f; 16] };
    let answer = credentials("u", "p")
        .answer_with(&challenge_fields(&reply), &mut request, &moment.nonce_hex(), 0x1a)
        .unwrap()
        .unwrap();
    assert!(answer.stale);
    let text = header(&request, "authorization");
    let client_nonce = "1f".repeat(16);
    assert!(text.contains(&format!("nc=0000001a, qop=auth, cnonce=\"{client_nonce}\"")), "{text}");
    assert_eq!(answer.derived[0].expose(), response(&text));
    assert!(request.headers["authorization"].is_sensitive());
}

#[test]
fn quotes_are_escaped_and_foreign_bytes_come_back_as_they_were() {
    let mut headers = HeaderMap::new();
    let field = b"Digest realm=\"a \\\"b\\\\ \xe9\", nonce=\"n\"".as_slice();
    headers.insert(WWW_AUTHENTICATE, HeaderValue::from_bytes(field).unwrap());
    let mut request = request(Method::GET, "http://a.example/");
    credentials("u\"v\\", "p")
        .answer_with(&challenge_fields(&headers), &mut request, "c", 1)
        .unwrap()
        .unwrap();
    let expected = b"Digest username=\"u\\\"v\\\\\", realm=\"a \\\"b\\\\ \xe9\", uri=\"/\"";
    assert!(request.headers["authorization"].as_bytes().starts_with(expected));
}

#[test]
fn a_control_character_in_the_user_name_is_refused() {
    let digest: Digest = serde_json::from_str(r#"{"username": "a\nb", "password": "p"}"#).unwrap();
    let fault = digest.resolve(&Fields::new(&[])).unwrap_err();
    let name = "authorization".to_owned();
    assert_eq!(fault, AuthFault::Header(HeaderFault::Value { name, found: '\n' }));
}
