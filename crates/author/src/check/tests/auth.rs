//! What an auth method says besides its templates.

use super::*;

/// The findings where the method `key` is another.
fn method(text: &str) -> Vec<String> {
    let key = r#"{ "scheme": "api_key", "in": "header", "name": "x-key", "value": "<<connection.Token>>" }"#;
    connector(key, text)
}

/// The findings where `key` is OAuth 2.0 with these keys besides the token URL.
fn oauth2(keys: &str) -> Vec<String> {
    method(&format!(
        r#"{{ "scheme": "oauth2", "tokenUrl": "https://login.acme.example/token", {keys} }}"#
    ))
}

/// The findings where `key` is a session whose login goes to a URL.
fn session(login: &str, keys: &str) -> Vec<String> {
    method(&format!(
        r#"{{ "scheme": "session", "login": {{ "url": "https://acme.example/login", {login} }}, {keys} }}"#
    ))
}

/// The findings where `key` is an HMAC.
fn hmac(keys: &str) -> Vec<String> {
    method(&format!(
        r#"{{ "scheme": "hmac", "algorithm": "sha256", "key": "<<connection.Token>>", {keys} }}"#
    ))
}

/// One test for each method: the findings that it must lead to.
macro_rules! methods {
    ($($name:ident: $of:ident($($text:expr),*) => [$($line:expr),*];)*) => {
        $(#[test]
        fn $name() {
            assert_eq!($of($($text),*), Vec::<&str>::from([$($line),*]));
        })*
    };
}

const CLIENT: &str =
    r#""clientId": "<<connection.Token>>", "clientSecret": "<<connection.Token>>""#;
const ASSERTION: &str = r#""assertion": { "algorithm": "RS256", "key": "<<connection.Token>>" }"#;
const JSON: &str = r#""json": { "key": "<<connection.Token>>" }"#;
const FROM_BODY: &str = r#""tokenFrom": "<<response.body.token>>""#;

