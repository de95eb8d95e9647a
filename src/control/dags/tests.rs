//! The dag folder against a scripted scheduler that takes everything.

use std::{fs, os::unix::fs::symlink, path::Path, sync::mpsc, time::Instant};

use model::{command::Command, command::Reply};

use super::*;
use crate::{
    handle::{Input, channel},
    testing::{Folder as Temp, WallClock},
};

mod python;

const DAG: &str =
    "dag_id: NAME\ntasks:\n  - id: a\n    uses: bash\n    with: {bash_command: 'true'}\n";

/// A folder that is followed, and what its thread asked for.
struct Kit {
    temp: Temp,
    folder: Folder,
    shared: Arc<Shared>,
    asked: mpsc::Receiver<Command>,
    rows: HashMap<String, DagFile>,
}

impl Kit {
    fn start(temp: Temp, rows: &[DagFile]) -> Self {
        Self::with_python(temp, rows, None)
    }

    fn with_python(temp: Temp, rows: &[DagFile], python: Option<Arc<dyn Parser>>) -> Self {
        let (handle, inbox) = channel();
        let (tell, asked) = mpsc::channel();
        thread::spawn(move || {
            loop {
                let taken = inbox.take(Duration::from_millis(100));
                for input in taken.inputs {
                    let Input::Command { command, reply } = input else {
                        continue;
                    };
                    if tell.send(*command).is_err() {
                        return;
                    }
                    let _ = reply.unwrap().send(Reply::Done);
                }
            }
        });
        let shared = Arc::new(Shared::default());
        let python = python.map(|parser| Python {
            current: Current::of(PythonRuntime {
                folder: "/runtime".to_owned(),
                ..PythonRuntime::default()
            }),
            parser,
        });
        let folder = Folder::start(Scanner {
            python,
            scripts: Scripts::default(),
            root: temp.path().to_owned(),
            handle,
            clock: Arc::new(WallClock),
            metrics: Arc::default(),
            shared: Arc::clone(&shared),
            known: Files::new(rows),
        })
        .unwrap();
        shared.wait_scanned(Duration::from_secs(60));
        let rows = rows
            .iter()
            .map(|row| (row.path.clone(), row.clone()))
            .collect();
        Self {
            temp,
            folder,
            shared,
            asked,
            rows,
        }
    }

    fn dag(&self, path: &str, name: &str) {
        self.temp.write(path, &DAG.replace("NAME", name));
    }

    /// The next that is asked for, in words; it must come within a second.
    fn next(&mut self) -> String {
        match self.asked.recv_timeout(Duration::from_secs(1)) {
            Ok(Command::PublishFile(publish)) => {
                let row = publish.file;
                let mut what: Vec<String> = Vec::new();
                what.extend(
                    row.error
                        .as_ref()
                        .map(|e| format!("{} line {:?}", e.code, e.line)),
                );
                what.extend(publish.dags.iter().map(|dag| dag.dag.dag_id.to_string()));
                if what.is_empty() {
                    what.push("nothing".to_owned());
                }
                let what = what.join(" ");
                let text = format!("{} says {what}", row.path);
                self.rows.insert(row.path.clone(), row);
                text
            }
            Ok(Command::RemoveFile { path }) => {
                self.rows.remove(&path);
                format!("{path} is gone")
            }
            other => format!("{other:?}"),
        }
    }

    fn quiet(&self) {
        let more = self.asked.recv_timeout(Duration::from_millis(250));
        assert!(more.is_err(), "{more:?}");
    }

    fn check(&mut self, expected: &[&str]) {
        let mut found: Vec<String> = expected.iter().map(|_| self.next()).collect();
        found.sort();
        assert_eq!(found, expected);
    }

    fn restart(mut self) -> Self {
        self.folder.stop();
        let rows: Vec<DagFile> = self.rows.values().cloned().collect();
        Self::start(self.temp, &rows)
    }
}

#[test]
fn changes_are_live_within_a_second_and_what_is_unchanged_is_not_read_again() {
    let mut kit = Kit::start(Temp::new(), &[]);
    assert!(kit.shared.wait_scanned(Duration::from_secs(1)).scanned);
    kit.dag("one.yaml", "one");
    kit.check(&["one.yaml says one"]);
    kit.dag("sub/deep/two.yml", "two");
    kit.check(&["sub/deep/two.yml says two"]);
    // An editor writes beside the file and renames.
    kit.temp
        .write(".one.yaml.swp", &DAG.replace("NAME", "renamed"));
    fs::rename(
        kit.temp.path().join(".one.yaml.swp"),
        kit.temp.path().join("one.yaml"),
    )
    .unwrap();
    kit.check(&["one.yaml says renamed"]);
    // A folder moves.
    fs::rename(kit.temp.path().join("sub"), kit.temp.path().join("moved")).unwrap();
    kit.check(&["moved/deep/two.yml says two", "sub/deep/two.yml is gone"]);
    kit.dag("moved/deep/two.yml", "again");
    kit.check(&["moved/deep/two.yml says again"]);
    kit.quiet();

    let mut kit = kit.restart();
    kit.quiet();
    assert_eq!(
        kit.shared.status().n_read,
        0,
        "nothing changed while we were away"
    );
    kit.temp.write("notes.txt", "no dag");
    kit.temp.write("old.py", "no dag yet");
    kit.quiet();
    let until = Instant::now() + Duration::from_secs(5);
    while kit.shared.status().n_python != 1 {
        assert!(Instant::now() < until, "{:?}", kit.shared.status());
        thread::sleep(Duration::from_millis(5));
    }
    fs::remove_file(kit.temp.path().join("one.yaml")).unwrap();
    kit.check(&["one.yaml is gone"]);
}

