//! Whether a cron expression's fields can be right, so that the error has a place in the file. What
//! it means, and the rest of the checking, is the timetable's.

const FIELDS: [(&str, u32, u32); 7] = [
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
    ("second", 0, 59),
    ("year", 1970, 2099),
];
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Checks numbers and names against their field; `L`, `#` and the like are left to the timetable.
pub(super) fn check(expression: &str) -> Result<(), String> {
    if expression.starts_with('@') {
        return Ok(());
    }
    let parts = expression.split_ascii_whitespace();
    for (text, (name, min, max)) in parts.zip(FIELDS) {
        for item in text.split(',') {
            if !item_is_ok(&item.to_lowercase(), name, min, max) {
                return Err(format!(
                    "`{expression}` is no cron expression: `{item}` is no {name} ({min} to {max})"
                ));
            }
        }
    }
    Ok(())
}

fn item_is_ok(item: &str, name: &str, min: u32, max: u32) -> bool {
    let (range, step) = match item.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (item, None),
    };
    let step_ok = step.is_none_or(|step| step.parse::<u32>().is_ok_and(|step| step > 0));
    if matches!(range, "*" | "?") {
        return step_ok;
    }
    // Last days, n-th weekdays, hashes: the timetable knows.
    if range.contains(['l', '#', 'r', 'h', 'w']) && !named(range, name) {
        return step_ok;
    }
    let value = |text: &str| -> bool {
        let number = text.parse::<u32>().ok();
        number.is_some_and(|n| (min..=max).contains(&n)) || named(text, name)
    };
    let range_ok = match range.split_once('-') {
        Some((from, to)) => value(from) && value(to),
        None => value(range),
    };
    range_ok && step_ok
}

fn named(text: &str, name: &str) -> bool {
    match name {
        "month" => MONTHS.contains(&text),
        "day of the week" => DAYS.contains(&text),
        _ => false,
    }
}
