//! What must hold of any schedule, in any zone, at any time.

use model::schedule::{DataInterval, Schedule, from_text};
use model::{TimeDelta, Timestamp};
use proptest::prelude::*;

use crate::timetable::ticks::Ticks;
use crate::timetable::{Bounds, next_run};

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Zurich",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Chatham",
    "-03:30",
    "Antarctica/Troll",
];

/// A field between two bounds that is never refused.
fn field(low: u32, high: u32) -> impl Strategy<Value = String> {
    let item = prop_oneof![
        (low..=high).prop_map(|at| at.to_string()),
        (low..=high, low..=high).prop_map(|(from, to)| format!("{from}-{to}")),
        (2_u32..40).prop_map(|step| format!("*/{step}")),
        (low..=high, 1_u32..20).prop_map(|(from, step)| format!("{from}/{step}")),
    ];
    let list = prop::collection::vec(item, 1..3).prop_map(|items| items.join(","));
    prop_oneof![Just("*".to_owned()), list]
}

fn cron() -> impl Strategy<Value = String> {
    let weekday = prop_oneof![field(0, 7), Just("5#2".to_owned()), Just("L3".to_owned())];
    let fields = (
        field(0, 59),
        field(0, 23),
        field(1, 28),
        field(1, 12),
        weekday,
    );
    fields.prop_map(|(minute, hour, day, month, weekday)| {
        format!("{minute} {hour} {day} {month} {weekday}")
    })
}

fn zone() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&ZONES[..])
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000).prop_map(Timestamp::from_secs)
}

proptest! {
    #[test]
    fn ticks_move_away_from_where_one_stands(expression in cron(), zone in zone(), at in time()) {
        let ticks = Ticks::cron(&expression, zone).unwrap();
        let (Some(next), Some(prev)) = (ticks.next(at), ticks.prev(at)) else { return Ok(()) };
        // A clock that leaps may show a tick where it has just been, never more than the leap away.
        let leap = TimeDelta::from_micros(-2 * 3_600_000_000);
        prop_assert!(next.since(at) > leap && at.since(prev) > leap);
        if zone == "UTC" {
            prop_assert!(prev < at && at < next);
            prop_assert_eq!(ticks.next(prev).map(|after| after >= at), Some(true));
            prop_assert_eq!(ticks.prev(next).map(|before| before <= at), Some(true));
            prop_assert_eq!(ticks.align_next(next), Some(next));
            prop_assert_eq!(ticks.align_prev(prev), Some(prev));
        }
    }

    #[test]
    fn runs_follow_each_other(
        expression in cron(),
        zone in zone(),
        at in time(),
        intervals in any::<bool>(),
        catchup in any::<bool>(),
    ) {
        let mut schedule = from_text(&expression, zone).unwrap();
        if intervals {
            let timezone = zone.to_owned();
            schedule = Schedule::CronDataInterval { expression, timezone };
        }
        let bounds = Bounds { start_date: Some(at), end_date: None, catchup };
        let now = at.plus(TimeDelta::from_secs(100_000));
        let mut last: Option<DataInterval> = None;
        for _ in 0..6 {
            let Some(run) = next_run(&schedule, &bounds, last, now) else { return Ok(()) };
            let interval = run.data_interval.unwrap();
            prop_assert_eq!(run.logical_date, Some(interval.start));
            prop_assert_eq!(run.run_after, interval.end);
            prop_assert!(interval.start <= interval.end);
            prop_assert!(interval.start >= at);
            if let Some(last) = last {
                prop_assert!(interval.start > last.start, "{last:?} {interval:?}");
                // A clock that leaps may show a tick again, and upstream then goes back to it.
                let leap_us = if zone == "UTC" { 0 } else { -2 * 3_600_000_000 };
                prop_assert!(interval.start.since(last.end).as_micros() >= leap_us);
            }
            last = Some(interval);
        }
    }
}
