//! A file becomes a runtime, without a network.

use std::{path::Path, process::Command};

use crate::{Error, Home, Manifest, Progress, archive, install, interpreter, tool, tree, zygote};

/// Unpacks an archive under a name (its own when absent), verified by its hash, and makes what
/// differs between machines anew: the links to this machine's Python, and byte code.
///
/// # Errors
/// [`Error::Archive`] when it was changed or is for another Python or platform.
pub fn import(
    home: &Home,
    path: &Path,
    name: Option<&str>,
    python: Option<&Path>,
    progress: Progress<'_>,
) -> Result<Manifest, Error> {
    let wrong = |why: String| Error::Archive {
        archive: path.to_owned(),
        why,
    };
    let (mut manifest, mut archive) = archive::open(path).map_err(wrong)?;
    if let Some(name) = name {
        name.clone_into(&mut manifest.name);
    }
    if home.manifest(&manifest.name)?.exists() {
        return Err(Error::Taken(manifest.name));
    }
    let minor: Vec<_> = manifest.python.split('.').take(2).collect();
    let minor = minor.join(".");
    let named = format!("python{minor}");
    let named = Path::new(&named);
    let python = interpreter::find(Some(python.unwrap_or(named)))?;
    if !python.version.starts_with(&format!("{minor}.")) || python.platform != manifest.platform {
        return Err(wrong(format!(
            "it is for Python {minor} on {}, and `{}` is {} on {}; name another with --python",
            manifest.platform,
            python.path.display(),
            python.version,
            python.platform
        )));
    }
    let _lock = home.lock()?;
    if home.is_whole(&manifest.hash) {
        progress("its environment is here already");
    } else {
        progress("unpacking");
        home.build(&manifest.hash, |env| {
            let mut venv = Command::new(&python.path);
            venv.args(["-I", "-m", "venv", "--without-pip"]).arg(env);
            tool::run(&mut venv, progress).map_err(Error::Install)?;
            archive.unpack(env).map_err(wrong)?;
            progress("comparing files");
            if tree::hash(env)? != manifest.tree {
                let why = "its files are not those that its manifest tells of";
                return Err(wrong(why.to_owned()));
            }
            install::compile(env, progress);
            Ok(())
        })?;
    }
    progress("trying it out");
    zygote::try_out(&manifest.name, &home.env(&manifest.hash))?;
    manifest.write(home)?;
    Ok(manifest)
}
