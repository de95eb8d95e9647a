//! How fast tries go through the worker process, against the machine's own posix_spawn.
//! Prints JSON. `cargo run --profile quick -p worker --example spawn_rate [TASKS]`.

use model::{
    Fence, Json, MapIndex, RunNo, TaskNo, TiKey, Timestamp,
    ports::{Clock, Executor},
    report::{Happened, Report},
    work::{Job, Process, Work},
};
use std::{
    error::Error,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};
use worker::{
    Limits, ProcessOptions,
    client::{Client, ClientOptions},
    process_main,
};

const ROUNDS: usize = 3;

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
        Timestamp::from_micros(now.tv_sec * 1_000_000 + now.tv_nsec / 1_000)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some(data_dir) = args.get(1) {
        let options = ProcessOptions {
            data_dir: PathBuf::from(data_dir),
            clock: Arc::new(SystemClock),
            limits: Limits::STANDARD,
        };
        return Ok(process_main(options)?);
    }
    let n_tasks: usize = args.first().map_or(Ok(1000), |text| text.parse())?;
    let dir = std::env::temp_dir().join(format!("orrery-spawn-rate-{}", std::process::id()));
    fs::create_dir_all(&dir)?;
    let result = measure(n_tasks, &dir);
    fs::remove_dir_all(&dir)?;
    println!("{:#}", result?);
    Ok(())
}

fn measure(n_tasks: usize, dir: &std::path::Path) -> Result<Json, Box<dyn Error>> {
    let (sender, reports) = channel();
    let options = ClientOptions {
        program: std::env::current_exe()?,
        args: vec!["worker".to_owned(), dir.display().to_string()],
        env: Vec::new(),
        data_dir: dir.to_owned(),
        clock: Arc::new(SystemClock),
        execution: None,
    };
    let begin = Instant::now();
    let client = Client::start(options, Box::new(move |report| drop(sender.send(report))))?;
    let start_us = micros(begin.elapsed());
    let pid = client.pid().ok_or("no worker process")?;
    let pss_new_kib = pss_kib(pid)?;
    let mut raw = Vec::new();
    let (mut through, mut raw_cpu, mut worker_cpu) = (Vec::new(), Vec::new(), Vec::new());
    let own = std::process::id();
    let per_task = |ms: u64| ms * 1000 / n_tasks as u64;
    let mut fence = 0;
    // Turn by turn, so that what else the machine does meets both alike.
    for _ in 0..ROUNDS {
        for n_threads in [1, 2, 4] {
            let before = cpu_ms(own)?;
            raw.push((n_threads, raw_rate(n_tasks, n_threads)?));
            raw_cpu.push(per_task(cpu_ms(own)? - before));
        }
        let before = cpu_ms(pid)?;
        through.push(worker_rate(&client, &reports, n_tasks, &mut fence)?);
        worker_cpu.push(per_task(cpu_ms(pid)? - before));
    }
    let best = |n: usize| {
        raw.iter()
            .filter(|r| r.0 == n)
            .map(|r| r.1)
            .fold(0.0, f64::max)
    };
    let raw_best = [1, 2, 4].map(best).into_iter().fold(0.0, f64::max);
    let through_best = through.iter().copied().fold(0.0, f64::max);
    let (mut spawn_us, mut started_us, mut ended_us) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..300 {
        let begin = Instant::now();
        let mut child = bash_true().spawn()?;
        spawn_us.push(micros(begin.elapsed()));
        child.wait()?;
        fence += 1;
        let begin = Instant::now();
        client.start(work(fence));
        reports.recv()?;
        started_us.push(micros(begin.elapsed()));
        let end = reports.recv()?;
        ended_us.push(micros(begin.elapsed()));
        client.ack(end.fence);
    }
    thread::sleep(Duration::from_millis(2_000));
    let json = serde_json::json!({
        "tasks": n_tasks,
        "raw_per_s": {"1": best(1), "2": best(2), "4": best(4)},
        "worker_per_s": through,
        "worker_of_raw": through_best / raw_best,
        "raw_cpu_us_per_task": raw_cpu,
        "worker_cpu_us_per_task": worker_cpu,
        "raw_spawn_us": percentiles(spawn_us),
        "start_to_started_us": percentiles(started_us),
        "start_to_finished_us": percentiles(ended_us),
        "client_start_us": start_us,
        "worker_pss_new_kib": pss_new_kib,
        "worker_pss_after_kib": pss_kib(pid)?,
    });
    client.shutdown(true, Duration::from_secs(1));
    Ok(json)
}

