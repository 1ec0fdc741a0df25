//! `cardhost new`: what it writes passes `check`, and a card of a pasted command sends what curl itself sends.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::{Answer, Message, Ran, RawServer, cardhost_with, reply, skipped};

/// A folder of cards, and the command in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn run(&self, args: &[&str], stdin: &str) -> Ran {
        let folder = self.0.path().to_str().unwrap();
        let args: Vec<&str> = args.iter().copied().chain(["--cards", folder]).collect();
        cardhost_with(&args, stdin, &[])
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.path().join(file)).unwrap()
    }
}

#[test]
fn a_connector_and_its_cards_are_made_and_nothing_is_written_over() {
    let folder = Folder::new();
    let pasted = "curl https://api.shop.example/v1/orders/7 -H 'X-Api-Key: s3cr3t'";
    let ran = folder.run(&["new", "connector", "shop", "--curl", pasted], "");
    let files: Vec<&str> =
        ran.stdout.lines().map(|line| line.rsplit('/').next().unwrap()).collect();
    assert_eq!((ran.code, files), (0, vec!["connector.json", "custom-api-action.json"]), "{ran:?}");
    let connector: Value = serde_json::from_str(&folder.read("shop/connector.json")).unwrap();
    assert_eq!(connector["targets"]["API"]["base"], "https://api.shop.example/v1");
    assert_eq!(connector["auth"]["api key"]["name"], "x-api-key");
    let ran = folder.run(&["new", "card", "shop/get-order", "--curl", "-"], pasted);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("note: header `x-api-key` is left out"), "{}", ran.stderr);
    let card = folder.read("shop/get-order.json");
    assert!(!card.contains("s3cr3t") && card.contains("/orders/<<input.Path.Order ID>>"), "{card}");
    let ran = folder.run(&["new", "card", "shop/ping"], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let path = folder.0.path().to_str().unwrap();
    let ran = folder.run(&["check", path], "");
    assert_eq!(
        ran.stdout, "1 connector, 3 cards, 3 examples, 1 anti-example: no fault\n",
        "{ran:?}"
    );
    for args in [&["new", "card", "shop/ping"][..], &["new", "connector", "shop"]] {
        let ran = folder.run(args, "");
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
        assert!(ran.stderr.contains("is there already"), "{}", ran.stderr);
    }
}

/// What arrived, without what clients differ in: method and path, the query's and the form's pairs or the JSON value, and headers
/// that were asked for.
fn told(request: &str) -> (String, Vec<(String, String)>, Option<String>, String) {
    let message = Message::parse(request);
    let mut line = message.first_line.split(' ');
    let (method, target) = (line.next().unwrap(), line.next().unwrap());
    let url = url::Url::parse(&format!("http://x{target}")).unwrap();
    let pairs = url.query_pairs().into_owned().collect();
    let header = |name: &str| {
        message
            .headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.split(';').next().unwrap().to_owned())
    };
    let body = match header("content-type").as_deref() {
        Some("application/json") => {
            serde_json::from_str::<Value>(&message.body).unwrap().to_string()
        }
        Some("application/x-www-form-urlencoded") => {
            let pairs: Vec<_> =
                url::form_urlencoded::parse(message.body.as_bytes()).into_owned().collect();
            format!("{pairs:?}")
        }
        _ => message.body.clone(),
    };
    (
        format!("{method} {}", url.path()),
        pairs,
        header("x-note"),
        format!("{:?} {body}", header("content-type")),
    )
}

#[test]
fn a_card_sends_what_curl_sends() {
    if Command::new("curl").arg("--version").output().is_err() {
        return skipped("curl", "curl is not installed");
    }
    for pasted in [
        "curl {server}/v1/orders?limit=10",
        "curl -sS -X DELETE {server}/v1/orders/ord_19 -H 'x-note: a  b'",
        "curl -s {server}/v1/orders -d 'item=green tea' -d amount=2 --data-urlencode \"note=a&b=c\"",
        "curl -s {server}/v1/orders -G -d a=1 -d a=2 --data-urlencode 'q=x y&z'",
        "curl -s {server}/v1/orders?a=1 --url-query 'w=x y'",
        "curl -s --request PATCH --url {server}/v1/orders/7 --header 'content-type: application/json' --data '{\"item\":\"tea\",\"n\":2,\"tags\":[\"a\"],\"to\":{\"city\":\"Ulm\"}}'",
        "curl -s --json '{\"a\":1' --json ',\"b\":true}' {server}/v1/notes",
        "curl -s {server}/v1/notes -H 'Content-Type: text/csv' --data-binary 'a,b\n1,\"2\"'",
        "curl -s {server}/v1/notes -XPUT -H 'Content-Type: application/json' --data-raw $'[{\"x\":\"it\\'s\"}]' --compressed",
    ] {
        let server =
            RawServer::start(|_, _| Answer::Bytes(reply("200 OK", "application/json", b"{}")));
        let command = pasted.replace("{server}", &server.url);
        let curl = Command::new("bash").args(["-c", &command]).output().unwrap();
        assert!(curl.status.success(), "{command}: {curl:?}");
        let folder = Folder::new();
        let auth = ["--auth", "none"];
        let base = ["--base", "https://api.shop.example/v1"];
        let made = folder.run(&[&["new", "connector", "shop"][..], &base, &auth].concat(), "");
        assert_eq!(made.code, 0, "{made:?}");
        let of_shop = pasted.replace("{server}", "https://api.shop.example");
        let made = folder.run(&["new", "card", "shop/it", "--curl", &of_shop], "");
        assert_eq!(made.code, 0, "{made:?}");
        let card: Value = serde_json::from_str(&folder.read("shop/it.json")).unwrap();
        let invocation = serde_json::json!({ "input": card["examples"][0]["input"] }).to_string();
        let ran =
            folder.run(&["run", "shop/it", "--base", &format!("{}/v1", server.url)], &invocation);
        assert_eq!(ran.code, 0, "{ran:?}");
        let requests = server.requests();
        let [by_curl, by_card] = requests.as_slice() else { panic!("{requests:?}") };
        assert_eq!(told(by_card), told(by_curl), "{pasted}");
    }
}

#[cfg(unix)]
#[test]
fn a_watch_checks_again_after_each_change_until_a_signal() {
    use std::io::{BufRead as _, BufReader};

    use crate::support::command;

    let folder = Folder::new();
    assert_eq!(folder.run(&["new", "connector", "shop"], "").code, 0);
    let path = folder.0.path().to_str().unwrap();
    let mut child = command(&["check", "--watch", path]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert_eq!(next(), "1 connector, 1 card, 1 example, 1 anti-example: no fault");
    // A fault ends nothing; what is sound again is told.
    let card = folder.0.path().join("shop/custom-api-action.json");
    let text = fs::read_to_string(&card).unwrap();
    fs::write(&card, text.replacen("\"GET\"", "\"GOT\"", 1)).unwrap();
    assert_eq!(folder.run(&["new", "card", "shop/ping"], "").code, 0);
    fs::write(&card, &text).unwrap();
    assert_eq!(next(), "1 connector, 2 cards, 2 examples, 1 anti-example: no fault");
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
