//! What a plain scalar means, by the rules of YAML 1.1 as `PyYAML` has them, since that is what
//! reads the same file in Airflow: `yes` and `on` are true, `0777` is octal, `1e3` is a text.

use super::Value;

/// The merge key.
pub(super) const MERGE: &str = "<<";

/// A scalar's value; quoted ones and block ones are always texts.
pub(super) fn resolve(text: &str, plain: bool) -> Value {
    if !plain {
        return Value::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Value::Bool(true);
        }
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    // Most scalars are words; only what begins like a number is looked at further.
    let starts = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    let number = if starts {
        int(text).or_else(|| float(text)).or_else(|| time(text))
    } else {
        None
    };
    number.unwrap_or_else(|| Value::Text(text.to_owned()))
}

fn int(text: &str) -> Option<Value> {
    let (negative, digits) = sign(text);
    let clean = digits.replace('_', "");
    let parse = |text: &str, radix| i64::from_str_radix(text, radix).ok();
    let all = |text: &str, ok: fn(&char) -> bool| !text.is_empty() && text.chars().all(|c| ok(&c));
    let value = if let Some(binary) = clean.strip_prefix("0b") {
        all(binary, |c| matches!(c, '0' | '1')).then(|| parse(binary, 2))??
    } else if let Some(hex) = clean.strip_prefix("0x") {
        all(hex, char::is_ascii_hexdigit).then(|| parse(hex, 16))??
    } else if clean.len() > 1 && clean.starts_with('0') && !clean.contains(':') {
        all(&clean, |c| matches!(c, '0'..='7')).then(|| parse(&clean, 8))??
    } else if digits.starts_with(|c: char| c.is_ascii_digit()) {
        if clean.contains(':') {
            sexagesimal(&clean)?
        } else if all(&clean, char::is_ascii_digit) {
            // A number beyond 64 bits keeps its size, not its last digits.
            return match parse(&clean, 10) {
                Some(value) => Some(Value::Int(if negative { -value } else { value })),
                None => clean
                    .parse()
                    .ok()
                    .map(|f: f64| Value::Float(if negative { -f } else { f })),
            };
        } else {
            return None;
        }
    } else {
        return None;
    };
    Some(Value::Int(if negative { -value } else { value }))
}

/// `1:30` is 90.
fn sexagesimal(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let first = parts.next()?;
    if first.starts_with('0') || !first.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut value: i64 = first.parse().ok()?;
    for part in parts {
        let ok = matches!(part.len(), 1 | 2) && part.bytes().all(|b| b.is_ascii_digit());
        let part: i64 = ok.then(|| part.parse().ok())??;
        if part > 59 {
            return None;
        }
        value = value.checked_mul(60)?.checked_add(part)?;
    }
    Some(value)
}

/// `1.5`, `.5`, `1.5e+3`, `.inf`, `.nan`; without a point it is no number.
fn float(text: &str) -> Option<Value> {
    let (negative, digits) = sign(text);
    let value = match digits {
        ".inf" | ".Inf" | ".INF" => f64::INFINITY,
        ".nan" | ".NaN" | ".NAN" if !negative && text.starts_with('.') => f64::NAN,
        _ => {
            let clean = digits.replace('_', "");
            let (mantissa, exponent) = match clean.split_once(['e', 'E']) {
                Some((mantissa, exponent)) => (mantissa, Some(exponent)),
                None => (clean.as_str(), None),
            };
            let (whole, fraction) = mantissa.split_once('.')?;
            let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
            // PyYAML wants the exponent's sign.
            let exponent_ok = exponent.is_none_or(|exponent| {
                let rest = exponent.strip_prefix(['+', '-']);
                rest.is_some_and(|rest| !rest.is_empty() && digits(rest))
            });
            let has_digits = !(whole.is_empty() && fraction.is_empty());
            if !(digits(whole) && digits(fraction) && has_digits && exponent_ok) {
                return None;
            }
            clean.parse().ok()?
        }
    };
    Some(Value::Float(if negative { -value } else { value }))
}

/// `2026-11-18`, `2026-11-18T10:00:00+02:00`, with blanks around the offset as YAML allows.
fn time(text: &str) -> Option<Value> {
    let digits = |from: usize, to: usize| {
        let part = text.get(from..to);
        part.is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()))
    };
    let sep = |at: usize| text.as_bytes().get(at) == Some(&b'-');
    let is_date = digits(0, 4) && sep(4) && digits(5, 7) && sep(7) && digits(8, 10);
    let rest = text.get(10..)?;
    let ok = is_date
        && (rest.is_empty()
            || (rest.starts_with(['T', 't', ' ', '\t'])
                && rest.contains(':')
                && rest
                    .chars()
                    .all(|c| c.is_ascii_digit() || "Tt \t:.Zz+-".contains(c))));
    ok.then(|| Value::Time(text.to_owned()))
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}
