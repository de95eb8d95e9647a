//! Dates as Python writes and reads them. The expected texts are CPython's, on Linux.

use jiff::tz::TimeZone;

use crate::partition::clock::Clock;
use crate::partition::{strftime, strptime};

#[test]
fn dates_are_written_as_python_writes_them() {
    let zurich = TimeZone::get("Europe/Zurich").unwrap();
    let check = |text: &str, pattern: &str, expected: &str| {
        let at = strptime::parse(text, "%Y-%m-%dT%H:%M:%S").unwrap();
        let told = strftime::format(&at.in_zone(&zurich), pattern);
        assert_eq!(told, expected, "{text} {pattern}");
    };
    let at = "2026-03-01T15:04:05";
    check(
        at,
        "%z %Z %f %j %A %a %B %b",
        "+0100 CET 000000 060 Sunday Sun March Mar",
    );
    check(
        at,
        "%p %I %y %G-%u %V %U %W %w",
        "PM 03 26 2026-7 09 09 08 0",
    );
    check(at, "%-d %e %k %l %-I %_d %q %% %", "1  1 15  3 3  1 %q % %");
    check(
        at,
        "%c|%x|%X|%D|%F|%T|%C|%h",
        "Sun Mar  1 15:04:05 2026|03/01/26|15:04:05|03/01/26|2026-03-01|15:04:05|20|Mar",
    );
    // The later of two hours that look the same, and the hour that there is not.
    check("2026-10-25T02:30:00", "%H%z", "02+0100");
    check("2026-03-29T02:30:00", "%H%z", "03+0200");
    let naive = Clock::day(2026, 1, 4).unwrap();
    assert_eq!(strftime::format(&naive, "%z%Z%Y-%U-%W-%V"), "2026-01-00-01");
}

#[test]
fn dates_are_read_as_python_reads_them() {
    for (text, pattern, expected) in [
        ("2026-11-18", "%Y-%m-%d", "2026-11-18T00:00:00"),
        ("2026-1-8", "%Y-%m-%d", "2026-01-08T00:00:00"),
        ("20261118", "%Y%m%d", "2026-11-18T00:00:00"),
        ("2026111", "%Y%m%d", "2026-11-01T00:00:00"),
        ("1.3.26 3 pm", "%d.%m.%y %I %p", "2026-03-01T15:00:00"),
        ("12 AM", "%I %p", "1900-01-01T00:00:00"),
        ("2026-W01-1", "%G-W%V-%u", "2025-12-29T00:00:00"),
        (
            "60 2026 23:59:59.5",
            "%j %Y %H:%M:%S.%f",
            "2026-03-01T23:59:59.500000",
        ),
        ("366 2026", "%j %Y", "2027-01-01T00:00:00"),
        ("mar 4  2026", "%b %d %Y", "2026-03-04T00:00:00"),
        ("MARCH 31\t2026", "%B %d %Y", "2026-03-31T00:00:00"),
        ("2026 5 2", "%Y %U %w", "2026-02-03T00:00:00"),
        ("2026 00 6", "%Y %U %w", "2026-01-03T00:00:00"),
        ("2026 01 1", "%Y %W %w", "2026-01-05T00:00:00"),
        ("Thu 2026 10", "%a %Y %W", "2026-03-12T00:00:00"),
        ("5", "%H", "1900-01-01T05:00:00"),
        (
            "2026-11-18T10+0530",
            "%Y-%m-%dT%H%z",
            "2026-11-18T10:00:00+05:30",
        ),
        ("10:00 -02:30", "%H:%M %z", "1900-01-01T10:00:00-02:30"),
        ("2026Z", "%Y%z", "2026-01-01T00:00:00+00:00"),
        ("Wed Nov 18 10:00:01 2026", "%c", "2026-11-18T10:00:01"),
        ("100%", "%j%%", "1900-04-10T00:00:00"),
    ] {
        let read = strptime::parse(text, pattern);
        let told = read.map(|at| at.isoformat());
        assert_eq!(told.as_deref(), Ok(expected), "{text} {pattern}");
    }
}

#[test]
fn what_is_no_date_is_refused() {
    for (text, pattern) in [
        ("garbage", "%Y-%m-%d"),
        ("2026-11-18 ", "%Y-%m-%d"),
        ("2026-02-30", "%Y-%m-%d"),
        ("13 pm", "%I %p"),
        ("25", "%H"),
        ("12:60", "%H:%M"),
        ("12:00:60", "%H:%M:%S"),
        ("0000", "%Y"),
        ("29 2", "%d %m"),
        ("2026 5", "%Y %V"),
        ("2026 5 1", "%Y %V %u"),
        ("1700000000", "%s"),
        ("2026 2026", "%Y %Y"),
        ("5", "%"),
        ("", "%Y"),
        ("12\u{e9}", "%H"),
    ] {
        let refused = strptime::parse(text, pattern).unwrap_err();
        assert_eq!(refused.kind.name(), "ValueError", "{text} {pattern}");
    }
}
