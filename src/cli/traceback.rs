//! A line of a log as text, with the exception that it tells of as Python prints it.

use serde_json::Value;

use super::output::{entries, plain, text};

const CAUSE: &str = "The above exception was the direct cause of the following exception:";
const DURING: &str = "During handling of the above exception, another exception occurred:";
/// Groups of exceptions have groups in them; more than this many levels are not shown.
const DEPTH_MAX: usize = 8;

/// Fields that a line shows in a way of its own, or that say what is known already.
const KNOWN: [&str; 12] = [
    "event",
    "timestamp",
    "level",
    "logger",
    "exception",
    "error_detail",
    "dag_id",
    "run_id",
    "task_id",
    "map_index",
    "try_number",
    "ti_id",
];
/// Where in Airflow the line was written.
const PLACE: [&str; 2] = ["filename", "lineno"];

/// The line: time, level, event, other fields, then the exception.
pub fn line(entry: &Value) -> String {
    let level = text(entry, "level");
    let at = text(entry, "timestamp");
    let mut out = format!("{at} {level:<5} {}", text(entry, "event"));
    for (name, value) in entry.as_object().into_iter().flatten() {
        let is_known = KNOWN.contains(&name.as_str()) || PLACE.contains(&name.as_str());
        if !is_known && !value.is_null() {
            out.push_str(&format!(" {name}={}", plain(value)));
        }
    }
    for field in ["exception", "error_detail"] {
        let raised = entries(entry, field);
        if !raised.is_empty() {
            out.push('\n');
            out.push_str(&chain(raised, 0).join("\n"));
        }
    }
    out
}

/// What came first is on top.
fn chain(raised: &[Value], depth: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, one) in raised.iter().enumerate().rev() {
        lines.extend(exception(one, depth));
        if at > 0 {
            let is_cause = one.get("is_cause") == Some(&Value::Bool(true));
            let link = if is_cause { CAUSE } else { DURING };
            lines.extend([String::new(), link.to_owned(), String::new()]);
        }
    }
    lines
}

fn exception(raised: &Value, depth: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let frames = entries(raised, "frames");
    if !frames.is_empty() {
        lines.push("Traceback (most recent call last):".to_owned());
    }
    for frame in frames {
        let (file, line, name) = (
            text(frame, "filename"),
            text(frame, "lineno"),
            text(frame, "name"),
        );
        lines.push(format!("  File \"{file}\", line {line}, in {name}"));
    }
    if let Some(syntax) = raised.get("syntax_error").filter(|it| it.is_object()) {
        let (file, line) = (text(syntax, "filename"), text(syntax, "lineno"));
        lines.push(format!("  File \"{file}\", line {line}"));
        lines.push(format!("    {}", text(syntax, "line").trim()));
    }
    let (kind, value) = (text(raised, "exc_type"), text(raised, "exc_value"));
    lines.push(match value.as_str() {
        "" | "-" => kind,
        value => format!("{kind}: {value}"),
    });
    lines.extend(entries(raised, "exc_notes").iter().map(plain));
    if depth < DEPTH_MAX {
        for group in entries(raised, "exceptions") {
            let inner = group.as_array().map_or(&[][..], Vec::as_slice);
            lines.extend(
                chain(inner, depth + 1)
                    .iter()
                    .map(|line| format!("  | {line}")),
            );
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_exception_is_shown_with_its_cause_and_its_parts() {
        let frame = |name: &str| json!([{"filename": "a.py", "lineno": 3, "name": name}]);
        let entry = json!({
            "timestamp": "T", "level": "error", "event": "Task failed", "rows": 3, "lineno": 9,
            "task_id": "t", "exception": [
                {"exc_type": "TaskError", "exc_value": "late", "frames": frame("outer"),
                 "exc_notes": ["a note"], "exceptions": [[{"exc_type": "OSError", "frames": []}]]},
                {"exc_type": "KeyError", "exc_value": "'x'", "frames": frame("inner"),
                 "is_cause": true},
            ],
        });
        expect_test::expect![[r#"
            T error Task failed rows=3
            Traceback (most recent call last):
              File "a.py", line 3, in inner
            KeyError: 'x'

            The above exception was the direct cause of the following exception:

            Traceback (most recent call last):
              File "a.py", line 3, in outer
            TaskError: late
            a note
              | OSError"#]]
        .assert_eq(&line(&entry));
        assert_eq!(line(&json!({"event": "plain"})), "- -     plain");
    }
}
