//! A full disk stops new work with a message, and work goes on when there is room.

use std::{fs, process::Command};

use kit::{Options, Server, escaped};

const DAG: &str = "dag_id: disk\nschedule: null\nis_paused_upon_creation: false\n\
    tasks: [{id: a, uses: bash, with: {bash_command: 'true'}}]\n";

/// A small file system of its own, if this user may mount one.
struct Mount(std::path::PathBuf);

impl Mount {
    fn new() -> Option<Self> {
        let folder = kit::scratch("disk");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64m", "tmpfs"])
            .arg(&folder)
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then_some(Self(folder))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn stops_new_work_with_a_message_and_goes_on() {
    let Some(mount) = Mount::new() else {
        eprintln!("not run: this user may not mount a file system");
        return;
    };
    let arguments = ["--set", "retention.disk_free_min_mib=8"]
        .map(str::to_owned)
        .to_vec();
    let options = Options {
        dags: vec![("disk.yaml".into(), DAG.into())],
        arguments,
        ..Options::default()
    };
    let server = Server::start_in(&kit::binary(), mount.0.clone(), &options);
    server.run_to_end("disk");
    // Fill it to the last byte, so that the book cannot grow either.
    let filler = mount.0.join("filler");
    let _ = fs::write(&filler, vec![0; 64 << 20]);
    let reasons = || server.ask("GET", "monitor/health", None);
    server.wait_until("the disk watch", || {
        server.metrics().contains("orrery_disk_full 1")
    });
    let (status, said) = server.ask(
        "POST",
        "dags/disk/dagRuns",
        Some(&serde_json::json!({ "logical_date": null })),
    );
    let run_id = if status == 200 {
        // Created, and then held back with a reason.
        let run_id = said["dag_run_id"].as_str().unwrap().to_owned();
        let why = server.get(&format!(
            "orrery/dags/disk/dagRuns/{}/reasons",
            escaped(&run_id)
        ));
        assert!(why.to_string().contains("disk"), "{why}");
        Some(run_id)
    } else {
        assert!(
            status == 503 && said.to_string().contains("disk"),
            "{status} {said}"
        );
        None
    };
    assert_eq!(reasons().0, 200);
    fs::remove_file(&filler).unwrap();
    if let Some(run_id) = run_id {
        server.wait_for_run("disk", &run_id);
    }
    server.wait_until("room again", || {
        server.metrics().contains("orrery_disk_full 0")
    });
    server.run_to_end("disk");
    server.stop_keeping();
}
