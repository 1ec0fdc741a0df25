//! The command over a store: every subcommand of `connection`, `run` and `plan`, at its most talkative.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use tempfile::TempDir;

use super::assert_clean;
use crate::canary;
use crate::memory::hunt;
use crate::memory::service::{METHODS, Service};
use crate::support::cardhost_with;

/// Runs commands and keeps what they print.
struct Shell {
    folder: TempDir,
    env: Vec<(&'static str, String)>,
    shown: Vec<(String, String)>,
}

impl Shell {
    fn run(&mut self, args: &[&str], stdin: &str, code: Option<i32>) -> String {
        let below = |name: &str| self.folder.path().join(name).display().to_string();
        let (cards, store) = (below("cards"), below("shell.db"));
        let common = ["--log", "trace", "--cards", &cards, "--store", &store];
        for errors in ["text", "json"] {
            let args = [args, &common[..], &["--errors", errors]].concat();
            let env: Vec<(&str, &str)> =
                self.env.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let ran = cardhost_with(&args, stdin, &env);
            if let Some(code) = code {
                assert_eq!(ran.code, code, "{args:?}: {}", ran.stderr);
            }
            self.shown.push((format!("{args:?}, stdout"), ran.stdout.clone()));
            self.shown.push((format!("{args:?}, stderr"), ran.stderr));
            // What changes the store is done once.
            if code == Some(0) {
                return ran.stdout;
            }
        }
        String::new()
    }
}

#[test]
fn the_command_shows_no_secret_of_its_store() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&folder);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let fields = json!({
        "User": "sa", "Password": canary::text("password"), "Notes": { "text": canary::text("notes") },
        "Client Secret": canary::text("client-secret"), "Session Password": canary::text("session-password"),
        "Signing Key": canary::text("signing-key"),
        "Certificate": read("client.pem"), "Key": read("client-key.pem"),
    });
    let hunt = hunt(&service)
        .text("passphrase", &canary::text("passphrase"))
        .bytes("new key", &canary::bytes("new key"));
    let env = vec![
        ("CARDHOST_KEY", BASE64_STANDARD.encode(service.store_key())),
        ("PASSPHRASE", canary::text("passphrase")),
        ("NEW_KEY", BASE64_STANDARD.encode(canary::bytes("new key"))),
    ];
    let ca = folder.path().join("authority.pem").display().to_string();
    let mut shell = Shell { folder, env, shown: Vec::new() };
    let ok = Some(0);
    shell.run(&["connection", "add", "vault", "prod"], &fields.to_string(), ok);
    shell.run(&["connection", "add", "vault", "prod"], &fields.to_string(), Some(5));
    for wrong in ["Notes", "Certificate", "Nothing"] {
        let mut fields = fields.clone();
        fields[wrong] = json!([canary::text("password")]);
        shell.run(&["connection", "add", "vault", "wrong"], &fields.to_string(), Some(5));
    }
    for form in [&["show", "vault/prod"][..], &["list"]] {
        shell.run(&[&["connection"], form].concat(), "", ok);
        shell.run(&[&["connection"], form, &["--json"]].concat(), "", ok);
    }
    let invocation = |path: &str| {
        json!({ "connection": "prod", "input": { "Act": { "Path": path } } }).to_string()
    };
    let network = ["--ca", ca.as_str()];
    for method in METHODS {
        let card = format!("vault/{method}-secure");
        for form in [&[][..], &["--json"], &["--curl"]] {
            shell.run(&[&["plan", &card], form, &network].concat(), &invocation("fine"), ok);
        }
        shell.run(&[&["run", &card], &network[..]].concat(), &invocation("quiet"), ok);
        shell.run(&[&["run", &card], &network[..]].concat(), &invocation("fail"), Some(8));
        let lines = format!("{}\n{}\n", invocation("quiet"), invocation("fail"));
        shell.run(&[&["run", &card, "--stream"], &network[..]].concat(), &lines, None);
    }
    shell.run(&["connection", "login", "vault/prod", "--method", "refused"], "", Some(5));
    shell.run(&["connection", "test", "vault/prod"], "", None);
    let passphrase = ["--passphrase-env", "PASSPHRASE"];
    let exported =
        shell.run(&[&["connection", "export", "--all"], &passphrase[..]].concat(), "", ok);
    assert!(exported.contains("PBKDF2"), "{exported}");
    shell.run(&[&["connection", "import", "--replace"], &passphrase[..]].concat(), &exported, ok);
    shell.run(&["connection", "import", "--passphrase-env", "NEW_KEY"], &exported, Some(5));
    shell.run(&["connection", "rotate-key", "--new-key-env", "NEW_KEY"], "", ok);
    shell.run(&["connection", "show", "vault/prod"], "", Some(5));
    let new = shell.env[2].1.clone();
    shell.env[0].1 = new;
    shell.run(&["connection", "rename", "vault/prod", "live"], "", ok);
    shell.run(&["connection", "remove", "vault/live", "--yes"], "", ok);

    assert!(shell.shown.len() > 60);
    assert_clean(&hunt, &shell.shown);
    // Nor is one in a file of the store.
    let bytes = fs::read(shell.folder.path().join("shell.db")).unwrap();
    assert!(hunt.find(&bytes).is_empty());
}
