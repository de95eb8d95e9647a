//! Dags as text.

use model::{
    Json, Timestamp,
    dag::{
        Asset, AssetCondition, AssetLike, AssetWatcher, Dag, Email, Expand, MapValue, Operator,
        OperatorKind, StartTrigger, Task, TaskGroup, XComArg,
    },
    schedule::Schedule,
    state::{DagRunType, TriggerRule, WeightRule},
};

use super::dsl::span;

pub(crate) fn parse_dag(dag_id: &str, text: &str) -> Dag {
    let mut dag = empty_dag(dag_id);
    for entry in text
        .split(';')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
    {
        if let Some(keys) = entry.strip_prefix('!') {
            for (key, value) in keys
                .split_whitespace()
                .filter_map(|pair| pair.split_once('='))
            {
                set_dag(&mut dag, key, value);
            }
            continue;
        }
        let mut words = entry.split_whitespace();
        let (name, upstream) = words
            .next()
            .unwrap()
            .split_once(':')
            .unwrap_or_else(|| (entry.split_whitespace().next().unwrap(), ""));
        let mut task = bare_task(name);
        let at = dag.tasks.len();
        for (key, value) in words.filter_map(|pair| pair.split_once('=')) {
            if key == "in" {
                enter_group(&mut dag, &mut task, at, value);
            } else {
                set_task(&mut task, key, value);
            }
        }
        for above in upstream.split(',').filter(|above| !above.is_empty()) {
            let above = dag
                .position(above)
                .unwrap_or_else(|| panic!("no task {above}"));
            task.upstream.push(above);
            dag.tasks[above].downstream.push(at);
        }
        task.upstream.sort_unstable();
        dag.tasks.push(task);
    }
    dag
}

fn set_dag(dag: &mut Dag, key: &str, value: &str) {
    match key {
        "runs" => dag.max_active_runs = value.parse().unwrap(),
        "tasks" => dag.max_active_tasks = value.parse().unwrap(),
        "timeout" => dag.dagrun_timeout = Some(span(value)),
        "on_success" => dag.has_on_success_callback = value == "yes",
        "on_failure" => dag.has_on_failure_callback = value == "yes",
        "fail_fast" => dag.fail_fast = value == "yes",
        "catchup" => dag.catchup = value == "yes",
        "to" => dag.end_date = Some(Timestamp::parse(value).unwrap()),
        "from" => dag.start_date = Some(Timestamp::parse(value).unwrap()),
        "failures" => dag.max_consecutive_failed_dag_runs = value.parse().unwrap(),
        "paused" => dag.is_paused_upon_creation = Some(value == "yes"),
        "cron" => {
            let clock = model::schedule::from_text(value, "UTC").unwrap();
            if let Schedule::AssetOrTime { timetable, .. } = &mut dag.schedule {
                **timetable = clock;
            } else {
                dag.schedule = clock;
            }
        }
        "assets" | "assets_or" | "watched" => {
            let condition = Json::Null;
            dag.asset_condition = Some(asset_condition(value, key == "watched"));
            dag.schedule = if key == "assets_or" {
                let timetable = Box::new(Schedule::Null);
                Schedule::AssetOrTime {
                    timetable,
                    condition,
                }
            } else {
                Schedule::Asset { condition }
            };
        }
        // A mapped group by its way, `map.g/h=2`, or a plain one, `group.g=-`.
        key if key.starts_with("map.") || key.starts_with("group.") => {
            let (kind, way) = key.split_once('.').unwrap();
            let expand = (kind == "map").then(|| value.to_owned());
            group(dag, way, expand.as_deref());
        }
        "only" => dag.allowed_run_types = Some(vec![DagRunType::parse(value).unwrap()]),
        _ => panic!("{key}"),
    }
}

fn set_task(task: &mut Task, key: &str, value: &str) {
    match key {
        "rule" => task.trigger_rule = TriggerRule::parse(value).unwrap(),
        "retries" => task.retries = value.parse().unwrap(),
        "delay" => task.retry_delay = span(value),
        "pool" => task.pool = value.into(),
        "inlet" => task.inlets = value.split(',').map(|name| asset(name, false)).collect(),
        "out" => task.outlets = value.split(',').map(|name| asset(name, false)).collect(),
        "slots" => task.pool_slots = value.parse().unwrap(),
        "weight" => task.priority_weight = value.parse().unwrap(),
        "weights" => task.weight_rule = WeightRule::parse(value).unwrap(),
        "kind" => {
            task.operator.kind = match value {
                "empty" => OperatorKind::Empty,
                "python" => OperatorKind::Python,
                _ => OperatorKind::Bash,
            }
        }
        "on_failure" => task.callbacks.on_failure = value == "yes",
        "on_retry" => task.callbacks.on_retry = value == "yes",
        "mail" => {
            task.email = Some(Email {
                to: vec!["a@b.c".to_owned()],
                on_failure: true,
                on_retry: value != "failure",
            });
        }
        "past" => task.depends_on_past = value == "yes",
        "first" => task.ignore_first_depends_on_past = value == "yes",
        "wait_down" => task.wait_for_downstream = value == "yes",
        "skip_waits" => task.wait_for_past_depends_before_skipping = value == "yes",
        "per_dag" => task.max_active_tis_per_dag = Some(value.parse().unwrap()),
        "setup" => task.is_setup = value == "yes",
        "teardown" => task.is_teardown = value == "yes",
        "trigger" => {
            task.start_from_trigger = true;
            task.start_trigger = Some(StartTrigger {
                class: "T".to_owned(),
                kwargs: Json::Null,
                next_method: "go_on".to_owned(),
                next_kwargs: Json::Null,
                timeout: Some(span(value)),
            });
        }
        "fails_run" => task.on_failure_fail_dagrun = value == "yes",
        "per_run" => task.max_active_tis_per_dagrun = Some(value.parse().unwrap()),
        "expand" => {
            task.is_mapped = true;
            task.expand = Some(expand(value));
        }
        // Over a list of objects.
        "kwargs" => {
            task.is_mapped = true;
            task.expand = Some(Expand::ListOfDicts(map_value(value)));
        }
        "push" => task.do_xcom_push = value == "yes",
        _ => panic!("{key}"),
    }
}

