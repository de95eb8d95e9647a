//! A schedule as a person writes it: a preset, a cron expression or a duration.

use super::{CronTrigger, Delta, Relative, RunImmediately, Schedule};
use crate::TimeDelta;

/// The presets that stand for a cron expression, and the expressions.
const PRESETS: [(&str, &str); 6] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@quarterly", "0 0 1 */3 *"),
    ("@yearly", "0 0 1 1 *"),
];

/// Reads `@once`, `@continuous`, a preset (`@daily` ...), a cron expression of five to seven
/// fields, or a duration in ISO 8601 (`PT30M`, `P1D`, `P1M`) or seconds. An empty text and `None`
/// never run. Crons tick in `timezone` (an IANA name or a fixed offset). Whether a cron's fields
/// make sense is `engine::timetable::check`'s to say.
///
/// # Errors
/// When the text is none of these.
pub fn from_text(text: &str, timezone: &str) -> Result<Schedule, ScheduleTextError> {
    let text = text.trim();
    let wrong = || ScheduleTextError {
        text: text.to_owned(),
    };
    match text {
        "" | "None" | "none" | "null" => return Ok(Schedule::Null),
        "@once" => return Ok(Schedule::Once),
        "@continuous" => return Ok(Schedule::Continuous),
        _ => {}
    }
    if text.starts_with('@') {
        return match preset(text) {
            Some(expression) => Ok(cron(expression, timezone)),
            None if ["@midnight", "@annually"].contains(&text) => Ok(cron(text, timezone)),
            None => Err(wrong()),
        };
    }
    if let Some(delta) = duration(text) {
        return Ok(Schedule::DeltaTrigger {
            delta,
            interval: Delta::ZERO,
        });
    }
    match text.split_ascii_whitespace().count() {
        5..=7 => Ok(cron(text, timezone)),
        _ => Err(wrong()),
    }
}

/// The cron expression behind one of upstream's presets.
#[must_use]
pub fn preset(name: &str) -> Option<&'static str> {
    let found = PRESETS.iter().find(|(preset, _)| *preset == name);
    found.map(|(_, expression)| *expression)
}

fn cron(expression: &str, timezone: &str) -> Schedule {
    Schedule::CronTrigger(CronTrigger {
        expression: expression.to_owned(),
        timezone: timezone.to_owned(),
        interval: Delta::ZERO,
        run_immediately: RunImmediately::No,
    })
}

/// Seconds or ISO 8601. Years and months make a calendar distance, all else a fixed one.
fn duration(text: &str) -> Option<Delta> {
    if let Ok(span) = TimeDelta::parse(text) {
        return Some(Delta::fixed(span));
    }
    let span: jiff::Span = text.parse().ok()?;
    let days = span
        .get_weeks()
        .checked_mul(7)?
        .checked_add(span.get_days())?;
    let rest = span.years(0).months(0).weeks(0).days(0);
    let rest = rest.total(jiff::Unit::Microsecond).ok()?;
    Some(Delta {
        months: i32::from(span.get_years()) * 12 + span.get_months(),
        days,
        span: TimeDelta::from_secs_f64(rest / 1e6),
        relative: Some(Relative::default()),
    })
}

/// A text that is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a schedule: write a preset such as `@daily`, a cron expression of five fields such as \
     `0 5 * * *`, or a duration such as `PT30M`"
)]
pub struct ScheduleTextError {
    /// What was given.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<Schedule, ()>) {
        assert_eq!(from_text(text, "UTC").map_err(|_| ()), expect, "{text}");
    }

    fn every(delta: Delta) -> Result<Schedule, ()> {
        let interval = Delta::ZERO;
        Ok(Schedule::DeltaTrigger { delta, interval })
    }

    #[test]
    fn people_write_presets_crons_and_durations() {
        check("", Ok(Schedule::Null));
        check("@once", Ok(Schedule::Once));
        check("@continuous", Ok(Schedule::Continuous));
        check("@daily", Ok(cron("0 0 * * *", "UTC")));
        check("@midnight", Ok(cron("@midnight", "UTC")));
        check(" 0 5 * * * ", Ok(cron("0 5 * * *", "UTC")));
        check("0 5 * * * 30", Ok(cron("0 5 * * * 30", "UTC")));
        check("PT30M", every(Delta::fixed(TimeDelta::from_secs(1_800))));
        check("90", every(Delta::fixed(TimeDelta::from_secs(90))));
        let relative = Some(Relative::default());
        let (months, days, span) = (13, 7, TimeDelta::from_secs(3_600));
        check(
            "P1Y1M1WT1H",
            every(Delta {
                months,
                days,
                span,
                relative,
            }),
        );
        for text in ["@dayly", "5 * *", "P1M2X", "daily"] {
            check(text, Err(()));
        }
    }
}
