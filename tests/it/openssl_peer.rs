//! Certificates and keys as the command `openssl` makes them, against the TLS server that it is.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use cardhost::transport::HttpTransport;
use cardhost::{Error, Host, Outcome};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use serde_json::{Value, json};

use crate::schemes::{block_on, demo, pem, with_fields};
use crate::support::skipped;

/// A folder in which `openssl` works.
struct Folder(tempfile::TempDir);

impl Folder {
    /// `None` where there is no such command.
    fn new() -> Option<Folder> {
        let found = Command::new("openssl").arg("version").output();
        if !found.is_ok_and(|output| output.status.success()) {
            skipped("openssl", "the command openssl is not there");
            return None;
        }
        Some(Folder(tempfile::tempdir().unwrap()))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, arguments: &str) {
        let arguments = arguments.split(' ');
        let output = Command::new("openssl").args(arguments).current_dir(self.path()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// A certificate that vouches for itself.
    fn self_signed(&self, name: &str, key: &str, more: &str) {
        self.run(&format!(
            "req -x509 {key} -nodes -keyout {name}.key -out {name}.pem -days 30 -subj /CN=localhost{more}"
        ));
    }

    /// A certificate of the authority `ca`, over a key that is made in a way.
    fn issued(&self, name: &str, key: &str, extensions: &str) {
        self.run(&format!("{key} -out {name}.key"));
        self.run(&format!("req -new -key {name}.key -out {name}.csr -subj /CN={name}.example"));
        self.run(&format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out {name}.pem{extensions}"
        ));
    }
}

/// `openssl s_server`; dropping it ends it.
struct Server(Child, String);

impl Server {
    fn start(folder: &Folder, identity: &str, more: &str) -> Server {
        let arguments = format!(
            "s_server -accept 127.0.0.1:0 -cert {identity}.pem -key {identity}.key -www{more}"
        );
        let mut child = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines
            .find_map(|line| {
                let line = line.unwrap();
                line.strip_prefix("ACCEPT ")?.rsplit(':').next().map(str::to_owned)
            })
            .unwrap();
        // What it says later is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Server(child, format!("https://localhost:{port}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(server: &Server, fields: &Value, transport: HttpTransport) -> Result<Outcome, Error> {
    let auth = json!({
        "scheme": "tls", "certificate": "<<connection.Certificate?>>", "key": "<<connection.Key?>>",
        "passphrase": "<<connection.Passphrase?>>", "authority": "<<connection.Authority?>>",
    });
    let cards = demo(&server.1, &auth, &json!({}));
    let host = Host::builder().cards(cards).transport(transport).build();
    block_on(host.run(Some("demo/act"), with_fields(fields)))
}

#[test]
fn a_server_that_shows_a_certificate_that_was_given_is_trusted() {
    let Some(folder) = Folder::new() else { return };
    let ec = |curve| format!("-newkey ec -pkeyopt ec_paramgen_curve:{curve}");
    let names = " -addext subjectAltName=DNS:localhost";
    folder.self_signed("rsa", "-newkey rsa:2048", names);
    folder.self_signed("p256", &ec("P-256"), names);
    folder.self_signed("p521", &ec("P-521"), names);
    folder.self_signed("leaf", &ec("P-256"), &format!("{names} -addext basicConstraints=CA:FALSE"));
    // Older than alternative names: its common name is that of the server.
    folder.self_signed("unnamed", "-newkey rsa:2048", "");
    folder.run("genrsa -out first.key 2048");
    folder.run("req -new -key first.key -out first.csr -subj /CN=localhost");
    folder.run("x509 -req -in first.csr -signkey first.key -days 30 -out first.pem");
    assert!(!folder.text("first.pem").is_empty());
    folder.self_signed(
        "elsewhere",
        "-newkey rsa:2048",
        " -addext subjectAltName=DNS:other.example",
    );
    for tls in ["", " -tls1_2"] {
        for name in ["rsa", "p256", "p521", "leaf", "unnamed", "first"] {
            let server = Server::start(&folder, name, tls);
            let pem = folder.text(&format!("{name}.pem"));
            let given = run(&server, &json!({ "Authority": pem }), HttpTransport::new());
            assert_eq!(given.unwrap_or_else(|e| panic!("{name}{tls}: {e:?}")).status, 200);
            let trusting = HttpTransport::new().trusting_pem(pem.as_bytes()).unwrap();
            assert_eq!(run(&server, &json!({}), trusting).unwrap().status, 200, "{name}{tls}");
            let other = run(
                &server,
                &json!({ "Authority": folder.text("elsewhere.pem") }),
                HttpTransport::new(),
            );
            assert_eq!(other.unwrap_err().code().as_str(), "transport.tls", "{name}{tls}");
        }
    }
    let server = Server::start(&folder, "elsewhere", "");
    let authority = json!({ "Authority": folder.text("elsewhere.pem") });
    let error = run(&server, &authority, HttpTransport::new()).unwrap_err();
    assert!(error.message().contains("not valid for name"), "{error:?}");
}

#[test]
fn a_certificate_that_was_given_and_is_over_is_refused() {
    let Some(folder) = Folder::new() else { return };
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
    let key = KeyPair::generate().unwrap();
    let made = params.self_signed(&key).unwrap();
    for (name, text) in [
        ("old.pem", pem("CERTIFICATE", made.der())),
        ("old.key", pem("PRIVATE KEY", &key.serialize_der())),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let server = Server::start(&folder, "old", "");
    let authority = json!({ "Authority": folder.text("old.pem") });
    let error = run(&server, &authority, HttpTransport::new()).unwrap_err();
    assert!(error.message().contains("Expired"), "{error:?}");
}

#[test]
fn the_certificates_of_clients_are_the_servers_to_judge() {
    let Some(folder) = Folder::new() else { return };
    folder.self_signed("server", "-newkey rsa:2048", " -addext subjectAltName=DNS:localhost");
    folder
        .run("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=ca");
    std::fs::write(folder.path().join("v3"), "basicConstraints=CA:FALSE\n").unwrap();
    let v3 = " -extfile v3";
    folder.issued("v1", "genrsa", "");
    folder.issued("rsa", "genrsa", v3);
    folder.issued("p256", "ecparam -name prime256v1 -genkey -noout", v3);
    folder.issued("p384", "ecparam -name secp384r1 -genkey -noout", v3);
    folder.issued("p521", "ecparam -name secp521r1 -genkey -noout", v3);
    folder.issued("p521v1", "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521", "");
    folder.issued("ed25519", "genpkey -algorithm ED25519", v3);
    for tls in ["", " -tls1_2"] {
        let server = Server::start(
            &folder,
            "server",
            &format!(" -CAfile ca.pem -Verify 1 -verify_return_error{tls}"),
        );
        for name in ["v1", "rsa", "p256", "p384", "p521", "p521v1", "ed25519"] {
            let key = folder.text(&format!("{name}.key"));
            let fields = json!({
                "Certificate": folder.text(&format!("{name}.pem")), "Key": key.replace('\n', " "),
                "Authority": folder.text("server.pem"),
            });
            let ran = run(&server, &fields, HttpTransport::new());
            assert_eq!(ran.unwrap_or_else(|e| panic!("{name}{tls}: {e:?}")).status, 200);
        }
        let none =
            run(&server, &json!({ "Authority": folder.text("server.pem") }), HttpTransport::new());
        assert_eq!(none.unwrap_err().code().as_str(), "transport.tls");
    }
}

#[test]
fn a_key_with_a_passphrase_is_read() {
    let Some(folder) = Folder::new() else { return };
    folder.self_signed("server", "-newkey rsa:2048", " -addext subjectAltName=DNS:localhost");
    folder
        .run("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=ca");
    folder.issued("p256", "ecparam -name prime256v1 -genkey -noout", "");
    let server = Server::start(&folder, "server", " -CAfile ca.pem -Verify 1 -verify_return_error");
    for how in [
        "-aes256",
        "-aes128",
        "-des3",
        "-v2 aes256 -v2prf hmacWithSHA1",
        "-v2 aes256 -v2prf hmacWithSHA512",
        "-scrypt",
    ] {
        match how.starts_with("-aes") || how == "-des3" {
            true => folder.run(&format!(
                "pkey -in p256.key {how} -passout pass:a-passphrase -out locked.key"
            )),
            false => folder.run(&format!(
                "pkcs8 -topk8 -in p256.key {how} -passout pass:a-passphrase -out locked.key"
            )),
        }
        let key = folder.text("locked.key");
        assert!(key.contains("ENCRYPTED PRIVATE KEY"), "{how}");
        let with = |passphrase: &str| {
            let fields = json!({
                "Certificate": folder.text("p256.pem"), "Key": key, "Passphrase": passphrase,
                "Authority": folder.text("server.pem"),
            });
            run(&server, &fields, HttpTransport::new())
        };
        assert_eq!(with("a-passphrase").unwrap_or_else(|e| panic!("{how}: {e:?}")).status, 200);
        let error = with("another").unwrap_err();
        assert_eq!(error.retryable(), Some(false), "{how}: {error:?}");
        assert!(error.message().contains("cannot be decrypted"), "{how}: {error:?}");
    }
}

#[test]
fn what_can_never_work_is_not_worth_another_try() {
    let Some(folder) = Folder::new() else { return };
    folder
        .run("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=ca");
    folder.issued("one", "genrsa", "");
    folder.issued("other", "ecparam -name secp521r1 -genkey -noout", "");
    folder.run("pkey -in one.key -aes256 -passout pass:x -out locked.key");
    folder.run("rsa -in one.key -aes256 -traditional -passout pass:x -out old.key");
    folder.run("genpkey -algorithm ed448 -out ed448.key");
    let server = Server(Command::new("true").spawn().unwrap(), "https://localhost:9".to_owned());
    let (certificate, key) = (folder.text("one.pem"), folder.text("one.key"));
    for (certificate, key, authority, words) in [
        (&*certificate, &*folder.text("other.key"), "", "its key is that of another certificate"),
        (&certificate, &certificate, "", "it holds a certificate; the private key is needed"),
        (&certificate, &folder.text("locked.key"), "", "it is encrypted with a passphrase"),
        (&certificate, &folder.text("old.key"), "", "it is encrypted in a way from before PKCS #8"),
        (&certificate, &folder.text("ed448.key"), "", "it is none of RSA"),
        (&key, &key, "", "it holds no certificate in PEM"),
        (&certificate, &key, &key, "the private authority cannot be used"),
    ] {
        let fields = json!({ "Certificate": certificate, "Key": key, "Authority": authority });
        let error = run(&server, &fields, HttpTransport::new()).unwrap_err();
        assert_eq!((error.code().as_str(), error.retryable()), ("transport.tls", Some(false)));
        assert!(error.message().contains(words), "{}", error.message());
        assert!(!error.to_json().to_string().contains("BEGIN"), "{error:?}");
    }
}
