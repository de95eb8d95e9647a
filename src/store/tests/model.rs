//! Whatever is put into a book, it reads as a few maps would.

use std::collections::{BTreeMap, BTreeSet};

use ::model::{
    AuditNo, DagNo, DeploymentId, Json, RunNo, TaskId, TaskNo, TiKey, Timestamp, VersionNo,
    audit::AuditEntry,
    change::{Change, Counters, DagFile, DagRow, DagVersion, Pool, Variable},
    run::DagRun,
    state::{DagRunState, TaskInstanceState},
    task_instance::TaskInstance,
};
use proptest::prelude::*;
use serde_json::json;

use super::{make, storage::Memory};
use crate::{
    AuditBy, AuditFilter, Options, Order, Paging, RunCounts, RunFilter, Snapshot, TiCounts,
    TiFilter, TimeRange,
};

/// The book as maps.
#[derive(Clone, Debug, Default, PartialEq)]
struct Maps {
    counters: Counters,
    dags: BTreeMap<DagNo, DagRow>,
    task_names: BTreeMap<(DagNo, TaskNo), TaskId>,
    versions: BTreeMap<(DagNo, VersionNo), DagVersion>,
    runs: BTreeMap<RunNo, DagRun>,
    tis: BTreeMap<TiKey, TaskInstance>,
    tries: BTreeMap<(TiKey, u32), TaskInstance>,
    xcoms: BTreeMap<(TiKey, String), (Json, Timestamp)>,
    pools: BTreeMap<String, Pool>,
    variables: BTreeMap<String, Variable>,
    files: BTreeMap<String, DagFile>,
    audit: BTreeMap<AuditNo, AuditEntry>,
}

impl Maps {
    fn delete_run(&mut self, run: RunNo) {
        self.runs.remove(&run);
        self.tis.retain(|key, _| key.run != run);
        self.tries.retain(|(key, _), _| key.run != run);
        self.xcoms.retain(|(key, _), _| key.run != run);
    }
    fn apply(&mut self, change: &Change) {
        match change.clone() {
            Change::PutDag(row) => drop(self.dags.insert(row.no, *row)),
            Change::PutTaskName { dag, task, task_id } => {
                self.task_names.insert((dag, task), task_id);
            }
            Change::PutVersion(it) => drop(self.versions.insert((it.dag, it.version), *it)),
            Change::DeleteDag { dag, .. } => {
                let runs = self.runs.values().filter(|run| run.dag == dag);
                let runs: Vec<RunNo> = runs.map(|run| run.no).collect();
                runs.into_iter().for_each(|run| self.delete_run(run));
                self.dags.remove(&dag);
                self.task_names.retain(|(of, _), _| *of != dag);
                self.versions.retain(|(of, _), _| *of != dag);
            }
            Change::PutRun { run, .. } => drop(self.runs.insert(run.no, *run)),
            Change::DeleteRun { run } => self.delete_run(run),
            Change::PutTaskInstance { ti, .. } => drop(self.tis.insert(ti.key, *ti)),
            Change::DeleteTaskInstance { key, .. } => drop(self.tis.remove(&key)),
            Change::ArchiveTry(ti) => drop(self.tries.insert((ti.key, ti.try_number), *ti)),
            Change::PutXCom {
                key,
                name,
                value,
                at,
            } => drop(self.xcoms.insert((key, name), (value, at))),
            Change::DeleteXCom { key, name } => self
                .xcoms
                .retain(|(of, is), _| *of != key || name.as_ref().is_some_and(|name| name != is)),
            Change::PutPool(it) => drop(self.pools.insert(it.name.to_string(), it)),
            Change::DeletePool { name } => drop(self.pools.remove(name.as_str())),
            // They have tests of their own.
            Change::PutBackfill(_)
            | Change::PutDeadline(_)
            | Change::DeleteDeadline { .. }
            | Change::PutCallback(_)
            | Change::DeleteCallback { .. }
            | Change::PutHumanInput(_)
            | Change::PutKept { .. }
            | Change::DeleteKept { .. }
            | Change::PutConnection(_)
            | Change::DeleteConnection { .. }
            | Change::PutAsset(_)
            | Change::PutAlias(_)
            | Change::PutDagAssets(_)
            | Change::DeleteDagAssets { .. }
            | Change::PutAssetEvent(_)
            | Change::DeleteAssetEvent { .. }
            | Change::PutQueuedAsset(_)
            | Change::DeleteQueuedAsset { .. }
            | Change::PutPendingRun(_)
            | Change::DeletePendingRun { .. }
            | Change::PutConsumed { .. }
            | Change::PutAssetState { .. }
            | Change::DeleteAssetState { .. } => {}
            Change::PutVariable(it) => drop(self.variables.insert(it.key.clone(), it)),
            Change::DeleteVariable { key } => drop(self.variables.remove(&key)),
            Change::PutFile(it) => drop(self.files.insert(it.path.clone(), *it)),
            Change::DeleteFile { path } => drop(self.files.remove(&path)),
            Change::PutCounters(counters) => self.counters = counters,
            Change::PutAudit { no, entry } => drop(self.audit.insert(no, *entry)),
            Change::DeleteAudit { no } => drop(self.audit.remove(&no)),
        }
    }
    fn runs_of(&self, dag: Option<DagNo>) -> Vec<&DagRun> {
        let mut runs: Vec<&DagRun> = self.runs.values().collect();
        runs.retain(|run| dag.is_none_or(|dag| run.dag == dag));
        runs.sort_by_key(|run| (run.run_after, run.no));
        runs
    }
    fn dag_of(&self, run: RunNo) -> Option<DagNo> {
        self.runs.get(&run).map(|run| run.dag)
    }
}

