//! Measures the book: `cargo run --release -p store --example put_rate -- [FOLDER] [MILLIONS]
//! [CACHE_MIB]`.
//!
//! Prints one JSON object a line: packed chunks against one put for each task instance, a book with
//! a million finished task instances (open, lists, throughput, memory), and what pruning gives
//! back.

use std::{
    error::Error,
    path::{Path, PathBuf},
    time::Instant,
};

use model::{
    DagNo, DeploymentId, Fence, MapIndex, RunId, RunNo, TaskNo, TiKey, Timestamp, VersionNo,
    change::{Change, Counters},
    run::DagRun,
    schedule::DataInterval,
    state::{DagRunState, DagRunType, TaskInstanceState, TriggeredBy},
    task_instance::TaskInstance,
};
use store::{
    Options, Order, Paging, Retention, RunFilter, Snapshot, Store, TiFilter, TimeRange, Writer,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const DEPLOYMENT: DeploymentId = DeploymentId::DEFAULT;
/// Task instances of a commit.
const BATCH: u32 = 10_000;

fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().unwrap_or_else(|| "/tmp".into()));
    let millions: f64 = args.next().map_or(Ok(1.0), |n| n.parse())?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let n_tis = (millions * 1e6) as u64;
    let cache_mib: usize = args.next().map_or(Ok(16), |n| n.parse())?;
    floor(&folder)?;
    one_put_each(&folder)?;
    for quick_repair in [false, true] {
        fill_and_measure(&folder, n_tis, cache_mib, quick_repair)?;
    }
    Ok(())
}

/// The other way: a row for each task instance, straight into redb.
fn one_put_each(folder: &Path) -> Outcome<()> {
    let path = fresh(folder, "one_put_each.redb");
    let db = redb::Database::create(&path)?;
    let table: redb::TableDefinition<&[u8; 20], &[u8]> = redb::TableDefinition::new("t");
    let begun = (Instant::now(), cpu_ns());
    for run in 0..10_u64 {
        let txn = db.begin_write()?;
        {
            let mut table = txn.open_table(table)?;
            for task in 0..BATCH {
                let mut key = [0; 20];
                let parts = run.to_be_bytes().into_iter().chain(task.to_be_bytes());
                key.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
                table.insert(&key, [7_u8; 32].as_slice())?;
            }
        }
        txn.commit()?;
    }
    rate("one_put_each", 10 * u64::from(BATCH), begun);
    Ok(std::fs::remove_file(path)?)
}

fn fill_and_measure(
    folder: &Path,
    n_tis: u64,
    cache_mib: usize,
    quick_repair: bool,
) -> Outcome<()> {
    println!("{{\"quick_repair\": {quick_repair}}}");
    let path = fresh(folder, "book.redb");
    let options = Options {
        quick_repair,
        cache_bytes: cache_mib << 20,
    };
    let (store, mut writer) = store::open(&path, &options)?;
    throughput("empty_book", &mut writer, 1)?;
    small_commits(&mut writer)?;
    let mut run = 1_000;
    let begun = (Instant::now(), cpu_ns());
    // Half in runs of 10,000 tasks, half in runs of 10.
    for _ in 0..n_tis / 2 / u64::from(BATCH) {
        let mut changes = Vec::new();
        whole_run(&mut changes, run, BATCH);
        for i in 1..=1_000 {
            whole_run(&mut changes, run + i, 10);
        }
        writer.commit(DEPLOYMENT, &changes)?;
        run += 1_001;
    }
    rate("fill", n_tis, begun);
    let stats = store.stats()?;
    println!(
        "{{\"file_bytes\": {}, \"stored_bytes\": {}, \"bytes_per_ti\": {}, \"rss_mib\": {}}}",
        stats.file_bytes,
        stats.stored_bytes,
        stats.file_bytes / n_tis,
        rss_mib()
    );
    throughput("full_book", &mut writer, run)?;
    lists(&store, run)?;
    // What a kill leaves behind is the file as it is now.
    let killed = fresh(folder, "killed.redb");
    std::fs::copy(&path, &killed)?;
    drop((store, writer));
    open_again("open_clean", &path, &options)?;
    open_again("open_killed", &killed, &options)?;
    std::fs::remove_file(killed)?;
    prune(&path, &options)?;
    Ok(std::fs::remove_file(path)?)
}

