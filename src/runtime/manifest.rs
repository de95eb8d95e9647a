//! What is written down of a runtime.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use serde_json::{Value, json};

use crate::{Error, Home, error::io};

/// A runtime as its manifest tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Its name.
    pub name: String,
    /// The environment: sha256 of lock, Python and platform.
    pub hash: String,
    /// Version of Python.
    pub python: String,
    /// The platform, such as `linux-x86_64`.
    pub platform: String,
    /// Version of Airflow.
    pub airflow: String,
    /// Version of the task SDK.
    pub task_sdk: String,
    /// Providers with their versions, sorted.
    pub providers: Vec<(String, String)>,
    /// Version of the supervisor protocol, where the runtime has one.
    pub protocol: Option<String>,
    /// sha256 over all files but byte code.
    pub tree: String,
    /// The requirements with versions and hashes.
    pub lock: String,
    /// When it was made, ISO 8601.
    pub made_at: String,
}

impl Manifest {
    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Self {
            name,
            hash,
            python,
            platform,
            airflow,
            task_sdk,
            providers,
            protocol,
            tree,
            lock,
            made_at,
        } = self;
        let providers: serde_json::Map<_, _> = providers
            .iter()
            .map(|(name, version)| (name.clone(), json!(version)))
            .collect();
        json!({
            "version": 1, "name": name, "hash": hash, "python": python, "platform": platform,
            "airflow": airflow, "task_sdk": task_sdk, "providers": providers,
            "protocol": protocol, "tree": tree, "made_at": made_at, "lock": lock,
        })
    }

    /// From JSON; `None` for what is not ours.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        let text = |field: &str| Some(value.get(field)?.as_str()?.to_owned());
        let known = value.get("version")? == 1;
        let providers = value.get("providers")?.as_object()?;
        let providers = providers
            .iter()
            .map(|(name, version)| Some((name.clone(), version.as_str()?.to_owned())));
        let hash = text("hash")?;
        // It becomes a part of a path.
        let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        (known && is_hash).then_some(())?;
        Some(Self {
            name: text("name")?,
            hash,
            python: text("python")?,
            platform: text("platform")?,
            airflow: text("airflow")?,
            task_sdk: text("task_sdk")?,
            providers: providers.collect::<Option<_>>()?,
            protocol: text("protocol"),
            tree: text("tree")?,
            lock: text("lock")?,
            made_at: text("made_at")?,
        })
    }

    /// Writes it, whole or not at all.
    pub fn write(&self, home: &Home) -> Result<(), Error> {
        let path = home.manifest(&self.name)?;
        let new = path.with_extension("new");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let text = format!("{:#}\n", self.to_json());
        let write = || {
            let mut file = options.open(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            fs::File::open(home.path())?.sync_all()
        };
        write().map_err(io("write", path.clone()))
    }

    /// Reads one.
    pub fn read(path: &Path, name: &str) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(io("read", path))?;
        let value = serde_json::from_str(&text).ok();
        let damaged = || Error::Damaged {
            name: name.to_owned(),
            why: format!("`{}` is no manifest", path.display()),
        };
        value.as_ref().and_then(Self::from_json).ok_or_else(damaged)
    }
}