/// The dag of a run: the same whenever the run is put.
fn dag_of(run: u64) -> u32 {
    1 + u32::try_from(run % 3).unwrap()
}

/// One change out of numbers; what belongs to a run is put only where the run is.
fn change(maps: &Maps, (what, run, task, bits): (u8, u8, u8, u32)) -> Change {
    let run = u64::from(run % 7) + 1;
    let dag = dag_of(run);
    let tasks = [
        (0, -1),
        (1, -1),
        (63, -1),
        (64, -1),
        (70, -1),
        (3, 0),
        (3, 63),
        (3, 64),
        (3, 700),
    ];
    let (task, map) = tasks[usize::from(task) % tasks.len()];
    let key = make::ti_key(run, task, map);
    if what < 40 && !maps.runs.contains_key(&RunNo(run)) {
        return make::put_run(make::some_run(run, dag, bits));
    }
    match what {
        0..18 => make::put_ti(dag, make::some_ti(key, bits)),
        18..20 => Change::DeleteTaskInstance {
            dag: DagNo(dag),
            key,
        },
        20..26 => Change::ArchiveTry(Box::new(make::some_ti(key, bits))),
        26..33 => Change::PutXCom {
            key,
            name: format!("x{}", bits % 3),
            value: json!({ "v": bits, "t": "ü" }),
            at: make::at(i64::from(bits)),
        },
        33..40 => Change::DeleteXCom {
            key,
            name: (bits & 1 != 0).then(|| format!("x{}", bits % 3)),
        },
        40..50 => make::put_run(make::some_run(run, dag, bits)),
        50..53 => Change::DeleteRun { run: RunNo(run) },
        53..55 => Change::DeleteDag {
            dag: DagNo(dag),
            dag_id: format!("dag_{dag}").into(),
        },
        55..60 => Change::PutDag(Box::new(make::dag_row(dag, bits))),
        60..63 => Change::PutVersion(Box::new(make::version(dag, bits))),
        63..66 => Change::PutTaskName {
            dag: DagNo(dag),
            task: TaskNo(task),
            task_id: format!("task_{task}").into(),
        },
        66..69 => Change::PutPool(make::pool(bits)),
        69 => Change::DeletePool {
            name: make::pool(bits).name,
        },
        70..73 => Change::PutVariable(make::variable(bits)),
        73 => Change::DeleteVariable {
            key: make::variable(bits).key,
        },
        74..77 => Change::PutFile(Box::new(make::file(bits))),
        77 => Change::DeleteFile {
            path: make::file(bits).path,
        },
        80..86 => make::audit(bits),
        86 => Change::DeleteAudit {
            no: AuditNo(u64::from(bits % 40)),
        },
        _ => make::counters(u64::from(bits)),
    }
}

