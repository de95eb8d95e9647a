//! The template language: Jinja as Airflow sets it up. One environment serves all renders; what
//! differs from task to task comes with the context.

use std::{fmt::Write as _, sync::LazyLock};

use minijinja::{
    Environment, Error, ErrorKind, State, UndefinedBehavior, Value,
    value::{Kwargs, Rest, ValueOrKwargs},
};
use model::limits::{TEMPLATE_BYTES_MAX, TEMPLATE_FUEL_MAX};

use super::{
    arithmetic, budget, python, strftime,
    time::{DateTime, wrong},
};

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(build);

/// The environment of all templates.
pub(super) fn get() -> &'static Environment<'static> {
    &ENVIRONMENT
}

/// Text that must not grow further is an error, not a full memory.
pub(super) fn check_size(text: &str) -> Result<(), Error> {
    if text.len() > TEMPLATE_BYTES_MAX {
        return Err(Error::new(ErrorKind::InvalidOperation, budget::SPENT));
    }
    Ok(())
}

fn build() -> Environment<'static> {
    let mut env = Environment::new();
    // A dag's `template_undefined` is `StrictUndefined`.
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(TEMPLATE_FUEL_MAX));
    env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    env.set_formatter(|out, state, value| {
        if value.is_undefined() {
            return Err(Error::from(ErrorKind::UndefinedError));
        }
        let text = python::text(value);
        budget::spend(state, text.len())?;
        out.write_str(&text).map_err(Error::from)
    });
    env.set_unknown_method_callback(method);
    env.add_function(
        arithmetic::PLUS,
        |state: &State<'_, '_>, a: Value, b: Value| arithmetic::plus(state, &a, &b),
    );
    env.add_function(arithmetic::MINUS, |a: Value, b: Value| {
        arithmetic::minus(&a, &b)
    });
    env.add_function(
        arithmetic::JOIN,
        |state: &State<'_, '_>, a: Value, b: Value| arithmetic::join(state, &a, &b),
    );
    for (name, pattern) in [
        ("ds", "%Y-%m-%d"),
        ("ds_nodash", "%Y%m%d"),
        ("ts_nodash", "%Y%m%dT%H%M%S"),
    ] {
        env.add_filter(name, move |value: &Value| {
            on_date(value, |at| strftime::format(at, pattern))
        });
    }
    env.add_filter("ts", |value: &Value| {
        on_date(value, |at| Ok(at.isoformat("T")))
    });
    env.add_filter("ts_nodash_with_tz", |value: &Value| {
        on_date(value, |at| Ok(at.isoformat("T").replace(['-', ':'], "")))
    });
    for name in ["format", "indent", "batch", "slice", "list"] {
        env.add_filter(name, move |args: Rest<ValueOrKwargs>| {
            bounded(name, args.into_values())
        });
    }
    env.add_filter("replace", replace);
    env.add_filter("join", join);
    env.add_filter("string", |value: &Value| python::text(value));
    env.add_filter("tojson", to_json);
    env
}

/// The date filters give none for none.
fn on_date(value: &Value, f: impl Fn(&DateTime) -> Result<String, Error>) -> Result<Value, Error> {
    if value.is_none() {
        return Ok(value.clone());
    }
    match value.downcast_object_ref::<DateTime>() {
        Some(at) => f(at).map(Value::from),
        None => Err(wrong(format!(
            "a date is wanted, not {}",
            python::repr(value)
        ))),
    }
}

/// Methods of texts, lists and dicts as Python has them.
fn method(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    match method {
        "replace" if value.as_str().is_some() => {
            let (from, to): (String, String) = minijinja::value::from_args(args)?;
            replace(state, value.to_string(), from, to).map(Value::from)
        }
        "join" if value.as_str().is_some() => {
            let (items,): (Value,) = minijinja::value::from_args(args)?;
            join(state, &items, Some(value.to_string()), None).map(Value::from)
        }
        "format" => {
            check_widths(value)?;
            minijinja_contrib::pycompat::unknown_method_callback(state, value, method, args)
        }
        _ => minijinja_contrib::pycompat::unknown_method_callback(state, value, method, args),
    }
}

/// The engine's own filters, for those that can make much of little.
static PLAIN: LazyLock<Environment<'static>> = LazyLock::new(Environment::new);

