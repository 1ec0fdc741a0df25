//! The size of a program: what the loader maps of its file, which is its text and data.

use std::path::Path;

use crate::Result;

/// The type of a segment that is mapped, `PT_LOAD`.
const LOADED: u64 = 1;

/// The bytes of a 64-bit little-endian ELF file that its loaded segments take.
///
/// # Errors
/// It cannot be read, or is no such file.
pub fn loaded_bytes(program: &Path) -> Result<u64> {
    let file = std::fs::read(program)?;
    if !file.starts_with(b"\x7fELF\x02\x01") {
        return Err(format!("{} is no 64-bit ELF file", program.display()).into());
    }
    let header = number::<8>(&file, 32)?;
    let (size, count) = (number::<2>(&file, 54)?, number::<2>(&file, 56)?);
    let mut bytes = 0;
    for segment in 0..count {
        let at = usize::try_from(header + segment * size)?;
        if number::<4>(&file, at)? == LOADED {
            bytes += number::<8>(&file, at + 32)?;
        }
    }
    Ok(bytes)
}

fn number<const BYTES: usize>(file: &[u8], at: usize) -> Result<u64> {
    let bytes = file.get(at..at + BYTES).ok_or("an ELF file that ends too early")?;
    Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_a_little_smaller_than_its_file() {
        let program = std::env::current_exe().unwrap();
        let file = std::fs::metadata(&program).unwrap().len();
        let loaded = loaded_bytes(&program).unwrap();
        assert!(loaded > 100_000 && loaded < file, "{loaded} of {file}");
    }

    #[test]
    fn another_file_is_refused() {
        let text = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let error = loaded_bytes(&text).unwrap_err().to_string();
        assert!(error.ends_with("Cargo.toml is no 64-bit ELF file"), "{error}");
    }
}
