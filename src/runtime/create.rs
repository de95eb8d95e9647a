//! A runtime is made: resolved once, installed, tried out, written down.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use sha2::{Digest, Sha256};

use crate::{
    Error, Home, Manifest, Progress,
    error::io,
    home::remove_tree,
    install, interpreter,
    resolve::{self, Desk},
    tool, tree, version, zygote,
};

/// Where packages come from.
#[derive(Debug, Clone, Default)]
pub enum Source {
    /// What pip or uv is set up for.
    #[default]
    Default,
    /// This index alone.
    Index(String),
    /// A folder of wheels, and no network.
    Wheelhouse(PathBuf),
}

impl Source {
    /// As arguments, which pip and uv share.
    pub(crate) fn add_to(&self, command: &mut Command) {
        match self {
            Self::Default => {}
            Self::Index(url) => {
                command.arg("--index-url").arg(url);
            }
            Self::Wheelhouse(folder) => {
                command.args(["--no-index", "--find-links"]).arg(folder);
            }
        }
    }
}

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// The name.
    pub name: &'a str,
    /// The version of Airflow.
    pub airflow: &'a str,
    /// The Python; `python3` of the path when absent.
    pub python: Option<&'a Path>,
    /// A file with further requirements, in pip's format.
    pub requirements: Option<&'a Path>,
    /// Where packages come from.
    pub source: Source,
    /// The time, ISO 8601.
    pub made_at: String,
}

/// Makes a runtime. An interruption leaves nothing but a mark, which the next command sweeps.
///
/// # Errors
/// All of [`Error`] that tell of names, versions, Pythons and installations.
pub fn create(home: &Home, order: &Order<'_>, progress: Progress<'_>) -> Result<Manifest, Error> {
    version::supported(order.airflow)?;
    if home.manifest(order.name)?.exists() {
        return Err(Error::Taken(order.name.to_owned()));
    }
    let python = interpreter::find(order.python)?;
    let wanted = requirements(order)?;
    let _lock = home.lock()?;
    let folder = home.path().join(".desk");
    remove_tree(&folder)?;
    fs::create_dir(&folder).map_err(io("make", &folder))?;
    let desk = Desk {
        folder: &folder,
        python: &python,
        source: &order.source,
        has_uv: tool::is_there("uv"),
    };
    let by = if desk.has_uv { "uv" } else { "pip" };
    progress(&format!(
        "resolving for Python {} with {by}",
        python.version
    ));
    let lock = resolve::resolve(&desk, &wanted, progress)?;
    let hash = hash(&[&lock, &python.version, &python.platform]);
    if home.is_whole(&hash) {
        progress("installed already, under another name");
    } else {
        progress(&format!("installing {} packages", packages(&lock)));
        home.build(&hash, |env| install::install(&desk, &lock, env, progress))?;
    }
    remove_tree(&folder)?;
    progress("trying it out");
    let env = home.env(&hash);
    let tried = zygote::try_out(order.name, &env)?;
    let manifest = Manifest {
        name: order.name.to_owned(),
        hash,
        python: tried.python,
        platform: python.platform,
        airflow: tried.airflow,
        task_sdk: tried.task_sdk,
        providers: tried.providers,
        protocol: tried.protocol,
        tree: tree::hash(&env)?,
        lock,
        made_at: order.made_at.clone(),
    };
    manifest.write(home)?;
    Ok(manifest)
}

fn requirements(order: &Order<'_>) -> Result<String, Error> {
    let mut wanted = format!(
        "apache-airflow-core=={}\napache-airflow-providers-standard\n",
        order.airflow
    );
    if let Some(path) = order.requirements {
        let path = path.canonicalize().map_err(io("read", path))?;
        // By name, so that its own references to other files stay right.
        wanted.push_str(&format!("-r {}\n", path.display()));
    }
    Ok(wanted)
}

fn packages(lock: &str) -> usize {
    lock.lines().filter(|line| line.contains("==")).count()
}

fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    tree::hex(&hasher.finalize())
}
