//! Is a runtime as it was made, and does it work?

use crate::{Error, Home, Manifest, Progress, list::show, tree, zygote};

/// Compares all files with the manifest, then imports Airflow and parses an example.
///
/// # Errors
/// [`Error::Damaged`] with how it shows.
pub fn check(home: &Home, name: &str, progress: Progress<'_>) -> Result<Manifest, Error> {
    let manifest = show(home, name)?;
    let env = home.env(&manifest.hash);
    progress("comparing files");
    if tree::hash(&env)? != manifest.tree {
        return Err(Error::Damaged {
            name: name.to_owned(),
            why: "files were changed, added or lost since it was made".to_owned(),
        });
    }
    progress("parsing an example");
    zygote::try_out(name, &env)?;
    Ok(manifest)
}