fn open_again(what: &str, path: &Path, options: &Options) -> Outcome<()> {
    let (begun, cpu) = (Instant::now(), cpu_ns());
    let (store, _writer) = store::open(path, options)?;
    let (opened, cpu_ms) = (ms(begun), (cpu_ns() - cpu) / 1_000_000);
    let snapshot = store.snapshot(DEPLOYMENT)?;
    let live = snapshot.live_runs()?.len();
    println!(
        "{{\"what\": \"{what}\", \"open_ms\": {opened:.1}, \"cpu_ms\": {cpu_ms}, \
         \"with_live_ms\": {:.1}, \"live\": {live}}}",
        ms(begun)
    );
    Ok(())
}

fn prune(path: &Path, options: &Options) -> Outcome<()> {
    let (store, mut writer) = store::open(path, options)?;
    let begun = Instant::now();
    let retention = Retention {
        ended_before: None,
        runs_per_dag_max: Some(10),
        runs_per_dag_min: 2,
    };
    let (mut after, mut n, mut slowest) = (None, 0, 0.0_f64);
    loop {
        let paging = Paging {
            after,
            skip: 0,
            limit: 100,
        };
        let page = store
            .snapshot(DEPLOYMENT)?
            .runs_to_prune(&retention, paging)?;
        let delete = |run: &RunNo| Change::DeleteRun { run: *run };
        let changes: Vec<Change> = page.items.iter().map(delete).collect();
        let commit = Instant::now();
        writer.commit(DEPLOYMENT, &changes)?;
        slowest = slowest.max(ms(commit));
        n += changes.len();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let pruned = ms(begun);
    let before = store.bytes();
    let begun = Instant::now();
    let done = writer.compact()?;
    println!(
        "{{\"what\": \"prune\", \"runs\": {n}, \"ms\": {pruned:.0}, \
         \"slowest_commit_ms\": {slowest:.0}, \"compacted\": {done}, \"compact_ms\": {:.0}, \
         \"bytes_before\": {before}, \"bytes_after\": {}}}",
        ms(begun),
        store.bytes()
    );
    Ok(())
}

/// A run of 10,000 empty tasks from creation to end; then runs of 10.
fn throughput(what: &str, writer: &mut Writer, run: u64) -> Outcome<()> {
    let begun = (Instant::now(), cpu_ns());
    for i in 0..5 {
        let mut changes = Vec::new();
        put_run(&mut changes, run + i, BATCH, DagRunState::Running);
        put_tis(&mut changes, run + i, BATCH, TaskInstanceState::NoStatus);
        writer.commit(DEPLOYMENT, &changes)?;
        changes.clear();
        put_run(&mut changes, run + i, BATCH, DagRunState::Success);
        put_tis(&mut changes, run + i, BATCH, TaskInstanceState::Success);
        writer.commit(DEPLOYMENT, &changes)?;
    }
    rate(
        &format!("{what}: created, then finished"),
        5 * u64::from(BATCH),
        begun,
    );
    let begun = (Instant::now(), cpu_ns());
    for i in 5..10 {
        let mut changes = Vec::new();
        whole_run(&mut changes, run + i, BATCH);
        writer.commit(DEPLOYMENT, &changes)?;
    }
    rate(&format!("{what}: at once"), 5 * u64::from(BATCH), begun);
    let begun = (Instant::now(), cpu_ns());
    let mut changes = Vec::new();
    for i in 10..510 {
        whole_run(&mut changes, run + i, 10);
        if i % 100 == 0 {
            writer.commit(DEPLOYMENT, &changes)?;
            changes.clear();
        }
    }
    writer.commit(DEPLOYMENT, &changes)?;
    rate(&format!("{what}: runs of 10 tasks"), 5_000, begun);
    Ok(())
}

/// What the disk takes for one page, written in place and synced.
fn floor(folder: &Path) -> Outcome<()> {
    let path = fresh(folder, "floor");
    let file = std::fs::File::create(&path)?;
    std::os::unix::fs::FileExt::write_all_at(&file, &[1; 1 << 20], 0)?;
    file.sync_all()?;
    let begun = (Instant::now(), cpu_ns());
    for i in 0..500 {
        std::os::unix::fs::FileExt::write_all_at(&file, &[2; 4096], i % 256 * 4096)?;
        file.sync_data()?;
    }
    rate("fdatasync", 500, begun);
    Ok(std::fs::remove_file(path)?)
}

/// What a chain of tasks does: one task instance a commit.
fn small_commits(writer: &mut Writer) -> Outcome<()> {
    let begun = (Instant::now(), cpu_ns());
    for task in 0..500 {
        let ti = ti(900, task % 100, TaskInstanceState::Running);
        writer.commit(DEPLOYMENT, &[put_ti(900, ti)])?;
    }
    rate("one task instance a commit", 500, begun);
    Ok(())
}

fn lists(store: &Store, last: u64) -> Outcome<()> {
    let of_dag = RunFilter {
        dag: Some(DagNo(3)),
        ..RunFilter::default()
    };
    let failed_runs = RunFilter {
        states: vec![DagRunState::Failed],
        ..RunFilter::default()
    };
    let old = RunFilter {
        end_date: TimeRange {
            from: None,
            to: Some(end_of(1_100)),
        },
        ..RunFilter::default()
    };
    let in_state = |state| TiFilter {
        states: vec![state],
        ..TiFilter::default()
    };
    let any = TiFilter::default();
    let failed = in_state(TaskInstanceState::Failed);
    let success = in_state(TaskInstanceState::Success);
    let running = in_state(TaskInstanceState::Running);
    let newest = Order::Descending;
    let run = |filter: &RunFilter, s: &Snapshot| {
        Ok(s.runs(filter, newest, Paging::first(100), None)?
            .items
            .len())
    };
    let tis = |filter: &TiFilter, skip, s: &Snapshot| {
        let paging = Paging {
            skip,
            ..Paging::first(100)
        };
        Ok(s.task_instances_all(filter, newest, paging, None)?
            .items
            .len())
    };
    time(store, "runs of a dag", &|s| run(&of_dag, s))?;
    time(store, "runs, all", &|s| run(&RunFilter::default(), s))?;
    time(store, "runs, failed (none)", &|s| run(&failed_runs, s))?;
    time(store, "runs, ended long ago", &|s| run(&old, s))?;
    time(store, "task instances, all", &|s| tis(&any, 0, s))?;
    time(store, "task instances, from 500,000", &|s| {
        tis(&any, 500_000, s)
    })?;
    time(store, "task instances, failed", &|s| tis(&failed, 0, s))?;
    time(store, "task instances, success", &|s| tis(&success, 0, s))?;
    time(store, "task instances, running", &|s| tis(&running, 0, s))?;
    time(store, "task instances, predicate takes none", &|s| {
        let none: &dyn Fn(&TaskInstance) -> bool = &|_| false;
        Ok(
            s.task_instances_all(&any, newest, Paging::first(100), Some(none))?
                .items
                .len(),
        )
    })?;
    time(store, "task instances of a run of 10,000", &|s| {
        Ok(s.task_instances(RunNo(1_000))?.len())
    })?;
    time(store, "task instances of a run of 10", &|s| {
        Ok(s.task_instances(RunNo(last - 5))?.len())
    })?;
    time(store, "one task instance", &|s| {
        Ok(usize::from(s.task_instance(key(1_000, 5_000))?.is_some()))
    })?;
    time(store, "tallies", &|s| Ok(s.ti_counts(None)?.0.len()))?;
    time(store, "stats", &|_| {
        Ok(usize::from(store.stats()?.file_bytes > 0))
    })
}

fn time(store: &Store, what: &str, read: &dyn Fn(&Snapshot) -> Outcome<usize>) -> Outcome<()> {
    let mut all = Vec::new();
    let mut n = 0;
    let cpu = cpu_ns();
    for _ in 0..200 {
        let begun = Instant::now();
        n = read(&store.snapshot(DEPLOYMENT)?)?;
        all.push(ms(begun));
    }
    let cpu_us = (cpu_ns() - cpu) / 200_000;
    all.sort_by(f64::total_cmp);
    let at = |i: usize| all.get(i).copied().unwrap_or_default();
    println!(
        "{{\"list\": \"{what}\", \"rows\": {n}, \"p50_ms\": {:.3}, \"p99_ms\": {:.3}, \
         \"cpu_us\": {cpu_us}}}",
        at(100),
        at(197)
    );
    Ok(())
}

fn fresh(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let _ = std::fs::remove_file(&path);
    path
}

fn ms(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}

#[allow(clippy::cast_precision_loss)]
fn rate(what: &str, n: u64, (begun, cpu_ns): (Instant, u64)) {
    let per_s = n as f64 / begun.elapsed().as_secs_f64();
    let cpu_us = (self::cpu_ns() - cpu_ns) as f64 / 1e3 / n as f64;
    println!(
        "{{\"what\": \"{what}\", \"n\": {n}, \"per_s\": {per_s:.0}, \"cpu_us_each\": {cpu_us:.2}}}"
    );
}

/// Time on a processor: what the machine's other work does not change.
fn cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let ns = stat.split(' ').next().and_then(|n| n.parse().ok());
    ns.unwrap_or(0)
}

