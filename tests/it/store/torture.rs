//! Writers are killed at random moments, a thousand times: what was acknowledged is there, and nothing is half there.
//!
//! ```text
//! test ── starts itself with ROLE ─▶ writer: "? write" … store … "! write" on stdout, again and again
//!   │ after some lines, or some microseconds: kill -9
//!   └ opens the store: every "!" is there; of a last "?" without its "!" all or nothing
//! ```

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cardhost::store::{KeySet, Store, TenantStore};
use serde_json::{Map, Value};

use super::{KEY, OTHER, Place, block_on, key, path};
use crate::postgres::Database;

/// What the test binary does when it is started as a writer: `write SEED LOCATION`, `rotate LOCATION` or `migrate LOCATION`.
const ROLE: &str = "CARDHOST_TEST_ROLE";

/// By name: the value of the fields, and of the tokens.
type Model = BTreeMap<String, (u64, Option<u64>)>;

/// One write.
#[derive(Clone, Debug, PartialEq)]
enum Write {
    Add(String, u64),
    Set(String, u64),
    Tokens(String, u64),
    Rename(String, String),
    Remove(String),
}

impl Write {
    fn line(&self) -> String {
        match self {
            Write::Add(name, value) => format!("add {name} {value}"),
            Write::Set(name, value) => format!("set {name} {value}"),
            Write::Tokens(name, value) => format!("tokens {name} {value}"),
            Write::Rename(from, to) => format!("rename {from} {to}"),
            Write::Remove(name) => format!("remove {name} -"),
        }
    }

    fn parse(line: &str) -> Option<Write> {
        let mut words = line.split(' ');
        let (kind, name, last) = (words.next()?, words.next()?.to_owned(), words.next()?);
        let value = || last.parse().ok();
        Some(match kind {
            "add" => Write::Add(name, value()?),
            "set" => Write::Set(name, value()?),
            "tokens" => Write::Tokens(name, value()?),
            "rename" => Write::Rename(name, last.to_owned()),
            "remove" => Write::Remove(name),
            _ => return None,
        })
    }

    fn apply(&self, model: &mut Model) {
        match self {
            Write::Add(name, value) => drop(model.insert(name.clone(), (*value, None))),
            Write::Set(name, value) => model.get_mut(name).unwrap().0 = *value,
            Write::Tokens(name, value) => model.get_mut(name).unwrap().1 = Some(*value),
            Write::Rename(from, to) => {
                let held = model.remove(from).unwrap();
                model.insert(to.clone(), held);
            }
            Write::Remove(name) => drop(model.remove(name)),
        }
    }

    async fn perform(&self, store: &TenantStore) {
        let get = async |name: &str| store.get("acme", name).await.unwrap().unwrap();
        match self {
            Write::Add(name, value) => {
                drop(store.add("acme", name, &fields(*value)).await.unwrap())
            }
            Write::Set(name, value) => {
                let found = get(name).await;
                store.set_fields(&found.id, found.revision, &fields(*value)).await.unwrap();
            }
            Write::Tokens(name, value) => {
                let id = get(name).await.id;
                store.put_tokens(&id, &tokens(*value), None).await.unwrap();
            }
            Write::Rename(from, to) => store.rename("acme", from, to).await.unwrap(),
            Write::Remove(name) => assert!(store.remove("acme", name).await.unwrap()),
        }
    }
}

/// Fields of up to three pages, all of which follow from the value.
fn fields(value: u64) -> Map<String, Value> {
    let filler = value.to_string().repeat(usize::try_from(value % 600).unwrap());
    Map::from_iter([("Value".to_owned(), Value::from(value)), ("Filler".to_owned(), filler.into())])
}

fn tokens(value: u64) -> Vec<u8> {
    value.to_le_bytes().repeat(1 + usize::try_from(value % 300).unwrap())
}

/// What is in the store; panics where anything is not whole.
async fn read(store: &TenantStore) -> Model {
    let mut model = Model::new();
    for summary in store.list(None).await.unwrap() {
        let found = store.get("acme", &summary.name).await.unwrap().unwrap();
        let value = found.fields["Value"].as_u64().unwrap();
        assert_eq!(found.fields, fields(value));
        let token = found.tokens.map(|found| {
            let value = u64::from_le_bytes(found.bytes[..8].try_into().unwrap());
            assert_eq!(*found.bytes, tokens(value));
            value
        });
        model.insert(summary.name, (value, token));
    }
    model
}

