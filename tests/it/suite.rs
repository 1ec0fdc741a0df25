//! The suite: one folder per case, `tests/suite/<area>/<case>/`, each a command with what it reads and what must come
//! out. Nothing of a case is in this file.
//!
//! | file | what it is |
//! |---|---|
//! | `args` | the arguments, one a line; `{server}` is the loopback server's URL, `{authority}` its host and port, `{case}` the folder |
//! | `stdin` | the bytes of stdin; none by default |
//! | `env` | the environment, `NAME=value` lines; empty by default |
//! | `cards/` | connectors of the case's own |
//! | `files/` | whatever else the case names |
//! | `reply`, `reply.2` … | what the server answers to the first request, the second …; see [`Scripted`] |
//! | `stdout`, `stderr`, `code` | golden: what came out |
//! | `requests` | golden, where the arguments or the environment name the server: what arrived there, `---` between two requests |
//!
//! A file of another name is a fault, and so is a golden file that is missing, a reply that was not used, and a request
//! without a reply. `UPDATE_SUITE=1` writes the golden files instead of comparing them; `UPDATE_SUITE=urls/` only those
//! of the cases whose name begins so. Read what it wrote: a golden file is a promise.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::support::{Answer, RawServer, cardhost_bytes, path, root};

/// Fewest cases; a suite that shrinks by accident is noticed.
const FEWEST_CASES: usize = 60;

/// A test for each area; a folder of another name is a fault. The cases of `auth` have a runner of their own: [`crate::schemes`].
macro_rules! areas {
    ($($area:ident)*) => {
        const AREAS: &[&str] = &["auth", $(stringify!($area)),*];

        $(#[test]
        fn $area() {
            area(stringify!($area));
        })*
    };
}

areas! {
    arguments
    bodies
    cassettes
    choices
    conditions
    connections
    decoders
    definitions
    described
    encodings
    fields
    follow
    headers
    helpers
    invocations
    jq
    lists
    mapping
    pages
    policy
    presence
    replies
    retries
    said_once
    templates
    transport
    until
    urls
}

#[test]
fn every_area_has_a_test() {
    let folders: BTreeSet<String> = names(&path("tests/suite")).into_iter().collect();
    let tested: BTreeSet<String> = AREAS.iter().map(|area| (*area).to_owned()).collect();
    assert_eq!(folders, tested);
}

/// Windows has devices of these names, and no folders.
#[test]
fn every_case_can_be_checked_out_on_windows() {
    let is_device = |name: &str| {
        let (stem, digit) = name.split_at(name.len().min(3));
        match stem {
            "nul" | "con" | "aux" | "prn" => digit.is_empty(),
            "com" | "lpt" => digit.len() == 1 && digit.bytes().all(|b| b.is_ascii_digit()),
            _ => false,
        }
    };
    assert!(is_device("nul") && is_device("com1") && !is_device("null_character"));
    let cases = AREAS.iter().flat_map(|area| names(&path("tests/suite").join(area)));
    let devices: Vec<String> = cases.filter(|name| is_device(&name.to_ascii_lowercase())).collect();
    assert_eq!(devices, Vec::<String>::new());
}

#[test]
fn there_are_enough_cases() {
    let cases: usize = AREAS.iter().map(|area| names(&path("tests/suite").join(area)).len()).sum();
    assert!(cases >= FEWEST_CASES, "{cases} cases");
}

fn area(area: &str) {
    each_case(area, case);
}

/// Runs every case of an area, two at once, and fails with all that is wrong.
pub fn each_case(area: &str, case: impl Fn(&str, &str) -> Vec<String> + Sync) {
    let waiting = Mutex::new(names(&path("tests/suite").join(area)));
    let faults = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().pop();
                    let Some(name) = next else { return };
                    let found = case(area, &name);
                    let named = found.into_iter().map(|fault| format!("{area}/{name}: {fault}"));
                    faults.lock().unwrap().extend(named);
                }
            });
        }
    });
    let mut faults = faults.into_inner().unwrap();
    faults.sort();
    assert!(
        faults.is_empty(),
        "{} faults; UPDATE_SUITE={area}/CASE rewrites one case\n\n{}",
        faults.len(),
        faults.join("\n\n")
    );
}