fn rss_mib() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|n| n.parse::<u64>().ok());
    pages.unwrap_or(0) * 4 / 1024
}

fn end_of(run: u64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000 + run.cast_signed() * 1_000_000 + 900_000)
}

fn whole_run(changes: &mut Vec<Change>, no: u64, n_tasks: u32) {
    put_run(changes, no, n_tasks, DagRunState::Success);
    put_tis(changes, no, n_tasks, TaskInstanceState::Success);
}

fn put_tis(changes: &mut Vec<Change>, no: u64, n_tasks: u32, state: TaskInstanceState) {
    for task in 0..n_tasks {
        let is_failed = state.is_finished() && task % 997 == 7;
        let state = if is_failed {
            TaskInstanceState::Failed
        } else {
            state
        };
        changes.push(put_ti(no, ti(no, task, state)));
    }
}

fn put_ti(no: u64, ti: TaskInstance) -> Change {
    Change::PutTaskInstance {
        dag: dag_of(no),
        ti: Box::new(ti),
        was: None,
    }
}

fn dag_of(run: u64) -> DagNo {
    DagNo(1 + u32::try_from(run % 100).unwrap_or(0))
}

fn key(run: u64, task: u32) -> TiKey {
    TiKey {
        run: RunNo(run),
        task: TaskNo(task),
        map: MapIndex::NONE,
    }
}

