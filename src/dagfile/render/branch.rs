//! `branch`: an expression names what to follow.

use model::{Json, TaskId, dag::Argument};

use super::{
    Rendering, python,
    work::{ARGUMENT, Values},
};
use crate::RenderError;

pub(super) fn make(values: &Values<'_>) -> Result<Rendering, RenderError> {
    const NAME: &str = "expression";
    let fields = values.fields;
    let given = values.get(NAME).cloned().unwrap_or_default();
    let value = match (fields.task.operator.arguments.get(NAME), &given) {
        // A plain text is the expression; a template or an XCom has given its value already.
        (Some(Argument::Literal(_)), Json::String(text)) => fields.expression(NAME, text)?,
        (_, Json::String(text)) => python::literal(text).unwrap_or_else(|| text.trim().into()),
        (_, Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => {
            given
        }
    };
    let ids = ids_of(&value).ok_or_else(|| {
        let message =
            format!("`{NAME}` must give a task id, a list of them or none, not `{value}`");
        fields.wrong(ARGUMENT, &message)
    })?;
    let after: Vec<&TaskId> = fields
        .task
        .downstream
        .iter()
        .filter_map(|place| fields.dag.tasks.get(*place))
        .map(|task| &task.task_id)
        .collect();
    let mut follow = Vec::with_capacity(ids.len());
    for id in ids {
        match after.iter().find(|task| task.as_str() == id) {
            Some(task) if !follow.contains(*task) => follow.push((*task).clone()),
            Some(_) => {}
            None => {
                let known: Vec<&str> = after.iter().map(|task| task.as_str()).collect();
                let message = format!(
                    "`{NAME}` gives `{id}`, which does not come right after this task; it may follow {}",
                    known.join(", ")
                );
                return Err(fields.wrong(ARGUMENT, &message));
            }
        }
    }
    Ok(Rendering::Branch {
        follow,
        return_value: value,
    })
}

/// The ids that a value names; no id follows nothing.
fn ids_of(value: &Json) -> Option<Vec<&str>> {
    match value {
        Json::Null => Some(Vec::new()),
        Json::String(text) if text.is_empty() || text == "None" => Some(Vec::new()),
        Json::String(text) => Some(vec![text.as_str()]),
        Json::Array(items) => items.iter().map(Json::as_str).collect(),
        Json::Bool(_) | Json::Number(_) | Json::Object(_) => None,
    }
}