fn check(book: &Snapshot, maps: &Maps) {
    assert_eq!(book.counters().unwrap(), maps.counters);
    check_dags(book, maps);
    check_runs(book, maps);
    check_task_instances(book, maps);
    check_tallies(book, maps);
    check_audit(book, maps);
    let pools: Vec<Pool> = maps.pools.values().cloned().collect();
    assert_eq!(book.pools().unwrap(), pools);
    let variables: Vec<Variable> = maps.variables.values().cloned().collect();
    assert_eq!(book.variables().unwrap(), variables);
    let files: Vec<DagFile> = maps.files.values().cloned().collect();
    assert_eq!(book.files().unwrap(), files);
    assert_eq!(
        book.file("f1.yaml").unwrap().as_ref(),
        maps.files.get("f1.yaml")
    );
    assert_eq!(
        book.variable("v1").unwrap().as_ref(),
        maps.variables.get("v1")
    );
    assert_eq!(book.pool("p1").unwrap().as_ref(), maps.pools.get("p1"));
}

fn check_dags(book: &Snapshot, maps: &Maps) {
    let dags: Vec<DagRow> = maps.dags.values().cloned().collect();
    assert_eq!(book.dags(None, 100).unwrap(), dags);
    for no in (1..4).map(DagNo) {
        let row = maps.dags.get(&no);
        assert_eq!(book.dag(no).unwrap().as_ref(), row);
        let found = book.dag_no(&format!("dag_{no}")).unwrap();
        assert_eq!(found, row.map(|row| row.no));
        let names = maps.task_names.iter().filter(|((dag, _), _)| *dag == no);
        let names: Vec<_> = names.map(|((_, task), id)| (*task, id.clone())).collect();
        assert_eq!(book.task_names(no).unwrap(), names);
        for version in (1..4).map(VersionNo) {
            let expected = maps.versions.get(&(no, version));
            assert_eq!(book.version(no, version).unwrap().as_ref(), expected);
        }
        let n = maps.versions.keys().filter(|(dag, _)| *dag == no).count();
        assert_eq!(book.versions(no, 10).unwrap().len(), n);
    }
}

fn check_runs(book: &Snapshot, maps: &Maps) {
    let live = maps.runs.values().filter(|run| !run.state.is_finished());
    let live: Vec<RunNo> = live.map(|run| run.no).collect();
    assert_eq!(book.live_runs().unwrap(), live);
    for no in (0..9).map(RunNo) {
        assert_eq!(book.run(no).unwrap().as_ref(), maps.runs.get(&no));
    }
    for run in maps.runs.values() {
        let found = book.run_no(run.dag, &run.run_id).unwrap();
        assert_eq!(found, Some(run.no));
        if let Some(at) = run.logical_date {
            let found = book.run_no_by_logical_date(run.dag, at).unwrap();
            assert_eq!(found, Some(run.no));
        }
    }
    for dag in [None, Some(DagNo(1)), Some(DagNo(2)), Some(DagNo(3))] {
        check_run_lists(book, maps, dag);
    }
}

fn check_run_lists(book: &Snapshot, maps: &Maps, dag: Option<DagNo>) {
    let states = [vec![], vec![DagRunState::Failed, DagRunState::Queued]];
    for states in states {
        let filter = RunFilter {
            dag,
            states,
            ..RunFilter::default()
        };
        let mut expected: Vec<DagRun> = maps.runs_of(dag).into_iter().cloned().collect();
        expected.retain(|run| filter.states.is_empty() || filter.states.contains(&run.state));
        let n = expected.len() as u64;
        assert_eq!(book.count_runs(&filter).unwrap(), (n, false));
        for order in [Order::Ascending, Order::Descending] {
            let mut found = Vec::new();
            let mut after = None;
            loop {
                let paging = Paging {
                    after,
                    skip: 0,
                    limit: 2,
                };
                let page = book.runs(&filter, order, paging, None).unwrap();
                found.extend(page.items);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, expected);
            expected.reverse();
        }
    }
    let Some(dag) = dag else { return };
    let mut newest: Vec<RunNo> = maps.runs_of(Some(dag)).iter().map(|run| run.no).collect();
    newest.reverse();
    newest.truncate(3);
    assert_eq!(book.last_runs(dag, 3).unwrap(), newest);
    let mut dated: Vec<(Timestamp, RunNo)> = maps
        .runs_of(Some(dag))
        .iter()
        .filter_map(|run| Some((run.logical_date?, run.no)))
        .collect();
    dated.sort_unstable();
    let all: Vec<RunNo> = dated.iter().map(|(_, no)| *no).collect();
    assert_eq!(book.runs_between(dag, None, None).unwrap(), all);
    for pair in dated.windows(2) {
        let previous = book.previous_run(dag, pair[1].0, |_, _| true).unwrap();
        assert_eq!(previous, Some(pair[0].1));
    }
}

