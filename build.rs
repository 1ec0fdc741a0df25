//! Lists the shipped cards and flows for `src/embedded.rs` and the pages of error codes for `explain`, and names the version.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    pack_relocations();
    name_version()?;
    #[cfg(feature = "embedded-cards")]
    list_cards()?;
    list_flows()?;
    #[cfg(feature = "cli")]
    list_pages("docs/errors")?;
    Ok(())
}

/// The version that `--version` names: with the commit, where what is built for use is built in our repository. Builds for
/// tests and while working have none: each commit would have them built anew.
fn name_version() -> io::Result<()> {
    let version = env::var("CARGO_PKG_VERSION").map_err(io::Error::other)?;
    let is_for_use = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let commit = match is_for_use {
        true => commit(Path::new(&root)),
        false => None,
    };
    let commit = commit.map(|commit| format!(" ({commit})")).unwrap_or_default();
    println!("cargo:rustc-env=CARDHOST_VERSION={version}{commit}");
    Ok(())
}

/// The commit that is checked out. A copy of our files in somebody else's repository has none.
fn commit(root: &Path) -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(root).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if fs::canonicalize(top).ok()? != fs::canonicalize(root).ok()? {
        return None;
    }
    // What changes with the commit: the head, and the branch that it stands for.
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD".to_owned(), "packed-refs".to_owned()].into_iter().chain(branch) {
        let path = root.join(git(&["rev-parse", "--git-path", &name])?);
        if path.exists() {
            println!("cargo:rerun-if-changed={}", path.display());
        }
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

/// Writes the pages of a folder, by their names, as Rust: where each is in the text of all, and that text, deflated.
#[cfg(feature = "cli")]
fn list_pages(of: &str) -> io::Result<()> {
    println!("cargo:rerun-if-changed={of}");
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let folder = Path::new(&root).join(of);
    let (mut list, mut all) = (String::from("&[\n"), String::new());
    for file in names(&folder)? {
        let Some(name) = file.strip_suffix(".md").filter(|name| *name != "README") else {
            continue;
        };
        let start = all.len();
        all.push_str(&fs::read_to_string(folder.join(&file))?);
        writeln!(list, "    ({name:?}, {start}..{}),", all.len()).map_err(io::Error::other)?;
    }
    write_out("pages.rs", &format!("{list}]"))?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let deflated = miniz_oxide::deflate::compress_to_vec(all.as_bytes(), BEST);
    fs::write(Path::new(&out).join("pages.deflate"), deflated)
}

/// Asks the linker for packed relative relocations where the binary will be run by a loader that reads them: a sixth
/// of what a call costs is relocating the binary one word at a time (docs/decisions/2026-11-28-packed-relocations.md).
fn pack_relocations() {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let native = env::var_os("HOST") == env::var_os("TARGET");
    // A shipped binary is for other people's systems, and some of them have an older loader.
    let shipped =
        env::var("OUT_DIR").is_ok_and(|out| Path::new(&out).iter().any(|part| part == "shipped"));
    let reads = is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && is("CARGO_CFG_TARGET_ARCH", "x86_64");
    if native && reads && !shipped && glibc().is_some_and(|version| version >= (2, 36)) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of this system's glibc.
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = version.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}

/// Calls `each` with every file in the folders of a folder: the folder's name, the file's without its extension, its path.
fn each_file(
    of: &str,
    extension: &str,
    each: &mut dyn FnMut(&str, &str, &Path) -> io::Result<()>,
) -> io::Result<()> {
    println!("cargo:rerun-if-changed={of}");
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let all = Path::new(&root).join(of);
    for connector in names(&all)? {
        let folder = all.join(&connector);
        if !folder.is_dir() {
            continue;
        }
        println!("cargo:rerun-if-changed={of}/{connector}");
        for file in names(&folder)? {
            if let Some(name) = file.strip_suffix(extension) {
                each(&connector, name, &folder.join(&file))?;
            }
        }
    }
    Ok(())
}

/// Writes the flows as Rust.
fn list_flows() -> io::Result<()> {
    let mut list = String::from("&[\n");
    each_file("flows", ".yaml", &mut |folder, name, path| {
        writeln!(list, "    ({:?}, {}),", format!("{folder}/{name}"), whole(path)?)
            .map_err(io::Error::other)
    })?;
    write_out("flows.rs", &format!("{list}]"))
}

/// The level of deflation that takes longest.
#[cfg(any(feature = "embedded-cards", feature = "cli"))]
const BEST: u8 = 10;

/// Writes the connectors and cards as Rust: their texts as a run needs them, and the whole ones deflated, connector by connector.
#[cfg(feature = "embedded-cards")]
fn list_cards() -> io::Result<()> {
    let mut list = String::from("&[\n");
    let mut texts: Vec<(String, String)> = Vec::new();
    each_file("cards", ".json", &mut |connector, name, path| {
        let text = fs::read_to_string(path)?;
        if texts.last().is_none_or(|(known, _)| known != connector) {
            texts.push((connector.to_owned(), String::new()));
        }
        let (_, all) = texts.last_mut().ok_or_else(|| io::Error::other("no connector"))?;
        let start = all.len();
        all.push_str(&text);
        let (to_run, end) = (without_samples(&text), all.len());
        let name = format!("{connector}/{name}");
        writeln!(list, "    ({name:?}, {to_run:?}, {start}..{end}),").map_err(io::Error::other)
    })?;
    write_out("cards.rs", &format!("{list}]"))?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let count = texts.len();
    let mut whole = format!("static WHOLE: [(&str, &[u8], OnceLock<String>); {count}] = [\n");
    for (connector, text) in texts {
        let path = Path::new(&out).join(format!("{connector}.deflate"));
        fs::write(&path, miniz_oxide::deflate::compress_to_vec(text.as_bytes(), BEST))?;
        writeln!(whole, "    ({connector:?}, include_bytes!({path:?}), OnceLock::new()),")
            .map_err(io::Error::other)?;
    }
    write_out("cards_whole.rs", &format!("{whole}];"))
}

fn write_out(name: &str, text: &str) -> io::Result<()> {
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join(name), text)
}

/// The text of a file.
fn whole(path: &Path) -> io::Result<String> {
    Ok(format!("include_str!({path:?})"))
}

/// A JSON object without the spaces between its tokens, and without its members `examples` and `antiExamples`.
#[cfg(feature = "embedded-cards")]
fn without_samples(text: &str) -> String {
    let mut members: Vec<String> = Vec::new();
    let mut member = String::new();
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for letter in text.chars() {
        if in_string {
            member.push(letter);
            in_string = escaped || letter != '"';
            escaped = !escaped && letter == '\\';
            continue;
        }
        match letter {
            ' ' | '\n' | '\r' | '\t' => continue,
            '"' => in_string = true,
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        match (letter, depth) {
            // The braces of the object itself.
            ('{', 1) | ('}', 0) => {}
            (',', 1) => members.push(std::mem::take(&mut member)),
            _ => member.push(letter),
        }
    }
    members.push(member);
    let sample = |member: &str| {
        ["\"examples\":", "\"antiExamples\":"].iter().any(|name| member.starts_with(name))
    };
    members.retain(|member| !sample(member));
    format!("{{{}}}", members.join(","))
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    Ok(names)
}