/// Runs one case and gives what is wrong with it.
fn case(area: &str, name: &str) -> Vec<String> {
    let shown = format!("tests/suite/{area}/{name}");
    let folder = path(&shown);
    const FILES: [&str; 8] =
        ["args", "stdin", "env", "reply", "stdout", "stderr", "code", "requests"];
    let unknown = unknown_files(&folder, &FILES, &["cards", "files"]);
    if !unknown.is_empty() {
        return unknown;
    }
    let script = Arc::new(Mutex::new(match Scripted::all(&folder) {
        Ok(replies) => replies,
        Err(fault) => return vec![fault],
    }));
    let unexpected = Arc::new(Mutex::new(0_usize));
    let Ok(args) = fs::read_to_string(folder.join("args")) else {
        return vec!["`args` is missing".to_owned()];
    };
    let env = fs::read_to_string(folder.join("env")).unwrap_or_default();
    let names_server = |text: &str| text.contains("{server}") || text.contains("{authority}");
    let uses_server = names_server(&args) || names_server(&env);
    let server = uses_server.then(|| {
        let (script, unexpected) = (Arc::clone(&script), Arc::clone(&unexpected));
        RawServer::start(move |_, _| match next_reply(&script) {
            Some(reply) => reply,
            None => {
                *unexpected.lock().unwrap() += 1;
                Answer::Bytes(Vec::new())
            }
        })
    });
    let url = server.as_ref().map_or("", |server| &server.url);
    let authority = url.trim_start_matches("http://");
    let filled = |text: &str| {
        text.replace("{server}", url).replace("{authority}", authority).replace("{case}", &shown)
    };
    let args = filled(&args);
    let args: Vec<&str> = args.lines().collect();
    let env = filled(&env);
    let env: Vec<(&str, &str)> = env.lines().filter_map(|line| line.split_once('=')).collect();
    let stdin = fs::read(folder.join("stdin")).unwrap_or_default();

    let ran = cardhost_bytes(&args, &stdin, &env);

    let neutral = |text: &str| {
        let text = text.replace(&*root().to_string_lossy(), "{root}").replace(&shown, "{case}");
        let text = without_boundary(&without_resolver_words(&text));
        if url.is_empty() {
            return text;
        }
        text.replace(url, "{server}").replace(authority, "{authority}")
    };

    let mut golden = vec![
        ("stdout", neutral(&ran.stdout)),
        ("stderr", neutral(&ran.stderr)),
        ("code", format!("{}\n", ran.code)),
    ];
    if let Some(server) = &server {
        golden.push(("requests", neutral(&arrived(&server.requests()))));
    }
    let mut faults: Vec<String> = golden
        .into_iter()
        .filter_map(|(file, found)| compare(&folder, &format!("{area}/{name}"), file, &found))
        .collect();
    if server.is_none() && folder.join("requests").exists() {
        faults
            .push("`requests` is there, but neither `args` nor `env` names the server".to_owned());
    }
    let unused: Vec<String> =
        script.lock().unwrap().iter().map(|reply| format!("`{}`", reply.file)).collect();
    if !unused.is_empty() {
        faults.push(format!("replies that were never used: {}", unused.join(", ")));
    }
    match *unexpected.lock().unwrap() {
        0 => {}
        count => faults.push(format!("{count} requests came for which there is no reply")),
    }
    // What pages gave before one failed is not lost.
    let pages = ["--all", "--records", "--limit"];
    let keeps = args.iter().any(|arg| pages.contains(arg));
    if ran.code != 0 && !ran.stdout.is_empty() && !keeps {
        faults.push("it failed, and wrote to stdout".to_owned());
    }
    faults
}

/// Compares a golden file, or writes it; gives the fault.
pub fn compare(folder: &Path, name: &str, file: &str, found: &str) -> Option<String> {
    let path = folder.join(file);
    if let Some(wanted) = std::env::var_os("UPDATE_SUITE") {
        let wanted = wanted.to_string_lossy();
        if wanted == "1" || name.starts_with(&*wanted) {
            fs::write(path, found).unwrap();
            return None;
        }
    }
    match fs::read_to_string(path) {
        Err(_) => Some(format!("golden file `{file}` is missing; it would hold:\n{found}")),
        Ok(expected) if expected == found => None,
        Ok(expected) => {
            Some(format!("`{file}` differs\n--- expected\n{expected}\n--- found\n{found}"))
        }
    }
}

/// Why a name has no address is said in words that differ between machines.
fn without_resolver_words(text: &str) -> String {
    const BEFORE: &str = "failed to lookup address information: ";
    let Some((start, rest)) = text.split_once(BEFORE) else {
        return text.to_owned();
    };
    let end = rest.find('\n').unwrap_or(rest.len());
    format!("{start}{BEFORE}{{resolver}}{}", &rest[end..])
}

/// The boundary of a multipart body is random.
fn without_boundary(text: &str) -> String {
    let mut pieces = text.split("cardhost-");
    let mut neutral = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let random = piece.get(..32).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        neutral.push_str("cardhost-");
        neutral.push_str(if random.is_some() { "{boundary}" } else { "" });
        neutral.push_str(&piece[random.map_or(0, str::len)..]);
    }
    neutral
}

