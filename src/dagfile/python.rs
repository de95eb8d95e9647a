//! Which files could hold a Python dag: the guess that Airflow makes before it runs a file.

use flate2::{Decompress, FlushDecompress};
use model::limits::DAG_FILE_BYTES_MAX;
use rawzip::{CompressionMethod, ZipArchive};

/// Entries of an archive that are looked at.
const ZIP_ENTRIES_MAX: usize = 10_000;
/// Bytes that all entries of an archive together may have when they are unpacked.
const ZIP_BYTES_MAX: usize = 8 * DAG_FILE_BYTES_MAX as usize;

/// Why an archive cannot be looked into.
#[derive(Debug, thiserror::Error)]
pub enum ZipError {
    /// No archive, or a damaged one.
    #[error("the zip file is damaged")]
    Damaged(#[from] rawzip::Error),
    /// More entries, or more bytes, than are looked at.
    #[error("the zip file has more than {ZIP_ENTRIES_MAX} files or {ZIP_BYTES_MAX} bytes in it")]
    TooLarge,
}

/// Whether a Python file's text could make a dag (`might_contain_dag`): it speaks of Airflow, and
/// of dags or assets. A guess that is right for every file that imports what it needs.
#[must_use]
pub fn might_contain_dag(text: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    let has = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
    has(b"airflow") && (has(b"dag") || has(b"asset"))
}

/// Whether a file is a zip archive by its first bytes (`.zip` or not).
#[must_use]
pub fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The Python files at the top of an archive that could make a dag, by name and in order. Files in
/// its folders are what those import, and are not read by themselves. An entry that cannot be
/// unpacked here counts: Python tells what is wrong with it.
///
/// # Errors
/// When it is no archive, or is larger than dag files may be.
pub fn zip_dag_files(bytes: &[u8]) -> Result<Vec<String>, ZipError> {
    let archive = ZipArchive::from_slice(bytes)?;
    let mut left = ZIP_BYTES_MAX;
    let mut found = Vec::new();
    for (n, entry) in archive.entries().enumerate() {
        if n >= ZIP_ENTRIES_MAX {
            return Err(ZipError::TooLarge);
        }
        let entry = entry?;
        let name = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
        let ending = std::path::Path::new(&name).extension();
        if name.contains('/') || ending.is_none_or(|ending| ending != "py" && ending != "pyc") {
            continue;
        }
        let packed = archive.get_entry(entry.wayfinder())?;
        let text = match entry.compression_method() {
            CompressionMethod::STORE => Some(packed.data().to_vec()),
            CompressionMethod::DEFLATE => inflate(packed.data(), left),
            _ => None,
        };
        if let Some(text) = &text {
            left = left.checked_sub(text.len()).ok_or(ZipError::TooLarge)?;
        }
        if text.is_none_or(|text| might_contain_dag(&text)) {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

/// The unpacked bytes, at most `bytes_max`; none when they are damaged or more.
fn inflate(packed: &[u8], bytes_max: usize) -> Option<Vec<u8>> {
    let mut unpacked = Vec::new();
    let mut inflater = Decompress::new(false);
    loop {
        unpacked.reserve(64 * 1024);
        let read = usize::try_from(inflater.total_in()).ok()?;
        let before = unpacked.len();
        let rest = packed.get(read..)?;
        let status = inflater
            .decompress_vec(rest, &mut unpacked, FlushDecompress::None)
            .ok()?;
        if unpacked.len() > bytes_max {
            return None;
        }
        if status == flate2::Status::StreamEnd {
            return Some(unpacked);
        }
        let after = usize::try_from(inflater.total_in()).ok()?;
        if after == read && unpacked.len() == before {
            return None; // It ends too early.
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_by_words() {
        for (text, expected) in [
            ("from airflow.sdk import DAG", true),
            ("import AIRFLOW # dAg", true),
            ("from airflow.sdk import Asset", true),
            ("import airflow", false),
            ("dag = 1", false),
            ("", false),
        ] {
            assert_eq!(might_contain_dag(text.as_bytes()), expected, "{text}");
        }
    }

    /// `zipfile` of Python wrote it: `a.py` deflated, `b.py` stored, `c.py` without a dag,
    /// `pack/d.py` in a folder and `e.txt`.
    const ARCHIVE: &[u8] = include_bytes!("python/testdata/dags.zip");

    #[test]
    fn the_files_at_the_top_of_an_archive() {
        assert!(is_zip(ARCHIVE));
        assert_eq!(zip_dag_files(ARCHIVE).unwrap(), ["a.py", "b.py"]);
    }

    #[test]
    fn damaged_archives_do_no_harm() {
        assert!(zip_dag_files(b"").is_err());
        assert!(zip_dag_files(b"PK\x03\x04").is_err());
        for n in 0..ARCHIVE.len() {
            let mut bytes = ARCHIVE.to_vec();
            bytes[n] ^= 0xff;
            let _ = zip_dag_files(&bytes);
            let _ = zip_dag_files(&ARCHIVE[..n]);
        }
    }

    #[test]
    fn what_unpacks_to_too_much_is_left_to_python() {
        let mut packed = flate2::Compress::new(flate2::Compression::best(), false);
        let mut bytes = Vec::with_capacity(1 << 20);
        let zeros = vec![0; 1 << 20];
        packed
            .compress_vec(&zeros, &mut bytes, flate2::FlushCompress::Finish)
            .unwrap();
        assert_eq!(inflate(&bytes, 1 << 20).map(|all| all.len()), Some(1 << 20));
        assert_eq!(inflate(&bytes, 1 << 19), None);
    }
}
