//! Reads a try's log page by page, while it is being written and after it was compressed.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;

/// Bytes of one page.
pub const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// A part of a log: whole lines, as they are in the file (JSON objects).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Page {
    /// The lines, each with its newline; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// Where the next page begins, in bytes of the uncompressed log.
    pub next: u64,
    /// Whether this page reaches the end of what is there now.
    pub at_end: bool,
}

/// Reads whole lines from `offset` on, at most `bytes_max` bytes (and [`PAGE_BYTES_MAX`]). A last
/// line without a newline is left for the next call while `writing`. None when there is no log.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn page(file: &Path, offset: u64, bytes_max: usize, writing: bool) -> io::Result<Option<Page>> {
    let bytes_max = bytes_max.clamp(1, PAGE_BYTES_MAX);
    let Some(mut source) = open(file, offset)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    let limit = u64::try_from(bytes_max)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    source.by_ref().take(limit).read_to_end(&mut bytes)?;
    let more = bytes.len() > bytes_max;
    bytes.truncate(bytes_max);
    let keep = match bytes.iter().rposition(|b| *b == b'\n') {
        Some(at) if more || writing => at + 1,
        // A line longer than a page is given in pieces rather than never.
        None if writing && !more => 0,
        Some(_) | None => bytes.len(),
    };
    bytes.truncate(keep);
    Ok(Some(Page {
        next: offset + u64::try_from(keep).unwrap_or(0),
        text: String::from_utf8_lossy(&bytes).into_owned(),
        at_end: !more,
    }))
}

/// The size of the uncompressed log in bytes; none when there is no log.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn size_bytes(file: &Path) -> io::Result<Option<u64>> {
    match std::fs::metadata(file) {
        Ok(meta) => return Ok(Some(meta.len())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    // The last four bytes of a gzip file are the size modulo 4 GiB, and logs are far smaller.
    let Some(mut gz) = found(File::open(compressed(file)))? else {
        return Ok(None);
    };
    gz.seek(SeekFrom::End(-4))?;
    let mut size = [0; 4];
    gz.read_exact(&mut size)?;
    Ok(Some(u64::from(u32::from_le_bytes(size))))
}

/// The offset from which about `bytes` bytes are left, for tailing; the page from there begins with
/// a part of a line unless it is 0.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn tail_offset(file: &Path, bytes: u64) -> io::Result<Option<u64>> {
    Ok(size_bytes(file)?.map(|size| size.saturating_sub(bytes)))
}

/// The name of a log once it is compressed.
#[must_use]
pub fn compressed(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".gz");
    name.into()
}

/// The log at `offset`: the plain file, else the compressed one.
/// Whether there is a log, compressed or not.
pub fn is_there(file: &Path) -> bool {
    file.exists() || compressed(file).exists()
}

fn open(file: &Path, offset: u64) -> io::Result<Option<Box<dyn Read>>> {
    for _ in 0..2 {
        if let Some(mut plain) = found(File::open(file))? {
            plain.seek(SeekFrom::Start(offset))?;
            return Ok(Some(Box::new(plain)));
        }
        if let Some(gz) = found(File::open(compressed(file)))? {
            let mut gz = GzDecoder::new(io::BufReader::new(gz));
            io::copy(&mut gz.by_ref().take(offset), &mut io::sink())?;
            return Ok(Some(Box::new(gz)));
        }
    }
    Ok(None)
}

fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{logs::compress, testing::Folder};

    #[test]
    fn pages_hold_whole_lines_and_join_without_gaps() {
        let folder = Folder::new();
        let file = folder.write("a.log", "one\ntwo\nthree\npart");
        for gz in [false, true] {
            if gz {
                compress(&file).unwrap();
                assert!(!file.exists());
            }
            let first = page(&file, 0, 9, false).unwrap().unwrap();
            assert_eq!(
                (first.text.as_str(), first.next, first.at_end),
                ("one\ntwo\n", 8, false)
            );
            let rest = page(&file, first.next, 100, false).unwrap().unwrap();
            assert_eq!((rest.text.as_str(), rest.at_end), ("three\npart", true));
            let live = page(&file, 8, 100, true).unwrap().unwrap();
            assert_eq!((live.text.as_str(), live.next), ("three\n", 14));
            let none_yet = page(&file, 14, 100, true).unwrap().unwrap();
            assert_eq!((none_yet.text.as_str(), none_yet.next), ("", 14));
            assert_eq!(page(&file, 99, 100, false).unwrap().unwrap().text, "");
            assert_eq!(tail_offset(&file, 4).unwrap(), Some(14));
        }
        assert_eq!(
            page(&folder.path().join("none"), 0, 9, false).unwrap(),
            None
        );
    }

    #[test]
    fn a_line_longer_than_a_page_comes_in_pieces() {
        let folder = Folder::new();
        let file = folder.write("a.log", &"x".repeat(25));
        let first = page(&file, 0, 10, true).unwrap().unwrap();
        assert_eq!(
            (first.text.len(), first.next, first.at_end),
            (10, 10, false)
        );
    }
}
