//! Requests through proxies of our own: by HTTP, by CONNECT, by SOCKS 5; what they are told, and what the egress policy is still worth.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use cardhost::catalog::MemorySource;
use cardhost::transport::{BoxFuture, EgressPolicy, HttpTransport, Proxies, Resolve};
use cardhost::{Error, Host, Invocation, Outcome, Policy};
use serde_json::{Value, json};

use crate::schemes::{block_on, pem};
use crate::support::{Ran, cardhost_with};
use crate::transport::{Authority, TlsServer};

/// What a proxy wants, and what it was told.
struct Proxy {
    address: SocketAddr,
    told: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(
        serve: impl Fn(TcpStream, &Mutex<Vec<String>>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let (kept, serve) = (Arc::clone(&told), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let (kept, serve) = (Arc::clone(&kept), Arc::clone(&serve));
                // A client that goes away is no matter of the proxy's.
                thread::spawn(move || drop(serve(stream, &kept)));
            }
        });
        Proxy { address, told }
    }

    /// One of HTTP: it answers requests itself, and tunnels lead to `target`, whatever they ask for.
    fn http(target: SocketAddr) -> Proxy {
        Proxy::start(move |mut stream, told| {
            let head = head(&mut stream)?;
            told.lock().unwrap().push(head.clone());
            if head.starts_with("CONNECT ") {
                stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
                return relay(stream, target);
            }
            stream.write_all(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 14\r\nconnection: close\r\n\r\n{\"by\":\"proxy\"}",
            )
        })
    }

    /// One of HTTP that wants credentials, and takes none.
    fn wanting() -> Proxy {
        Proxy::start(|mut stream, told| {
            told.lock().unwrap().push(head(&mut stream)?);
            stream.write_all(
                b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            )
        })
    }

    /// One of SOCKS 5 (RFC 1928, RFC 1929), whose connections lead to `target`.
    fn socks(target: SocketAddr) -> Proxy {
        Proxy::start(move |mut stream, told| {
            let [_, count] = bytes(&mut stream)?;
            let mut methods = vec![0; count.into()];
            stream.read_exact(&mut methods)?;
            if methods.contains(&2) {
                stream.write_all(&[5, 2])?;
                let [_, length] = bytes(&mut stream)?;
                let user = text(&mut stream, length)?;
                let [length] = bytes(&mut stream)?;
                let password = text(&mut stream, length)?;
                told.lock().unwrap().push(format!("{user}:{password}"));
                stream.write_all(&[1, 0])?;
            } else {
                stream.write_all(&[5, 0])?;
            }
            let [_, _, _, kind] = bytes(&mut stream)?;
            let host = match kind {
                1 => IpAddr::from(bytes::<4>(&mut stream)?).to_string(),
                4 => IpAddr::from(bytes::<16>(&mut stream)?).to_string(),
                _ => {
                    let [length] = bytes(&mut stream)?;
                    text(&mut stream, length)?
                }
            };
            let port = u16::from_be_bytes(bytes(&mut stream)?);
            told.lock().unwrap().push(format!("{host} {port}"));
            stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
            relay(stream, target)
        })
    }

    fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }

    /// The first lines of what it was told.
    fn lines(&self) -> Vec<String> {
        self.told().iter().map(|head| head.lines().next().unwrap_or_default().to_owned()).collect()
    }
}

fn bytes<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).map(|()| bytes)
}

fn text(stream: &mut TcpStream, length: u8) -> io::Result<String> {
    let mut bytes = vec![0; length.into()];
    stream.read_exact(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The head of a request.
fn head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(bytes::<1>(stream)?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Carries bytes both ways until either side ends.
fn relay(client: TcpStream, target: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(target)?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let (mut from_server, mut to_client) = (server, client);
    io::copy(&mut from_server, &mut to_client)?;
    to_client.shutdown(Shutdown::Write)
}

/// Names that all have one address.
struct Always(IpAddr);

impl Resolve for Always {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let address = self.0;
        Box::pin(async move { Ok(vec![address]) })
    }
}

const NAME: &str = "api.proxied.example";

/// A service with TLS, its authority, and where it listens.
fn service() -> (TlsServer, Authority, SocketAddr) {
    let authority = Authority::new();
    let server = TlsServer::start(authority.certify(NAME, |_| {}));
    let address = server.url.trim_start_matches("https://").parse().unwrap();
    (server, authority, address)
}

/// A card that gets a base URL of the connector's, with a token.
fn cards(base: &str) -> MemorySource {
    let connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
        "connection": { "fields": { "Token": { "type": "secret", "required": true }, "Host": { "type": "text" } } },
        "auth": { "token": { "scheme": "bearer", "token": "<<connection.Token>>" } },
        "targets": { "api": { "auth": ["token"], "base": base } },
    });
    let card = json!({
        "format": 1, "name": "act", "version": "1.0.0", "title": "Act", "effect": "read",
        "request": { "target": "api", "method": "GET", "path": "/things" },
        "output": { "Reply": { "Status": { "type": "number", "value": "<<response.status>>" } } },
    });
    MemorySource::new()
        .with("demo/connector", connector.to_string())
        .with("demo/act", card.to_string())
}

