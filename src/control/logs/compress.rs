//! Compresses one log. Done twice, the second time changes nothing.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use flate2::{Compression, write::GzEncoder};

use super::read::compressed;

/// Replaces `file` by `file.gz`. Readers find one of the two at each moment.
///
/// # Errors
/// When it cannot be read or written; the plain file is then still there.
pub fn compress(file: &Path) -> io::Result<()> {
    let target = compressed(file);
    let mut partial = target.as_os_str().to_owned();
    partial.push(".part");
    let mut source = match File::open(file) {
        Ok(source) => source,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    let mut gz = GzEncoder::new(
        super::write::create(Path::new(&partial))?,
        Compression::fast(),
    );
    io::copy(&mut source, &mut gz)?;
    // The plain file may go only once its copy would survive a power cut.
    gz.finish()?.sync_data()?;
    fs::rename(&partial, &target)?;
    fs::remove_file(file)
}