fn bash_true() -> Command {
    let mut command = Command::new("/usr/bin/bash");
    command.args(["-c", "true"]).env_clear();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn raw_rate(n_tasks: usize, n_threads: usize) -> Result<f64, Box<dyn Error>> {
    let left = AtomicUsize::new(n_tasks);
    let begin = Instant::now();
    thread::scope(|scope| {
        for _ in 0..n_threads {
            scope.spawn(|| {
                let take = |n: usize| n.checked_sub(1);
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                    .is_ok()
                {
                    let _ = bash_true().spawn().and_then(|mut child| child.wait());
                }
            });
        }
    });
    Ok(rate(n_tasks, begin.elapsed()))
}

fn worker_rate(
    client: &Client,
    reports: &Receiver<Report>,
    n_tasks: usize,
    fence: &mut u64,
) -> Result<f64, Box<dyn Error>> {
    let begin = Instant::now();
    for _ in 0..n_tasks {
        *fence += 1;
        client.start(work(*fence));
    }
    let mut left = n_tasks;
    while left > 0 {
        let report = reports.recv()?;
        if matches!(report.what, Happened::Finished { .. }) {
            client.ack(report.fence);
            left -= 1;
        }
    }
    Ok(rate(n_tasks, begin.elapsed()))
}

fn work(fence: u64) -> Work {
    let fields = [
        ("dag_id", "bench"),
        ("run_id", "manual__1"),
        ("task_id", "true"),
    ];
    Work {
        key: TiKey {
            run: RunNo(1),
            task: TaskNo(1),
            map: MapIndex::NONE,
        },
        fence: Fence(fence),
        log_path: format!("bench/manual__1/true.-1.{fence}.log"),
        log_fields: fields.map(|(k, v)| (k.to_owned(), Json::from(v))).to_vec(),
        execution_timeout: None,
        secrets: vec!["a-password".to_owned(), "another-password".to_owned()],
        job: Job::Process(Process {
            argv: ["bash", "-c", "true"].map(ToOwned::to_owned).to_vec(),
            env: vec![("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())],
            cwd: None,
            skip_on_exit_code: vec![99],
            push_last_line: true,
        }),
    }
}

fn pss_kib(pid: u32) -> Result<u64, Box<dyn Error>> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    Ok(line
        .ok_or("no Pss")?
        .trim()
        .trim_end_matches(" kB")
        .parse()?)
}

/// The processor time of a process without its children, in steps of ten milliseconds.
fn cpu_ms(pid: u32) -> Result<u64, Box<dyn Error>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split(' ')
        .collect();
    let ticks = |n: usize| {
        fields
            .get(n)
            .ok_or("short stat")
            .map(|text| text.parse::<u64>())
    };
    Ok((ticks(12)?? + ticks(13)??) * 10)
}

fn percentiles(mut values: Vec<u64>) -> Json {
    values.sort_unstable();
    let at = |part: usize| values.get(values.len() * part / 100).copied();
    serde_json::json!({"p50": at(50), "p99": at(99)})
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[allow(clippy::cast_precision_loss)] // Thousands of tasks.
fn rate(n: usize, span: Duration) -> f64 {
    (n as f64 / span.as_secs_f64()).round()
}
