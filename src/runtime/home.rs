//! The folder of the runtimes: names, environments, one command at a time.

use std::{
    fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use crate::{Error, error::io};

const NAME_BYTES_MAX: usize = 64;
const MARK: &str = "incomplete";
/// Before the process id in the names of folders in which a runtime is tried out.
pub const TRY: &str = ".try-";

/// `<data>/runtimes`.
#[derive(Debug, Clone)]
pub struct Home(PathBuf);

/// While it lives no other command changes anything.
pub struct Lock(#[allow(dead_code)] fs::File);

impl Home {
    /// The home below a data folder; nothing is made yet.
    #[must_use]
    pub fn of(data: &Path) -> Self {
        Self(data.join("runtimes"))
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the manifest of a name is.
    ///
    /// # Errors
    /// [`Error::Name`] for what is no name, and so might lead elsewhere.
    pub fn manifest(&self, name: &str) -> Result<PathBuf, Error> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let good = name.len() <= NAME_BYTES_MAX
            && name.bytes().next().is_some_and(fits)
            && name.bytes().all(|b| fits(b) || b"._-".contains(&b));
        if good {
            Ok(self.0.join(format!("{name}.json")))
        } else {
            Err(Error::Name(name.to_owned()))
        }
    }

    /// The folder of environments.
    #[must_use]
    pub fn envs(&self) -> PathBuf {
        self.0.join("envs")
    }

    /// Where the environment of a hash is.
    #[must_use]
    pub fn env(&self, hash: &str) -> PathBuf {
        self.envs().join(hash)
    }

    /// The mark that an environment is not whole yet.
    pub fn mark(&self, hash: &str) -> PathBuf {
        self.envs().join(format!("{hash}.{MARK}"))
    }

    /// Whether an environment is there and whole.
    pub fn is_whole(&self, hash: &str) -> bool {
        self.env(hash).join("bin/python").exists() && !self.mark(hash).exists()
    }

    /// Makes the folders and keeps other commands out; sweeps away what an interrupted one left.
    ///
    /// # Errors
    /// [`Error::Busy`], or the file system's.
    pub fn lock(&self) -> Result<Lock, Error> {
        let envs = self.envs();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&envs).map_err(io("make", &envs))?;
        let path = self.0.join(".lock");
        let file = fs::File::create(&path).map_err(io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(Error::Busy(self.0.clone())),
            Err(fs::TryLockError::Error(cause)) => return Err(io("lock", path)(cause)),
        }
        self.sweep()?;
        Ok(Lock(file))
    }

    fn sweep(&self) -> Result<(), Error> {
        let envs = self.envs();
        for entry in fs::read_dir(&envs).map_err(io("read", &envs))? {
            let path = entry.map_err(io("read", &envs))?.path();
            if path.extension().is_some_and(|end| end == MARK) {
                remove_tree(&path.with_extension(""))?;
                fs::remove_file(&path).map_err(io("remove", &path))?;
                continue;
            }
            let owner = path
                .to_str()
                .and_then(|path| Some(path.rsplit_once(TRY)?.1));
            if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
                remove_tree(&path)?;
            }
        }
        Ok(())
    }

    /// Makes an environment: marked as incomplete until `build` is done, swept away if it fails.
    pub fn build(
        &self,
        hash: &str,
        build: impl FnOnce(&Path) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (mark, env) = (self.mark(hash), self.env(hash));
        let file = fs::File::create(&mark).map_err(io("write", &mark))?;
        file.sync_all().map_err(io("write", &mark))?;
        remove_tree(&env)?;
        let done = build(&env);
        if done.is_err() {
            remove_tree(&env)?;
        } else {
            // Thousands of files: the whole file system once is cheaper than each of them.
            rustix::fs::syncfs(&file).map_err(|e| io("write", &env)(e.into()))?;
        }
        fs::remove_file(&mark).map_err(io("remove", &mark))?;
        done
    }
}

/// Removes a folder with all that is in it, if it is there.
pub fn remove_tree(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            Err(io("remove", path)(cause))
        }
        _ => Ok(()),
    }
}
