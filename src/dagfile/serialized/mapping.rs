//! What mapped tasks and groups are expanded over.

use model::{
    Json, TaskId,
    dag::{Expand, MapValue, XComArg},
};

use super::{
    fields::{Fields, Read, typed},
    plain::plain,
};

const CALLS_FOR: &str = "what `expand` or `expand_kwargs` was given";

/// The input is under the name that `_expand_input_attr` says.
pub(super) fn of_task(fields: &Fields<'_>) -> Read<Expand> {
    let name = match fields.get("_expand_input_attr").and_then(Json::as_str) {
        Some(name) => name,
        None if fields.get("op_kwargs_expand_input").is_some() => "op_kwargs_expand_input",
        None => "expand_input",
    };
    read(fields, name)
}

pub(super) fn of_group(fields: &Fields<'_>) -> Read<Expand> {
    read(fields, "expand_input")
}

fn read(fields: &Fields<'_>, name: &str) -> Read<Expand> {
    let wrong = || fields.wrong(name, CALLS_FOR);
    let input = fields.get(name).ok_or_else(wrong)?;
    let value = input.get("value").ok_or_else(wrong)?;
    match input.get("type").and_then(Json::as_str) {
        Some("dict-of-lists") => {
            let values = typed(value, "dict").as_object().ok_or_else(wrong)?;
            let values = values
                .iter()
                .map(|(name, value)| Some((name.clone(), map_value(value)?)));
            let values: Option<Vec<_>> = values.collect();
            Ok(Expand::DictOfLists(values.ok_or_else(wrong)?))
        }
        Some("list-of-dicts") => {
            let value = map_value(value).ok_or_else(wrong)?;
            Ok(Expand::ListOfDicts(value))
        }
        Some(_) | None => Err(wrong()),
    }
}

/// A reference, a list or an object; nothing else can be expanded over.
fn map_value(value: &Json) -> Option<MapValue> {
    if value.get("__type").and_then(Json::as_str) == Some("xcomref") {
        return Some(MapValue::XCom(xcom_arg(typed(value, "xcomref"))?));
    }
    let literal = plain(value);
    (literal.is_array() || literal.is_object()).then_some(MapValue::Literal(literal))
}

/// References within others are not wrapped, but may be.
fn xcom_arg(value: &Json) -> Option<XComArg> {
    let value = typed(value, "xcomref");
    let args = || {
        let args = value.get("args")?.as_array()?;
        args.iter().map(xcom_arg).collect::<Option<Vec<_>>>()
    };
    match value.get("type").and_then(Json::as_str).unwrap_or("") {
        "" => {
            let key = value.get("key").and_then(Json::as_str);
            Some(XComArg::Plain {
                task_id: TaskId::from(value.get("task_id")?.as_str()?),
                key: key.unwrap_or("return_value").to_owned(),
            })
        }
        "map" => Some(XComArg::Map {
            arg: Box::new(xcom_arg(value.get("arg")?)?),
            n_callables: u32::try_from(value.get("callables")?.as_array()?.len()).ok()?,
        }),
        "zip" => Some(XComArg::Zip {
            args: args()?,
            fillvalue: value.get("fillvalue").map(plain),
        }),
        "concat" => Some(XComArg::Concat(args()?)),
        _ => None,
    }
}
