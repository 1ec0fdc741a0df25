//! Secrets that are not a whole field: inside objects and lists, changed by helpers, read from the environment.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Ran, cardhost, cardhost_with};

/// A connector whose card sends what it is given in every nested way.
fn cards() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("nest");
    fs::create_dir(&at).unwrap();
    let connector = json!({
        "format": 1, "name": "nest", "version": "1.0.0", "title": "Nest",
        "connection": { "fields": {
            "Region": { "type": "dropdown", "choices": ["a", "b"], "default": "a" },
            "Name": { "type": "text" },
            "Settings": { "type": "object", "sensitive": true },
            "Token": { "type": "secret" },
        } },
        "auth": { "token": { "scheme": "bearer", "token": "<<connection.Token>>" } },
        "targets": { "api": { "auth": ["token"], "base": "https://api.nest.example" } },
    });
    let card = json!({
        "format": 1, "name": "send", "version": "1.0.0", "title": "Send", "effect": "write",
        "input": { "B": {
            "Login": { "type": "object", "fields": {
                "user": { "type": "text" }, "password": { "type": "secret" },
                "inner": { "type": "object", "sensitive": true },
            } },
            "Keys": { "type": "list", "of": "secret" },
            "Pin": { "type": "secret" },
            "Count": { "type": "number", "format": "integer" },
            "Method": { "type": "secret", "default": null },
        } },
        "request": { "target": "api", "method": "POST", "path": "/x", "body": { "json": {
            "login": "<<input.B.Login?>>", "keys": "<<input.B.Keys?>>",
            "upper": "<<upper input.[B].[Pin]?>>", "wrapped": "<<json input.[B].[Login]?>>",
            "settings": "<<connection.Settings.deep.token?>>", "name": "<<connection.Name?>>", "count": "<<input.B.Count?>>",
        } } },
        "output": { "R": { "Status": { "type": "number", "value": "<<response.status>>" } } },
    });
    fs::write(at.join("connector.json"), connector.to_string()).unwrap();
    fs::write(at.join("send.json"), card.to_string()).unwrap();
    folder
}

fn run(args: &[&str], invocation: &Value, env: &[(&str, &str)]) -> Ran {
    let cards = cards();
    let folder = cards.path().to_str().unwrap();
    let args: Vec<&str> = args.iter().copied().chain(["nest/send", "--cards", folder]).collect();
    cardhost_with(&args, &invocation.to_string(), env)
}

#[test]
fn secrets_inside_objects_lists_and_helpers_are_masked() {
    let invocation = json!({
        "connection": { "fields": { "Token": "tkn-canary-0", "Settings": { "deep": { "token": "canary-settings" } } } },
        "input": { "B": {
            "Login": { "user": "visible", "password": "canary-password", "inner": { "x": ["canary-inner"] } },
            "Keys": ["canary-key-one", "canary-key-two"], "Pin": "canary-pin",
        } },
    });
    for args in [&["plan"][..], &["plan", "--json"], &["plan", "--curl"]] {
        let ran = run(args, &invocation, &[]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(!ran.stdout.to_lowercase().contains("canary"), "{args:?} {}", ran.stdout);
        assert!(ran.stdout.contains("visible"), "{}", ran.stdout);
    }
}

#[test]
fn what_is_read_from_the_environment_is_a_secret_wherever_it_goes() {
    let env = [("FROM_ENV", "canary-from-env")];
    let fields = json!({ "Token": "tkn", "Name": { "env": "FROM_ENV" } });
    let ran = run(&["plan"], &json!({ "connection": { "fields": fields } }), &env);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!ran.stdout.contains("canary"), "{}", ran.stdout);

    let fields = json!({ "Token": "tkn", "Region": { "env": "FROM_ENV" } });
    let ran = run(&["plan"], &json!({ "connection": { "fields": fields } }), &env);
    assert_eq!(ran.code, 5);
    assert!(
        ran.stderr.starts_with("error[connection.type]: connection field `Region`"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
}

#[test]
fn no_one_can_ask_for_a_credential_by_writing_a_mark() {
    let invocation = json!({
        "connection": { "fields": { "Token": "tkn-canary" } },
        "input": { "B": { "Login": { "user": "CARDHOSTSECRET0X CARDHOSTSECRET3X CARDHOSTSECRETQ3X" } } },
    });
    let ran = run(&["plan", "--curl"], &invocation, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("CARDHOSTSECRET3X CARDHOSTSECRETQ3X"), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("$NEST_TOKEN").count(), 1, "{}", ran.stdout);
}

#[test]
fn a_number_at_the_edge_of_its_exponent_is_no_whole_number_and_no_panic() {
    for number in ["1e-9223372036854775808", "1e-99999999999999999999", "1.5"] {
        let text = format!(
            r#"{{"connection":{{"fields":{{"Token":"t"}}}},"input":{{"B":{{"Count":{number}}}}}}}"#
        );
        let cards = cards();
        let folder = cards.path().to_str().unwrap();
        let ran = cardhost(&["plan", "nest/send", "--cards", folder], &text);
        assert_eq!(ran.code, 4, "{number} {}", ran.stderr);
        assert!(ran.stderr.starts_with("error[input.format]"), "{}", ran.stderr);
    }
}

#[test]
fn a_connector_cannot_take_the_name_of_another() {
    let cards = cards();
    let from = cards.path().join("nest");
    let to = cards.path().join("evil");
    fs::create_dir(&to).unwrap();
    for file in ["connector.json", "send.json"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
    let folder = cards.path().to_str().unwrap();
    let ran = cardhost(&["plan", "evil/send", "--cards", folder], "{}");
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.starts_with("error[definition.name]: its name is `nest`"), "{}", ran.stderr);
}