methods! {
    client_credentials_with_a_secret_are_sound:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}"#)) => [];

    client_credentials_need_a_client:
        oauth2(r#""grant": "client_credentials", "clientSecret": "<<connection.Token>>""#) => ["definition.missing_key /auth/key 25:12 key `clientId` is missing"];

    basic_needs_a_secret:
        oauth2(r#""grant": "client_credentials", "clientAuth": "basic", "clientId": "<<connection.Token>>""#) => ["definition.missing_key /auth/key 25:12 key `clientSecret` is missing"];

    body_needs_a_secret:
        oauth2(r#""grant": "client_credentials", "clientAuth": "body", "clientId": "<<connection.Token>>""#) => ["definition.missing_key /auth/key 25:12 key `clientSecret` is missing"];

    private_key_jwt_needs_an_assertion:
        oauth2(r#""grant": "client_credentials", "clientAuth": "private_key_jwt", "clientId": "<<connection.Token>>""#) => ["definition.missing_key /auth/key 25:12 key `assertion` is missing"];

    private_key_jwt_with_an_assertion_is_sound:
        oauth2(&format!(r#""grant": "client_credentials", "clientAuth": "private_key_jwt", "clientId": "<<connection.Token>>", {ASSERTION}"#)) => [];

    authorization_code_needs_its_url:
        oauth2(&format!(r#""grant": "authorization_code", {CLIENT}"#)) => ["definition.missing_key /auth/key 25:12 key `authorizationUrl` is missing"];

    device_code_needs_its_url:
        oauth2(&format!(r#""grant": "device_code", {CLIENT}"#)) => ["definition.missing_key /auth/key 25:12 key `deviceUrl` is missing"];

    refresh_token_needs_the_first:
        oauth2(&format!(r#""grant": "refresh_token", {CLIENT}"#)) => ["definition.missing_key /auth/key 25:12 key `refreshToken` is missing"];

    jwt_bearer_needs_an_assertion:
        oauth2(r#""grant": "jwt_bearer", "tokenParameters": { "a": "<<connection.Token>>" }"#) => ["definition.missing_key /auth/key 25:12 key `assertion` is missing"];

    jwt_bearer_needs_no_client_where_the_issuer_is_said:
        oauth2(r#""grant": "jwt_bearer", "assertion": { "algorithm": "RS256", "key": "<<connection.Token>>", "issuer": "me" }"#) => [];

    jwt_bearer_needs_a_client_for_the_issuer:
        oauth2(&format!(r#""grant": "jwt_bearer", {ASSERTION}"#)) => ["definition.missing_key /auth/key 25:12 key `clientId` is missing"];

    jwt_bearer_needs_a_client_with_its_secret:
        oauth2(r#""grant": "jwt_bearer", "clientSecret": "<<connection.Token>>", "assertion": { "algorithm": "RS256", "key": "<<connection.Token>>", "issuer": "me" }"#) => ["definition.missing_key /auth/key 25:12 key `clientId` is missing"];

    several_keys_are_missed_at_once:
        oauth2(r#""grant": "authorization_code", "clientAuth": "private_key_jwt", "scopes": ["a"], "tokenParameters": { "a": "<<connection.Token>>" }"#) => ["definition.missing_key /auth/key 25:12 keys `authorizationUrl`, `clientId` and `assertion` are missing"];

    the_identifier_of_a_public_client_may_be_text:
        oauth2(r#""grant": "authorization_code", "authorizationUrl": "https://login.acme.example/authorize", "clientId": "acme-cli""#) => [];

    a_client_without_a_person_is_no_text:
        oauth2(r#""grant": "client_credentials", "clientId": "acme-cli", "clientSecret": "hunter2""#) => ["definition.value /auth/key/clientSecret 25:153 `clientSecret` of auth method `key` is sent as it stands: it refers to no field of the connection (write `<<connection.Token>>`)"];

    an_unknown_grant:
        oauth2(&format!(r#""grant": "implicit", {CLIENT}"#)) => ["definition.value /auth/key/grant 25:91 there is no value `implicit` (it can be `authorization_code`, `client_credentials`, `device_code`, `refresh_token`, `jwt_bearer` or `password`)"];

    password_needs_a_user:
        oauth2(&format!(r#""grant": "password", {CLIENT}, "password": "<<connection.Token>>""#)) => ["definition.missing_key /auth/key 25:12 key `username` is missing"];

    raw_credentials_need_a_secret:
        oauth2(r#""grant": "client_credentials", "clientAuth": "basic_raw", "clientId": "<<connection.Token>>""#) => ["definition.missing_key /auth/key 25:12 key `clientSecret` is missing"];

    a_parameter_that_no_rfc_has:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}, "parameterNames": {{ "clientid": "key" }}"#)) => ["definition.value /auth/key/parameterNames/clientid 25:221 `clientid` is not the name of a parameter of RFC 6749, such as `client_id` or `scope`"];

    a_form_is_posted:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}, "tokenRequest": {{ "method": "GET" }}"#)) => ["definition.value /auth/key/tokenRequest/method 25:217 `GET` is not `POST` (`GET` is for parameters in the query)"];

    a_token_request_knows_three_carriers:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}, "tokenRequest": {{ "as": "body" }}"#)) => ["definition.value /auth/key/tokenRequest/as 25:213 there is no value `body` (it can be `form`, `json` or `query`)"];

    a_token_stands_in_the_reply:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}, "tokenFrom": "<<connection.Token>>""#)) => ["template.root /auth/key/tokenFrom 25:202 `connection.Token` is not in scope here (here it can start with `response`)"];

    a_challenge_is_not_left_out_silently:
        oauth2(&format!(r#""grant": "authorization_code", "authorizationUrl": "https://login.acme.example/authorize", {CLIENT}, "pkce": false"#)) => ["definition.value /auth/key/pkce 25:257 without `pkce`, the proof that whoever redeems the code has asked for it is missing (take `pkce` out, unless the service refuses requests with it)"];

    a_token_url_must_be_there:
        method(r#"{ "scheme": "oauth2", "grant": "client_credentials", "clientId": "<<connection.Token>>" }"#) => ["definition.missing_key /auth/key 25:12 key `tokenUrl` is missing"];

    a_token_url_is_https:
        method(&format!(r#"{{ "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": "http://login.acme.example/token", {CLIENT} }}"#)) => ["definition.value /auth/key/tokenUrl 25:77 `http://login.acme.example/token` is not an https URL without user and fragment"];

    a_token_url_on_this_machine_may_be_http:
        method(&format!(r#"{{ "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": "http://127.0.0.1:8080/token", {CLIENT} }}"#)) => [];

    a_token_url_may_have_a_query:
        method(&format!(r#"{{ "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": "https://login.acme.example/token?x=<<connection.Region>>", {CLIENT} }}"#)) => [];

    a_query_refers_to_what_is_there:
        method(&format!(r#"{{ "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": "https://login.acme.example/token?x=<<connection.Regoin>>", {CLIENT} }}"#)) => ["template.unknown_reference /auth/key/tokenUrl 25:77 `connection.Regoin` refers to nothing: there is no `Regoin` (did you mean `Region`?)"];

    a_token_url_has_no_fragment:
        method(&format!(r#"{{ "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": "https://login.acme.example/token#x", {CLIENT} }}"#)) => ["definition.value /auth/key/tokenUrl 25:77 `https://login.acme.example/token#x` is not an absolute URL without user and fragment"];

    a_token_url_may_be_a_value:
        method(&format!(r#"{{ "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": "https://<<connection.Region>>.acme.example/token", {CLIENT} }}"#)) => [];

    a_token_url_refers_to_what_is_there:
        method(&format!(r#"{{ "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": "https://<<connection.Regoin>>.acme.example/token", {CLIENT} }}"#)) => ["template.unknown_reference /auth/key/tokenUrl 25:77 `connection.Regoin` refers to nothing: there is no `Regoin` (did you mean `Region`?)"];

    a_table_of_token_urls_has_every_row:
        method(&format!(r#"{{ "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": {{ "by": "connection.Edition", "Old": "https://old.acme.example/token" }}, {CLIENT} }}"#)) => ["target.incomplete /auth/key/tokenUrl 25:77 `tokenUrl` has no URL for `Edition` = `New` (add a row for it, or `else`)",
         "target.incomplete /auth/key/tokenUrl 25:77 `tokenUrl` has no URL for no `Edition` (add a row for it, or `else`)"];

    a_token_that_goes_into_a_header_has_a_header_name:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}, "token": {{ "name": "X Token" }}"#)) => ["definition.value /auth/key/token/name 25:208 `X Token` is not the name of a header that may be set"];

    a_status_that_is_no_refusal:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}, "renewOn": [500]"#)) => ["definition.value /auth/key/renewOn/0 25:201 `500` is not a number of at most 499"];

    a_session_is_sound:
        session(JSON, FROM_BODY) => [];

    a_session_says_where_its_token_is:
        session(JSON, r#""lifetime": "1h""#) => ["definition.value /auth/key 25:12 one of `tokenFrom` and `cookie` is missing"];

    a_session_has_one_token:
        session(JSON, &format!(r#"{FROM_BODY}, "cookie": "sid""#)) => ["definition.value /auth/key 25:12 `tokenFrom` and `cookie` cannot be there together (keep one of them)"];

    a_login_has_one_body:
        session(&format!(r#"{JSON}, "form": {{ "key": "<<connection.Token>>" }}"#), FROM_BODY) => ["definition.value /auth/key/login 25:44 `json` and `form` cannot be there together (keep one of them)"];

    a_login_has_a_method:
        session(&format!(r#"{JSON}, "method": "LOGIN""#), FROM_BODY) => ["definition.value /auth/key/login/method 25:136 there is no method `LOGIN` (it can be `GET`, `POST`, `PUT`, `PATCH`, `DELETE`, `HEAD` or `OPTIONS`)"];

    a_login_has_header_names:
        session(&format!(r#"{JSON}, "headers": {{ "Host": "x" }}"#), FROM_BODY) => ["definition.value /auth/key/login/headers/Host 25:147 `Host` is not the name of a header that may be set"];

    a_login_url_is_https:
        method(r#"{ "scheme": "session", "login": { "url": "http://acme.example/login", "form": { "k": "<<connection.Token>>" } }, "cookie": "sid" }"#) => ["definition.value /auth/key/login/url 25:53 `http://acme.example/login` is not an https URL without user and fragment"];

    a_token_is_taken_from_the_reply:
        session(JSON, r#""tokenFrom": "<<connection.Token>>""#) => ["template.root /auth/key/tokenFrom 25:141 `connection.Token` is not in scope here (here it can start with `response`)"];

    a_session_cookie_has_a_cookie_name:
        session(JSON, r#""cookie": "sid", "token": { "in": "cookie", "name": "s;id" }"#) => ["definition.value /auth/key/token/name 25:180 `s;id` is not the name of a cookie"];

    an_hmac_is_sound:
        hmac(r#""message": "<<signing.body>>", "headers": { "x-signature": "<<signing.signature>>" }"#) => [];

    a_signature_is_not_part_of_itself:
        hmac(r#""message": "<<signing.signature>>", "headers": { "x-signature": "<<signing.signature>>" }"#) => ["definition.value /auth/key/message 25:97 `<<signing.signature>>` is not a text without the signature itself"];

    a_signature_is_put_somewhere:
        hmac(r#""message": "<<signing.body>>", "headers": { "x-time": "<<signing.timestamp>>" }"#) => ["definition.value /auth/key 25:12 `message` needs `signing.signature` in `headers` or `query`"];

    an_unknown_name_of_what_is_signed:
        hmac(r#""message": "<<signing.boddy>>", "query": { "s": "<<signing.signature>>" }"#) => ["template.unknown_reference /auth/key/message 25:97 `signing.boddy` refers to nothing: there is no `boddy` (did you mean `body`?)"];

    what_is_signed_is_not_in_scope_elsewhere:
        method(r#"{ "scheme": "bearer", "token": "<<connection.Token>><<signing.nonce>>" }"#) => ["template.root /auth/key/token 25:43 `signing.nonce` is not in scope here (here it can start with `connection`)"];

    a_signature_goes_into_a_header_that_may_be_set:
        hmac(r#""message": "<<signing.body>>", "headers": { "Host": "<<signing.signature>>" }"#) => ["definition.value /auth/key/headers/Host 25:138 `Host` is not the name of a header that may be set"];

    a_key_goes_into_a_header_that_may_be_set:
        method(r#"{ "scheme": "api_key", "in": "header", "name": "x key", "value": "<<connection.Token>>" }"#) => ["definition.value /auth/key/name 25:59 `x key` is not the name of a header that may be set"];

    a_key_goes_into_a_cookie_with_a_name:
        method(r#"{ "scheme": "api_key", "in": "cookie", "name": "a=b", "value": "<<connection.Token>>" }"#) => ["definition.value /auth/key/name 25:59 `a=b` is not the name of a cookie"];

    a_key_in_the_query_may_have_any_name:
        method(r#"{ "scheme": "api_key", "in": "query", "name": "a=b", "value": "<<connection.Token>>" }"#) => [];

    a_key_goes_to_one_of_three_places:
        method(r#"{ "scheme": "api_key", "in": "body", "name": "a", "value": "<<connection.Token>>" }"#) => ["definition.value /auth/key/in 25:41 there is no value `body` (it can be `header`, `query` or `cookie`)"];

    a_certificate_needs_its_key:
        method(r#"{ "scheme": "tls", "certificate": "<<connection.Token>>" }"#) => ["definition.missing_key /auth/key 25:12 key `key` is missing"];

    a_key_needs_its_certificate:
        method(r#"{ "scheme": "tls", "key": "<<connection.Token>>", "authority": "<<connection.Token>>" }"#) => ["definition.missing_key /auth/key 25:12 key `certificate` is missing"];

    an_authority_alone_is_sound:
        method(r#"{ "scheme": "tls", "authority": "<<connection.Token>>" }"#) => [];

    tls_with_nothing:
        method(r#"{ "scheme": "tls" }"#) => ["definition.missing_key /auth/key 25:12 key `authority` is missing"];

    a_digest_has_no_key:
        method(r#"{ "scheme": "hmac", "algorithm": "digest_sha1", "key": "<<connection.Token>>", "message": "<<connection.Token>>", "headers": { "X-Sign": "<<signing.signature>>" } }"#) => ["definition.value /auth/key/key 25:67 `key` is for algorithms that have one, and a digest has none"];

    a_signature_has_a_key:
        method(r#"{ "scheme": "hmac", "algorithm": "ed25519", "message": "<<connection.Token>>", "headers": { "X-Sign": "<<signing.signature>>" } }"#) => ["definition.missing_key /auth/key 25:12 key `key` is missing"];

    a_jwt_is_sound:
        method(r#"{ "scheme": "jwt", "algorithm": "HS256", "key": "<<connection.Token>>", "claims": { "iss": 7, "path": "<<signing.path>>" } }"#) => [];

    a_jwt_names_its_algorithm_once:
        method(r#"{ "scheme": "jwt", "algorithm": "HS256", "key": "<<connection.Token>>", "headers": { "alg": "none" } }"#) => ["definition.value /auth/key/headers/alg 25:104 `alg` is there twice"];

    a_claim_refers_to_what_is_there:
        method(r#"{ "scheme": "jwt", "algorithm": "HS256", "key": "<<connection.Token>>", "claims": { "iss": ["<<connection.Tokn>>"], "at": "<<signing.time>>" } }"#) => ["template.unknown_reference /auth/key/claims/iss/0 25:104 `connection.Tokn` refers to nothing: there is no `Tokn` (did you mean `Token`?)",
         "template.unknown_reference /auth/key/claims/at 25:134 `signing.time` refers to nothing: there is no `time` (did you mean `timestamp`?)"];

    the_key_of_a_jwt_is_of_the_connection:
        method(r#"{ "scheme": "jwt", "algorithm": "HS256", "key": "<<signing.nonce>>" }"#) => ["template.root /auth/key/key 25:60 `signing.nonce` is not in scope here (here it can start with `connection`)"];

    what_is_given_is_a_field_of_the_login:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}, "gives": {{ "Region": "<<response.body.region>>", "Regoin": "<<input.X>>" }}"#)) => ["definition.value /auth/key/gives/Region 25:200 `gives` is for fields that say `\"from\": \"login\"`",
         "definition.name /auth/key/gives/Regoin 25:238 the connector has no connection field `Regoin` (did you mean `Region`?)",
         "template.root /auth/key/gives/Regoin 25:248 `input.X` is not in scope here (here it can start with `response` or `redirect`)"];

    a_redirect_uri_leads_to_this_machine_or_over_tls:
        oauth2(&format!(r#""grant": "authorization_code", "authorizationUrl": "https://login.acme.example/authorize", {CLIENT}, "redirectUri": "http://acme.example/done""#)) => ["definition.value /auth/key/redirectUri 25:264 `http://acme.example/done` is not an https URL, or an http one of this machine, without user and fragment"];

    a_login_may_be_authenticated:
        session(r#""query": { "a": "<<connection.Token>>" }, "auth": { "scheme": "basic", "username": "me", "password": "<<connection.Token>>" }"#, FROM_BODY) => [];

    a_login_waits_for_no_token:
        session(r#""auth": { "scheme": "digest", "username": "me", "password": "<<connection.Tokn>>" }"#, FROM_BODY) => ["definition.value /auth/key/login/auth 25:91 `auth` can be no scheme that gets a token or waits for a challenge, and none of the embedder",
         "template.unknown_reference /auth/key/login/auth/password 25:143 `connection.Tokn` refers to nothing: there is no `Tokn` (did you mean `Token`?)"];

    a_literal_key_is_refused_inside_all_too:
        method(r#"{ "scheme": "all", "of": [{ "scheme": "bearer", "token": "<<connection.Token>>" }, { "scheme": "api_key", "in": "header", "name": "X-Version", "value": "2" }] }"#) => ["definition.value /auth/key/of/1/value 25:164 `value` of auth method `key` is sent as it stands: it refers to no field of the connection (write `<<connection.Token>>`)"];

    a_literal_password_of_a_login_is_refused:
        session(r#""json": { "key": "<<connection.Token>>" }, "auth": { "scheme": "basic", "username": "app", "password": "hunter2" }"#, FROM_BODY) => ["definition.value /auth/key/login/auth/password 25:186 `password` of auth method `key` is sent as it stands: it refers to no field of the connection (write `<<connection.Token>>`)"];

    a_look_up_has_a_target:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}, "lookUp": {{ "target": "Main APP", "path": "/x", "gives": {{ "Region": "<<response.body>>" }} }}"#)) => ["target.unknown /auth/key/lookUp/target 25:211 the connector has no target `Main APP` (did you mean `Main API`?)",
         "definition.value /auth/key/lookUp/gives/Region 25:248 `gives` is for fields that say `\"from\": \"login\"`"];

    a_look_up_gives_something_and_stays_below_its_base:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}, "lookUp": {{ "target": "Main API", "method": "FETCH", "path": "/../x", "gives": {{}} }}"#)) => ["definition.value /auth/key/lookUp/method 25:233 there is no method `FETCH` (did you mean `PATCH`?)",
         "definition.value /auth/key/lookUp/path 25:250 `/../x` is not a path below the base URL, without `..` segments and `#`",
         "definition.value /auth/key/lookUp/gives 25:268 `gives` needs a field that it gives"];

    a_look_up_without_a_choice_has_no_item:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}, "lookUp": {{ "target": "Main API", "path": "/<<input.X>>", "gives": {{ "Regoin": "<<item.id>>" }} }}"#)) => ["template.root /auth/key/lookUp/path 25:231 `input.X` is not in scope here (here it can start with `connection`)",
         "definition.name /auth/key/lookUp/gives/Regoin 25:258 the connector has no connection field `Regoin` (did you mean `Region`?)",
         "template.root /auth/key/lookUp/gives/Regoin 25:268 `item.id` is not in scope here (here it can start with `response`)"];

    a_choice_is_made_of_the_reply:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}, "lookUp": {{ "target": "Main API", "path": "/x", "choose": {{ "items": "<<item>>", "value": "<<connection.Token>>" }}, "gives": {{ "Region": "<<item.id>>" }} }}"#)) => ["definition.value /auth/key/lookUp/target 25:211 `lookUp` needs a request without `Region`, which it gives itself",
         "template.root /auth/key/lookUp/choose/items 25:258 `item` is not in scope here (here it can start with `response`)",
         "template.root /auth/key/lookUp/choose/value 25:279 `connection.Token` is not in scope here (here it can start with `response` or `item`)",
         "definition.value /auth/key/lookUp/gives/Region 25:316 `gives` is for fields that say `\"from\": \"login\"`"];

    a_choice_has_a_value:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}, "lookUp": {{ "target": "Main API", "path": "/x", "choose": {{}}, "gives": {{ "Region": "<<item.id>>" }} }}"#)) => ["definition.missing_key /auth/key/lookUp/choose 25:247 key `value` is missing"];

    a_look_up_gives_what_nothing_else_gives:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}, "gives": {{ "Region": "<<response.body.r>>" }}, "lookUp": {{ "target": "Main API", "path": "/<<connection.Region>>", "gives": {{ "Region": "<<response.body.r>>" }} }}"#)) => ["definition.value /auth/key/gives/Region 25:200 `gives` is for fields that say `\"from\": \"login\"`",
         "definition.value /auth/key/lookUp/target 25:257 `lookUp` needs a request without `Region`, which it gives itself",
         "definition.value /auth/key/lookUp/gives/Region 25:314 `gives` is for fields that say `\"from\": \"login\"`",
         "definition.value /auth/key/lookUp/gives/Region 25:324 `Region` is there twice"];

    an_issuer_says_where_its_endpoints_are:
        method(&format!(r#"{{ "scheme": "oauth2", "grant": "authorization_code", "issuer": "https://login.acme.example", {CLIENT} }}"#)) => [];

    an_issuer_is_https:
        method(&format!(r#"{{ "scheme": "oauth2", "grant": "client_credentials", "issuer": "http://login.acme.example", {CLIENT} }}"#)) => ["definition.value /auth/key/issuer 25:75 `http://login.acme.example` is not an https URL without user and fragment"];

    an_issuer_refers_to_what_is_there:
        method(&format!(r#"{{ "scheme": "oauth2", "grant": "client_credentials", "issuer": "https://<<connection.Regoin>>.acme.example", {CLIENT} }}"#)) => ["template.unknown_reference /auth/key/issuer 25:75 `connection.Regoin` refers to nothing: there is no `Regoin` (did you mean `Region`?)"];

    a_client_registers_itself:
        method(r#"{ "scheme": "oauth2", "grant": "authorization_code", "issuer": "https://login.acme.example", "registration": { "metadata": { "client_name": "Acme" } } }"#) => [];

    a_registration_has_a_url:
        method(r#"{ "scheme": "oauth2", "grant": "authorization_code", "tokenUrl": "https://login.acme.example/token", "authorizationUrl": "https://login.acme.example/authorize", "registration": { "metadata": { "client_name": "<<connection.Tokn>>" } } }"#) => ["definition.missing_key /auth/key/registration 25:189 key `url` is missing",
         "template.unknown_reference /auth/key/registration/metadata/client_name 25:220 `connection.Tokn` refers to nothing: there is no `Tokn` (did you mean `Token`?)"];

    a_registration_stands_alone:
        method(&format!(r#"{{ "scheme": "oauth2", "grant": "client_credentials", "issuer": "https://login.acme.example", "registration": {{ "url": "http://login.acme.example/register" }}, "clientAuth": "private_key_jwt", {ASSERTION}, {CLIENT} }}"#)) => ["definition.value /auth/key/registration 25:121 `registration` needs a method without `clientId` and `clientSecret`, which it brings",
         "definition.value /auth/key/registration 25:121 `registration` needs the grant `authorization_code` or `device_code`: a login registers",
         "definition.value /auth/key/registration 25:121 `registration` needs another `clientAuth` than `private_key_jwt`",
         "definition.value /auth/key/registration/url 25:130 `http://login.acme.example/register` is not an https URL without user and fragment"];

    a_token_may_be_for_several_resources:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}, "resource": ["https://a.acme.example", "<<connection.Regoin>>"]"#)) => ["template.unknown_reference /auth/key/resource/1 25:228 `connection.Regoin` refers to nothing: there is no `Regoin` (did you mean `Region`?)"];

    a_resource_is_text_or_a_list:
        oauth2(&format!(r#""grant": "client_credentials", {CLIENT}, "resource": {{ "a": "b" }}"#)) => ["definition.type /auth/key/resource 25:201 this must be text or a list, not an object"];

    a_login_has_steps:
        method(r#"{ "scheme": "session", "login": [
          { "url": "https://acme.example/begin", "method": "GET", "gives": { "csrf": "<<response.body.csrf>>" } },
          { "url": "https://acme.example/login/<<login.csrf>>", "headers": { "X-CSRF": "<<login.csrf>>" }, "json": { "key": "<<connection.Token>>" }, "gives": { "id": "<<response.body.id>>-<<login.csrf>>" } }
        ], "tokenFrom": "<<response.body.token>><<login.id>>" }"#) => [];

    a_step_refers_to_those_before_it:
        method(r#"{ "scheme": "session", "login": [
          { "url": "https://acme.example/begin", "method": "GET", "query": { "a": "<<login.csrf>>" }, "gives": { "csrf": "<<response.body.csrf>>" } },
          { "url": "http://acme.example/login", "headers": { "X CSRF": "<<login.crsf>>" }, "json": { "key": "<<connection.Token>>" }, "gives": { "id": "<<connection.Token>>" } }
        ], "tokenFrom": "<<login.ids>>" }"#) => ["template.root /auth/key/login/0/query/a 26:83 `login.csrf` is not in scope here (here it can start with `connection`)",
         "definition.value /auth/key/login/1/url 27:20 `http://acme.example/login` is not an https URL without user and fragment",
         "definition.value /auth/key/login/1/headers/X CSRF 27:72 `X CSRF` is not the name of a header that may be set",
         "template.unknown_reference /auth/key/login/1/headers/X CSRF 27:72 `login.crsf` refers to nothing: there is no `crsf` (did you mean `csrf`?)",
         "template.root /auth/key/login/1/gives/id 27:152 `connection.Token` is not in scope here (here it can start with `response` or `login`)",
         "template.unknown_reference /auth/key/tokenFrom 28:25 `login.ids` refers to nothing: there is no `ids` (did you mean `id`?)"];

    a_login_has_a_step:
        method(r#"{ "scheme": "session", "login": [], "tokenFrom": "<<response.body.token>>" }"#) => ["definition.value /auth/key/login 25:44 `[]` is not a list of at least 1"];

    a_login_is_a_step_or_several:
        method(r#"{ "scheme": "session", "login": "https://acme.example/login", "tokenFrom": "<<response.body.token>>" }"#) => ["definition.type /auth/key/login 25:44 this must be a list or an object, not text"];

    a_step_has_a_url:
        method(r#"{ "scheme": "session", "login": [{ "method": "GET" }, { "url": "https://acme.example/login", "form": { "k": "<<connection.Token>>" }, "json": {}, "auth": { "scheme": "digest", "username": "me", "password": "<<connection.Token>>" } }], "tokenFrom": "<<response.body.token>>" }"#) => ["definition.missing_key /auth/key/login/0 25:45 key `url` is missing"];

    what_steps_give_is_not_in_scope_elsewhere:
        method(r#"{ "scheme": "bearer", "token": "<<connection.Token>><<login.csrf>>" }"#) => ["template.root /auth/key/token 25:43 `login.csrf` is not in scope here (here it can start with `connection`)"];

    all_needs_two:
        method(r#"{ "scheme": "all", "of": [{ "scheme": "bearer", "token": "<<connection.Token>>" }] }"#) => ["definition.value /auth/key/of 25:37 `of` needs two schemes at least"];

    all_does_not_nest:
        method(r#"{ "scheme": "all", "of": [{ "scheme": "none" }, { "scheme": "all", "of": [{ "scheme": "none" }, { "scheme": "bearer", "token": "<<connection.Token>>" }] }] }"#) => ["definition.value /auth/key/of/1 25:60 `all` cannot stand inside `all`"];

    all_puts_each_thing_once:
        method(r#"{ "scheme": "all", "of": [{ "scheme": "bearer", "token": "<<connection.Token>>" }, { "scheme": "api_key", "in": "header", "name": "authorization", "value": "<<connection.Token>>" }, { "scheme": "api_key", "in": "query", "name": "Authorization", "value": "<<connection.Token>>" }] }"#) => ["definition.value /auth/key/of/1 25:95 `authorization` is there twice"];

    all_has_one_token:
        method(r#"{ "scheme": "all", "of": [
          { "scheme": "session", "login": { "url": "https://acme.example/login", "form": { "k": "<<connection.Token>>" } }, "cookie": "sid", "token": { "name": "X-Sid" } },
          { "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": "https://acme.example/token", "clientId": "<<connection.Token>>" }] }"#) => ["definition.value /auth/key/of 25:37 `of` can hold one scheme only that gets a token"];

    a_fault_of_a_part_is_told_at_its_place:
        method(r#"{ "scheme": "all", "of": [{ "scheme": "none" }, { "scheme": "tls", "key": "<<connection.Token>>" }, { "scheme": "bearer", "token": "<<connection.Tokn>>" }] }"#) => ["definition.missing_key /auth/key/of/1 25:60 key `certificate` is missing",
         "template.unknown_reference /auth/key/of/2/token 25:143 `connection.Tokn` refers to nothing: there is no `Tokn` (did you mean `Token`?)"];

    custom_needs_its_values:
        method(r#"{ "scheme": "custom", "name": "ours" }"#) => ["definition.missing_key /auth/key 25:12 key `values` is missing"];

    a_custom_scheme_is_sound:
        method(r#"{ "scheme": "custom", "name": "ours", "values": { "key": "<<connection.Token>>" } }"#) => [];

    an_unknown_scheme:
        method(r#"{ "scheme": "oauth", "token": "<<connection.Token>>" }"#) => ["definition.value /auth/key/scheme 25:24 there is no value `oauth` (did you mean `oauth2`?)"];

    digest_needs_both:
        method(r#"{ "scheme": "digest", "username": "<<connection.Token>>" }"#) => ["definition.missing_key /auth/key 25:12 key `password` is missing"];

    a_region_may_be_text:
        method(r#"{ "scheme": "aws_sigv4", "accessKeyId": "<<connection.Token>>", "secretAccessKey": "<<connection.Token>>", "region": "us-east-1", "service": "s3" }"#) => [];

    an_aws_secret_is_no_text:
        method(r#"{ "scheme": "aws_sigv4", "accessKeyId": "AKID", "secretAccessKey": "connection.Token", "region": "us-east-1", "service": "s3" }"#) => ["definition.value /auth/key/secretAccessKey 25:79 `secretAccessKey` of auth method `key` is sent as it stands: it refers to no field of the connection (write `<<connection.Token>>`)"];

    an_oauth1_signature_has_a_method:
        method(r#"{ "scheme": "oauth1", "consumerKey": "<<connection.Token>>", "consumerSecret": "<<connection.Token>>", "signatureMethod": "RSA-SHA1" }"#) => ["definition.value /auth/key/signatureMethod 25:134 there is no value `RSA-SHA1` (did you mean `HMAC-SHA1`?)"];
}
