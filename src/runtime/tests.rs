//! Whole runtimes, made of tiny wheels that stand in for Airflow: no network.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::*;

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("orrery-rtm-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/python/wheels.py");
        let made = Command::new("python3")
            .arg(script)
            .arg(path.join("wheels"))
            .status();
        assert!(made.unwrap().success());
        Self(path)
    }
    fn home(&self) -> Home {
        Home::of(&self.0.join("data"))
    }
    fn order<'a>(&self, name: &'a str, airflow: &'a str) -> Order<'a> {
        Order {
            name,
            airflow,
            python: None,
            requirements: None,
            source: Source::Wheelhouse(self.0.join("wheels")),
            made_at: "2026-01-01T00:00:00Z".to_owned(),
        }
    }
    fn create(&self, name: &str, airflow: &str) -> Result<Manifest, Error> {
        create(&self.home(), &self.order(name, airflow), &mut |_| {})
    }
    fn envs(&self) -> Vec<String> {
        let entries = fs::read_dir(self.home().envs()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.unwrap_err().to_string()[..7].to_owned()
}

#[test]
fn a_runtime_lives_and_moves() {
    let place = Place::new("moves");
    let home = place.home();
    let mut said = Vec::new();
    let made = create(&home, &place.order("one", "3.3.2"), &mut |line| {
        said.push(line.to_owned());
    });
    let made = made.unwrap();
    assert!(
        said.iter()
            .any(|line| line.starts_with("resolving for Python 3.")),
        "{said:?}"
    );
    assert_eq!(
        (made.airflow.as_str(), made.task_sdk.as_str()),
        ("3.3.2", "1.3.2")
    );
    assert!(
        made.lock
            .contains("apache-airflow-core==3.3.2 \\\n    --hash=sha256:"),
        "{}",
        made.lock
    );
    assert_eq!(show(&home, "one").unwrap(), made);
    assert_eq!(check(&home, "one", &mut |_| {}).unwrap(), made);
    assert_eq!(code(place.create("one", "3.3.2")), "RTM-010");

    // The same lock is the same environment, and it goes with its last name.
    assert_eq!(place.create("two", "3.3.2").unwrap().hash, made.hash);
    remove(&home, "one").unwrap();
    check(&home, "two", &mut |_| {}).unwrap();
    assert_eq!(code(show(&home, "one")), "RTM-007");

    let file = place.0.join("two.tar.gz");
    export(&home, "two", &file, &mut |_| {}).unwrap();
    let other = Home::of(&place.0.join("elsewhere"));
    let python = interpreter::find(None).unwrap().path;
    let import = |name| import(&other, &file, name, Some(&python), &mut |_| {});
    let moved = import(Some("three")).unwrap();
    assert_eq!(
        (moved.name.as_str(), moved.tree.as_str()),
        ("three", made.tree.as_str())
    );
    assert_eq!(check(&other, "three", &mut |_| {}).unwrap(), moved);
    assert_eq!(code(import(Some("three"))), "RTM-010");

    let module = home.env(&made.hash).join("lib");
    let module = tree::files(&home.env(&made.hash)).map(|files| {
        let found = files
            .iter()
            .find(|file| file.ends_with("comms.py"))
            .unwrap();
        module.parent().unwrap().join(found)
    });
    fs::write(module.unwrap(), "evil = 1\n").unwrap();
    assert_eq!(code(check(&home, "two", &mut |_| {})), "RTM-008");
    assert_eq!(code(export(&home, "two", &file, &mut |_| {})), "RTM-008");
    remove(&home, "two").unwrap();
    assert_eq!(place.envs(), Vec::<String>::new());
    assert!(list(&home).unwrap().is_empty());
}

#[test]
fn what_cannot_be_made_leaves_nothing() {
    let place = Place::new("nothing");
    let home = place.home();
    assert_eq!(code(place.create("../x", "3.3.2")), "RTM-001");
    assert_eq!(code(place.create("x", "2.11.0")), "RTM-002");
    let python = Path::new("/nowhere/python3");
    let order = Order {
        python: Some(python),
        ..place.order("x", "3.3.2")
    };
    assert_eq!(code(create(&home, &order, &mut |_| {})), "RTM-003");
    assert_eq!(code(place.create("x", "3.2.0")), "RTM-004");
    assert_eq!(code(place.create("x", "3.3.1")), "RTM-008");
    assert_eq!(code(show(&home, "x")), "RTM-007");
    let lock = home.lock().unwrap();
    assert_eq!(code(place.create("x", "3.3.2")), "RTM-006");
    drop(lock);
    assert!(list(&home).unwrap().is_empty());
}

#[test]
fn an_interrupted_command_is_swept_up() {
    let place = Place::new("swept");
    let home = place.home();
    let half = "a".repeat(64);
    fs::create_dir_all(home.env(&half).join("lib")).unwrap();
    fs::write(home.mark(&half), "").unwrap();
    fs::create_dir_all(home.envs().join("b.try-999999999")).unwrap();
    drop(home.lock().unwrap());
    assert_eq!(place.envs(), Vec::<String>::new());
}

/// An archive of a manifest and one entry.
fn pack(file: &Path, first: &str, manifest: &str, name: &str, kind: tar::EntryType) {
    let to =
        flate2::write::GzEncoder::new(fs::File::create(file).unwrap(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(to);
    for (path, text, kind) in [
        (first, manifest, tar::EntryType::Regular),
        (name, "x", kind),
    ] {
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(kind);
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append(&header, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap();
}

#[test]
fn archives_that_do_harm_are_refused() {
    let place = Place::new("harm");
    let home = place.home();
    place.create("one", "3.3.2").unwrap();
    let good = place.0.join("good.tar.gz");
    export(&home, "one", &good, &mut |_| {}).unwrap();
    let text = fs::read_to_string(home.manifest("one").unwrap()).unwrap();
    let python = interpreter::find(None).unwrap().path;
    let other = Home::of(&place.0.join("elsewhere"));
    let file = place.0.join("bad.tar.gz");
    let try_one = |first: &str, manifest: &str, name: &str, kind: tar::EntryType| {
        pack(&file, first, manifest, name, kind);
        let result = import(&other, &file, None, Some(&python), &mut |_| {});
        let said = result.unwrap_err().to_string();
        assert!(said.starts_with("RTM-009"), "{said}");
        said
    };
    let file_kind = tar::EntryType::Regular;
    for name in [
        "../evil",
        "env/../../evil",
        "/evil",
        "env",
        "other/x",
        "env/..",
    ] {
        assert!(
            try_one(archive::MANIFEST, &text, name, file_kind).contains("leads out"),
            "{name}"
        );
    }
    for kind in [
        tar::EntryType::Symlink,
        tar::EntryType::Link,
        tar::EntryType::Fifo,
    ] {
        assert!(try_one(archive::MANIFEST, &text, "env/x", kind).contains("no plain file"));
    }
    assert!(try_one(archive::MANIFEST, &text, "env/lib/x", file_kind).contains("not those"));
    for name in [
        "env/pyvenv.cfg",
        "env/bin/python",
        "env/lib/__pycache__/x.pyc",
    ] {
        assert!(try_one(archive::MANIFEST, &text, name, file_kind).contains("does not belong"));
    }
    assert!(try_one("other.json", &text, "env/x", file_kind).contains("does not begin"));
    assert!(try_one(archive::MANIFEST, "{}", "env/x", file_kind).contains("does not begin"));
    let elsewhere = text.replace("linux-", "solaris-");
    assert!(try_one(archive::MANIFEST, &elsewhere, "env/x", file_kind).contains("solaris-"));
    let whole = fs::read(&good).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(
        code(import(&other, &file, None, Some(&python), &mut |_| {})),
        "RTM-009"
    );
    assert!(list(&other).unwrap().is_empty());
    assert!(!place.0.join("evil").exists() && !place.0.join("data/evil").exists());
}
