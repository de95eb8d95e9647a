//! Random dags as Airflow's parser gives them: mapped tasks and groups, setups and teardowns, assets.

use serde_json::{Map, Value, json};

use crate::{
    chance::Chance,
    dags::{POOLS, RULES, SCHEDULES},
};

/// Assets that dags name.
pub const ASSETS: [&str; 4] = ["a", "b", "c", "d"];
/// The alias that tasks resolve to one of them.
pub const ALIAS: &str = "any";
/// Keys of partitions.
pub const PARTITIONS: [&str; 3] = ["p1", "p2", "p3"];
/// Tasks of the mapped group have ids that begin so.
const GROUP: &str = "g";

/// A document. Tasks named `list` return lists, `park` wait for a trigger in Python and go on,
/// `ask` wait for a person, `setup` and `clean` are what their names say; the others as in `dags`.
#[must_use]
pub fn document(dag_id: &str, chance: &mut Chance) -> String {
    let sketch = Sketch::new(chance);
    let operators: Vec<Value> = (0..sketch.tasks.len())
        .map(|at| sketch.operator(at, chance))
        .collect();
    let mut dag = json!({
        "dag_id": dag_id,
        "fileloc": format!("/dags/{dag_id}.py"),
        "timezone": "UTC",
        "timetable": timetable(chance),
        "catchup": chance.percent(30),
        "start_date": 1_794_990_600.0,
        "is_paused_upon_creation": chance.percent(5),
        "max_active_runs": 1 + chance.below(4),
        "tasks": operators,
        "task_group": sketch.groups(),
    });
    if chance.percent(15) {
        dag["max_active_tasks"] = json!(1 + chance.below(3));
    }
    if chance.percent(7) {
        dag["dagrun_timeout"] = json!(60 + chance.below(600));
    }
    if chance.percent(7) {
        dag["fail_fast"] = json!(true);
    }
    json!({"__version": 3, "dag": dag}).to_string()
}

/// The same document without a schedule, and with no limit to failures.
#[must_use]
pub fn unscheduled(mut document: Value) -> Value {
    document["dag"]["timetable"] = never();
    document["dag"]["max_consecutive_failed_dag_runs"] = json!(0);
    document
}

fn never() -> Value {
    json!({"__type": "airflow.timetables.simple.NullTimetable", "__var": {}})
}

#[derive(Debug, Default)]
struct Sketch {
    tasks: Vec<Planned>,
    /// What the group is expanded over.
    group: Option<Value>,
}

#[derive(Debug, Default)]
struct Planned {
    id: String,
    needs: Vec<usize>,
    in_group: bool,
    expand: Option<Value>,
    after_setup: bool,
}

impl Sketch {
    fn new(chance: &mut Chance) -> Self {
        let mut sketch = Self::default();
        let n_tasks = 1 + chance.below(7);
        let has_setup = n_tasks > 2 && chance.percent(25);
        let group = if n_tasks > 2 && !has_setup && chance.percent(25) {
            let first = 1 + chance.below(n_tasks - 1);
            first..(first + 1 + chance.below(3)).min(n_tasks)
        } else {
            0..0
        };
        let density = 20 + chance.below(50) as u64;
        for at in 0..n_tasks {
            let kinds = [
                "work", "work", "list", "list", "branch", "poke", "park", "ask",
            ];
            let mut kind = chance.pick(&kinds).copied().unwrap_or("work");
            if has_setup && at == 0 {
                kind = "setup";
            } else if has_setup && at == n_tasks - 1 {
                kind = "clean";
            }
            let in_group = group.contains(&at);
            let prefix = if in_group { "g." } else { "" };
            let before = (0..at).rev().take(5);
            let needs = before.filter(|_| chance.percent(density)).collect();
            sketch.tasks.push(Planned {
                id: format!("{prefix}{kind}_{at}"),
                needs,
                in_group,
                ..Planned::default()
            });
            if in_group && at == group.start {
                sketch.expand_group(at, chance);
            }
            let percent = if in_group { 8 } else { 30 };
            if kind != "setup" && kind != "clean" && chance.percent(percent) {
                sketch.expand(at, chance);
            }
        }
        if has_setup {
            sketch.set_up(chance);
        }
        sketch
    }

