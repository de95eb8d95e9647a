//! How Python writes values: `str`, `repr`, `literal_eval`; and the way to JSON and back.

use minijinja::{Value, value::ValueKind};
use model::{Json, JsonMap};

/// `str(value)`.
pub(super) fn text(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => repr(value),
    }
}

/// `repr(value)`.
pub(super) fn repr(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 0);
    out
}

/// Values that hold each other deeper than this are cut off.
const DEPTH_MAX: usize = 64;

fn write(out: &mut String, value: &Value, depth: usize) {
    if depth > DEPTH_MAX {
        out.push_str("...");
        return;
    }
    let kind = value.kind();
    if let Some(text) = value.as_str() {
        write_quoted(out, text);
    } else if kind == ValueKind::Number && !value.is_integer() {
        out.push_str(&float(f64::try_from(value.clone()).unwrap_or(f64::NAN)));
    } else if value.is_tuple() || matches!(kind, ValueKind::Seq | ValueKind::Iterable) {
        let (open, close) = if value.is_tuple() {
            ('(', ')')
        } else {
            ('[', ']')
        };
        out.push(open);
        let mut n_items = 0;
        for item in value.try_iter().into_iter().flatten() {
            if n_items > 0 {
                out.push_str(", ");
            }
            n_items += 1;
            write(out, &item, depth + 1);
        }
        if n_items == 1 && open == '(' {
            out.push(',');
        }
        out.push(close);
    } else if kind == ValueKind::Map {
        out.push('{');
        for (n, key) in value.try_iter().into_iter().flatten().enumerate() {
            if n > 0 {
                out.push_str(", ");
            }
            write(out, &key, depth + 1);
            out.push_str(": ");
            write(out, &value.get_item(&key).unwrap_or_default(), depth + 1);
        }
        out.push('}');
    } else {
        out.push_str(&value.to_string());
    }
}

fn write_quoted(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                out.push_str(&format!("\\x{:02x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push(quote);
}

/// The shortest digits that read back the same, in Python's form.
pub(super) fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    let text = number.to_string();
    if text.contains('.') {
        text
    } else {
        format!("{text}.0")
    }
}

/// JSON as Python's `str` of the value that it reads as.
pub(super) fn json_text(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            repr(&from_json(json))
        }
    }
}

pub(super) fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(flag) => Value::from(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(n), _) => Value::from(n),
            (None, Some(n)) => Value::from(n),
            (None, None) => Value::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::from(items.iter().map(from_json).collect::<Vec<_>>()),
        Json::Object(map) => Value::from_pairs(map.iter().map(|(k, v)| (k.as_str(), from_json(v)))),
    }
}

/// What a value is as JSON; dates and the like become texts.
pub(super) fn to_json(value: &Value) -> Json {
    to_json_at(value, 0)
}

fn to_json_at(value: &Value, depth: usize) -> Json {
    let kind = value.kind();
    if value.is_none() || value.is_undefined() || depth > DEPTH_MAX {
        Json::Null
    } else if let Some(text) = value.as_str() {
        text.into()
    } else if kind == ValueKind::Bool {
        value.is_true().into()
    } else if kind == ValueKind::Number {
        match value.as_i64().filter(|_| value.is_integer()) {
            Some(n) => n.into(),
            None => f64::try_from(value.clone()).map_or(Json::Null, Json::from),
        }
    } else if kind == ValueKind::Map {
        let keys = value.try_iter().into_iter().flatten();
        let pair = |key: Value| {
            let item = value.get_item(&key).unwrap_or_default();
            (text(&key), to_json_at(&item, depth + 1))
        };
        Json::Object(keys.map(pair).collect::<JsonMap>())
    } else if matches!(kind, ValueKind::Seq | ValueKind::Iterable) {
        let items = value.try_iter().into_iter().flatten();
        items.map(|item| to_json_at(&item, depth + 1)).collect()
    } else {
        text(value).into()
    }
}

/// `ast.literal_eval`: numbers, texts, `True`, `None`, lists, tuples and dicts; none when it is not
/// one.
pub(super) fn literal(text: &str) -> Option<Json> {
    let text = text.trim();
    let starts = |c: char| c.is_ascii_digit() || "'\"[({-+.TFN".contains(c);
    if text.len() > (1 << 20) || !text.starts_with(starts) {
        return None;
    }
    if let Ok(number) = text.parse::<i64>() {
        let has_zeros = text.trim_start_matches(['-', '+']).starts_with('0') && number != 0;
        return (!has_zeros).then(|| number.into());
    }
    use minijinja::machinery::ast::Expr;
    fn fold(expr: &Expr<'_>, depth: usize) -> Option<Json> {
        let all = |items: &[Expr<'_>]| -> Option<Vec<Json>> {
            items.iter().map(|item| fold(item, depth + 1)).collect()
        };
        if depth > DEPTH_MAX {
            return None;
        }
        match expr {
            Expr::Const(value) => Some(to_json(&value.value)),
            Expr::List(list) => all(&list.items).map(Json::Array),
            Expr::Tuple(tuple) => all(&tuple.items).map(Json::Array),
            Expr::Map(map) => {
                let keys = map
                    .keys
                    .iter()
                    .map(|key| fold(key, depth + 1).map(|key| json_text(&key)));
                let pairs = keys
                    .zip(&map.values)
                    .map(|(key, value)| Some((key?, fold(value, depth + 1)?)));
                pairs.collect::<Option<JsonMap>>().map(Json::Object)
            }
            Expr::UnaryOp(op) => match fold(&op.expr, depth + 1)? {
                Json::Number(n) if text_is_negative(op) => match n.as_i64() {
                    Some(n) => Some((-n).into()),
                    None => n.as_f64().map(|n| (-n).into()),
                },
                Json::Null
                | Json::Bool(_)
                | Json::Number(_)
                | Json::String(_)
                | Json::Array(_)
                | Json::Object(_) => None,
            },
            Expr::Var(_)
            | Expr::Slice(_)
            | Expr::BinOp(_)
            | Expr::Compare(_)
            | Expr::IfExpr(_)
            | Expr::Filter(_)
            | Expr::Test(_)
            | Expr::GetAttr(_)
            | Expr::GetItem(_)
            | Expr::Call(_) => None,
        }
    }
    fold(&minijinja::machinery::parse_expr(text).ok()?, 0)
}

fn text_is_negative(op: &minijinja::machinery::ast::UnaryOp<'_>) -> bool {
    matches!(op.op, minijinja::machinery::ast::UnaryOpKind::Neg)
}
