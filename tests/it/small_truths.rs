//! Small truths: an output that cannot be written, stores that only can be read or that others can, names that nearly are.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Ran, cardhost_with, command, path, skipped};

const DEMO: &str = "tests/suite/policy/egress_allowed/cards";

/// A home folder with a store in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    fn run(&self, args: &[&str], stdin: &str) -> Ran {
        let home = self.0.path().display().to_string();
        cardhost_with(args, stdin, &[("HOME", &home)])
    }

    fn add(&self, name: &str, fields: &Value) -> Ran {
        self.run(&["connection", "add", "demo", name, "--cards", DEMO], &fields.to_string())
    }

    fn store(&self) -> std::path::PathBuf {
        self.0.path().join(".local/share/cardhost/connections.db")
    }
}

fn invocation() -> String {
    let mut lines = String::new();
    for id in 0..3 {
        let line = json!({
            "id": id,
            "options": { "Request Type": "GET", "Select API": "Query API" },
            "input": { "Request": { "Relative URL": "/app/me" } },
        });
        lines.push_str(&format!("{line}\n"));
    }
    lines
}

#[test]
fn a_full_disk_has_a_code_of_its_own() {
    let Ok(_) = File::options().write(true).open("/dev/full") else {
        return skipped("machine", "there is no /dev/full");
    };
    let run = ["run", "mixpanel/custom-api-action", "--mock", "--stream"];
    for args in
        [&["list"][..], &["explain"], &["--help"], &run, &[&run[..], &["--jobs", "4"]].concat()]
    {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut child = command(args).stdout(full).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), invocation().as_bytes())
            .unwrap();
        let ended = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(7), "{args:?}: {stderr}");
        assert!(
            stderr.starts_with("error[output.unwritable]: stdout cannot be written: "),
            "{stderr}"
        );
    }
}

#[test]
fn a_reader_that_is_gone_is_told_of_by_the_exit_code_alone() {
    let mut child = command(&["list"]).stdin(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), ended.stderr), (Some(7), Vec::new()));
}

#[test]
fn a_store_on_a_read_only_mount_can_be_read() {
    let home = Home::new();
    let added = home.add("prod", &json!({ "Host": "api.example", "Token": "t" }));
    assert_eq!(added.code, 0, "{added:?}");
    let folder = home.store().parent().unwrap().display().to_string();
    let script = format!(
        "mount --bind '{folder}' '{folder}' && mount -o remount,ro,bind '{folder}' || exit 99\n\
         \"$@\""
    );
    let in_a_mount = |args: &[&str]| {
        let mut mounted = Command::new("unshare");
        mounted.args(["-m", "sh", "-c", &script, "sh", env!("CARGO_BIN_EXE_cardhost")]).args(args);
        mounted.current_dir(path("")).env("HOME", home.0.path()).stdin(Stdio::null()).output()
    };
    let Some(listed) = in_a_mount(&["connection", "list"]).ok().filter(|listed| {
        listed.status.code() != Some(99)
            && !String::from_utf8_lossy(&listed.stderr).contains("unshare failed")
    }) else {
        return skipped("machine", "nothing can be mounted here");
    };
    let stderr = String::from_utf8_lossy(&listed.stderr).into_owned();
    assert_eq!(listed.status.code(), Some(0), "{stderr}");
    assert!(String::from_utf8_lossy(&listed.stdout).contains("prod"), "{listed:?}");
    let planned =
        in_a_mount(&["plan", "demo/get", "--cards", DEMO, "--connection", "prod"]).unwrap();
    assert_eq!(planned.status.code(), Some(0), "{}", String::from_utf8_lossy(&planned.stderr));
    let renamed = in_a_mount(&["connection", "rename", "demo/prod", "old"]).unwrap();
    let stderr = String::from_utf8_lossy(&renamed.stderr).into_owned();
    assert!(stderr.starts_with("error[store.unreachable]: "), "{stderr}");
}

#[test]
fn a_store_that_others_can_read_is_named() {
    let home = Home::new();
    home.add("prod", &json!({ "Host": "api.example", "Token": "t" }));
    let clean = home.run(&["connection", "list"], "");
    assert_eq!((clean.code, clean.stderr.as_str()), (0, ""));
    fs::set_permissions(home.store(), fs::Permissions::from_mode(0o644)).unwrap();
    let listed = home.run(&["connection", "list"], "");
    assert_eq!(listed.code, 0);
    let expected = format!(
        "warning[store.exposed]: the store `{}` can be read or written by others (mode 0644): `chmod 600` keeps it to its owner\n",
        home.store().display()
    );
    assert_eq!(listed.stderr, expected);
}

#[test]
fn a_connection_that_can_lead_nowhere_is_not_stored() {
    let home = Home::new();
    for host in ["127.0.0.1/x", "api.example?x", "user@api.example", "a b"] {
        let added = home.add("prod", &json!({ "Host": host, "Token": "t" }));
        assert_eq!(added.code, 6, "{host}: {added:?}");
        assert!(
            added.stderr.starts_with("error[url.host]: `connection.Host` cannot stand"),
            "{added:?}"
        );
        assert!(added.stderr.contains("--> stdin: /Host"), "{added:?}");
    }
    assert!(!home.store().exists());
    let added = home.add("prod", &json!({ "Host": "127.0.0.1:5450", "Token": "t" }));
    assert_eq!(added.code, 0, "{added:?}");
}

#[test]
fn the_nearest_connection_is_named() {
    let home = Home::new();
    home.add("production", &json!({ "Host": "api.example", "Token": "t" }));
    let ran = home.run(&["plan", "demo/get", "--cards", DEMO, "--connection", "prodution"], "");
    assert_eq!(ran.code, 5);
    let words = "error[connection.unknown]: there is no connection `prodution`\n  hint: did you mean `production`?\n";
    assert_eq!(ran.stderr, words);
    let stdin = json!({ "connection": "prodution" }).to_string();
    let ran = home.run(&["plan", "demo/get", "--cards", DEMO], &stdin);
    assert!(
        ran.stderr.contains("--> stdin: /connection\n  hint: did you mean `production`?"),
        "{ran:?}"
    );
    let ran = home.run(&["plan", "demo/get", "--cards", DEMO, "--connection", "zzz"], "");
    assert!(ran.stderr.contains("`cardhost connection list`"), "{ran:?}");
}