    /// The last task cleans up after the first; what comes right after the first has no rule of its
    /// own, as upstream demands.
    fn set_up(&mut self, chance: &mut Chance) {
        let last = self.tasks.len() - 1;
        for at in 1..=last {
            let task = &mut self.tasks[at];
            if (at == last || chance.percent(40)) && !task.needs.contains(&0) {
                task.needs.push(0);
            }
            task.after_setup = task.needs.contains(&0);
        }
        for at in 1..last {
            if chance.percent(60) && !self.tasks[last].needs.contains(&at) {
                self.tasks[last].needs.push(at);
            }
        }
    }

    /// The group is expanded over a list, or over what a task before it returns.
    fn expand_group(&mut self, first: usize, chance: &mut Chance) {
        let source = self.lists(first).last().copied();
        let value = match source.filter(|_| chance.percent(60)) {
            Some(source) => {
                self.need(first, source);
                self.reference(source)
            }
            None => literal(chance),
        };
        self.group = Some(of_lists(&[("x", value)]));
    }

    fn expand(&mut self, at: usize, chance: &mut Chance) {
        let value = self.map_value(at, chance);
        let input = match chance.below(4) {
            0 => {
                let other = self.map_value(at, chance);
                of_lists(&[("x", value), ("y", other)])
            }
            1 => json!({"type": "list-of-dicts", "value": value}),
            _ => of_lists(&[("x", value)]),
        };
        self.tasks[at].expand = Some(input);
    }

    fn map_value(&mut self, at: usize, chance: &mut Chance) -> Value {
        let sources = self.lists(at);
        let (Some(one), true) = (chance.pick(&sources).copied(), chance.percent(65)) else {
            return literal(chance);
        };
        self.need(at, one);
        let plain = self.reference(one);
        let other = chance.pick(&sources).copied().unwrap_or(one);
        let inner = match chance.below(6) {
            0 => json!({"type": "map", "arg": plain, "callables": ["lambda x: x"]}),
            1 | 2 => {
                self.need(at, other);
                let args = [plain, self.reference(other)];
                let kind = if chance.percent(50) { "zip" } else { "concat" };
                json!({"type": kind, "args": args})
            }
            _ => return plain,
        };
        json!({"__type": "xcomref", "__var": inner})
    }

    /// Tasks before one that may be expanded over: they return lists, or are mapped themselves.
    fn lists(&self, before: usize) -> Vec<usize> {
        let own = self.tasks.get(before).is_some_and(|task| task.in_group);
        let is_list = |at: &usize| {
            let task = &self.tasks[*at];
            // What a task of a mapped group returns is seen by those of the same group by index.
            let is_near = task.in_group && own;
            !is_near && (task.id.starts_with("list") || task.expand.is_some() || task.in_group)
        };
        (0..before).filter(is_list).collect()
    }

    fn need(&mut self, at: usize, above: usize) {
        let needs = &mut self.tasks[at].needs;
        if !needs.contains(&above) {
            needs.push(above);
        }
    }

    fn reference(&self, at: usize) -> Value {
        let task_id = &self.tasks[at].id;
        json!({"__type": "xcomref", "__var": {"task_id": task_id, "key": "return_value"}})
    }

    fn operator(&self, at: usize, chance: &mut Chance) -> Value {
        let task = &self.tasks[at];
        let is_below = |below: &&Planned| below.needs.contains(&at);
        let below: Vec<&str> = self
            .tasks
            .iter()
            .filter(is_below)
            .map(|below| below.id.as_str())
            .collect();
        let (is_setup, is_teardown) = (task.id == "setup_0", task.id.starts_with("clean"));
        let mut own = json!({
            "task_id": task.id,
            "task_type": "PythonOperator",
            "_task_module": "airflow.providers.standard.operators.python",
            "downstream_task_ids": below,
        });
        let mut partial = Map::new();
        if chance.percent(35) && !task.after_setup && !is_setup && !is_teardown {
            partial.insert("trigger_rule".to_owned(), json!(chance.pick(&RULES)));
        }
        if is_teardown {
            let rule = json!("all_done_setup_success");
            partial.insert("trigger_rule".to_owned(), rule);
            own["_on_failure_fail_dagrun"] = json!(chance.percent(30));
        }
        own["is_setup"] = json!(is_setup);
        own["is_teardown"] = json!(is_teardown);
        own["_can_skip_downstream"] = json!(task.id.contains("branch"));
        limits(&mut partial, chance);
        if chance.percent(40) {
            let outlets: Vec<Value> = (0..1 + chance.below(2)).map(|_| outlet(chance)).collect();
            partial.insert("outlets".to_owned(), json!(outlets));
        }
        match &task.expand {
            Some(input) => {
                own["_is_mapped"] = json!(true);
                own["_expand_input_attr"] = json!("expand_input");
                own["expand_input"] = input.clone();
                own["partial_kwargs"] = Value::Object(partial);
            }
            None => {
                if let Some(fields) = own.as_object_mut() {
                    fields.extend(partial);
                }
            }
        }
        json!({"__type": "operator", "__var": own})
    }