fn run(base: &str, transport: HttpTransport, host: &str) -> Result<Outcome, Error> {
    let egress = EgressPolicy::default();
    let policy = Policy { egress: egress.clone(), ..Policy::default() };
    let built =
        Host::builder().cards(cards(base)).policy(policy).transport(transport.egress(egress));
    let fields = json!({ "Token": "token-canary", "Host": host });
    let invocation = Invocation::from_value(json!({ "connection": { "fields": fields } })).unwrap();
    block_on(built.build().run(Some("demo/act"), invocation))
}

fn through(proxy: &str) -> HttpTransport {
    HttpTransport::new().through(Proxies::all(proxy).unwrap())
}

#[test]
fn tls_goes_through_a_tunnel_and_the_proxy_sees_neither_path_nor_token() {
    let (server, authority, address) = service();
    let proxy = Proxy::http(address);
    let url = format!("http://user:p%40ss@{}", proxy.address);
    let outcome =
        run(&format!("https://{NAME}:8443/v1"), through(&url).trusting(authority.der()), "");
    assert_eq!(outcome.unwrap().status, 204);
    let told = proxy.told();
    assert_eq!(proxy.lines(), [format!("CONNECT {NAME}:8443 HTTP/1.1")]);
    // user:p@ss
    assert!(
        told[0].to_lowercase().contains("\r\nproxy-authorization: basic dxnlcjpwqhnz\r\n"),
        "{told:?}"
    );
    assert!(!told[0].contains("token-canary") && !told[0].contains("/v1"), "{told:?}");
    let arrived = server.arrived();
    assert!(arrived[0].starts_with("GET /v1/things HTTP/1.1\r\n"), "{arrived:?}");
    assert!(!arrived[0].to_lowercase().contains("proxy-"), "{arrived:?}");
}

#[test]
fn a_plain_request_is_the_proxys_to_send() {
    let proxy = Proxy::http("127.0.0.1:9".parse().unwrap());
    let url = format!("http://user:pass@{}", proxy.address);
    assert_eq!(run(&format!("http://{NAME}/v1"), through(&url), "").unwrap().status, 200);
    let told = proxy.told();
    assert_eq!(proxy.lines(), [format!("GET http://{NAME}/v1/things HTTP/1.1")]);
    assert!(told[0].to_lowercase().contains("\r\nproxy-authorization: basic "), "{told:?}");
}

#[test]
fn a_socks_proxy_is_given_a_name_or_an_address() {
    let (server, authority, address) = service();
    for (scheme, host) in [("socks5h", NAME), ("socks5", "93.184.215.14")] {
        let proxy = Proxy::socks(address);
        let transport = through(&format!("{scheme}://user:p%40ss@{}", proxy.address))
            .trusting(authority.der())
            .resolving_with(Always("93.184.215.14".parse().unwrap()));
        assert_eq!(run(&format!("https://{NAME}"), transport, "").unwrap().status, 204);
        assert_eq!(proxy.told(), ["user:p@ss".to_owned(), format!("{host} 443")]);
    }
    assert_eq!(server.arrived().len(), 2);
    let proxy = Proxy::socks(address);
    let transport = through(&format!("socks5h://{}", proxy.address)).trusting(authority.der());
    assert_eq!(run(&format!("https://{NAME}"), transport, "").unwrap().status, 204);
    assert_eq!(proxy.told(), [format!("{NAME} 443")]);
}

