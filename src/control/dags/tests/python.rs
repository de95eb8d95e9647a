//! Python files against a scripted parser: a line `dag NAME` of a file says a dag, a line `error`
//! fails, `slow` never ends, `lost` is answered by nobody.

use std::sync::atomic::AtomicUsize;

use model::{
    change::DagSource,
    ports::{ParseRequest, Parsed},
};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{super::texts::Texts, *};
use crate::logs::path::hex;

type Answer = Box<dyn FnOnce(Parsed) + Send>;

#[derive(Default)]
struct Scripted {
    n_parses: AtomicUsize,
    n_open: AtomicUsize,
    never: Mutex<Vec<Answer>>,
}

fn parsed(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("dag ") {
            let dag = json!({"__version": 3, "dag": {
                "dag_id": name, "fileloc": "/f.py", "timezone": "UTC", "tasks": [],
                "timetable": {"__type": "airflow.timetables.simple.NullTimetable", "__var": {}},
                "task_group": {"_group_id": null, "children": {}},
                "dag_dependencies": [], "edge_info": {}, "params": [],
            }});
            parsed.dags.push(("/f.py".to_owned(), dag));
        } else if line == "unknown" {
            parsed
                .dags
                .push(("/f.py".to_owned(), json!({"__version": 99, "dag": {}})));
        } else if line == "error" {
            let text = "Traceback (most recent call last):\nValueError: no".to_owned();
            parsed.import_errors.push(("a.py".to_owned(), text));
        }
    }
    parsed
}

impl Parser for Scripted {
    fn parse(&self, request: ParseRequest, done: Answer) {
        self.n_parses.fetch_add(1, Relaxed);
        let text = fs::read_to_string(&request.path).unwrap();
        if text.contains("slow") {
            self.n_open.fetch_add(1, Relaxed);
            return self.never.lock().unwrap().push(done);
        }
        if !text.contains("lost") {
            thread::spawn(move || done(parsed(&text)));
        }
    }
}

fn script(text: &str) -> String {
    format!("# airflow dag\n{text}\n")
}

fn start(temp: Temp, rows: &[DagFile]) -> (Kit, Arc<Scripted>) {
    let parser = Arc::new(Scripted::default());
    let kit = Kit::with_python(temp, rows, Some(Arc::clone(&parser) as _));
    (kit, parser)
}

#[test]
fn python_files_are_read_when_what_they_depend_on_changes() {
    let temp = Temp::new();
    temp.write("a.py", &script("dag one\ndag two"));
    temp.write("helper.py", "x = 1");
    let (mut kit, parser) = start(temp, &[]);
    kit.check(&["a.py says one two"]);
    // Without the dag folder's help.
    kit.temp.write("a.py", &script("dag two"));
    kit.check(&["a.py says two"]);
    // The same content is no news.
    let n = parser.n_parses.load(Relaxed);
    kit.temp.write("a.py", &script("dag two"));
    kit.quiet();
    assert_eq!(parser.n_parses.load(Relaxed), n);
    // A file that may be imported is.
    kit.temp.write("helper.py", "x = 2");
    kit.check(&["a.py says two"]);
    // One that no longer speaks of dags says none.
    kit.temp.write("b.py", &script("dag three"));
    kit.check(&["b.py says three"]);
    fs::remove_file(kit.temp.path().join("b.py")).unwrap();
    kit.check(&["b.py is gone"]);
    kit.quiet();

    // While we are away nothing changes, then the helper does.
    kit.folder.stop();
    let rows: Vec<DagFile> = kit.rows.values().cloned().collect();
    let (kit, parser) = start(kit.temp, &rows);
    kit.quiet();
    assert_eq!(parser.n_parses.load(Relaxed), 0);
    kit.temp.write("helper.py", "x = 3");
    let (mut kit, _) = start(kit.temp, &rows);
    kit.check(&["a.py says two"]);
}