    fn groups(&self) -> Value {
        let (mut root, mut inner) = (Map::new(), Map::new());
        for task in &self.tasks {
            let child = json!(["operator", task.id]);
            let place = if task.in_group { &mut inner } else { &mut root };
            place.insert(task.id.clone(), child);
        }
        if let Some(input) = &self.group {
            let group = json!({
                "_group_id": GROUP, "prefix_group_id": true, "is_mapped": true,
                "expand_input": input, "children": inner,
            });
            root.insert(GROUP.to_owned(), json!(["taskgroup", group]));
        }
        json!({"_group_id": null, "children": root})
    }
}

fn limits(fields: &mut Map<String, Value>, chance: &mut Chance) {
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    if chance.percent(40) {
        put("retries", json!(chance.below(3)));
        put("retry_delay", json!(chance.below(120)));
    }
    if chance.percent(30) {
        put("pool", json!(chance.pick(&POOLS)));
        put("pool_slots", json!(1 + chance.below(3)));
    }
    if chance.percent(8) {
        put("depends_on_past", json!(true));
    }
    if chance.percent(10) {
        put("max_active_tis_per_dagrun", json!(1 + chance.below(2)));
    }
    if chance.percent(5) {
        put("max_active_tis_per_dag", json!(1 + chance.below(2)));
    }
}

fn of_lists(values: &[(&str, Value)]) -> Value {
    let mut map = Map::new();
    for (name, value) in values {
        map.insert((*name).to_owned(), value.clone());
    }
    json!({"type": "dict-of-lists", "value": {"__type": "dict", "__var": map}})
}

fn literal(chance: &mut Chance) -> Value {
    json!((0..chance.below(4)).collect::<Vec<_>>())
}

fn asset(chance: &mut Chance) -> Value {
    let name = chance.pick(&ASSETS).copied().unwrap_or("a");
    json!({"__type": "asset", "name": name, "uri": format!("s3://{name}"), "group": "asset",
        "extra": {}})
}

fn outlet(chance: &mut Chance) -> Value {
    if chance.percent(25) {
        return json!({"__type": "asset_alias", "name": ALIAS, "group": "asset"});
    }
    asset(chance)
}

fn condition(depth: usize, chance: &mut Chance) -> Value {
    match chance.below(if depth == 0 { 7 } else { 5 }) {
        0 => json!({"__type": "asset_alias", "name": ALIAS, "group": "asset"}),
        // Not by name alone: as upstream's, runs that such a name makes do not have its events.
        1..5 => asset(chance),
        n => {
            let kind = if n == 5 { "asset_all" } else { "asset_any" };
            let parts: Vec<Value> = (0..2).map(|_| condition(depth + 1, chance)).collect();
            json!({"__type": kind, "objects": parts})
        }
    }
}

fn timetable(chance: &mut Chance) -> Value {
    let of = |class: &str, data: Value| json!({"__type": class, "__var": data});
    match chance.below(100) {
        0..40 => {
            let data = json!({"asset_condition": condition(0, chance)});
            of("airflow.timetables.simple.AssetTriggeredTimetable", data)
        }
        40..50 => {
            let data = json!({"asset_condition": condition(0, chance), "timetable": cron(chance)});
            of("airflow.timetables.assets.AssetOrTimeSchedule", data)
        }
        50..60 => {
            let identity = of(
                "airflow.partition_mappers.identity.IdentityMapper",
                json!({}),
            );
            let data = json!({
                "asset_condition": condition(0, chance), "partition_mapper_config": [],
                "default_partition_mapper": identity,
            });
            of("airflow.timetables.simple.PartitionedAssetTimetable", data)
        }
        60..80 => cron(chance),
        _ => never(),
    }
}

fn cron(chance: &mut Chance) -> Value {
    let five = |text: &&&str| text.starts_with(['0', '*']);
    let crons: Vec<&str> = SCHEDULES.iter().filter(five).copied().collect();
    json!({"__type": "airflow.timetables.trigger.CronTriggerTimetable", "__var": {
        "expression": chance.pick(&crons), "timezone": "UTC", "interval": 0.0,
        "run_immediately": false,
    }})
}