/// `a&(b|alias:c)`.
fn asset_condition(text: &str, watched: bool) -> AssetCondition {
    let parts = |at: char| {
        let (mut depth, mut parts) = (0, vec![String::new()]);
        for c in text.chars() {
            depth += i32::from(c == '(') - i32::from(c == ')');
            if c == at && depth == 0 {
                parts.push(String::new());
            } else {
                parts.last_mut().unwrap().push(c);
            }
        }
        let parts: Vec<_> = parts
            .iter()
            .map(|it| asset_condition(it, watched))
            .collect();
        parts
    };
    let is_within = |at: char| {
        let mut depth = 0;
        text.chars().any(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            c == at && depth == 0
        })
    };
    if is_within('|') {
        AssetCondition::Any(parts('|'))
    } else if is_within('&') {
        AssetCondition::All(parts('&'))
    } else if let Some(inner) = text.strip_prefix('(') {
        asset_condition(inner.strip_suffix(')').unwrap(), watched)
    } else {
        AssetCondition::One(asset(text, watched))
    }
}

/// `a`, `a=s3://uri`, `alias:a`, `name:a` or `uri:s3://a`.
fn asset(text: &str, watched: bool) -> AssetLike {
    if let Some(name) = text.strip_prefix("alias:") {
        return AssetLike::Alias {
            name: name.to_owned(),
            group: "asset".to_owned(),
        };
    }
    if let Some(name) = text.strip_prefix("name:") {
        return AssetLike::Named(name.to_owned());
    }
    if let Some(uri) = text.strip_prefix("uri:") {
        return AssetLike::At(uri.to_owned());
    }
    let (name, uri) = text.split_once('=').unwrap_or((text, ""));
    let uri = if uri.is_empty() {
        format!("s3://{name}")
    } else {
        uri.to_owned()
    };
    let watcher = AssetWatcher {
        name: "w".to_owned(),
        classpath: "W".to_owned(),
        kwargs: model::JsonMap::new(),
    };
    AssetLike::Asset(Box::new(Asset {
        name: name.to_owned(),
        uri,
        group: "asset".to_owned(),
        watchers: if watched { vec![watcher] } else { Vec::new() },
        ..Asset::default()
    }))
}

pub(crate) fn bare_task(name: &str) -> Task {
    let operator = Operator {
        class: "bash".to_owned(),
        kind: OperatorKind::Bash,
        arguments: std::collections::BTreeMap::new(),
    };
    Task {
        ignore_first_depends_on_past: true,
        owner: String::new(),
        ..Task::new(name.into(), operator)
    }
}

fn empty_dag(dag_id: &str) -> Dag {
    Dag::new(dag_id.into())
}

/// Makes the last group of a way of labels; those around it must be there.
fn group(dag: &mut Dag, way: &str, over: Option<&str>) {
    let mut level = &mut dag.groups;
    let mut labels: Vec<&str> = way.split('/').collect();
    let last = labels.pop().unwrap();
    for label in labels {
        let found = level.iter_mut().find(|group| group.label == label);
        level = &mut found.unwrap().groups;
    }
    level.push(TaskGroup {
        group_id: way.replace('/', "."),
        label: last.to_owned(),
        expand: over.map(expand),
        ..TaskGroup::default()
    });
}

fn enter_group(dag: &mut Dag, task: &mut Task, at: usize, way: &str) {
    let mut level = &mut dag.groups;
    let n_labels = way.split('/').count();
    for (depth, label) in way.split('/').enumerate() {
        let place = level.iter().position(|group| group.label == label).unwrap();
        task.group_path.push(place);
        let group = &mut level[place];
        if depth + 1 == n_labels {
            group.tasks.push(at);
        }
        level = &mut group.groups;
    }
}

/// `3*a` is a product of a list of three and what `a` returned.
fn expand(text: &str) -> Expand {
    let values = text.split('*').enumerate();
    Expand::DictOfLists(
        values
            .map(|(at, value)| (format!("k{at}"), map_value(value)))
            .collect(),
    )
}

fn map_value(text: &str) -> MapValue {
    match text.parse::<usize>() {
        Ok(length) => MapValue::Literal(Json::Array(vec![Json::Null; length])),
        Err(_) => MapValue::XCom(xcom(text)),
    }
}

/// A task's name, or `map(a)`, `zip(a,b)`, `fill(a,b)`, `concat(a,b)`.
fn xcom(text: &str) -> XComArg {
    let Some((word, rest)) = text.split_once('(') else {
        return XComArg::Plain {
            task_id: text.into(),
            key: "return_value".to_owned(),
        };
    };
    let args: Vec<XComArg> = rest.trim_end_matches(')').split(',').map(xcom).collect();
    match word {
        "map" => XComArg::Map {
            arg: Box::new(args[0].clone()),
            n_callables: 1,
        },
        "zip" => XComArg::Zip {
            args,
            fillvalue: None,
        },
        "fill" => XComArg::Zip {
            args,
            fillvalue: Some(Json::Null),
        },
        "concat" => XComArg::Concat(args),
        _ => panic!("{word}"),
    }
}