fn check_task_instances(book: &Snapshot, maps: &Maps) {
    for run in (0..9).map(RunNo) {
        let expected = maps.tis.values().filter(|ti| ti.key.run == run);
        let expected: Vec<TaskInstance> = expected.cloned().collect();
        assert_eq!(book.task_instances(run).unwrap(), expected);
        let n = maps.xcoms.keys().filter(|(key, _)| key.run == run).count();
        assert_eq!(book.xcoms_of_run(run).unwrap().len(), n);
    }
    for (key, ti) in &maps.tis {
        assert_eq!(book.task_instance(*key).unwrap().as_ref(), Some(ti));
        let tries = maps.tries.range((*key, 0)..=(*key, u32::MAX));
        let tries: Vec<TaskInstance> = tries.map(|(_, ti)| ti.clone()).collect();
        assert_eq!(book.tries(*key).unwrap(), tries);
    }
    for ((key, name), (value, at)) in &maps.xcoms {
        let xcom = book.xcom(*key, name).unwrap().unwrap();
        assert_eq!((&xcom.value, xcom.at), (value, *at));
        assert!(book.xcoms(*key).unwrap().contains(&xcom));
    }
    use TaskInstanceState::{Failed, Running, Skipped, Success};
    for states in [
        vec![],
        vec![Failed, Skipped],
        vec![Running, Failed],
        vec![Success],
    ] {
        for dag in [None, Some(DagNo(2))] {
            for skip in [0, 3] {
                let filter = TiFilter {
                    dag,
                    states: states.clone(),
                    ..TiFilter::default()
                };
                check_ti_list(book, maps, &filter, skip);
            }
        }
    }
}

/// All task instances that the filter takes come, each once, but for those that are skipped.
fn check_ti_list(book: &Snapshot, maps: &Maps, filter: &TiFilter, skip: usize) {
    let mut expected: Vec<TiKey> = Vec::new();
    for ti in maps.tis.values() {
        let is_state = filter.states.is_empty() || filter.states.contains(&ti.state);
        let is_dag = filter.dag.is_none() || filter.dag == maps.dag_of(ti.key.run);
        if is_state && is_dag {
            expected.push(ti.key);
        }
    }
    for order in [Order::Ascending, Order::Descending] {
        let mut found = Vec::new();
        let mut paging = Paging {
            after: None,
            skip,
            limit: 3,
        };
        loop {
            let page = book
                .task_instances_all(filter, order, paging, None)
                .unwrap();
            found.extend(page.items.iter().map(|ti| ti.key));
            let Some(next) = page.next else { break };
            paging.after = Some(next);
            paging.skip = 0;
        }
        assert_eq!(found.len(), expected.len().saturating_sub(skip));
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), expected.len().saturating_sub(skip));
        assert!(found.iter().all(|key| expected.contains(key)));
    }
}

/// By whatever is asked, the same entries come as from a look at each.
fn check_audit(book: &Snapshot, maps: &Maps) {
    let values = |values: &[&str]| values.iter().map(|it| (*it).to_owned()).collect();
    let (dag, event) = (AuditBy::Dag, AuditBy::Event);
    for by in [
        vec![],
        vec![(dag, values(&["dag_1"]))],
        vec![(dag, values(&["dag_1", "dag"]))],
        vec![(dag, values(&["dag_2"])), (event, values(&["e1", "e2"]))],
        vec![
            (AuditBy::Run, values(&["r1"])),
            (AuditBy::Task, values(&["t"])),
        ],
        vec![(AuditBy::Owner, values(&["nobody"]))],
    ] {
        for (from, to) in [(None, None), (Some(5), Some(20)), (Some(20), Some(5))] {
            let filter = AuditFilter {
                by: by.clone(),
                at: TimeRange {
                    from: from.map(make::us),
                    to: to.map(make::us),
                },
            };
            check_audit_list(book, maps, &filter);
        }
    }
    let known: BTreeSet<&str> = maps.audit.values().map(|it| &*it.event).collect();
    let found = book.audit_values(event, 9, &|_| true).unwrap().unwrap();
    assert_eq!(
        found.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        known
    );
    assert_eq!(
        book.last_audit().unwrap().as_ref(),
        maps.audit.keys().last()
    );
}