/// The requests as text, line ends as `\n`.
pub fn arrived(requests: &[String]) -> String {
    let shown = requests.iter().map(|request| {
        if request.starts_with('\u{16}') {
            return "(a TLS handshake)\n".to_owned();
        }
        let mut text = request.replace("\r\n", "\n");
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text
    });
    shown.collect::<Vec<_>>().join("---\n")
}

/// Faults for files that the runner does not know.
pub fn unknown_files(folder: &Path, files: &[&str], folders: &[&str]) -> Vec<String> {
    if !folder.is_dir() {
        return vec!["it is not a folder".to_owned()];
    }
    let known = |name: &String| {
        let further_reply =
            name.strip_prefix("reply.").is_some_and(|number| number.parse::<usize>().is_ok());
        let is_folder = folder.join(name).is_dir();
        if is_folder {
            folders.contains(&name.as_str())
        } else {
            further_reply || files.contains(&name.as_str())
        }
    };
    let names = names(folder);
    let unknown = names.iter().filter(|name| !known(name));
    unknown.map(|name| format!("file `{name}` is not one that a case can have")).collect()
}

/// The names inside a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What the server does with one request.
///
/// The first line of the file says it: `bytes` (write and close), `hang` (write and say no more) or `reset` (write and
/// reset the connection); then words: `times=6` answers that many requests, `escaped` reads `\xHH` in the body as one
/// byte, `lines` writes the body's line ends as CR LF. Then comes the reply: a head whose line ends become CR LF, an
/// empty line, a body without the file's last line end. `{length}` in the head is the body's length.
pub struct Scripted {
    pub file: String,
    kind: String,
    times: usize,
    bytes: Vec<u8>,
}

impl Scripted {
    /// The replies of a case, in their order.
    pub fn all(folder: &Path) -> Result<Vec<Scripted>, String> {
        let mut numbered: Vec<(usize, PathBuf)> = Vec::new();
        for name in names(folder) {
            match name.strip_prefix("reply.").map(str::parse::<usize>) {
                _ if name == "reply" => numbered.push((1, folder.join(name))),
                Some(Ok(number)) => numbered.push((number, folder.join(name))),
                _ => {}
            }
        }
        numbered.sort();
        numbered.iter().map(|(_, path)| Scripted::read(path)).collect()
    }

    fn read(path: &Path) -> Result<Scripted, String> {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).map_err(|error| format!("`{file}`: {error}"))?;
        let (header, reply) = text.split_once('\n').unwrap_or((&text, ""));
        let mut words = header.split_whitespace();
        let kind = words.next().unwrap_or_default().to_owned();
        if !["bytes", "hang", "reset"].contains(&kind.as_str()) {
            return Err(format!("`{file}`: `{kind}` is not bytes, hang or reset"));
        }
        let (mut times, mut escaped, mut lines) = (1, false, false);
        for word in words {
            match word.split_once('=') {
                None if word == "escaped" => escaped = true,
                None if word == "lines" => lines = true,
                Some(("times", number)) => {
                    times = number.parse().map_err(|_| format!("`{file}`: `{word}`"))?;
                }
                _ => return Err(format!("`{file}`: the word `{word}` is not known")),
            }
        }
        let reply = reply.strip_suffix('\n').unwrap_or(reply);
        let (head, body) = match reply.split_once("\n\n") {
            Some((head, body)) => (head, body),
            None => (reply, ""),
        };
        let body = if lines { body.replace('\n', "\r\n") } else { body.to_owned() };
        let body = if escaped { unescaped(&body) } else { body.into_bytes() };
        let mut bytes = Vec::new();
        if !head.is_empty() {
            let head = head.replace("{length}", &body.len().to_string()).replace('\n', "\r\n");
            bytes.extend_from_slice(head.as_bytes());
            bytes.extend_from_slice(b"\r\n\r\n");
        }
        bytes.extend_from_slice(&body);
        Ok(Scripted { file, kind, times, bytes })
    }
}

/// Takes the next reply off the script.
pub fn next_reply(script: &Mutex<Vec<Scripted>>) -> Option<Answer> {
    let mut script = script.lock().unwrap();
    let next = script.first_mut()?;
    let bytes = next.bytes.clone();
    let answer = match next.kind.as_str() {
        "hang" => Answer::Hang(bytes),
        "reset" => Answer::Reset(bytes),
        _ => Answer::Bytes(bytes),
    };
    next.times -= 1;
    if next.times == 0 {
        script.remove(0);
    }
    Some(answer)
}

/// `\xHH` as one byte.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(&after[..2], 16).expect("two hexadecimal digits"));
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}
