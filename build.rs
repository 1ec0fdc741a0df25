//! Lists the shipped cards and flows for `src/embedded.rs`.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    list("cards", ".json")?;
    list("flows", ".yaml")
}

/// Writes the files of a folder's folders, with their texts, as Rust.
fn list(of: &str, extension: &str) -> io::Result<()> {
    println!("cargo:rerun-if-changed={of}");
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let all = Path::new(&root).join(of);
    let mut list = String::from("&[\n");
    for connector in names(&all)? {
        let folder = all.join(&connector);
        if !folder.is_dir() {
            continue;
        }
        println!("cargo:rerun-if-changed={of}/{connector}");
        for file in names(&folder)? {
            let Some(name) = file.strip_suffix(extension) else { continue };
            let path = folder.join(&file);
            writeln!(list, "    ({:?}, include_str!({path:?})),", format!("{connector}/{name}"))
                .map_err(io::Error::other)?;
        }
    }
    list.push(']');
    fs::write(Path::new(&out).join(format!("{of}.rs")), list)
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    Ok(names)
}