#[test]
fn a_broken_file_is_told_with_its_place_and_heals() {
    let mut kit = Kit::start(Temp::new(), &[]);
    kit.dag("a.yaml", "a");
    kit.check(&["a.yaml says a"]);
    kit.temp.write("a.yaml", "dag_id: a\ntasks: [\n");
    let said = kit.next();
    assert!(
        said.starts_with("a.yaml says DAG-") && !said.ends_with("None"),
        "{said}"
    );
    kit.temp.write("b.yaml", "dag_id: b\0\n");
    kit.check(&["b.yaml says CTL-008 line None"]);
    fs::write(kit.temp.path().join("c.yaml"), vec![b' '; 11 << 20]).unwrap();
    kit.check(&["c.yaml says CTL-007 line None"]);
    assert!(kit.shared.wait_scanned(Duration::ZERO).n_errors > 0);
    kit.dag("a.yaml", "a");
    kit.check(&["a.yaml says a"]);
}

#[test]
fn a_file_that_is_taken_in_is_part_of_the_dag() {
    let temp = Temp::new();
    temp.write("sql/q.sql", "select 1");
    temp.write(
        "a.yaml",
        &DAG.replace("NAME", "a")
            .replace("'true'", "{$f: sql/q.sql}"),
    );
    let mut kit = Kit::start(temp, &[]);
    kit.check(&["a.yaml says a"]);
    let hash = kit.rows["a.yaml"].hash.clone();
    kit.temp.write("sql/q.sql", "select 2");
    kit.check(&["a.yaml says a"]);
    assert_ne!(kit.rows["a.yaml"].hash, hash);
    kit.quiet();
    // While we are away.
    let (temp, rows) = (&kit.temp, kit.rows["a.yaml"].hash.clone());
    temp.write("sql/q.sql", "select 3");
    let mut kit = kit.restart();
    kit.check(&["a.yaml says a"]);
    assert_ne!(kit.rows["a.yaml"].hash, rows);
    fs::remove_file(kit.temp.path().join("sql/q.sql")).unwrap();
    let said = kit.next();
    assert!(said.starts_with("a.yaml says DAG-"), "{said}");
    kit.temp.write("sql/q.sql", "select 4");
    kit.check(&["a.yaml says a"]);
    kit.temp.write(
        "b.yaml",
        &DAG.replace("NAME", "b")
            .replace("'true'", "{$f: ../../etc/passwd}"),
    );
    let said = kit.next();
    assert!(said.starts_with("b.yaml says DAG-"), "{said}");
}

#[test]
fn a_folder_that_vanishes_takes_no_dags_with_it() {
    let temp = Temp::new();
    let kit = Kit::start(temp, &[]);
    assert!(kit.shared.wait_scanned(Duration::from_secs(1)).scanned);
    let away = kit.temp.path().with_extension("away");
    kit.dag("a.yaml", "a");
    let _ = kit.asked.recv_timeout(Duration::from_secs(1)).unwrap();
    fs::rename(kit.temp.path(), &away).unwrap();
    kit.quiet();
    assert!(kit.shared.status().problem.is_some());
    fs::rename(&away, kit.temp.path()).unwrap();
}

#[test]
fn links_in_a_circle_and_two_thousand_files_at_the_start() {
    let temp = Temp::new();
    for n in 0..2_000 {
        let path = temp.path().join(format!("d{}", n % 100));
        fs::create_dir_all(&path).unwrap();
        fs::write(
            path.join(format!("{n}.yaml")),
            DAG.replace("NAME", &format!("n{n}")),
        )
        .unwrap();
    }
    symlink(temp.path(), temp.path().join("d0/circle")).unwrap();
    let since = Instant::now();
    let kit = Kit::start(temp, &[]);
    let status = kit.shared.wait_scanned(Duration::from_secs(60));
    eprintln!("2,000 files: {:?}", since.elapsed());
    assert_eq!((status.n_files, status.n_errors), (2_000, 0));
    assert!(Path::new(kit.temp.path()).exists());
    assert_eq!(kit.asked.try_iter().count(), 2_000);
}
