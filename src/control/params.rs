//! Params of a run: what the dag declares, overlaid by what the run is given, checked by schema
//! before the run is asked for.

use model::{
    Json, JsonMap,
    command::{Refusal, RefusalKind},
    dag::{Dag, Param},
    limits::CONF_BYTES_MAX,
};

/// Checks a run's conf against the dag's params.
///
/// # Errors
/// The first param that does not fit, by name, with the rule that it breaks.
pub fn check(dag: &Dag, conf: &Json) -> Result<(), Refusal> {
    let empty = JsonMap::new();
    let given = match conf {
        Json::Object(given) => given,
        Json::Null => &empty,
        Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            return Err(invalid("conf must be an object".to_owned()));
        }
    };
    if !given.is_empty() {
        let n_bytes = conf.to_string().len();
        if n_bytes > CONF_BYTES_MAX {
            return Err(invalid(format!(
                "conf has {n_bytes} bytes, {CONF_BYTES_MAX} are allowed"
            )));
        }
    }
    dag.params
        .iter()
        .try_for_each(|param| check_one(param, given.get(&param.name)))
}

fn check_one(param: &Param, given: Option<&Json>) -> Result<(), Refusal> {
    let name = &param.name;
    let Some(value) = given.or(param.default.as_ref()) else {
        let message = format!("param `{name}` has no default: give it a value in conf");
        return Err(invalid(message));
    };
    if param.schema.as_object().is_none_or(JsonMap::is_empty) {
        return Ok(());
    }
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&param.schema)
        .map_err(|e| {
            invalid(format!(
                "param `{name}` has a schema that is no schema: {e}"
            ))
        })?;
    validator
        .validate(value)
        .map_err(|e| invalid(format!("param `{name}`: {e}")))
}

fn invalid(message: String) -> Refusal {
    Refusal {
        kind: RefusalKind::Invalid,
        code: "CTL-003",
        message,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn param(name: &str, default: Option<Json>, schema: Json) -> Param {
        Param {
            name: name.to_owned(),
            default,
            description: None,
            schema,
            source: None,
        }
    }

    #[test]
    fn the_param_and_the_rule_are_named() {
        let n = param(
            "n",
            Some(json!(3)),
            json!({"type": "integer", "minimum": 1}),
        );
        let day = param("day", None, json!({"type": "string", "format": "date"}));
        for (param, given, expected) in [
            (&n, None, None),
            (
                &n,
                Some(json!(0)),
                Some("param `n`: 0 is less than the minimum of 1"),
            ),
            (
                &n,
                Some(json!("x")),
                Some("param `n`: \"x\" is not of type \"integer\""),
            ),
            (
                &day,
                None,
                Some("param `day` has no default: give it a value in conf"),
            ),
            (&day, Some(json!("2026-11-18")), None),
            (
                &day,
                Some(json!("soon")),
                Some("param `day`: \"soon\" is not a \"date\""),
            ),
        ] {
            let result = check_one(param, given.as_ref()).map_err(|r| r.message);
            assert_eq!(result.err().as_deref(), expected, "{given:?}");
        }
    }
}