#[test]
fn what_a_proxy_refuses_is_told_as_its_own() {
    let proxy = Proxy::wanting();
    for scheme in ["http", "https"] {
        let url = format!("http://user:canary@{}", proxy.address);
        let error = run(&format!("{scheme}://{NAME}"), through(&url), "").unwrap_err();
        assert_eq!(error.code().as_str(), "transport.connect", "{error:?}");
        let said = format!("by the proxy `http://{}`", proxy.address);
        assert!(error.message().contains(&said), "{error:?}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for scheme in ["http", "socks5h"] {
        let error = run(&format!("https://{NAME}"), through(&format!("{scheme}://{gone}")), "")
            .unwrap_err();
        assert_eq!(error.code().as_str(), "transport.connect", "{error:?}");
        assert!(error.message().contains(&format!("{scheme}://{gone}")), "{error:?}");
    }
}

/// A proxy decides what a name is; an address that stands in a URL is refused whatever carries it.
#[test]
fn the_egress_policy_holds_as_far_as_can_be_seen() {
    let base = "http://<<connection.Host>>/v1";
    let proxy = Proxy::http("127.0.0.1:9".parse().unwrap());
    let url = format!("http://{}", proxy.address);
    let public = || HttpTransport::new().resolving_with(Always("10.0.0.7".parse().unwrap()));
    let by_name = public().through(Proxies::all(&url).unwrap());
    assert_eq!(run(base, by_name, NAME).unwrap().status, 200);
    for host in ["10.0.0.7", "169.254.169.254", "2130706433", "redis", "metadata.google.internal"] {
        let error = run(base, through(&url), host).unwrap_err();
        assert_eq!(error.code().as_str(), "egress.address", "{host}: {error:?}");
    }
    assert_eq!(proxy.lines().len(), 1);

    // A proxy that is given addresses is given those that the policy allows.
    let socks = Proxy::socks("127.0.0.1:9".parse().unwrap());
    let proxies = || Proxies::all(&format!("socks5://{}", socks.address)).unwrap();
    let error = run(base, public().through(proxies()), NAME).unwrap_err();
    assert_eq!(error.code().as_str(), "egress.address", "{error:?}");
    assert_eq!(socks.told(), Vec::<String>::new());

    // What is reached directly is looked up here.
    let direct = public().through(Proxies::all(&url).unwrap().except("proxied.example").unwrap());
    let error = run(base, direct, NAME).unwrap_err();
    assert_eq!(error.code().as_str(), "egress.address", "{error:?}");
    assert_eq!(proxy.lines().len(), 1);
}

/// Runs the command against a base URL that only a proxy knows.
fn command(base: &str, args: &[&str], env: &[(&str, &str)]) -> Ran {
    let stdin = json!({
        "connection": { "fields": {
            "Service Account: Username": "sa", "Service Account: Secret": "s",
        } },
        "options": { "Request Type": "GET", "Select API": "Query API" },
        "input": { "Request": { "Relative URL": "/app/me" } },
    });
    let args = [&["run", "mixpanel/custom-api-action", "--base", base], args].concat();
    cardhost_with(&args, &stdin.to_string(), env)
}

#[test]
fn the_command_takes_proxies_by_switch_and_by_environment() {
    let proxy = Proxy::http("127.0.0.1:9".parse().unwrap());
    let url = format!("http://{}", proxy.address);
    let base = format!("http://{NAME}");
    for (args, env) in [
        (&["--proxy", &url][..], &[][..]),
        (&["--proxy", "env"], &[("http_proxy", url.as_str())]),
        (&[], &[("CARDHOST_PROXY", url.as_str())]),
        (&["--no-proxy", "other.example"], &[("CARDHOST_PROXY", "env"), ("ALL_PROXY", &url)]),
    ] {
        let ran = command(&base, args, env);
        assert_eq!(ran.code, 0, "{args:?} {env:?}: {}", ran.stderr);
        let found: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(found["Response"]["Body"]["by"], "proxy", "{found}");
    }
    assert_eq!(proxy.lines().len(), 4);
    // Without a word of whoever runs it, the environment of others is not asked.
    for (args, env) in [
        (&[][..], &[("http_proxy", url.as_str()), ("ALL_PROXY", &url)][..]),
        (&["--proxy", "none"], &[("CARDHOST_PROXY", &url)]),
        (&["--proxy", &url, "--no-proxy", "proxied.example"], &[]),
        (&["--proxy", &url], &[("CARDHOST_NO_PROXY", "*")]),
    ] {
        let ran = command(&base, args, env);
        assert_eq!(ran.code, 7, "{args:?} {env:?}: {}", ran.stdout);
    }
    assert_eq!(proxy.lines().len(), 4);
    for (args, env, said) in [
        (&["--proxy", "ftp://u:canary@p"][..], &[][..], "--proxy: no URL of a proxy"),
        (&[], &[("CARDHOST_PROXY", "u:canary@/")], "CARDHOST_PROXY: no URL of a proxy"),
        (&["--proxy", "env"], &[("https_proxy", "x://canary")], "https_proxy: no URL of a proxy"),
        (&["--proxy", "p", "--no-proxy", "10.0.0.0/99"], &[], "--no-proxy: "),
    ] {
        let ran = command(&base, args, env);
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(ran.stderr.contains(said) && !ran.stderr.contains("canary"), "{}", ran.stderr);
    }
}

#[test]
fn the_roots_of_the_system_are_trusted_where_that_is_asked_for() {
    let authority = Authority::new();
    let server = TlsServer::start(authority.certify("127.0.0.1", |_| {}));
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, pem("CERTIFICATE", &authority.der())).unwrap();
    let env = [("SSL_CERT_FILE", roots.to_str().unwrap())];
    let (code, said) = {
        let ran = command(&server.url, &[], &env);
        (ran.code, ran.stderr)
    };
    assert_eq!(code, 7, "{said}");
    assert!(said.contains("transport.tls"), "{said}");
    assert_eq!(command(&server.url, &["--system-roots"], &env).code, 0);
    assert_eq!(server.arrived().len(), 1);
    let none = folder.path().join("none.pem");
    std::fs::write(&none, "").unwrap();
    let env = [("SSL_CERT_FILE", none.to_str().unwrap())];
    let ran = command(&server.url, &["--system-roots"], &env);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("--system-roots: the operating system has no roots"),
        "{}",
        ran.stderr
    );
}