/// Random enough to choose (Steele, Lea and Flood 2014, "SplitMix64").
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A seed that is printed, or that `TORTURE_SEED` gives: of the writes and of the moments, not of how fast they go.
fn seed() -> u64 {
    let given = std::env::var("TORTURE_SEED").ok().and_then(|text| text.parse().ok());
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into();
    let seed = given.unwrap_or_else(now);
    println!("TORTURE_SEED={seed}");
    seed
}

/// Writes until it is killed.
async fn write_forever(seed: u64, location: &str) {
    let keys = KeySet::new(key(KEY));
    let store = Store::open(location, keys).await.unwrap().tenant("default").unwrap();
    let mut model = read(&store).await;
    let mut random = Random(seed);
    let mut out = std::io::stdout();
    loop {
        let value = random.below(1_000_000_000);
        let fresh = format!("c{value}");
        let index = random.below(model.len().max(1) as u64);
        let some = model.keys().nth(usize::try_from(index).unwrap()).cloned();
        let write = match (random.below(10), some) {
            (_, None) | (0..=1, Some(_)) if model.len() < 12 => Write::Add(fresh, value),
            (0..=3, Some(name)) => Write::Set(name, value),
            (4..=6, Some(name)) => Write::Tokens(name, value),
            (7..=8, Some(name)) => Write::Rename(name, fresh),
            (_, Some(name)) => Write::Remove(name),
            (_, None) => continue,
        };
        // One write to the pipe each, so that a line is there or not.
        out.write_all(format!("\n? {}\n", write.line()).as_bytes()).unwrap();
        out.flush().unwrap();
        write.perform(&store).await;
        write.apply(&mut model);
        out.write_all(format!("\n! {}\n", write.line()).as_bytes()).unwrap();
        out.flush().unwrap();
    }
}

async fn rotate(location: &str) {
    let keys = KeySet::new(key(KEY)).with_previous(key(OTHER));
    let store = Store::open(location, keys).await.unwrap();
    println!("\n! begins");
    store.rotate(key(OTHER)).await.unwrap();
    println!("\n! done");
}

/// The writer, when this binary is started as one; otherwise a test of what it prints.
#[test]
fn role() {
    let role = std::env::var(ROLE).unwrap_or_default();
    match role.splitn(3, ' ').collect::<Vec<_>>()[..] {
        ["write", seed, location] => block_on(write_forever(seed.parse().unwrap(), location)),
        ["rotate", location] => block_on(rotate(location)),
        ["migrate", location] => block_on(super::migrations::migrate_forever(location)),
        _ => {
            for write in [
                Write::Add("a".into(), 1),
                Write::Set("a".into(), 2),
                Write::Tokens("a".into(), 3),
                Write::Rename("a".into(), "b".into()),
                Write::Remove("b".into()),
            ] {
                assert_eq!(Write::parse(&write.line()), Some(write));
            }
            assert_eq!(Write::parse("add a"), None);
        }
    }
}

/// This binary in a role.
pub(super) fn start(role: &str) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["store::torture::role", "--exact", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    (child, lines)
}

/// Lets a writer acknowledge some writes, kills it a moment later, and returns what it acknowledged and what it had begun.
fn kill_in_the_middle(role: &str, random: &mut Random) -> (Vec<Write>, Option<Write>) {
    let (mut child, mut lines) = start(role);
    let wanted = random.below(8);
    // The first lines are the test harness's; an early kill may come before the store is open.
    let moment = Duration::from_micros(random.below(if wanted == 0 { 20_000 } else { 1500 }));
    let mut text = String::new();
    let mut acknowledged = 0;
    while acknowledged < wanted {
        let mut line = String::new();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "the writer ended by itself:\n{text}");
        acknowledged += u64::from(line.starts_with("! "));
        text.push_str(&line);
    }
    let since = Instant::now();
    while since.elapsed() < moment {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    let ended = child.wait().unwrap();
    assert_eq!(ended.code(), None, "the writer ended by itself:\n{text}");
    lines.read_to_string(&mut text).unwrap();

    let mut done = Vec::new();
    let mut begun = None;
    for line in text.lines() {
        if let Some(write) = line.strip_prefix("? ") {
            begun = Write::parse(write);
        } else if let Some(write) = line.strip_prefix("! ") {
            done.push(Write::parse(write).unwrap());
            begun = None;
        }
    }
    (done, begun)
}

#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    acknowledged: usize,
    in_flight_done: usize,
    in_flight_undone: usize,
    before_the_first_write: usize,
}

