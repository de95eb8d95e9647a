//! A lock becomes an environment.

use std::{fs, path::Path, process::Command};

use crate::{Error, Progress, error::io, resolve::Desk, tool};

/// Installs the lock's packages, checked by their hashes, into a new environment.
///
/// # Errors
/// [`Error::Install`] with what the installer says.
pub fn install(
    desk: &Desk<'_>,
    lock: &str,
    env: &Path,
    progress: Progress<'_>,
) -> Result<(), Error> {
    let file = desk.folder.join("lock.txt");
    fs::write(&file, lock).map_err(io("write", &file))?;
    let python = env.join("bin/python");
    let mut venv = if desk.has_uv {
        let mut uv = Command::new("uv");
        uv.args(["venv", "--quiet", "--no-python-downloads", "--python"]);
        uv.arg(&desk.python.path);
        uv
    } else {
        let mut venv = Command::new(&desk.python.path);
        // Without pip, as uv does it: that takes longer than all the rest of it.
        venv.args(["-I", "-m", "venv", "--without-pip"]);
        venv
    };
    tool::run(venv.arg(env), progress).map_err(Error::Install)?;
    let mut installer = if desk.has_uv {
        // Copies, since what is linked into uv's cache can be changed from elsewhere.
        let mut uv = Command::new("uv");
        uv.args(["pip", "install", "--link-mode", "copy", "--python"]);
        uv.arg(&python);
        uv
    } else {
        let mut pip = Command::new(desk.pip());
        pip.args(["-I", "-m", "pip", "--python"]).arg(&python);
        pip.args(["install", "--disable-pip-version-check", "--no-compile"]);
        pip
    };
    installer
        .args(["--no-deps", "--require-hashes", "-r"])
        .arg(&file);
    desk.source.add_to(&mut installer);
    tool::run(&mut installer, progress).map_err(Error::Install)?;
    compile(env, progress);
    Ok(())
}

/// Byte code for all modules, since without it each start takes twice as long. Some packages
/// bring files that are no Python, as templates or tests: no trouble.
pub fn compile(env: &Path, progress: Progress<'_>) {
    progress("compiling");
    let mut python = Command::new(env.join("bin/python"));
    python.args(["-I", "-m", "compileall", "-qq", "-j", "0"]);
    let _ = tool::run(python.arg(env.join("lib")), &mut |_| {});
}
