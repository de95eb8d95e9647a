//! Requirements become a lock: each package with its version and the hashes of its files.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{Error, Progress, Source, error::io, interpreter::Interpreter, tool};

/// Where a resolution does its work; all of it is thrown away.
pub struct Desk<'a> {
    /// A folder of its own.
    pub folder: &'a Path,
    /// The Python to resolve for.
    pub python: &'a Interpreter,
    /// Where packages come from.
    pub source: &'a Source,
    /// Whether `uv` is used.
    pub has_uv: bool,
}

impl Desk<'_> {
    /// The interpreter beside which pip is, once pip has resolved.
    pub fn pip(&self) -> PathBuf {
        self.folder.join("env/bin/python")
    }
}

/// The lock of these requirements, in the format of requirement files.
///
/// # Errors
/// [`Error::Resolve`] with what the resolver says.
pub fn resolve(desk: &Desk<'_>, wanted: &str, progress: Progress<'_>) -> Result<String, Error> {
    let input = desk.folder.join("requirements.in");
    fs::write(&input, wanted).map_err(io("write", &input))?;
    let lock = if desk.has_uv {
        by_uv(desk, &input, progress)
    } else {
        by_pip(desk, &input, progress)
    }?;
    Ok(lock)
}

fn by_uv(desk: &Desk<'_>, input: &Path, progress: Progress<'_>) -> Result<String, Error> {
    let output = desk.folder.join("requirements.txt");
    let mut uv = Command::new("uv");
    uv.args([
        "pip",
        "compile",
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
    ])
    .args(["--no-python-downloads", "--quiet", "--python"])
    .arg(&desk.python.path)
    .arg("--output-file")
    .arg(&output)
    .arg(input);
    desk.source.add_to(&mut uv);
    tool::run(&mut uv, progress).map_err(Error::Resolve)?;
    let text = fs::read_to_string(&output).map_err(io("read", &output))?;
    // Options are repeated in it, and with them paths of this machine.
    let own = text.lines().filter(|line| !line.starts_with('-'));
    Ok(own.map(|line| format!("{line}\n")).collect())
}

fn by_pip(desk: &Desk<'_>, input: &Path, progress: Progress<'_>) -> Result<String, Error> {
    let (env, report) = (desk.folder.join("env"), desk.folder.join("report.json"));
    let mut venv = Command::new(&desk.python.path);
    venv.args(["-I", "-m", "venv"]).arg(&env);
    tool::run(&mut venv, progress).map_err(Error::Resolve)?;
    let mut pip = Command::new(desk.pip());
    pip.args(["-I", "-m", "pip", "install", "--disable-pip-version-check"])
        .args(["--dry-run", "--ignore-installed", "--report"])
        .arg(&report)
        .arg("-r")
        .arg(input);
    desk.source.add_to(&mut pip);
    tool::run(&mut pip, progress).map_err(Error::Resolve)?;
    let text = fs::read_to_string(&report).map_err(io("read", &report))?;
    from_report(&text).ok_or_else(|| Error::Resolve("pip's report is not understood".to_owned()))
}

fn from_report(text: &str) -> Option<String> {
    let report: Value = serde_json::from_str(text).ok()?;
    let mut lines = Vec::new();
    for package in report.get("install")?.as_array()? {
        let about = package.get("metadata")?;
        let name = about
            .get("name")?
            .as_str()?
            .to_lowercase()
            .replace('_', "-");
        let mut line = format!("{name}=={}", about.get("version")?.as_str()?);
        let hash = package.pointer("/download_info/archive_info/hashes/sha256");
        write!(line, " \\\n    --hash=sha256:{}", hash?.as_str()?).ok()?;
        lines.push(line);
    }
    lines.sort();
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_report_of_pip() {
        let one = |name: &str, hash: &str| {
            serde_json::json!({
                "metadata": {"name": name, "version": "1.0"},
                "download_info": {"archive_info": {"hashes": {"sha256": hash}}},
            })
        };
        let report = serde_json::json!({"install": [one("B_b", "22"), one("a", "11")]});
        assert_eq!(
            from_report(&report.to_string()).unwrap(),
            "a==1.0 \\\n    --hash=sha256:11\nb-b==1.0 \\\n    --hash=sha256:22\n"
        );
        assert_eq!(from_report("{}"), None);
    }
}
