//! Ticks around changes of clocks and at the ends of months, as upstream finds them.

use model::Timestamp;

use crate::timetable::ticks::Ticks;

fn check(line: &str) {
    let columns: Vec<&str> = line.split(" | ").collect();
    let [expression, zone, from, expected] = columns[..] else {
        panic!("four columns: {line}");
    };
    let ticks = Ticks::cron(expression, zone).unwrap();
    let mut at = Timestamp::parse(from).unwrap();
    let mut found = vec![ticks.prev(at).unwrap()];
    for _ in 0..4 {
        at = ticks.next(at).unwrap();
        found.push(at);
    }
    let found: Vec<String> = found
        .iter()
        .map(|at| at.isoformat().replace("+00:00", ""))
        .collect();
    assert_eq!(found.join(" "), expected, "{line}");
}

#[test]
fn ticks_are_where_upstream_has_them() {
    let lines = include_str!("ticks.txt").lines();
    lines.filter(|line| !line.starts_with('#')).for_each(check);
}

#[test]
fn an_expression_without_days_has_no_ticks() {
    let ticks = Ticks::cron("0 0 31 2 *", "UTC").unwrap();
    let at = Timestamp::from_secs(1_800_000_000);
    assert_eq!((ticks.next(at), ticks.prev(at)), (None, None));
}