/// As a process leaves it behind; the middle of what there is.
fn ti(no: u64, task: u32, state: TaskInstanceState) -> TaskInstance {
    let mut ti = TaskInstance::new(key(no, task), VersionNo(1), 0);
    ti.state = state;
    if state != TaskInstanceState::NoStatus {
        let us = no.cast_signed() * 1_000_000 + i64::from(task) * 37;
        let at = |more| Some(Timestamp::from_micros(1_795_000_000_000_000 + us + more));
        ti.try_number = 1;
        ti.scheduled_when = at(0);
        ti.queued_when = at(150);
        ti.start_date = at(2_300);
        ti.end_date = at(9_700);
        ti.fence = Some(Fence(no * 10_000 + u64::from(task)));
        ti.pid = Some(40_000 + task);
        ti.cpu_us = Some(1_200);
    }
    ti
}

fn put_run(changes: &mut Vec<Change>, no: u64, n_tasks: u32, state: DagRunState) {
    let end = end_of(no);
    let at = Timestamp::from_micros(end.as_micros() - 900_000);
    changes.push(Change::PutRun {
        run: Box::new(DagRun {
            no: RunNo(no),
            dag: dag_of(no),
            run_id: RunId::from(format!("scheduled__{}", at.isoformat())),
            run_type: DagRunType::Scheduled,
            state,
            logical_date: Some(at),
            data_interval: Some(DataInterval { start: at, end: at }),
            run_after: at,
            queued_at: Some(at),
            start_date: Some(at),
            end_date: state.is_finished().then_some(end),
            last_scheduling_decision: Some(end),
            conf: model::Json::Object(model::JsonMap::new()),
            note: None,
            triggered_by: TriggeredBy::Timetable,
            triggering_user: None,
            version: VersionNo(1),
            clear_number: 0,
            partition_key: None,
            partition_date: None,
            backfill: None,
            reason: None,
        }),
        was: None,
    });
    changes.push(Change::PutCounters(Counters {
        dag: DagNo(101),
        run: RunNo(no + 1),
        fence: Fence((no + 1) * u64::from(n_tasks)),
    }));
}