/// Kills a writer, and holds what is there against what it acknowledged.
fn kill_once(place: &Place, model: &mut Model, random: &mut Random, tally: &mut Tally) {
    let role = format!("write {} {}", random.next(), place.location());
    let (done, begun) = kill_in_the_middle(&role, random);
    if let Place::Database(database) = place {
        Database::settle(database);
    }
    for write in &done {
        write.apply(model);
    }
    let found = block_on(async { read(&place.tenant().await).await });
    tally.kills += 1;
    tally.acknowledged += done.len();
    if found == *model {
        tally.in_flight_undone += usize::from(begun.is_some());
        tally.before_the_first_write += usize::from(done.is_empty() && begun.is_none());
        return;
    }
    let write = begun.unwrap_or_else(|| panic!("{done:?} is not {found:?}, but {model:?}"));
    write.apply(model);
    assert_eq!(found, *model, "after {done:?} and perhaps {write:?}");
    tally.in_flight_done += 1;
}

fn is_sound(place: &Place) {
    let Place::File(folder) = place else { return };
    let connection = rusqlite::Connection::open(path(folder)).unwrap();
    let check = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    assert_eq!(connection.query_row("PRAGMA integrity_check", [], check).unwrap(), "ok");
}

#[test]
fn a_thousand_kills_lose_no_acknowledged_write() {
    const KILLS: usize = 1000;
    /// Each store is used for so many: the making of a store is interrupted as well.
    const EACH: usize = 40;
    let mut random = Random(seed());
    let mut tally = Tally::default();
    let since = Instant::now();
    while tally.kills < KILLS {
        let place = Place::file();
        let mut model = Model::new();
        for _ in 0..EACH {
            kill_once(&place, &mut model, &mut random, &mut tally);
        }
        is_sound(&place);
    }
    println!("{tally:?} in {:?}", since.elapsed());
    assert_eq!(tally.kills, KILLS);
    assert!(tally.acknowledged > 2 * KILLS, "{tally:?}");
    assert!(tally.in_flight_done > 0 && tally.in_flight_undone > 0, "{tally:?}");
}

#[test]
fn killed_clients_of_a_database_lose_no_acknowledged_write() {
    let Some(place) = Place::database() else { return };
    let mut random = Random(seed());
    let (mut model, mut tally) = (Model::new(), Tally::default());
    for _ in 0..30 {
        kill_once(&place, &mut model, &mut random, &mut tally);
    }
    println!("{tally:?}");
    assert!(tally.acknowledged > 30, "{tally:?}");
}

#[test]
fn a_rotation_that_is_killed_is_finished_by_the_next() {
    const CONNECTIONS: u64 = 350;
    let mut random = Random(seed());
    let mut in_the_middle = 0;
    let filled = Place::file();
    let mut model = Model::new();
    block_on(async {
        let store = filled.tenant().await;
        for value in 0..CONNECTIONS {
            let write = Write::Add(format!("c{value}"), value);
            write.perform(&store).await;
            write.apply(&mut model);
        }
    });
    for _ in 0..100 {
        let place = Place::file();
        // Closed, so that all of it is in the one file.
        std::fs::copy(filled.location(), place.location()).unwrap();
        let (mut child, mut lines) = start(&format!("rotate {}", place.location()));
        let mut line = String::new();
        while !line.starts_with("! begins") {
            line.clear();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0);
        }
        let moment = Duration::from_micros(random.below(20_000));
        let since = Instant::now();
        while since.elapsed() < moment {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let id = key(OTHER).id();
        let new = place.count(&format!(
            "SELECT count(*) FROM cardhost_connections WHERE lower(hex(substr(fields, 2, 8))) = '{id}'"
        ));
        let both = || KeySet::new(key(KEY)).with_previous(key(OTHER));
        block_on(async {
            let store = place.open_with(both()).await.unwrap();
            assert_eq!(read(&store.tenant("default").unwrap()).await, model);
            let left = usize::try_from(CONNECTIONS).unwrap() - usize::try_from(new).unwrap();
            assert_eq!(store.rotate(key(OTHER)).await.unwrap(), left);
            let store = place.open_with(KeySet::new(key(OTHER))).await.unwrap();
            assert_eq!(read(&store.tenant("default").unwrap()).await, model);
        });
        is_sound(&place);
        in_the_middle += u32::from(new > 0 && new < i64::try_from(CONNECTIONS).unwrap());
        if in_the_middle == 3 {
            return;
        }
    }
    panic!("no rotation was killed in the middle");
}
