//! The dag folder: a saved file is live within a second, a broken one keeps its last good version.

use std::{
    fs,
    time::{Duration, Instant},
};

use kit::{Options, Server};

const LIVE_WITHIN: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(20);

fn dag(description: &str) -> String {
    format!(
        "dag_id: live\ndescription: {description}\nschedule: null\ntasks: [{{id: a, uses: empty}}]\n"
    )
}

/// How long it takes until `ready` says so.
fn wait(what: &str, mut ready: impl FnMut() -> bool) -> Duration {
    let begin = Instant::now();
    while !ready() {
        assert!(begin.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
    begin.elapsed()
}

#[test]
fn a_saved_file_is_live_and_a_broken_one_keeps_its_last_good_version() {
    let server = Server::start(&kit::binary(), &Options::default());
    let file = server.folder.join("dags/live.yaml");
    let described = |text: &str| server.ask("GET", "dags/live", None).1["description"] == text;
    let mut times = Vec::new();
    for round in 0..5 {
        let text = format!("round {round}");
        // As editors save: beside it, then over it.
        let beside = file.with_extension("yaml.swp");
        fs::write(&beside, dag(&text)).unwrap();
        fs::rename(&beside, &file).unwrap();
        times.push(wait(&text, || described(&text)));
    }
    times.sort();
    assert!(times[2] < LIVE_WITHIN, "live after {times:?}");

    fs::write(
        &file,
        "dag_id: live\ntasks:\n  - id: a\n    uses: empty\n    need: [b]\n",
    )
    .unwrap();
    let errors = || {
        server.get("importErrors")["import_errors"]
            .as_array()
            .unwrap()
            .clone()
    };
    wait("the import error", || !errors().is_empty());
    let said = errors()[0]["stack_trace"].as_str().unwrap().to_owned();
    assert!(said.starts_with("live.yaml:5:5: DAG-"), "{said}");
    assert!(said.contains("did you mean `needs`"), "{said}");
    assert!(described("round 4"), "the last good version is gone");
    server.run_unpaused_to_end("live");

    fs::write(&file, dag("mended")).unwrap();
    wait("the mended file", || described("mended"));
    wait("the error to go", || errors().is_empty());
    fs::remove_file(&file).unwrap();
    wait("the dag to go stale", || {
        let (status, dag) = server.ask("GET", "dags/live", None);
        status == 404 || dag["is_stale"] == true
    });
    server.stop();
}

#[test]
fn nonsense_in_the_folder_is_named_and_harms_nobody() {
    let deep = format!("dag_id: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
        d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
        g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n";
    let twice = "dag_id: twice\ntasks: [{id: a, uses: empty}, {id: a, uses: empty}]\n";
    let cycle = "dag_id: cycle\ntasks: [{id: a, uses: empty, needs: [b]}, {id: b, uses: empty, needs: [a]}]\n";
    let bad = [
        ("deep.yaml", deep.as_str()),
        ("bomb.yaml", bomb),
        ("twice.yaml", twice),
        ("cycle.yaml", cycle),
        (
            "unknown.yaml",
            "dag_id: unknown\ntasks: [{id: a, uses: bsh}]\n",
        ),
        ("tab.yaml", "dag_id: tab\n\ttasks: []\n"),
        ("list.yaml", "[1, 2]\n"),
        ("none.yaml", ""),
        ("open.yaml", "dag_id: 'open\n"),
    ];
    let mut dags: Vec<_> = bad
        .iter()
        .map(|(name, text)| ((*name).into(), (*text).into()))
        .collect();
    dags.push(("good.yaml".into(), dag("good")));
    let server = Server::start(
        &kit::binary(),
        &Options {
            dags,
            ..Options::default()
        },
    );
    fs::write(
        server.folder.join("dags/binary.yaml"),
        [0, 159, 146, 150, 0, 255],
    )
    .unwrap();
    fs::write(server.folder.join("dags/huge.yaml"), vec![b'#'; 11 << 20]).unwrap();
    let errors = || {
        server.get("importErrors?limit=100")["import_errors"]
            .as_array()
            .unwrap()
            .clone()
    };
    wait("an error for each bad file", || {
        errors().len() == bad.len() + 2
    });
    for error in errors() {
        let said = error["stack_trace"].as_str().unwrap();
        assert!(
            said.contains(": DAG-") || said.contains(": CTL-"),
            "{}: no code in {said}",
            error["filename"]
        );
    }
    let said = |name: &str| {
        let found = errors().into_iter().find(|error| error["filename"] == name);
        found.unwrap()["stack_trace"].as_str().unwrap().to_owned()
    };
    assert!(
        said("unknown.yaml").contains("bash"),
        "{}",
        said("unknown.yaml")
    );
    assert!(
        said("cycle.yaml").contains('a') && said("cycle.yaml").to_lowercase().contains("cycle")
    );
    assert!(said("twice.yaml").contains("`a`"), "{}", said("twice.yaml"));
    server.run_unpaused_to_end("live");
    server.stop();
}

#[test]
fn a_dag_that_two_files_say_moves_to_the_second_when_the_first_lets_go() {
    let server = Server::start(&kit::binary(), &Options::default());
    let folder = server.folder.join("dags");
    let shown = || server.ask("GET", "dags/live", None).1;
    let is = |text: &str| shown()["description"] == text && shown()["is_stale"] == false;
    let errors = || {
        let page = server.get("importErrors");
        page["total_entries"].as_u64().unwrap()
    };
    fs::write(folder.join("first.yaml"), dag("first")).unwrap();
    wait("the first", || is("first"));
    fs::write(folder.join("second.yaml"), dag("second")).unwrap();
    wait("the error of the second", || errors() == 1);
    assert!(is("first"));
    // It lets go by saying something else.
    let other = dag("first").replace("dag_id: live", "dag_id: other");
    fs::write(folder.join("first.yaml"), &other).unwrap();
    wait("the second", || is("second") && errors() == 0);
    fs::write(folder.join("first.yaml"), dag("first")).unwrap();
    wait("the error of the first", || errors() == 1);
    // Even when the refusal is older than this process.
    let kept = server.kill_keeping();
    let server = Server::start_in(&kit::binary(), kept, &Options::default());
    fs::remove_file(folder.join("second.yaml")).unwrap();
    wait("the first again", || {
        let (_, shown) = server.ask("GET", "dags/live", None);
        shown["description"] == "first" && shown["is_stale"] == false
    });
    wait("no error", || {
        server.get("importErrors")["total_entries"] == 0
    });
    server.stop();
}