#[test]
fn tracebacks_are_kept_and_what_is_well_is_published() {
    let temp = Temp::new();
    temp.write("a.py", &script("error"));
    let (mut kit, _parser) = start(temp, &[]);
    kit.check(&["a.py says CTL-020 line None"]);
    let error = kit.rows["a.py"].error.clone().unwrap();
    assert!(error.message.starts_with("Traceback"), "{error:?}");
    let until = Instant::now() + Duration::from_secs(5);
    while kit.shared.status().n_errors != 1 {
        assert!(Instant::now() < until, "{:?}", kit.shared.status());
        thread::sleep(Duration::from_millis(5));
    }
    // Saving it is trying it again.
    kit.temp.write("a.py", &script("dag one\nunknown"));
    kit.check(&["a.py says DAG-030 line None one"]);
    kit.temp.write("a.py", &script("dag one"));
    kit.check(&["a.py says one"]);
    kit.temp.write("big.py", &" ".repeat(11 << 20));
    kit.check(&["big.py says CTL-007 line None"]);
}

#[test]
fn slow_files_hold_up_no_yaml_and_two_are_read_at_once() {
    let temp = Temp::new();
    for n in 0..4 {
        temp.write(&format!("{n}.py"), &script("slow"));
    }
    let (mut kit, parser) = start(temp, &[]);
    kit.dag("y.yaml", "y");
    kit.check(&["y.yaml says y"]);
    assert_eq!(parser.n_open.load(Relaxed), 2);
    assert_eq!(kit.shared.status().n_parsing, 4);
    // Changed meanwhile: what it said is published, and it is read once more.
    kit.temp.write("0.py", &script("dag late"));
    kit.quiet();
    let first = parser.never.lock().unwrap().remove(0);
    first(parsed("dag early"));
    kit.check(&["0.py says early"]);
    let second = parser.never.lock().unwrap().remove(0);
    drop(second);
    assert_eq!(kit.shared.status().n_errors, 0);
}

#[test]
fn what_was_read_is_made_again_from_the_book() {
    let Parsed { dags, .. } = parsed("dag one");
    let json = dags[0].1.to_string();
    let dag = dagfile::from_source(&DagSource::Serialized { json, text: None }).unwrap();
    assert_eq!(dag, dagfile::serialized::decode(&dags[0].1).unwrap());
}

#[test]
fn the_text_is_kept_with_what_it_says() {
    let temp = Temp::new();
    temp.write("a.py", &script("dag one"));
    let (kit, _parser) = start(temp, &[]);
    let said = || match kit.asked.recv_timeout(Duration::from_secs(5)) {
        Ok(Command::PublishFile(publish)) => {
            let dag = publish.dags.into_iter().next().unwrap();
            let DagSource::Serialized { text, .. } = dag.source else {
                panic!("it is Python's");
            };
            (dag.hash, text.unwrap())
        }
        other => panic!("{other:?}"),
    };
    let (first, text) = said();
    assert_eq!(text, script("dag one"));
    // The same meaning in other words: the part of the hash before the dot stays.
    kit.temp.write("a.py", &script("dag one\n# reworded"));
    let (second, text) = said();
    assert_eq!(text, script("dag one\n# reworded"));
    assert_ne!(first, second);
    assert_eq!(first.split('.').next(), second.split('.').next());
}

#[test]
fn a_dag_of_an_imported_file_has_that_files_text() {
    let temp = Temp::new();
    temp.write("a.py", "from made import dag");
    temp.write("made.py", "dag = 1");
    temp.write("dags.zip", "PK\u{3}\u{4}");
    let (root, hash) = (temp.path(), |text: &str| hex(&Sha256::digest(text)));
    let content = hash("from made import dag");
    let texts = Texts::new(root, "a.py", Some(&content));
    let of = |name: &str| texts.of(&root.join(name).to_string_lossy());
    assert_eq!(of("a.py").unwrap(), "from made import dag");
    assert_eq!(of("made.py").unwrap(), "dag = 1");
    assert_eq!(of("gone.py"), of("a.py"));
    assert_eq!(texts.of("/etc/hostname"), of("a.py"));
    assert_eq!(of("dags.zip"), None);
    // Changed since it was read: not what was read, and so nothing.
    let texts = Texts::new(root, "a.py", Some(&hash("older")));
    assert_eq!(texts.of("/f.py"), None);
}
