//! The tree of task groups.

use model::{
    Json, JsonMap,
    dag::{Dag, TaskGroup},
};

use super::{
    dag::Places,
    fields::{EDGES, Fields, PROPERTY, Read, wrong},
    mapping,
};

/// What is read below; the rest is kept.
const KNOWN: &[&str] = &[
    "_group_id",
    "children",
    "doc_md",
    "downstream_group_ids",
    "downstream_task_ids",
    "expand_input",
    "group_display_name",
    "is_mapped",
    "prefix_group_id",
    "tooltip",
    "ui_color",
    "ui_fgcolor",
    "upstream_group_ids",
    "upstream_task_ids",
];

/// What every root has by default, so that it need not be kept.
const ROOT: &[(&str, &str)] = &[
    ("ui_color", "CornflowerBlue"),
    ("ui_fgcolor", "#000"),
    ("tooltip", ""),
    ("group_display_name", ""),
];

pub(super) fn read(fields: &Fields<'_>, places: &Places, dag: &mut Dag) -> Read<()> {
    let root = match fields.get("task_group") {
        None => return Ok(()),
        Some(root) => root
            .as_object()
            .ok_or_else(|| fields.wrong("task_group", "an object"))?,
    };
    let mut tree = Tree {
        places,
        paths: vec![None; places.len()],
    };
    let root = tree.group(root, &mut Vec::new())?;
    for (task, path) in dag.tasks.iter_mut().zip(tree.paths) {
        task.group_path = path.unwrap_or_default();
    }
    let mut kept = root.extra;
    for (name, usual) in ROOT {
        let value = match *name {
            "ui_color" => root.ui_color.as_deref(),
            "ui_fgcolor" => root.ui_fgcolor.as_deref(),
            "tooltip" => Some(root.tooltip.as_str()),
            _ => Some(root.label.as_str()),
        };
        if let Some(value) = value.filter(|value| value != usual) {
            kept.insert((*name).to_owned(), value.into());
        }
    }
    if let Some(doc) = root.doc_md {
        kept.insert("doc_md".to_owned(), doc.into());
    }
    if !kept.is_empty() {
        dag.extra.insert("task_group".to_owned(), kept.into());
    }
    dag.groups = root.groups;
    Ok(())
}

struct Tree<'a> {
    places: &'a Places,
    /// By position of the task, once a group has named it.
    paths: Vec<Option<Vec<usize>>>,
}

impl Tree<'_> {
    /// Reads a group; `path` is the way to it.
    fn group(&mut self, map: &JsonMap, path: &mut Vec<usize>) -> Read<TaskGroup> {
        let id = map.get("_group_id").and_then(Json::as_str).unwrap_or("");
        if id.is_empty() && !path.is_empty() {
            let message = "a task group has no `_group_id`".to_owned();
            return Err(wrong(PROPERTY, message));
        }
        let what = format!("task group `{id}`");
        let fields = Fields::new(&what, map);
        let mut group = about(&fields, id)?;
        group.upstream_tasks = self.tasks(&fields, "upstream_task_ids", id)?;
        group.downstream_tasks = self.tasks(&fields, "downstream_task_ids", id)?;
        if let Some(expand) = &group.expand {
            let names = expand.references().into_iter();
            let missing = names
                .map(|name| &**name)
                .find(|name| !self.places.contains_key(*name));
            if let Some(missing) = missing {
                return Err(no_task(id, missing));
            }
        }
        self.children(&fields, &mut group, path)?;
        Ok(group)
    }

    fn children(
        &mut self,
        fields: &Fields<'_>,
        group: &mut TaskGroup,
        path: &mut Vec<usize>,
    ) -> Read<()> {
        let children = fields.get("children").map(Json::as_object);
        let wrong_child = || fields.wrong("children", "tasks and groups by label");
        for (_, child) in children
            .map(|map| map.ok_or_else(wrong_child))
            .transpose()?
            .into_iter()
            .flatten()
        {
            let (kind, value) = match child.as_array().map(Vec::as_slice) {
                Some([Json::String(kind), value]) => (kind.as_str(), value),
                Some(_) | None => return Err(wrong_child()),
            };
            match (kind, value) {
                ("operator", Json::String(task)) => {
                    let place = self.place(task, &group.group_id)?;
                    let known = self.paths.get_mut(place);
                    if known.is_some_and(|known| known.replace(path.clone()).is_some()) {
                        let message = format!("task `{task}` is in two task groups");
                        return Err(wrong(EDGES, message));
                    }
                    group.tasks.push(place);
                }
                ("taskgroup", Json::Object(inner)) => {
                    path.push(group.groups.len());
                    let inner = self.group(inner, path)?;
                    path.pop();
                    group.groups.push(inner);
                }
                _ => return Err(wrong_child()),
            }
        }
        Ok(())
    }

    fn place(&self, task: &str, group_id: &str) -> Read<usize> {
        let place = self.places.get(task).copied();
        place.ok_or_else(|| no_task(group_id, task))
    }

    fn tasks(&self, fields: &Fields<'_>, name: &str, group_id: &str) -> Read<Vec<usize>> {
        let names = fields.texts(name)?;
        let places = names.iter().map(|task| self.place(task, group_id));
        let mut places = places.collect::<Read<Vec<_>>>()?;
        places.sort_unstable();
        places.dedup();
        Ok(places)
    }
}

fn no_task(group_id: &str, task: &str) -> crate::ImportError {
    let message = format!("task group `{group_id}`: there is no task `{task}`");
    wrong(EDGES, message)
}

/// Everything but what is in it.
fn about(fields: &Fields<'_>, id: &str) -> Read<TaskGroup> {
    let prefix_group_id = fields.maybe("prefix_group_id")?.unwrap_or(true);
    let label = fields.text("group_display_name")?;
    let label = label.filter(|label| !label.is_empty());
    let own = || {
        id.rsplit('.')
            .next()
            .filter(|_| prefix_group_id)
            .unwrap_or(id)
    };
    let is_mapped = fields.flag("is_mapped")?;
    Ok(TaskGroup {
        group_id: id.to_owned(),
        label: label.unwrap_or_else(|| own().to_owned()),
        tooltip: fields.text("tooltip")?.unwrap_or_default(),
        doc_md: fields.text("doc_md")?,
        prefix_group_id,
        ui_color: fields.text("ui_color")?,
        ui_fgcolor: fields.text("ui_fgcolor")?,
        expand: is_mapped.then(|| mapping::of_group(fields)).transpose()?,
        upstream_group_ids: fields.texts("upstream_group_ids")?,
        downstream_group_ids: fields.texts("downstream_group_ids")?,
        extra: fields.unknown(|name| KNOWN.contains(&name)),
        ..TaskGroup::default()
    })
}