/// A filter with its numbers and lengths kept small.
fn bounded(name: &str, args: Vec<Value>) -> Result<Value, Error> {
    const NUMBER_MAX: f64 = 10_000.0;
    let spent = || Error::new(ErrorKind::InvalidOperation, budget::SPENT);
    let mut numbers = args.iter().skip(1).cloned().collect::<Vec<_>>();
    for kwargs in args.iter().filter(|arg| arg.is_kwargs()) {
        let names = kwargs.try_iter()?;
        numbers.extend(names.filter_map(|name| kwargs.get_item(&name).ok()));
    }
    let size = |value: &Value| f64::try_from(value.clone()).map_or(0.0, f64::abs);
    match name {
        "format" => args.first().map_or(Ok(()), check_widths)?,
        "list" => {
            let len = args.first().and_then(Value::len);
            if len.is_some_and(|len| len > budget::ITEMS_MAX) {
                return Err(spent());
            }
        }
        _ if numbers.iter().any(|n| size(n) > NUMBER_MAX) => return Err(spent()),
        _ => {}
    }
    PLAIN.empty_state().apply_filter(name, &args)
}

/// A width in a format fills with blanks: five digits are enough for a line.
fn check_widths(pattern: &Value) -> Result<(), Error> {
    const DIGITS_MAX: usize = 5;
    let text = pattern.as_str().unwrap_or_default();
    let mut runs = text.split(|c: char| !c.is_ascii_digit());
    if runs.any(|run| run.len() > DIGITS_MAX) {
        return Err(Error::new(ErrorKind::InvalidOperation, budget::SPENT));
    }
    Ok(())
}

fn replace(state: &State<'_, '_>, text: String, from: String, to: String) -> Result<String, Error> {
    let n = text.matches(from.as_str()).count();
    budget::spend(state, text.len().saturating_add(n.saturating_mul(to.len())))?;
    Ok(text.replace(&from, &to))
}

fn join(
    state: &State<'_, '_>,
    items: &Value,
    between: Option<String>,
    attribute: Option<String>,
) -> Result<String, Error> {
    let between = between.unwrap_or_default();
    let mut out = String::new();
    for (n, item) in items.try_iter()?.enumerate() {
        let item = match &attribute {
            Some(name) => item.get_attr(name)?,
            None => item,
        };
        let text = python::text(&item);
        budget::spend(state, text.len() + between.len())?;
        if n > 0 {
            out.push_str(&between);
        }
        out.push_str(&text);
    }
    Ok(out)
}

/// Jinja's filter: keys sorted, safe within HTML.
fn to_json(value: &Value, kwargs: Kwargs) -> Result<String, Error> {
    let indent: Option<usize> = kwargs.get("indent")?;
    let mut json = python::to_json(value);
    json.sort_all_objects();
    let mut out = String::new();
    dump(&mut out, &json, indent.map(|n| n.min(16)), 0);
    for (from, to) in [
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\'', "\\u0027"),
    ] {
        out = out.replace(from, to);
    }
    Ok(out)
}

/// `json.dumps`: with blanks after `,` and `:`, letters beyond ASCII escaped.
pub(super) fn json_dumps(value: &Value, indent: Option<usize>) -> Result<String, Error> {
    let json = python::to_json(value);
    let mut out = String::new();
    dump(&mut out, &json, indent.map(|n| n.min(16)), 0);
    Ok(out)
}

fn dump(out: &mut String, json: &model::Json, indent: Option<usize>, depth: usize) {
    let line = |out: &mut String, depth: usize| {
        if let Some(n) = indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', n * depth));
        }
    };
    let comma = if indent.is_some() { "," } else { ", " };
    match json {
        model::Json::Array(items) if !items.is_empty() => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n > 0 { comma } else { "" });
                line(out, depth + 1);
                dump(out, item, indent, depth + 1);
            }
            line(out, depth);
            out.push(']');
        }
        model::Json::Object(map) if !map.is_empty() => {
            out.push('{');
            for (n, (key, item)) in map.iter().enumerate() {
                out.push_str(if n > 0 { comma } else { "" });
                line(out, depth + 1);
                dump_text(out, key);
                out.push_str(": ");
                dump(out, item, indent, depth + 1);
            }
            line(out, depth);
            out.push('}');
        }
        model::Json::String(text) => dump_text(out, text),
        model::Json::Number(n) if n.is_f64() => {
            out.push_str(&python::float(n.as_f64().unwrap_or_default()));
        }
        model::Json::Null
        | model::Json::Bool(_)
        | model::Json::Number(_)
        | model::Json::Array(_)
        | model::Json::Object(_) => out.push_str(&json.to_string()),
    }
}

fn dump_text(out: &mut String, text: &str) {
    for c in model::Json::from(text).to_string().chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        let mut units = [0; 2];
        for unit in c.encode_utf16(&mut units) {
            // Writing into a text cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
}

/// A call's arguments by place and by name.
pub(super) fn rest_of(args: &[Value]) -> Result<(Vec<Value>, Kwargs), Error> {
    let (rest, kwargs): (Rest<Value>, Kwargs) = minijinja::value::from_args(args)?;
    Ok((rest.to_vec(), kwargs))
}