fn check_audit_list(book: &Snapshot, maps: &Maps, filter: &AuditFilter) {
    let takes = |no: AuditNo, entry: &AuditEntry| {
        let is_one = |(by, values): &(AuditBy, Vec<String>)| {
            let value = by.of(entry).unwrap_or_default().to_owned();
            values.contains(&value)
        };
        filter.at.contains(Some(no.at())) && filter.by.iter().all(is_one)
    };
    let all = maps.audit.iter();
    let all = all.filter(|(no, entry)| takes(**no, entry));
    let mut expected: Vec<_> = all.map(|(no, entry)| (*no, entry.clone())).collect();
    let n = expected.len() as u64;
    assert_eq!(book.count_audit(filter, None).unwrap(), (n, false));
    let odd = |no: AuditNo, _: &AuditEntry| no.0 % 2 == 1;
    let n = expected.iter().filter(|(no, it)| odd(*no, it)).count() as u64;
    assert_eq!(book.count_audit(filter, Some(&odd)).unwrap(), (n, false));
    for order in [Order::Ascending, Order::Descending] {
        let mut found = Vec::new();
        let mut paging = Paging::first(2);
        loop {
            let page = book.audit(filter, order, paging, None).unwrap();
            found.extend(page.items);
            paging.after = page.next;
            if paging.after.is_none() {
                break;
            }
        }
        assert_eq!(found, expected, "{filter:?} {order:?}");
        let skip = Paging {
            skip: 1,
            ..Paging::first(3)
        };
        let page = book.audit(filter, order, skip, None).unwrap();
        let wanted: Vec<_> = expected.iter().skip(1).take(3).cloned().collect();
        assert_eq!(page.items, wanted);
        expected.reverse();
    }
}

fn check_tallies(book: &Snapshot, maps: &Maps) {
    for dag in [None, Some(DagNo(1)), Some(DagNo(2)), Some(DagNo(3))] {
        let mut tis = TiCounts::default();
        for ti in maps.tis.values() {
            if dag.is_none() || maps.dag_of(ti.key.run) == dag {
                tis.0[ti.state as usize] += 1;
            }
        }
        assert_eq!(book.ti_counts(dag).unwrap(), tis);
        let mut runs = RunCounts::default();
        for run in maps.runs_of(dag) {
            runs.0[run.state as usize] += 1;
        }
        assert_eq!(book.run_counts(dag).unwrap(), runs);
    }
}

type Numbers = (u8, u8, u8, u32);

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn a_book_reads_as_maps_do(
        batches in prop::collection::vec(
            prop::collection::vec((0..88_u8, any::<u8>(), any::<u8>(), any::<u32>()), 0..40),
            1..7,
        )
    ) {
        let batches: Vec<Vec<Numbers>> = batches;
        let memory = Memory::default();
        let (store, mut writer) = crate::open_backend(memory, &Options::default()).unwrap();
        let (ours, other) = (DeploymentId(1), DeploymentId(2));
        let mut theirs = Maps::default();
        let alike: Vec<Change> = [make::some_run(1, 2, 0), make::some_run(2, 3, 65)]
            .map(make::put_run)
            .into();
        alike.iter().for_each(|change| theirs.apply(change));
        writer.commit(other, &alike).unwrap();
        let mut maps = Maps::default();
        for batch in batches {
            let mut changes = Vec::new();
            for numbers in batch {
                let change = change(&maps, numbers);
                maps.apply(&change);
                changes.push(change);
            }
            writer.commit(ours, &changes).unwrap();
            check(&store.snapshot(ours).unwrap(), &maps);
        }
        check(&store.snapshot(other).unwrap(), &theirs);
    }
}
