//! A dag as compact text: what differs from the defaults.

use std::fmt::Write as _;

use model::{
    TaskId,
    dag::{Dag, Operator, Task, TaskGroup},
};

pub(super) fn dag(dag: &Dag) -> String {
    let mut out = String::new();
    let bare = Dag {
        tasks: dag.tasks.clone(),
        groups: dag.groups.clone(),
        ..Dag::new(dag.dag_id.clone())
    };
    let _ = writeln!(out, "dag {}", dag.dag_id);
    differences(&mut out, "  ", &format!("{bare:#?}"), &format!("{dag:#?}"));
    for (n, task) in dag.tasks.iter().enumerate() {
        task_text(&mut out, n, task);
    }
    for group in &dag.groups {
        group_text(&mut out, "", group);
    }
    out
}

fn task_text(out: &mut String, n: usize, task: &Task) {
    let kind = task.operator.kind;
    let class = &task.operator.class;
    let _ = writeln!(out, "task {n} {} = {kind:?} {class}", task.task_id);
    let operator = Operator {
        arguments: std::collections::BTreeMap::new(),
        ..task.operator.clone()
    };
    let bare = Task::new(TaskId::from(task.task_id.as_str()), operator);
    differences(out, "  ", &format!("{bare:#?}"), &format!("{task:#?}"));
}

fn group_text(out: &mut String, indent: &str, group: &TaskGroup) {
    let _ = writeln!(out, "{indent}group {}", group.group_id);
    let alone = TaskGroup {
        groups: Vec::new(),
        ..group.clone()
    };
    let bare = TaskGroup {
        group_id: group.group_id.clone(),
        ..TaskGroup::default()
    };
    let within = format!("{indent}  ");
    differences(out, &within, &format!("{bare:#?}"), &format!("{alone:#?}"));
    for inner in &group.groups {
        group_text(out, &within, inner);
    }
}

/// The fields of one printed struct that the other has otherwise, each in one line.
fn differences(out: &mut String, indent: &str, bare: &str, full: &str) {
    let bare = fields(bare);
    for field in fields(full) {
        if !bare.contains(&field) {
            let _ = writeln!(out, "{indent}{field}");
        }
    }
}

fn fields(printed: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in printed.lines() {
        if line.starts_with("    ") && !line.starts_with("     ") && !line.starts_with("    }") {
            let closes = line.trim_start().starts_with([')', ']', '}']);
            if !closes {
                found.push(String::new());
            }
        }
        if let Some(last) = found.last_mut()
            && line.starts_with("    ")
        {
            let line = line.trim();
            if !last.is_empty() && !last.ends_with(['(', '[', '{']) {
                last.push(' ');
            }
            last.push_str(line);
        }
    }
    // One line needs no comma before a closing bracket.
    let tidy = |field: &String| {
        let field = field.trim_end_matches(',');
        field
            .replace(", )", ")")
            .replace(", ]", "]")
            .replace(", }", "}")
    };
    found.iter().map(tidy).collect()
}
