//! What is refused, and what the person is told.

use expect_test::{expect, expect_file};
use model::schedule::{Delta, Schedule, from_text};
use model::{Json, TimeDelta};

use crate::timetable::{check, decode};

#[test]
fn refusals_say_what_to_write() {
    let expected = expect_file!["refusals.txt"];
    let mut told = String::new();
    for (text, zone) in [
        ("60 * * * *", "UTC"),
        ("a * * * *", "UTC"),
        ("*/0 * * * *", "UTC"),
        ("0 0 ?,1 * *", "UTC"),
        ("? * * * *", "UTC"),
        ("H * * * *", "UTC"),
        ("0 0 * * 1#6", "UTC"),
        ("0 0 * * 1,5#2", "UTC"),
        ("0 0 15W,20 * *", "UTC"),
        ("0 0 * 12-14 *", "UTC"),
        ("0 0 * * *", "Europe/Zürich"),
        ("0 0 * * *", "+1"),
        ("PT0S", "UTC"),
    ] {
        let problem = check(&from_text(text, zone).unwrap()).unwrap_err();
        told += &format!("{text} | {zone}\n    {problem}\n");
    }
    expected.assert_eq(&told);
}

#[test]
fn no_text_is_a_panic() {
    let words = "* 1- -1 / 1/2/3 L # 5# l9 w 99999999999 é a-b".split(' ');
    for first in words.clone() {
        for second in words.clone() {
            let text =
                format!("{first} {second} {first},{second} {second}/{first} {first}#{second}");
            if let Ok(schedule) = from_text(&text, "UTC") {
                let _ = check(&schedule);
            }
        }
    }
}

#[test]
fn a_distance_backwards_is_refused() {
    let delta = Delta::fixed(TimeDelta::from_secs(-60));
    let problem = check(&Schedule::DeltaDataInterval { delta }).unwrap_err();
    let told = problem.to_string();
    assert!(told.contains("positive, not -1 day, 23:59:00"), "{told}");
}

#[test]
fn foreign_data_is_kept_and_broken_data_refused() {
    let data = Json::from(7);
    let kept = decode("plugin.Weird", &data).unwrap();
    let class = "plugin.Weird".to_owned();
    assert_eq!(kept, Schedule::Other { class, data });
    let problem = decode(
        "airflow.timetables.trigger.CronTriggerTimetable",
        &Json::Null,
    );
    expect!["timetable airflow.timetables.trigger.CronTriggerTimetable: `expression` is missing"]
        .assert_eq(&problem.unwrap_err().to_string());
}
